//! Feeds that say anything: a peer of the Bitcoin network, filters, headers that were carried here or kept in a file.

use std::io::{self, Cursor, Read, Write};
use std::time::Duration;

use bitcoin::consensus::serialize;
use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::p2p::message_network::VersionMessage;
use bitcoin::p2p::{Address, ServiceFlags};
use bitcoin::{Block, Network, bip158::BlockFilter, blockdata::constants::genesis_block};
use dsm_clock::Clock;
use dsm_feed::{
    Carried, Feed, Finding, Hash, Line, MAX_HEADERS, Magic, Patience, RawHeader, Talk,
    filters_match, hash_of, judge_filter, may_hold, parent_of,
};
use dsm_headers::{BitcoinNetwork, Header, HeaderChain, Waypoint};

/// What is asked for.
const KNOWN: Hash = [5; 32];

/// Commands that an input names by a number; 0 stands for bytes without an envelope.
const COMMANDS: [&str; 14] = [
    "",
    "version",
    "verack",
    "headers",
    "block",
    "notfound",
    "cfheaders",
    "cfilter",
    "ping",
    "inv",
    "addr",
    "sendheaders",
    "tx",
    "sneeze",
];

/// What a peer says, whatever it is asked.
struct Script(Cursor<Vec<u8>>);

impl Read for Script {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Line for Script {
    fn allow(&mut self, _time: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// A message with a right length and checksum.
fn envelope(command: &str, payload: &[u8]) -> Vec<u8> {
    let mut name = command.as_bytes().to_vec();
    name.resize(12, 0);
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let hash = sha256d::Hash::hash(payload).to_byte_array();
    [&Magic::REGTEST.0, name.as_slice(), &length, &hash[..4], payload].concat()
}

/// What the records of an input put on the line: a number, a length in two bytes, so many bytes.
fn script(mut bytes: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    while let [number, low, high, rest @ ..] = bytes {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (payload, rest) = rest.split_at(length);
        match COMMANDS[usize::from(*number) % COMMANDS.len()] {
            "" => said.extend_from_slice(payload),
            command => said.extend(envelope(command, payload)),
        }
        bytes = rest;
    }
    said
}

/// A peer that says anything is answered with an error or has given what was asked for, in its bounds.
pub fn peer(bytes: &[u8]) {
    let Some((question, records)) = bytes.split_first() else { return };
    let line = Script(Cursor::new(script(records)));
    let Ok(mut talk) = Talk::open(line, Magic::REGTEST, Patience::default()) else { return };
    match question % 4 {
        0 => {
            if let Ok(headers) = talk.headers(&[KNOWN]) {
                assert!(headers.len() <= MAX_HEADERS, "no more than one answer has");
                assert_connected(&headers);
            }
        }
        1 => {
            if let Ok(block) = talk.block(&first_hash()) {
                assert_eq!(block.first_chunk().map(hash_of), Some(first_hash()));
            }
        }
        2 => {
            if let Ok(headers) = talk.filter_headers(1, &[KNOWN, first_hash()]) {
                assert_eq!(headers.len(), 3);
            }
        }
        _ => {
            if let Ok(filters) = talk.filters(1, &[KNOWN, first_hash()]) {
                assert_eq!(filters.len(), 2);
                assert!(!filters_match(&[[0; 32]; 3], &filters));
            }
        }
    }
}

fn assert_connected(headers: &[RawHeader]) {
    let mut last = KNOWN;
    for header in headers {
        assert_eq!(parent_of(header), last);
        last = hash_of(header);
    }
}

/// A filter, and a block that may be its own: what is found right holds all that the block pays. Then headers.
pub fn filter(bytes: &[u8]) {
    let [low, high, rest @ ..] = bytes else { return };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
    let (filter, rest) = rest.split_at(length);
    let known = serialize(&first_block());
    let _ = may_hold(filter, &KNOWN, &[&[1, 2, 3], filter]);
    for block in [rest, &known] {
        if let Ok(Finding::Right) = judge_filter(filter, block) {
            let block: Block = bitcoin::consensus::deserialize(block).expect("it was judged");
            let hash = block.block_hash().to_byte_array();
            for output in block.txdata.iter().flat_map(|made| &made.output) {
                let script = output.script_pubkey.as_script();
                let held = may_hold(filter, &hash, &[script.as_bytes()]);
                assert!(held == Ok(true) || script.is_op_return() || script.is_empty());
            }
        }
    }
    if let Ok(mut carried) = Carried::from_bytes("fuzz", rest)
        && let Some(first) = rest.first_chunk()
    {
        let headers = carried.headers(&[parent_of(first)]).expect("the first one is there");
        assert_eq!(headers.concat(), rest[..rest.len().min(MAX_HEADERS * 80)]);
    }
}

fn first_block() -> Block {
    genesis_block(Network::Regtest)
}

/// The same, as proofs are made of it.
pub(crate) fn first_proven() -> dsm_headers::Block {
    dsm_headers::Block::from_bytes(&serialize(&first_block())).expect("a block")
}

fn first_hash() -> Hash {
    first_block().block_hash().to_byte_array()
}

/// A file of headers whose beginning is anything with a right hash, and whose headers are anything: what opens holds a
/// chain, and the same one when it is opened again.
pub fn header_file(bytes: &[u8]) {
    let [low, high, rest @ ..] = bytes else { return };
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len()).min(400);
    let (words, headers) = rest.split_at(length);
    let count = u16::try_from(length).unwrap_or(0).to_le_bytes();
    let hash = sha256d::Hash::hash(words).to_byte_array();
    let mut file = [b"dsmhead\x01".as_slice(), &count, words, &hash].concat();
    file.resize(512, 0);
    file.extend_from_slice(headers);
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("headers");
    std::fs::write(&path, &file).expect("a file");
    let Ok(clock) = Clock::open(&path, None) else { return };
    let (base, tip) = (*clock.chain().base(), *clock.chain().tip());
    assert!(tip.height >= base.height);
    let kept = clock.headers(base.height.saturating_add(1), headers.len()).expect("they were read");
    assert_eq!(kept.last().map_or(base.hash, Header::hash), tip.hash);
    drop(clock);
    let again = Clock::open(&path, None).expect("it was opened before");
    assert_eq!(again.chain().tip(), &tip);
}

/// Files of a chain of three blocks: from the first block on, and from a later one.
pub(crate) fn header_files() -> Vec<(&'static str, Vec<u8>)> {
    let network = BitcoinNetwork::Regtest;
    let genesis = Waypoint::genesis(network);
    let mut chain = HeaderChain::new(network, genesis);
    let mut mined = Vec::new();
    for number in 1..=3 {
        let mut next = Header { version: 4, previous: chain.tip().hash, ..network.genesis() };
        next.time += number;
        let (longer, header) = (0..64)
            .find_map(|nonce| {
                next.nonce = nonce;
                chain.clone().step(&[next], u32::MAX).ok().map(|(longer, _)| (longer, next))
            })
            .expect("two tries in the mean");
        mined.extend(header.to_bytes());
        chain = longer;
    }
    let file = |base: &Waypoint, headers: &[u8]| {
        let words = dsm_encoding::to_vec(&(network, *base));
        let length = u16::try_from(words.len()).expect("few words").to_le_bytes();
        [length.as_slice(), &words, headers].concat()
    };
    let second = chain.waypoint(1).expect("a block of the chain");
    vec![("whole", file(&genesis, &mined)), ("pruned", file(&second, &mined[80..]))]
}

fn record(command: &str, payload: &[u8]) -> Vec<u8> {
    let number = COMMANDS.iter().position(|known| *known == command).expect("a known command");
    let number = u8::try_from(number).expect("few commands");
    let length = u16::try_from(payload.len()).expect("a short payload").to_le_bytes();
    [&[number], length.as_slice(), payload].concat()
}

/// Good conversations, one of each question.
pub(crate) fn talks() -> Vec<(&'static str, Vec<u8>)> {
    let services = ServiceFlags::NETWORK | ServiceFlags::COMPACT_FILTERS;
    let here = Address::new(&([127, 0, 0, 1], 1).into(), services);
    let words = VersionMessage::new(services, 0, here.clone(), here, 9, "/x/".to_owned(), 7);
    let hello = [
        record("version", &serialize(&words)),
        record("sendheaders", &[]),
        record("verack", &[]),
        record("ping", &[1; 8]),
        record("inv", &[0]),
    ];
    let hello = hello.concat();
    let mut header = [1; 80];
    header[4..36].copy_from_slice(&KNOWN);
    let mut next = header;
    next[4..36].copy_from_slice(&hash_of(&header));
    let headers = [&[2], header.as_slice(), &[0], &next, &[0]].concat();
    let block = serialize(&first_block());
    let missing = [&[1, 2, 0, 0, 0x40], first_hash().as_slice()].concat();
    let cfheaders = [&[0], first_hash().as_slice(), &[7; 32], &[2], &[8; 64]].concat();
    let filter = |block: Hash| [&[0], block.as_slice(), &[2, 1, 9]].concat();
    let filters = [record("cfilter", &filter(KNOWN)), record("cfilter", &filter(first_hash()))];
    vec![
        ("headers", [&[0], hello.as_slice(), &record("headers", &headers)].concat()),
        ("block", [&[1], hello.as_slice(), &record("block", &block)].concat()),
        ("missing", [&[1], hello.as_slice(), &record("notfound", &missing)].concat()),
        ("filter_headers", [&[2], hello.as_slice(), &record("cfheaders", &cfheaders)].concat()),
        ("filters", [&[3], hello.as_slice(), &filters.concat()].concat()),
        ("raw", [&[0], record("", &envelope("version", &serialize(&words))).as_slice()].concat()),
    ]
}

/// A filter and its block, and headers.
pub(crate) fn filters() -> Vec<(&'static str, Vec<u8>)> {
    let block = first_block();
    let missing = |coin: &bitcoin::OutPoint| {
        Err::<bitcoin::ScriptBuf, _>(bitcoin::bip158::Error::UtxoMissing(*coin))
    };
    let right = BlockFilter::new_script_filter(&block, missing).expect("it spends nothing").content;
    let length = u16::try_from(right.len()).expect("a short filter").to_le_bytes();
    let with = |rest: &[u8]| [length.as_slice(), &right, rest].concat();
    let mut header = [1; 80];
    header[4..36].copy_from_slice(&KNOWN);
    vec![("block", with(&serialize(&block))), ("headers", with(&header))]
}
