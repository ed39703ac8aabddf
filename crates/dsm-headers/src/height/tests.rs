//! Height proofs of blocks mined here, and what a liar must do.

use alloc::vec::Vec;

use dsm_encoding::{Blob, from_slice, to_vec};

use super::*;
use crate::{MerklePath, sha256d};

const EASY: u32 = 0x207f_ffff;
const GUARD: HeightGuard = HeightGuard { height: 822_000, depth: 6, easiest: EASY };

/// A coinbase that says height 822,528.
fn coinbase() -> Vec<u8> {
    let input = [&[0; 32][..], &[0xff; 4], &[4, 3, 0, 0x8d, 0x0c], &[0xff; 4]].concat();
    let output = [&[1; 8][..], &[2, 0x51, 0x51]].concat();
    [&[1, 0, 0, 0, 1][..], &input, &[1], &output, &[0; 4]].concat()
}

fn mined(previous: BlockHash, merkle_root: [u8; 32]) -> Header {
    let mut header =
        Header { version: 4, previous, merkle_root, time: 1_703_000_000, bits: EASY, nonce: 0 };
    while worked(&header, Target::from_compact(EASY).expect("a target")).is_err() {
        header.nonce += 1;
    }
    header
}

fn proof() -> HeightProof {
    let transaction = coinbase();
    let leaves: Vec<[u8; 32]> = (0..4000_u32)
        .map(
            |number| {
                if number == 0 { sha256d(&transaction) } else { sha256d(&number.to_le_bytes()) }
            },
        )
        .collect();
    let (path, root) = MerklePath::of(&leaves, 0).expect("a tree");
    let coinbase = CoinbaseProof { transaction: Blob::try_from(transaction).expect("short"), path };
    let block = mined(BlockHash([3; 32]), root);
    let mut after = List::default();
    let mut last = block.hash();
    for number in 0..6 {
        let header = mined(last, [number; 32]);
        last = header.hash();
        after.push(Successor::of(&header)).expect("few");
    }
    HeightProof { block, coinbase, after }
}

#[test]
fn shows_a_height_to_whoever_knows_no_header() {
    let proof = proof();
    let buried = proof.verify(&GUARD).expect("deep enough");
    assert_eq!((buried.height(), buried.block()), (822_528, proof.block.hash()));
    let bytes = to_vec(&proof);
    assert_eq!(from_slice(&bytes), Ok(proof));
}

#[test]
fn shows_no_more_than_it_has() {
    let proof = proof();
    let refused = |guard: HeightGuard| proof.verify(&guard).expect_err("too much");
    assert!(proof.verify(&HeightGuard { height: 822_528, ..GUARD }).is_ok());
    assert_eq!(refused(HeightGuard { height: 822_529, ..GUARD }), HeaderReject::Height);
    assert_eq!(refused(HeightGuard { depth: 7, ..GUARD }), HeaderReject::Depth);
    // Blocks that were too easy to find, be there a million of them.
    assert_eq!(refused(HeightGuard { easiest: 0x1d00_ffff, ..GUARD }), HeaderReject::Easy);
    assert_eq!(refused(HeightGuard { easiest: 0, ..GUARD }), HeaderReject::Easy);
}

#[test]
fn a_header_that_is_altered_or_left_out_breaks_the_chain() {
    let good = proof();
    let with = |change: &dyn Fn(&mut Vec<Successor>)| {
        let mut after = good.after.to_vec();
        change(&mut after);
        HeightProof { after: List::try_from(after).expect("few"), ..good.clone() }
            .verify(&HeightGuard { depth: 5, ..GUARD })
    };
    assert!(with(&|_| ()).is_ok());
    // A header after another one is another header: its work is gone, unless it has new one.
    let dead = |result: Result<Buried, HeaderReject>| matches!(result, Err(HeaderReject::Work));
    let outcomes = [
        with(&|after| after[2].time += 1),
        with(&|after| after[0].merkle_root[5] ^= 1),
        with(&|after| {
            after.remove(1);
        }),
        with(&|after| after.swap(1, 2)),
    ];
    // Half of all hashes meet this target; all four at once do so rarely, and never with a real one.
    assert!(outcomes.into_iter().any(dead));
}

#[test]
fn a_coinbase_that_says_no_height_or_belongs_to_another_block_shows_none() {
    let good = proof();
    let mut other = coinbase();
    other[44] ^= 1;
    let transaction = Blob::try_from(other).expect("short");
    let lie =
        HeightProof { coinbase: CoinbaseProof { transaction, ..good.coinbase.clone() }, ..good };
    assert_eq!(lie.verify(&GUARD), Err(HeaderReject::Path));
}
