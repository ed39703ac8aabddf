//! `vectors/hashing`: H under each domain, text forms, signatures, the KEM and sealing.

use dsm_crypto::{
    Digest, Domain, KemPublic, KemSecret, PublicKey, RecoveryPublic, RecoverySignature, SealKey,
    Secret, SecretKey, Signature, Signer, decapsulate, encapsulate, hash, hash_bytes, open, seal,
};
use serde_json::{Value, json};

use crate::json::{as_bytes, bytes, digest, hex, id, items, member, same, text};
use crate::world::{key, recovery, seed};
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let vector = |name, about, cases: Vec<Value>| {
        Vector::new("hashing", name, about, json!({ "what": name, "cases": cases }))
    };
    vec![
        vector("domains", "H of null and of two arguments under every domain.", domains()),
        vector("text", "Digests and their text form, bech32m.", texts()),
        vector("signatures", "Hybrid signatures, whole and with one bit flipped.", signatures()),
        vector("recovery", "A signature of a recovery key.", recoveries()),
        vector("kem", "X-Wing: key, ciphertext and shared secret.", kems()),
        vector("seal", "XChaCha20-Poly1305.", seals()),
    ]
}

fn domains() -> Vec<Value> {
    let case = |domain: &Domain| {
        json!({
            "context": domain.context(),
            "null": digest(&hash(*domain, &None::<u64>)),
            "pair": digest(&hash(*domain, &(7_u64, Digest::ZERO))),
        })
    };
    Domain::ALL.iter().map(case).collect()
}

fn texts() -> Vec<Value> {
    let case = |of: Digest| json!({ "digest": digest(&of), "text": of.to_string() });
    [Digest::ZERO, Digest::from_bytes([0xff; 32]), seed("text", 0)].map(case).to_vec()
}

fn signatures() -> Vec<Value> {
    let signer = key("signer");
    let message = seed("message", 0);
    let whole = signer.sign(&message);
    let case = |flip: Option<usize>| {
        let mut signature = whole.as_bytes().to_vec();
        if let Some(byte) = flip {
            signature[byte] ^= 1;
        }
        json!({
            "seed": hex(signer.seed().expose()),
            "public_key": hex(signer.public_key().as_bytes()),
            "digest": digest(&signer.public_key().digest()),
            "message": digest(&message),
            "signature": hex(&signature),
            "valid": flip.is_none(),
        })
    };
    [None, Some(0), Some(63), Some(64), Some(2_483)].map(case).to_vec()
}

fn recoveries() -> Vec<Value> {
    let secret = recovery("owner");
    let message = seed("message", 0);
    vec![json!({
        "public_key": hex(secret.public_key().as_bytes()),
        "digest": digest(&secret.public_key().digest()),
        "message": digest(&message),
        "signature": hex(secret.sign(&message).as_bytes()),
    })]
}

fn kems() -> Vec<Value> {
    let secret_seed = *seed("kem", 0).as_bytes();
    let secret = KemSecret::from_seed(Secret::from_bytes(secret_seed));
    let randomness = [*seed("kem", 1).as_bytes(), *seed("kem", 2).as_bytes()].concat();
    let taken = randomness.clone().try_into().unwrap_or([0; 64]);
    let (ciphertext, shared) = encapsulate(secret.public_key(), taken);
    vec![json!({
        "seed": hex(&secret_seed),
        "public_key": hex(secret.public_key().as_bytes()),
        "digest": digest(&secret.public_key().digest()),
        "randomness": hex(&randomness),
        "ciphertext": hex(ciphertext.as_bytes()),
        "shared": hex(shared.expose()),
    })]
}

fn seals() -> Vec<Value> {
    let case = |plain: &[u8]| {
        let (key, nonce) = (*seed("seal", 0).as_bytes(), *seed("seal", 1).as_bytes());
        let mut short = [0; 24];
        short.copy_from_slice(&nonce[..24]);
        let sealed = seal(&SealKey::from_secret(Secret::from_bytes(key)), &short, b"aside", plain);
        json!({
            "key": hex(&key),
            "nonce": hex(&short),
            "aside": hex(b"aside"),
            "plain": hex(plain),
            "sealed": hex(&sealed),
        })
    };
    vec![case(b""), case(b"value and state")]
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let what = text(value, "what")?;
    items(value, "cases")?.iter().try_for_each(|case| match what {
        "domains" => check_domain(case),
        "text" => check_text(case),
        "signatures" => check_signature(case),
        "recovery" => check_recovery(case),
        "kem" => check_kem(case),
        _ => check_seal(case),
    })
}

fn wrong(error: impl std::fmt::Display) -> Problem {
    Problem::new(error.to_string())
}

fn check_domain(case: &Value) -> Result<(), Problem> {
    let context = text(case, "context")?;
    let domain = Domain::ALL.iter().find(|domain| domain.context() == context);
    let domain = *domain.ok_or_else(|| Problem::new("no such domain"))?;
    same(member(case, "null")?, &digest(&hash_bytes(domain, &[0xf6])))?;
    let pair = [&[0x82, 0x07, 0x58, 0x20][..], &[0; 32]].concat();
    same(member(case, "pair")?, &digest(&hash_bytes(domain, &pair)))
}

fn check_text(case: &Value) -> Result<(), Problem> {
    let parsed: Digest = text(case, "text")?.parse().map_err(wrong)?;
    same(member(case, "digest")?, &digest(&parsed))
}

fn check_signature(case: &Value) -> Result<(), Problem> {
    let secret: [u8; 64] =
        bytes(case, "seed")?.try_into().map_err(|_| Problem::new("a seed has 64 bytes"))?;
    let secret = SecretKey::from_seed(Secret::from_bytes(secret));
    let public = PublicKey::from_bytes(&bytes(case, "public_key")?).map_err(wrong)?;
    let signature = Signature::from_bytes(&bytes(case, "signature")?).map_err(wrong)?;
    let message = id(case, "message")?;
    same(&hex(public.as_bytes()), &hex(secret.public_key().as_bytes()))?;
    same(member(case, "digest")?, &digest(&public.digest()))?;
    same(member(case, "valid")?, &json!(public.verify(&message, &signature).is_ok()))?;
    same(member(case, "valid")?, &json!(secret.sign(&message) == signature))
}

fn check_recovery(case: &Value) -> Result<(), Problem> {
    let public = RecoveryPublic::from_bytes(&bytes(case, "public_key")?).map_err(wrong)?;
    let signature = RecoverySignature::from_bytes(&bytes(case, "signature")?).map_err(wrong)?;
    same(member(case, "digest")?, &digest(&public.digest()))?;
    public.verify(&id(case, "message")?, &signature).map_err(wrong)
}

fn check_kem(case: &Value) -> Result<(), Problem> {
    let public = KemPublic::from_bytes(&bytes(case, "public_key")?).map_err(wrong)?;
    let secret = KemSecret::from_seed(Secret::from_bytes(*id(case, "seed")?.as_bytes()));
    same(&hex(public.as_bytes()), &hex(secret.public_key().as_bytes()))?;
    same(member(case, "digest")?, &digest(&public.digest()))?;
    let randomness = as_bytes(member(case, "randomness")?)?.try_into();
    let randomness = randomness.map_err(|_| Problem::new("64 bytes of randomness"))?;
    let (ciphertext, shared) = encapsulate(&public, randomness);
    same(member(case, "ciphertext")?, &hex(ciphertext.as_bytes()))?;
    same(member(case, "shared")?, &hex(shared.expose()))?;
    same(member(case, "shared")?, &hex(decapsulate(&secret, &ciphertext).expose()))
}

fn check_seal(case: &Value) -> Result<(), Problem> {
    let key = SealKey::from_secret(Secret::from_bytes(*id(case, "key")?.as_bytes()));
    let nonce = bytes(case, "nonce")?.try_into();
    let nonce = nonce.map_err(|_| Problem::new("a nonce has 24 bytes"))?;
    let aside = bytes(case, "aside")?;
    let opened = open(&key, &nonce, &aside, &bytes(case, "sealed")?).map_err(wrong)?;
    same(member(case, "plain")?, &hex(&opened))
}
