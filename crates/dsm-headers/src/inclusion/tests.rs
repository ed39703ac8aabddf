//! Blocks made here, with the crate `bitcoin` as oracle, and the known attacks on their trees.

use bitcoin::absolute::LockTime;
use bitcoin::consensus::serialize;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use proptest::prelude::*;

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::{BadBlock, BitcoinNetwork, Block, HeightGuard, Waypoint};

/// A transaction that differs from others by a number. The coinbase is the one of number 0.
fn transaction(number: u64, witness: bool) -> Transaction {
    let (previous_output, script_sig) = match number {
        0 => (OutPoint::null(), ScriptBuf::from_bytes(vec![3, 0, 0x8d, 0x0c, 7])),
        _ => (OutPoint { txid: bitcoin::Txid::all_zeros(), vout: 1 }, ScriptBuf::new()),
    };
    let witness =
        if witness { Witness::from_slice(&[[5; 70].as_slice(), &[2; 33]]) } else { Witness::new() };
    let input = TxIn { previous_output, script_sig, sequence: Sequence::MAX, witness };
    let output = TxOut {
        value: Amount::from_sat(number),
        script_pubkey: ScriptBuf::from_bytes(vec![0x51; 22]),
    };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// A block of so many transactions, as the crate `bitcoin` writes it.
fn block(count: u64, witness: bool) -> bitcoin::Block {
    let txdata: Vec<Transaction> = (0..count).map(|number| transaction(number, witness)).collect();
    let mut block = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    block.txdata = txdata;
    block.header.merkle_root = block.compute_merkle_root().expect("transactions");
    block
}

fn proof(count: u64, index: usize) -> (TransactionProof, Header) {
    let block = Block::from_bytes(&serialize(&block(count, true))).expect("a block");
    let id = block.transactions().nth(index).expect("a transaction");
    (block.prove(&id).expect("a proof"), *block.header())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_transaction_of_every_block_is_proven(count in 1_u64..70, witness in any::<bool>()) {
        let theirs = block(count, witness);
        let ours = Block::from_bytes(&serialize(&theirs)).expect("a block");
        prop_assert_eq!(ours.hash().0, theirs.block_hash().to_byte_array());
        for (index, (id, transaction)) in (0..).zip(ours.transactions().zip(&theirs.txdata)) {
            prop_assert_eq!(id.0, transaction.compute_txid().to_byte_array());
            let proof = ours.prove(&id).expect("a proof");
            let included = proof.verify(ours.header()).expect("included");
            prop_assert_eq!((included.transaction(), included.block(), included.index()), (id, ours.hash(), index));
            let bytes = dsm_encoding::to_vec(&proof);
            prop_assert_eq!(dsm_encoding::from_slice(&bytes), Ok(proof));
        }
    }

    /// Whatever one bit of a proof says otherwise, it proves nothing, or nothing else.
    #[test]
    fn a_proof_with_one_bit_flipped_proves_nothing(count in 1_u64..20, index in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>()) {
        let (proof, header) = proof(count, index.index(usize::try_from(count).expect("small")));
        let mut bytes = dsm_encoding::to_vec(&proof);
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(flipped) = dsm_encoding::from_slice::<TransactionProof>(&bytes) {
            prop_assert!(flipped.verify(&header).is_err());
        }
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Block::from_bytes(&bytes);
        let _ = transaction::whole(&bytes);
        prop_assert!(dsm_encoding::from_slice::<TransactionProof>(&bytes).is_err());
    }
}

#[test]
fn reads_the_first_blocks_of_bitcoin() {
    for (network, theirs) in [
        (BitcoinNetwork::Main, bitcoin::Network::Bitcoin),
        (BitcoinNetwork::Signet, bitcoin::Network::Signet),
        (BitcoinNetwork::Regtest, bitcoin::Network::Regtest),
    ] {
        let block = Block::from_bytes(&serialize(&bitcoin::constants::genesis_block(theirs)))
            .expect("a block");
        assert_eq!(*block.header(), network.genesis());
        // Satoshi's coinbase is older than the rule that it says its height, and seems to say one all the same.
        assert_eq!(
            block.coinbase().expect("short").verify(&block.header().merkle_root),
            Ok(Some(0x1d00_ffff))
        );
        let guard = HeightGuard { height: 486_000_000, depth: 0, easiest: 0x207f_ffff };
        let proof = block.prove_height(&[]).expect("short");
        assert_eq!(proof.verify(&guard), Err(HeaderReject::Height));
    }
}

#[test]
fn a_transaction_of_64_bytes_is_no_leaf() {
    // The bytes of a transaction of 64 bytes are also two hashes, one after the other: a block can be made in which
    // they are an inner node, and the transaction is nowhere (CVE-2017-12842).
    let mut fake = transaction(3, false);
    fake.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x51; 4]);
    let bytes = serialize(&fake);
    assert_eq!(bytes.len(), 64);
    let coinbase = serialize(&transaction(0, false));
    let halves = bytes.as_chunks::<32>().0;
    let leaves = [sha256d(&coinbase), [9; 32], halves[0], halves[1]];
    let (path, root) = MerklePath::of(&leaves, 0).expect("a tree");
    let header = Header { merkle_root: root, ..BitcoinNetwork::Regtest.genesis() };
    let coinbase = CoinbaseProof { transaction: Blob::try_from(coinbase).expect("short"), path };
    assert_eq!(coinbase.verify(&root), Ok(Some(822_528)));
    let above = [sha256d(&[leaves[0], leaves[1]].concat()), sha256d(&bytes)];
    let (path, _) = MerklePath::of(&above, 1).expect("a tree");
    assert_eq!(path.root(sha256d(&bytes), 1), Ok(root), "the tree itself cannot tell");
    let lie = TransactionProof {
        transaction: Blob::try_from(bytes).expect("short"),
        index: 1,
        path,
        coinbase,
    };
    assert_eq!(lie.verify(&header), Err(HeaderReject::Transaction));
}

#[test]
fn a_path_that_ends_too_soon_or_too_late_is_refused() {
    let (good, header) = proof(8, 5);
    assert!(good.verify(&header).is_ok());
    let (shorter, _) = proof(4, 1);
    let short = TransactionProof { path: shorter.path, ..good.clone() };
    assert_eq!(short.verify(&header), Err(HeaderReject::PathLength));
    for index in [4, 6, 7, 0] {
        let other = TransactionProof { index, ..good.clone() };
        assert_eq!(other.verify(&header), Err(HeaderReject::Path));
    }
    for index in [5 + 8, 5 + 16, 5 | 1 << 31] {
        let wrapped = TransactionProof { index, ..good.clone() };
        assert_eq!(wrapped.verify(&header), Err(HeaderReject::Index));
    }
}

#[test]
fn the_copy_that_fills_up_a_tree_is_no_second_transaction() {
    let (third, header) = proof(3, 2);
    assert!(third.verify(&header).is_ok());
    let copy = TransactionProof { index: 3, ..third };
    assert_eq!(copy.verify(&header), Err(HeaderReject::Copy));
}

#[test]
fn the_first_transaction_must_be_a_coinbase() {
    let (good, header) = proof(4, 2);
    let block = Block::from_bytes(&serialize(&block(4, false))).expect("a block");
    let second =
        block.prove(&block.transactions().nth(1).expect("a transaction")).expect("a proof");
    let lie = CoinbaseProof { transaction: second.transaction, path: second.path };
    let lie = TransactionProof { coinbase: lie, ..good };
    assert_eq!(lie.verify(&header), Err(HeaderReject::Coinbase));
}

#[test]
fn bytes_after_a_transaction_and_its_witness_are_refused() {
    let (good, header) = proof(4, 2);
    let with_witness = serialize(&transaction(2, true));
    let longer = [&good.transaction[..], &[0]].concat();
    for bytes in [with_witness, longer, Vec::new(), good.transaction[1..].to_vec()] {
        let lie =
            TransactionProof { transaction: Blob::try_from(bytes).expect("short"), ..good.clone() };
        assert_eq!(lie.verify(&header), Err(HeaderReject::Transaction));
    }
}

#[test]
fn a_block_that_is_not_on_the_chain_or_not_deep_enough_proves_nothing_there() {
    let (good, header) = proof(4, 2);
    let network = BitcoinNetwork::Regtest;
    let base = Waypoint { hash: header.hash(), ..network.checkpoint() };
    let chain = HeaderChain::new(network, base);
    assert!(good.verify_on(&header, &chain, 0).is_ok());
    assert_eq!(good.verify_on(&header, &chain, 1), Err(HeaderReject::Depth));
    let other = HeaderChain::new(network, network.checkpoint());
    assert_eq!(good.verify_on(&header, &other, 0), Err(HeaderReject::Depth));
}

#[test]
fn a_block_is_whole_and_under_its_header() {
    let bytes = serialize(&block(5, true));
    assert_eq!(Block::from_bytes(&bytes[..bytes.len() - 1]), Err(BadBlock::Form));
    assert_eq!(Block::from_bytes(&[&bytes[..], &[0]].concat()), Err(BadBlock::Form));
    assert_eq!(Block::from_bytes(&vec![0; crate::MAX_BLOCK + 1]), Err(BadBlock::TooLong));
    let mut other = bytes.clone();
    other[40] ^= 1;
    assert_eq!(Block::from_bytes(&other), Err(BadBlock::Root));
    let block = Block::from_bytes(&bytes).expect("a block");
    assert_eq!(block.prove(&TxId([7; 32])), Err(BadBlock::Absent));
}
