//! `vectors/transaction_proof` and `vectors/height_proof`: what a block contains, and how high a chain is (R-63 to
//!

use dsm_encoding::List;
use dsm_headers::{
    BitcoinNetwork, Block, BlockHash, CoinbaseProof, Header, HeaderChain, HeightGuard, HeightProof,
    Successor, Target, TransactionProof, TxId, Waypoint, sha256d,
};
use serde_json::{Value, json};

use crate::json::{canonical, hex, member, object, same, uint};
use crate::world::limited;
use crate::{Problem, Vector};

const TRANSACTION: &str = "transaction_proof";
const HEIGHT: &str = "height_proof";
const EASIEST: u32 = 0x207f_ffff;

/// A transaction without witness: one input, one output. Number 0 is a coinbase that says height 822,528.
fn transaction(number: u8) -> Vec<u8> {
    let (outpoint, script) = match number {
        0 => ([[0; 32].as_slice(), &[0xff; 4]].concat(), vec![4, 3, 0, 0x8d, 0x0c]),
        _ => ([[number; 32].as_slice(), &[0; 4]].concat(), vec![0]),
    };
    let output = [[number; 8].as_slice(), &[2, 0x51, number]].concat();
    [&[2, 0, 0, 0, 1], &outpoint[..], &script, &[0xff; 4], &[1], &output, &[0; 4]].concat()
}

/// A block of so many transactions, found at the easiest target.
fn block(count: u8) -> Block {
    let all: Vec<Vec<u8>> = (0..count).map(transaction).collect();
    let mut level: Vec<[u8; 32]> = all.iter().map(|bytes| sha256d(bytes)).collect();
    while level.len() > 1 {
        let two = |two: &[[u8; 32]]| sha256d(&[two[0], two[two.len() - 1]].concat());
        level = level.chunks(2).map(two).collect();
    }
    let header = found(BlockHash([9; 32]), level[0]);
    let raw = [&header.to_bytes()[..], &[count], &all.concat()].concat();
    Block::from_bytes(&raw).expect("vectors are small")
}

fn found(previous: BlockHash, merkle_root: [u8; 32]) -> Header {
    let mut header =
        Header { version: 4, previous, merkle_root, time: 1_703_000_000, bits: EASIEST, nonce: 0 };
    let target = Target::from_compact(EASIEST);
    while target.is_some_and(|target| !target.is_met_by(&header.hash())) {
        header.nonce += 1;
    }
    header
}

pub(super) fn vectors() -> Vec<Vector> {
    let mut found = transactions();
    found.extend(heights());
    found
}

/// The proof of a transaction in a block of so many.
fn proof(count: u8, number: u8) -> (TransactionProof, Header) {
    let block = block(count);
    let proof = block.prove(&TxId(sha256d(&transaction(number))));
    (proof.expect("vectors are small"), *block.header())
}

fn transactions() -> Vec<Vector> {
    let (good, header) = proof(7, 5);
    let (last, odd) = proof(7, 6);
    let (shorter, _) = proof(4, 1);
    let good_one = |name, about, proof: &TransactionProof, header: &Header| {
        Vector::good(TRANSACTION, name, about, transaction_value(proof, header, 0))
    };
    let bad = |rule, name, about, change: &dyn Fn(&mut TransactionProof)| {
        let mut proof = good.clone();
        change(&mut proof);
        Vector::bad(
            TRANSACTION,
            (rule, name),
            "sixth-of-seven",
            about,
            transaction_value(&proof, &header, 0),
        )
    };
    let (second, _) = proof(7, 1);
    let copy = TransactionProof { index: 7, ..last.clone() };
    let deep = transaction_value(&good, &header, 1);
    vec![
        good_one("sixth-of-seven", "The sixth transaction of a block of seven.", &good, &header),
        good_one(
            "last-of-seven",
            "The last transaction, which is paired with itself.",
            &last,
            &odd,
        ),
        bad("R-64", "byte-after", "A byte follows the transaction.", &|proof| {
            proof.transaction = limited_bytes([&proof.transaction[..], &[0]].concat());
        }),
        bad("R-64", "sixty-four-bytes", "The transaction is 64 bytes long.", &|proof| {
            let mut bytes = transaction(5);
            bytes.splice(47..58, [5, 5, 5, 5, 5, 5, 5, 5, 4, 0x51, 5, 5, 5]);
            proof.transaction = limited_bytes(bytes);
        }),
        bad("R-65", "no-coinbase", "The second transaction stands for the first.", &|proof| {
            proof.coinbase = CoinbaseProof {
                transaction: second.transaction.clone(),
                path: second.path.clone(),
            };
        }),
        bad("R-66", "other-index", "The index is another one.", &|proof| proof.index = 4),
        bad("R-67", "index-too-long", "The index has a bit more than the path.", &|proof| {
            proof.index += 8
        }),
        bad("R-68", "path-too-short", "The path ends a level earlier.", &|proof| {
            proof.path = shorter.path.clone();
        }),
        Vector::bad(
            TRANSACTION,
            ("R-69", "copy"),
            "last-of-seven",
            "The index is that of the copy which fills up the tree.",
            transaction_value(&copy, &odd, 0),
        ),
        Vector::bad(
            TRANSACTION,
            ("R-70", "not-deep"),
            "sixth-of-seven",
            "No block lies on the block.",
            deep,
        ),
    ]
}

fn limited_bytes<const MAX: usize>(bytes: Vec<u8>) -> dsm_encoding::Blob<MAX> {
    dsm_encoding::Blob::try_from(bytes).expect("vectors are small")
}

fn transaction_value(proof: &TransactionProof, header: &Header, depth: u32) -> Value {
    json!({
        "header": hex(&header.to_bytes()),
        "proof": canonical(proof),
        "depth": depth,
        "transaction": TxId(sha256d(&proof.transaction)).to_string(),
        "block": header.hash().to_string(),
    })
}

/// The chain is the block alone.
pub(crate) fn check_transaction(value: &Value) -> Result<(), Problem> {
    let header = super::header(member(value, "header")?)?;
    let proof: TransactionProof = object(value, "proof")?;
    let depth = u32::try_from(uint(value, "depth")?).map_err(|_| Problem::new("no depth"))?;
    let network = BitcoinNetwork::Regtest;
    let chain = HeaderChain::new(network, Waypoint { hash: header.hash(), ..network.checkpoint() });
    match proof.verify_on(&header, &chain, depth) {
        Ok(included) => {
            same(member(value, "transaction")?, &json!(included.transaction().to_string()))?;
            same(member(value, "block")?, &json!(included.block().to_string()))?;
            same(member(value, "expect")?, &json!("accept"))
        }
        Err(reject) => same(member(value, "rule")?, &json!(reject.rule())),
    }
}

/// A proof that is six deep.
fn height_proof() -> HeightProof {
    let block = block(7);
    let (mut last, mut after) = (block.hash(), Vec::new());
    for number in 0..6 {
        let header = found(last, [number; 32]);
        last = header.hash();
        after.push(header);
    }
    block.prove_height(&after).expect("vectors are small")
}

fn heights() -> Vec<Vector> {
    let good = height_proof();
    let guard = HeightGuard { height: 822_528, depth: 6, easiest: EASIEST };
    let bad = |rule, name, about, change: &dyn Fn(&mut HeightProof, &mut HeightGuard)| {
        let (mut proof, mut guard) = (good.clone(), guard);
        change(&mut proof, &mut guard);
        Vector::bad(HEIGHT, (rule, name), "six-deep", about, height_value(&proof, &guard))
    };
    vec![
        Vector::good(
            HEIGHT,
            "six-deep",
            "Six headers on a block at height 822,528.",
            height_value(&good, &guard),
        ),
        bad("R-63", "work-missing", "The last header misses its target.", &|proof, _| {
            let mut after: Vec<Successor> = proof.after.to_vec();
            let before = HeightProof { after: limited(after[..5].to_vec()), ..proof.clone() };
            let last =
                before.after.iter().fold(proof.block.hash(), |hash, next| next.on(hash).hash());
            let target = Target::from_compact(EASIEST);
            while target.is_some_and(|target| target.is_met_by(&after[5].on(last).hash())) {
                after[5].nonce += 1;
            }
            proof.after = limited(after);
        }),
        bad("R-66", "other-coinbase", "The coinbase is another block's.", &|proof, _| {
            let mut bytes = proof.coinbase.transaction.to_vec();
            bytes[60] ^= 1;
            proof.coinbase.transaction = limited_bytes(bytes);
        }),
        bad("R-70", "five-deep", "A header is missing.", &|proof, _| {
            proof.after =
                List::try_collect(proof.after.iter().take(5).copied()).unwrap_or_default();
        }),
        bad("R-71", "a-block-later", "The guard asks for one more.", &|_, guard| guard.height += 1),
        bad("R-72", "easier-than-allowed", "The guard asks for more work.", &|_, guard| {
            guard.easiest = 0x207f_fffe
        }),
    ]
}

fn height_value(proof: &HeightProof, guard: &HeightGuard) -> Value {
    json!({
        "proof": canonical(proof),
        "guard": canonical(guard),
        "height": 822_528,
        "block": proof.block.hash().to_string(),
    })
}

pub(crate) fn check_height(value: &Value) -> Result<(), Problem> {
    let (proof, guard): (HeightProof, HeightGuard) =
        (object(value, "proof")?, object(value, "guard")?);
    match proof.verify(&guard) {
        Ok(buried) => {
            same(member(value, "height")?, &json!(buried.height()))?;
            same(member(value, "block")?, &json!(buried.block().to_string()))?;
            same(member(value, "expect")?, &json!("accept"))
        }
        Err(reject) => same(member(value, "rule")?, &json!(reject.rule())),
    }
}
