//! Our primitives and other implementations of them on the same inputs: they agree.

use dsm_crypto::{
    Ciphertext, Digest, KemPublic, KemSecret, PublicKey, Secret, SecretKey, Signature, Signer,
    decapsulate, encapsulate,
};
use dsm_encoding::{Reader, from_slice};
use dsm_merkle::{TipTree, list_prove, list_root};
use x_wing::{Decapsulate as _, Decapsulator as _, KeyExport as _};

use crate::naive;
use crate::words::Words;

/// A good signature of which key, message or signature is changed, or all of which are other bytes.
pub fn signatures(bytes: &[u8]) {
    let mut words = Words(bytes);
    let seed = [words.byte(); 64];
    let secret = SecretKey::from_seed(Secret::from_bytes(seed));
    let message = Digest::from_bytes([words.byte(); 32]);
    let mut key = secret.public_key().as_bytes().to_vec();
    let mut signature = secret.sign(&message).as_bytes().to_vec();
    let mut said = message;
    while !words.is_over() {
        let bytes = match words.byte() % 8 {
            0 => &mut key,
            1 => {
                said = Digest::from_bytes([words.byte(); 32]);
                continue;
            }
            _ => &mut signature,
        };
        let (at, len) = (words.below(bytes.len()), usize::from(words.byte() % 16));
        let other = words.take(len + 1);
        bytes.iter_mut().skip(at).zip(other).for_each(|(byte, by)| *byte ^= by);
    }
    let key = PublicKey::from_bytes(&key).expect("the length of a key");
    let signature = Signature::from_bytes(&signature).expect("the length of a signature");
    let ours = key.verify(&said, &signature).is_ok();
    assert_eq!(ours, naive::verifies(&key, said.as_bytes(), &signature));
}

/// A ciphertext, perhaps changed: both sides take the same secret out of it.
pub fn kem(bytes: &[u8]) {
    let mut words = Words(bytes);
    let (seed, random) = ([words.byte(); 32], [words.byte(); 64]);
    let ours = KemSecret::from_seed(Secret::from_bytes(seed));
    let theirs = x_wing::DecapsulationKey::from(seed);
    let public = theirs.encapsulation_key().to_bytes();
    // The parts lie the same way round; the public key is ML-KEM's, then X25519's.
    assert_eq!(ours.public_key().as_bytes()[..], public[..], "the same keys");
    let (ciphertext, shared) = encapsulate(ours.public_key(), random);
    let changed = words.change(ciphertext.as_bytes());
    for bytes in [ciphertext.as_bytes().as_slice(), &changed] {
        let Ok(ciphertext) = Ciphertext::from_bytes(bytes) else { continue };
        let other = x_wing::Ciphertext::try_from(bytes).expect("the same length");
        assert_eq!(decapsulate(&ours, &ciphertext).expose()[..], theirs.decapsulate(&other)[..]);
    }
    assert_eq!(decapsulate(&ours, &ciphertext).expose(), shared.expose());
    let raw = words.change(ours.public_key().as_bytes());
    if let Ok(key) = KemPublic::from_bytes(&raw) {
        drop(encapsulate(&key, random));
    }
}

/// One item of our subset of CBOR, or none: minicbor reads what we read, and a plain writer gives it back.
pub fn cbor(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    let whole = reader.item().is_ok() && reader.remaining() == 0;
    let mut decoder = minicbor::Decoder::new(bytes);
    let item = item(&mut decoder, 0).filter(|_| decoder.position() == bytes.len());
    // Whatever another reader makes of it, written the shortest way, is these bytes: then it is canonical.
    let canonical = item.as_ref().is_some_and(|item| item.written() == bytes);
    assert_eq!(whole, canonical, "{item:?}");
    if let Ok(number) = from_slice::<u64>(bytes) {
        assert_eq!(minicbor::decode::<u64>(bytes).ok(), Some(number));
    }
    if let Ok(text) = from_slice::<dsm_encoding::Text<64>>(bytes) {
        assert_eq!(minicbor::decode::<&str>(bytes).ok(), Some(&*text));
    }
}

/// What minicbor reads, of the kinds that our subset has.
#[derive(Debug)]
enum Read<'a> {
    Uint(u64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Read<'a>>),
    Bool(bool),
    Null,
}

/// The deepest that arrays may nest (`spec/bytes.md`).
const DEPTH: usize = dsm_encoding::MAX_DEPTH as usize;

fn item<'a>(decoder: &mut minicbor::Decoder<'a>, depth: usize) -> Option<Read<'a>> {
    use minicbor::data::Type;
    match decoder.datatype().ok()? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64().ok().map(Read::Uint),
        Type::Bytes => decoder.bytes().ok().map(Read::Bytes),
        Type::String => decoder.str().ok().map(Read::Text),
        Type::Bool => decoder.bool().ok().map(Read::Bool),
        Type::Null => decoder.null().ok().map(|()| Read::Null),
        Type::Array if depth < DEPTH => {
            let len = decoder.array().ok()??;
            let mut items = Vec::new();
            for _ in 0..len {
                items.push(item(decoder, depth + 1)?);
            }
            Some(Read::List(items))
        }
        _ => None,
    }
}

impl Read<'_> {
    /// The shortest form.
    fn written(&self) -> Vec<u8> {
        match self {
            Self::Uint(number) => naive::head(0, *number),
            Self::Bytes(bytes) => [naive::head(2, bytes.len() as u64), bytes.to_vec()].concat(),
            Self::Text(text) => {
                [naive::head(3, text.len() as u64), text.as_bytes().to_vec()].concat()
            }
            Self::List(items) => {
                let mut bytes = naive::head(4, items.len() as u64);
                items.iter().for_each(|item| bytes.extend(item.written()));
                bytes
            }
            Self::Bool(truth) => vec![0xf4 + u8::from(*truth)],
            Self::Null => vec![0xf6],
        }
    }
}

/// Keys that share many bits, put in one after the other; and a list as long.
pub fn trees(bytes: &[u8]) {
    let mut words = Words(bytes);
    let (mut tree, mut map) = (TipTree::default(), std::collections::BTreeMap::new());
    let mut list = Vec::new();
    for _ in 0..24 {
        if words.is_over() {
            break;
        }
        let mut key = [0; 32];
        key[usize::from(words.byte() % 32)] = words.byte();
        key[usize::from(words.byte() % 32)] ^= words.byte();
        let (key, tip) = (Digest::from_bytes(key), Digest::from_bytes([words.byte(); 32]));
        let Ok(_) = tree.update(key, tip);
        map.insert(key, tip);
        list.push(tip);
        let rows: Vec<(Digest, Digest)> = map.iter().map(|(key, tip)| (*key, *tip)).collect();
        let root = naive::tip_root(&rows, 0);
        assert_eq!(tree.root(), root, "the tree of all leaves");
        let mut absent = *key.as_bytes();
        absent[31] ^= 1;
        for key in [key, Digest::from_bytes(absent)] {
            let Ok(proof) = tree.prove(key);
            let tip = map.get(&key).copied();
            assert_eq!(proof.root_of(key, tip), Ok(root));
            assert!(proof.root_of(key, Some(Digest::from_bytes([0xee; 32]))) != Ok(root));
        }
    }
    assert_eq!(list_root(&list), naive::list_root(&list));
    let count = list.len() as u64;
    for index in 0..count {
        let proof = list_prove(&list, index).expect("an element");
        let element = list[usize::try_from(index).expect("a short list")];
        assert_eq!(proof.root_of(element, index, count), Ok(list_root(&list)));
    }
}
