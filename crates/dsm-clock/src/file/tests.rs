//! Files that were cut off, altered, or are somebody else's.

use std::fs;

use dsm_headers::Target;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const NETWORK: BitcoinNetwork = BitcoinNetwork::Regtest;

/// So many blocks on a block of regtest, the first of which differs by a number.
pub(crate) fn mined(on: &Waypoint, count: u32, salt: u8) -> Vec<Header> {
    let mut headers: Vec<Header> = Vec::new();
    let (mut previous, bits) = (on.hash, on.bits);
    for number in 1..=count {
        let time = on.time() + number * 600;
        let mut header =
            Header { version: 4, previous, merkle_root: [salt; 32], time, bits, nonce: 0 };
        while !Target::from_compact(bits).unwrap().is_met_by(&header.hash()) {
            header.nonce += 1;
        }
        previous = header.hash();
        headers.push(header);
    }
    headers
}

fn grown(path: &Path, count: u32) -> (HeaderFile, HeaderChain) {
    let base = NETWORK.checkpoint();
    let mut file = HeaderFile::create(path, NETWORK, &base).unwrap();
    let chain = HeaderChain::new(NETWORK, base);
    let (chain, change) = chain.step(&mined(&base, count, 0), u32::MAX).unwrap();
    file.apply(&change).unwrap();
    (file, chain)
}

#[test]
fn what_was_written_is_read_back_and_takes_80_bytes_a_header() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let (file, chain) = grown(&path, 4_100);
    assert_eq!(file.bytes().unwrap(), START + 4_100 * HEADER);
    assert_eq!(HeaderFile::read(&path).unwrap().unwrap().tip(), chain.tip());
    assert_eq!(file.header(4_100).unwrap().unwrap().hash(), chain.tip().hash);
    assert_eq!((file.header(0).unwrap(), file.header(4_101).unwrap()), (None, None));
    drop(file);
    let (_, again) = HeaderFile::open(&path).unwrap();
    assert_eq!(again.tip(), chain.tip());
}

#[test]
fn a_reorganisation_replaces_what_it_drops() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let (mut file, chain) = grown(&path, 200);
    let fork = chain.waypoint(50).unwrap();
    let (chain, change) = chain.step(&mined(&fork, 160, 1), u32::MAX).unwrap();
    assert_eq!((change.fork, change.dropped), (50, 150));
    file.apply(&change).unwrap();
    assert_eq!(HeaderFile::read(&path).unwrap().unwrap().tip(), chain.tip());
    // And shorter, with more work: as far as one can go on regtest, a longer one that is then cut.
    assert_eq!(file.bytes().unwrap(), START + 210 * HEADER);
}

#[test]
fn one_process_writes_and_others_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    assert!(HeaderFile::read(&path).unwrap().is_none());
    let (file, _) = grown(&path, 10);
    assert!(matches!(HeaderFile::open(&path), Err(FileError::InUse { .. })));
    assert_eq!(HeaderFile::read(&path).unwrap().unwrap().tip().height, 10);
    drop(file);
    assert!(HeaderFile::open(&path).is_ok());
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_pruned_file_goes_on_from_its_base() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let (file, chain) = grown(&path, 300);
    let chain = chain.pruned(250);
    let mut file = file.pruned(&chain).unwrap();
    assert_eq!(file.bytes().unwrap(), START + 50 * HEADER);
    assert_eq!((file.header(250).unwrap(), file.path()), (None, &*path));
    let (chain, change) = chain.clone().step(&mined(chain.tip(), 5, 0), u32::MAX).unwrap();
    file.apply(&change).unwrap();
    let read = HeaderFile::read(&path).unwrap().unwrap();
    assert_eq!((read.base().height, read.tip()), (250, chain.tip()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_in_which_headers_branch_off_ends_there() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let (file, chain) = grown(&path, PIECE as u32);
    let branch = mined(&chain.waypoint(1).unwrap(), PIECE as u32, 1);
    let bytes: Vec<u8> = branch.iter().flat_map(Header::to_bytes).collect();
    file.file.write_all_at(&bytes, file.bytes().unwrap()).unwrap();
    drop(file);
    let (file, read) = HeaderFile::open(&path).unwrap();
    assert_eq!(read.tip(), chain.tip());
    assert_eq!(file.header(2_000).unwrap().unwrap().hash(), read.tip().hash);
}

#[test]
fn a_file_that_another_one_replaced_is_not_written() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let (file, chain) = grown(&path, 300);
    let opened = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    drop(file.pruned(&chain.pruned(250)).unwrap());
    // Whoever opened the file before and locks it now would write where nobody reads.
    assert!(matches!(locked(&path, &path, &opened), Err(FileError::InUse { .. })));
    assert!(HeaderFile::open(&path).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Killed at any byte, or the disk lies anywhere: what is read is good, and reaches as far as it is.
    #[test]
    fn a_file_that_is_cut_or_altered_is_a_shorter_chain(at in 0_u64..START + 60 * HEADER, flip in 0_u8..8, cut in any::<bool>()) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("headers");
        let (file, whole) = grown(&path, 60);
        drop(file);
        let mut bytes = fs::read(&path).unwrap();
        let index = usize::try_from(at).unwrap();
        if cut { bytes.truncate(index) } else { bytes[index] ^= 1 << flip }
        fs::write(&path, &bytes).unwrap();
        match HeaderFile::open(&path) {
            Err(error) => {
                prop_assert!(at < START);
                let spoilt = matches!(error, FileError::Spoilt { .. });
                prop_assert!(spoilt);
            }
            Ok((file, mut chain)) => {
                prop_assert!(at >= START);
                let good = u32::try_from((at - START) / HEADER).unwrap();
                let tip = chain.tip().height;
                // A header that is altered may happen to be good; regtest is that easy.
                prop_assert!(tip == good || tip == good + 1, "{} {}", tip, good);
                prop_assert_eq!(chain.hash_at(good), whole.hash_at(good));
                prop_assert_eq!(file.bytes().unwrap(), START + u64::from(tip) * HEADER);
                let mut file = file;
                let missing = mined(&whole.waypoint(good).unwrap(), 1, 9);
                if let Ok((next, change)) = chain.clone().step(&missing, u32::MAX) {
                    file.apply(&change).unwrap();
                    chain = next;
                }
                drop(file);
                let read = HeaderFile::read(&path).unwrap().unwrap();
                prop_assert_eq!(read.tip(), chain.tip());
            }
        }
    }
}
