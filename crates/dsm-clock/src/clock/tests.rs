//! A clock follows feeds, forgets what lies deep, and leaves a chain that a liar showed.

use dsm_feed::Carried;
use tempfile::TempDir;

use super::*;
use crate::file::tests::mined;

const NETWORK: BitcoinNetwork = BitcoinNetwork::Regtest;
const LONG: Duration = Duration::from_secs(60);

fn feeds(all: &[&[Header]]) -> Sources {
    let mut feeds = Sources::default();
    for (number, headers) in all.iter().enumerate() {
        let bytes: Vec<u8> = headers.iter().flat_map(Header::to_bytes).collect();
        assert!(
            feeds.add(Box::new(Carried::from_bytes(format!("feed {number}"), &bytes).unwrap()))
        );
    }
    feeds
}

#[test]
fn begins_at_the_checkpoint_and_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    assert!(matches!(Clock::open(&path, None), Err(ClockError::NoNetwork)));
    let headers = mined(&NETWORK.checkpoint(), 5_000, 0);
    let mut clock = Clock::open(&path, Some(NETWORK)).unwrap();
    assert_eq!(clock.follow(&mut feeds(&[&headers[..3_000]]), LONG).unwrap(), 3_000);
    drop(clock);
    let mut clock = Clock::open(&path, None).unwrap();
    assert_eq!(clock.sighting().unwrap().height, 3_000);
    assert_eq!(clock.follow(&mut feeds(&[&headers]), LONG).unwrap(), 2_000);
    assert_eq!(clock.headers(4_990, 100).unwrap(), headers[4_989..]);
    drop(clock);
    let other = Clock::open(&path, Some(BitcoinNetwork::Main));
    assert!(matches!(other, Err(ClockError::File(FileError::Network { .. }))));
}

#[test]
fn forgets_what_lies_deep_and_stays_small() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let headers = mined(&NETWORK.checkpoint(), KEPT * 2 + 1, 0);
    let mut clock = Clock::open(&path, Some(NETWORK)).unwrap();
    clock.follow(&mut feeds(&[&headers]), LONG).unwrap();
    let tip = *clock.chain().tip();
    let clock = clock.prune().unwrap();
    assert_eq!(clock.chain().base().height, KEPT + 1);
    assert_eq!((clock.chain().size().0, *clock.chain().tip()), (KEPT as usize, tip));
    assert!(clock.bytes().unwrap() < 700_000);
    drop(clock);
    assert_eq!(*Clock::open(&path, None).unwrap().chain().tip(), tip);
}

#[test]
fn a_chain_that_a_liar_showed_is_left_even_if_it_parts_below_what_is_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let lies = mined(&NETWORK.checkpoint(), KEPT * 2 + 1, 6);
    let mut clock = Clock::open(&path, Some(NETWORK)).unwrap();
    clock.follow(&mut feeds(&[&lies]), LONG).unwrap();
    let mut clock = clock.prune().unwrap();
    let truth = mined(&NETWORK.checkpoint(), KEPT * 2 + 2, 0);
    // What the honest feed gives leads nowhere that is still known.
    let mut honest = feeds(&[&truth]);
    assert_eq!(clock.follow(&mut honest, LONG).unwrap(), 0);
    let (clock, new) = clock.anew(&mut honest, LONG).unwrap();
    assert_eq!(new, truth.len());
    assert_eq!(clock.chain().tip().hash, truth.last().unwrap().hash());
    // And not left for less.
    let (clock, new) = clock.anew(&mut feeds(&[&lies]), LONG).unwrap();
    assert_eq!((new, clock.chain().tip().hash), (0, truth.last().unwrap().hash()));
    // Who gave less is not said to agree with what is kept.
    let mut liar = feeds(&[&lies]);
    let (clock, _) = clock.anew(&mut liar, LONG).unwrap();
    assert!(!matches!(liar.all()[0].stance(), dsm_feed::Stance::Follows), "{liar:?}");
    drop(clock);
    assert_eq!(Clock::open(&path, None).unwrap().chain().tip().height, KEPT * 2 + 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_clock_whose_file_fails_goes_on_with_what_the_file_holds() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let headers = mined(&NETWORK.checkpoint(), 30, 0);
    let mut clock = Clock::open(&path, Some(NETWORK)).unwrap();
    clock.follow(&mut feeds(&[&headers[..20]]), LONG).unwrap();
    // Whatever happened to the file: it is shorter than what was followed.
    let short = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    short.set_len(512 + 5 * 80).unwrap();
    assert!(matches!(clock.follow(&mut feeds(&[&headers]), LONG), Err(ClockError::File(_))));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 512 + 5 * 80);
    drop(clock);
    let mut clock = Clock::open(&path, None).unwrap();
    assert_eq!(clock.sighting().unwrap().height, 5);
    assert_eq!(clock.follow(&mut feeds(&[&headers[..29]]), LONG).unwrap(), 24);
    // Or deleted: what nobody would read is not written.
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(clock.follow(&mut feeds(&[&headers]), LONG), Err(ClockError::File(_))));
}

#[test]
fn of_two_that_begin_at_once_one_writes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("headers");
    let base = NETWORK.checkpoint();
    let first = HeaderFile::create(&path, NETWORK, &base).unwrap();
    // The other one did not see the file when it looked.
    let second = HeaderFile::create(&path, NETWORK, &base);
    assert!(matches!(second, Err(FileError::InUse { .. })), "{second:?}");
    drop((first, second));
    std::fs::remove_file(&path).unwrap();
    // And it does not wait for one that is about to begin.
    let fresh = std::fs::File::create(folder.path().join("headers.new")).unwrap();
    fresh.lock().unwrap();
    let late = HeaderFile::create(&path, NETWORK, &base);
    assert!(matches!(late, Err(FileError::InUse { .. })), "{late:?}");
}
