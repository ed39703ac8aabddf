//! The tip tree of the own log, node by node in the store.

use dsm_core::{Addressee, Draft, Op, View, Written, write};
use dsm_crypto::{Digest, Secret, SecretKey};
use dsm_encoding::{List, to_vec};
use dsm_log::{DeviceId, relationship};
use dsm_merkle::TipProof;
use dsm_session::{Batch, Ledger};
use dsm_store::{Changes, Kv, MemoryKv, Row, Snapshot, StoreError, Table, Wallet};

use crate::person::founding;

fn key() -> SecretKey {
    SecretKey::from_seed(Secret::from_bytes([1; 64]))
}

fn peers() -> Vec<DeviceId> {
    (1..=9).map(|first| DeviceId(Digest::from_bytes([first * 27; 32]))).collect()
}

type Tip = (Option<Digest>, TipProof);

fn tip(wallet: &Wallet<MemoryKv>, peer: &DeviceId) -> Result<Tip, StoreError> {
    let books = wallet.books()?;
    let tip = books.tip(&relationship(&books.me(), peer));
    books.check().map(|()| tip)
}

/// One more own entry to somebody, that is not kept.
fn written_to(wallet: &Wallet<MemoryKv>, peer: DeviceId) -> Result<Written, StoreError> {
    let (tip, proof) = tip(wallet, &peer)?;
    let to = Addressee { device: peer, stitch: None, tip, proof };
    let ops = List::try_from(vec![Op::Checkpoint {}]).expect("one");
    let draft = Draft { to: Some(to), ops, ..Draft::default() };
    let log = wallet.books()?.own_log();
    Ok(write(&log, draft, wallet.network(), &key()).expect("a proof of this tree"))
}

fn keep(wallet: &mut Wallet<MemoryKv>, written: Written) -> Result<(), StoreError> {
    let batch = Batch { written: vec![written], ..Batch::default() };
    wallet.commit(&Changes { batch, ..Changes::default() })
}

/// A wallet that wrote to each of its peers, to the later ones more than once.
fn wallet() -> Wallet<MemoryKv> {
    let mut wallet =
        Wallet::create(MemoryKv::default(), founding("ada", &key())).expect("a wallet");
    for peer in peers().into_iter().chain(peers().into_iter().skip(4)) {
        let written = written_to(&wallet, peer).expect("sound books");
        keep(&mut wallet, written).expect("an entry");
    }
    wallet
}

fn rows(kv: &MemoryKv, table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    let mut each = |key: &[u8], value: &[u8]| {
        rows.push((key.to_vec(), value.to_vec()));
        Ok(())
    };
    (&kv).scan(table, &[], &mut each).expect("memory never fails");
    rows
}

#[test]
fn a_damaged_node_is_told_and_not_believed() {
    let sound = wallet().into_kv();
    let good = Wallet::open(sound.clone()).expect("the wallet");
    let nodes = rows(&sound, Table::Tips);
    assert!(nodes.len() >= 17, "{} nodes of 9 leaves", nodes.len());
    let mut told = 0;
    for (key, value) in nodes {
        // The last byte is of a tip, or of the hash of what lies on the right.
        let mut value = value;
        *value.last_mut().expect("a node") ^= 1;
        for value in [Some(value), None] {
            let mut kv = sound.clone();
            kv.apply(&[Row { table: Table::Tips, key: key.clone(), value }]).expect("a row");
            let wallet = match Wallet::open(kv.clone()) {
                Ok(wallet) => wallet,
                Err(StoreError::Damaged { table: Table::Tips }) => continue,
                Err(error) => panic!("{error}"),
            };
            // What is given at all is sound, and what is damaged is not written over.
            for peer in peers() {
                match (tip(&wallet, &peer), tip(&good, &peer)) {
                    (Ok(given), Ok(sound)) => assert_eq!(given, sound),
                    (Err(StoreError::Damaged { table: Table::Tips }), _) => {
                        told += 1;
                        let mut wallet = Wallet::open(kv.clone()).expect("a sound root");
                        let written = written_to(&good, peer).expect("sound books");
                        let refused = keep(&mut wallet, written);
                        assert!(matches!(refused, Err(StoreError::Damaged { .. })));
                    }
                    odd => panic!("{odd:?}"),
                }
            }
        }
    }
    assert!(told > 20, "{told}");
}

#[test]
fn a_store_of_format_1_kept_leaves_and_is_rewritten() {
    let new = wallet();
    let expected: Vec<_> = peers().iter().map(|peer| tip(&new, peer).expect("a tip")).collect();
    let (me, mut kv) = (new.me(), new.into_kv());
    let mut old: Vec<Row> = rows(&kv, Table::Tips)
        .into_iter()
        .map(|(key, _)| Row { table: Table::Tips, key, value: None })
        .collect();
    for (peer, (tip, _)) in peers().iter().zip(&expected) {
        let key = [me.0.as_bytes(), relationship(&me, peer).as_bytes().as_slice()].concat();
        old.push(Row { table: Table::Tips, key, value: tip.as_ref().map(to_vec) });
    }
    old.push(Row { table: Table::Single, key: vec![0], value: Some(to_vec(&1_u64)) });
    kv.apply(&old).expect("a store of format 1");
    let mut wallet = Wallet::open(kv).expect("the wallet");
    let found: Vec<_> = peers().iter().map(|peer| tip(&wallet, peer).expect("a tip")).collect();
    assert_eq!(found, expected);
    let written = written_to(&wallet, peers()[3]).expect("sound books");
    keep(&mut wallet, written).expect("the next entry");
    let kv = wallet.into_kv();
    assert_eq!(rows(&kv, Table::Single)[0].1, to_vec(&4_u64));
    assert!(rows(&kv, Table::Tips).iter().all(|(key, _)| key.len() == 40), "no leaf is left over");
    Wallet::open(kv).expect("the wallet again");
}
