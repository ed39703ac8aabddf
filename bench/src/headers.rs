//! Bitcoin's headers: how fast they are judged, what they take on disk and in memory, how long a height proof is.

use dsm_clock::HeaderFile;
use dsm_encoding::to_vec;
use dsm_headers::{
    BitcoinNetwork, Block, BlockHash, Header, HeaderChain, HeightGuard, Target, sha256d,
};

use crate::HEAP;
use crate::report::{Limit, Reach, Report};
use crate::timing::{Samples, micros, wall};

pub(crate) const REACH: &[Reach] = &[
    ("headers.rate_over_sha256d", Limit::Least(0.5)),
    ("headers.bytes_each", Limit::Most(84.0)),
    ("headers.mib", Limit::Most(64.0)),
    ("headers.proof_bytes", Limit::Most(1_200.0)),
];

/// As many as Bitcoin has.
const COUNT: usize = 900_000;
/// As many as a feed gives at once.
const BATCH: usize = 2_000;
const NETWORK: BitcoinNetwork = BitcoinNetwork::Regtest;

pub(crate) fn run(report: &mut Report) {
    let raw = mined(COUNT);
    judge(report, &raw);
    keep(report, &raw);
    prove(report);
}

/// Headers of a network where a block takes two hashes, ten minutes apart.
fn mined(count: usize) -> Vec<[u8; 80]> {
    let genesis = NETWORK.genesis();
    let target = Target::from_compact(genesis.bits).expect("a target");
    let (mut previous, mut headers) = (genesis.hash(), Vec::with_capacity(count));
    let mut time = genesis.time;
    for number in 0..count {
        time += 600;
        let mut merkle_root = [0; 32];
        merkle_root[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let mut header =
            Header { version: 4, previous, merkle_root, time, bits: genesis.bits, nonce: 0 };
        previous = loop {
            let hash = header.hash();
            if target.is_met_by(&hash) {
                break hash;
            }
            header.nonce += 1;
        };
        headers.push(header.to_bytes());
    }
    headers
}

/// Judges all of them, in turns with nothing but their hashes.
fn judge(report: &mut Report, raw: &[[u8; 80]]) {
    let mut chain = HeaderChain::new(NETWORK, NETWORK.checkpoint());
    let (mut judged, mut hashed) = (0.0, 0.0);
    for batch in raw.chunks(BATCH) {
        hashed += micros(|| batch.iter().fold(0, |sum, header| sum ^ sha256d(header)[0])).0;
        let (time, next) = micros(|| {
            let headers: Vec<Header> = batch.iter().map(Header::from_bytes).collect();
            chain.clone().step(&headers, u32::MAX).expect("good headers").0
        });
        judged += time;
        chain = next;
    }
    let each = |time: f64| time / raw.len() as f64 * 1e3;
    report.number("headers.rate_over_sha256d", hashed / judged);
    report.number("headers.judge_ns", each(judged));
    report.number("headers.sha256d_ns", each(hashed));
}

/// Writes all of them to a file and reads it again.
fn keep(report: &mut Report, raw: &[[u8; 80]]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("headers");
    let base = NETWORK.checkpoint();
    {
        let mut file = HeaderFile::create(&path, NETWORK, &base).expect("a file");
        let mut chain = HeaderChain::new(NETWORK, base);
        for batch in raw.chunks(100_000) {
            let headers: Vec<Header> = batch.iter().map(Header::from_bytes).collect();
            let (next, change) = chain.step(&headers, u32::MAX).expect("good headers");
            file.apply(&change).expect("a disk");
            chain = next;
        }
        report
            .number("headers.bytes_each", file.bytes().expect("a file") as f64 / raw.len() as f64);
    }
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let clock = wall();
    let chain = HeaderFile::read(&path).expect("a file").expect("headers");
    report.number("headers.read_ms", clock.elapsed().as_secs_f64() * 1e3);
    let peak = HEAP.peak_usage().saturating_sub(before);
    report.number("headers.mib", peak as f64 / f64::from(1 << 20));
    assert_eq!(chain.tip().height as usize, raw.len(), "all were read");
    let kept = chain.pruned(chain_height(raw.len()) - dsm_clock::KEPT);
    let pruned = HeaderFile::open(&path).expect("a file").0.pruned(&kept).expect("a disk");
    report.number("headers.pruned_bytes", pruned.bytes().expect("a file") as f64);
    drop(pruned);
    let mut reads = Samples::default();
    for _ in 0..20 {
        reads.time(|| HeaderFile::read(&path).expect("a file"));
    }
    report.number("headers.pruned_read_ms", reads.median() / 1e3);
}

fn chain_height(count: usize) -> u32 {
    u32::try_from(count).expect("few")
}

/// A height proof of a block as full as they are, six deep.
fn prove(report: &mut Report) {
    let block = full_block(4_000);
    let mut after = Vec::new();
    let mut last = block.hash();
    for number in 0..6 {
        let header = found(last, [number; 32]);
        last = header.hash();
        after.push(header);
    }
    let proof = block.prove_height(&after).expect("a proof");
    report.number("headers.proof_bytes", to_vec(&proof).len() as f64);
    report.number("headers.proof_coinbase_bytes", proof.coinbase.transaction.len() as f64);
    let guard = HeightGuard { height: 900_000, depth: 6, easiest: NETWORK.genesis().bits };
    let mut samples = Samples::default();
    for _ in 0..200 {
        samples.time(|| proof.verify(&guard).expect("deep enough"));
    }
    report.number("headers.proof_verify_us", samples.median());
}

fn found(previous: BlockHash, merkle_root: [u8; 32]) -> Header {
    let genesis = NETWORK.genesis();
    let target = Target::from_compact(genesis.bits).expect("a target");
    let mut header = Header { version: 4, previous, merkle_root, ..genesis };
    while !target.is_met_by(&header.hash()) {
        header.nonce += 1;
    }
    header
}

/// A block of so many transactions. Its coinbase is as pools write them: a script of 90 bytes, a payment, the witnesses'
/// commitment and two further notes.
fn full_block(count: u32) -> Block {
    let output = |script: &[u8]| [&[7; 8][..], &[script.len() as u8], script].concat();
    let script = [&[3, 0xa0, 0xbb, 0x0d][..], &[0x55; 86]].concat();
    let input = [&[0; 32][..], &[0xff; 4], &[90], &script, &[0xff; 4]].concat();
    let outputs = [output(&[1; 22]), output(&[2; 38]), output(&[3; 47]), output(&[4; 43])].concat();
    let coinbase = [&[2, 0, 0, 0, 1][..], &input, &[4], &outputs, &[0; 4]].concat();
    let plain = |number: u32| {
        let outpoint = [&sha256d(&number.to_le_bytes())[..], &[0; 4]].concat();
        [&[2, 0, 0, 0, 1][..], &outpoint, &[0], &[0xff; 4], &[1], &output(&[5; 22]), &[0; 4]]
            .concat()
    };
    let all: Vec<Vec<u8>> = std::iter::once(coinbase).chain((1..count).map(plain)).collect();
    let mut level: Vec<[u8; 32]> = all.iter().map(|bytes| sha256d(bytes)).collect();
    while level.len() > 1 {
        let two = |two: &[[u8; 32]]| sha256d(&[two[0], two[two.len() - 1]].concat());
        level = level.chunks(2).map(two).collect();
    }
    let header = found(BlockHash([9; 32]), level[0]);
    let count = [&[0xfd][..], &(count as u16).to_le_bytes()].concat();
    Block::from_bytes(&[&header.to_bytes()[..], &count, &all.concat()].concat()).expect("a block")
}
