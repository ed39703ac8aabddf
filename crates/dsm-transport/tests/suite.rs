//! Every link, through the same suite: first without faults, then with those of many seeds.

use std::time::Duration;

use dsm_link::LinkError;
use dsm_transport::trial::{self, Line, Tally, meet, whole};
use dsm_transport::{Directory, Framed, Qr, Serial, Show, TcpLink, TcpPlace, Watch};

const CALLED: Option<Duration> = Some(Duration::from_secs(30));

/// Whatever happened, a link lost nothing without saying so, and some runs came through.
fn keeps_its_word(tally: Tally, runs: u64) {
    assert_eq!((tally.runs, tally.lost, tally.repeated), (runs, 0, 0), "{tally:?}");
    assert!(tally.whole > 0, "{tally:?}");
}

#[test]
fn tcp_brings_everything() {
    whole(0..4, |seed| {
        let place = TcpPlace::bind("127.0.0.1:0").unwrap();
        let address = place.address().unwrap();
        meet(seed, || TcpLink::connect(address), || place.accept())
    });
}

#[test]
fn tcp_through_cuts_stalls_and_trickles_loses_nothing_silently() {
    keeps_its_word(trial::streams(0..16), 16);
}

#[test]
fn a_serial_line_brings_everything() {
    let line = Line::new(None).unwrap();
    let [near, far] = line.ends();
    // One conversation after the other on the same line: what is left of one disturbs no other.
    whole(0..3, |seed| {
        let tags = [[1, 1, 1, seed as u8], [2, 2, 2, seed as u8]];
        let open = |path| Serial::open(path, 115_200);
        meet(
            seed,
            || Framed::call(open(near)?, tags[0]),
            || Framed::wait(open(far)?, tags[1], CALLED),
        )
    });
}

#[test]
fn a_serial_line_with_faults_at_the_wire_loses_nothing_silently() {
    keeps_its_word(trial::lines(0..6), 6);
}

#[test]
fn a_directory_brings_everything_and_is_left_clean() {
    let place = tempfile::tempdir().unwrap();
    whole(0..3, |seed| {
        let (one, other) = ([1, 0, 0, seed as u8], [2, 0, 0, seed as u8]);
        let open = |tag| Directory::open(place.path(), tag);
        meet(seed, || Framed::call(open(one)?, one), || Framed::wait(open(other)?, other, CALLED))
    });
    let left = std::fs::read_dir(place.path()).unwrap().count();
    // An end may stay, since nobody is there to read it, and what was said again too late.
    assert!(left <= 9, "{left} files are left");
}

#[test]
fn a_directory_with_faults_loses_nothing_silently() {
    keeps_its_word(trial::directories(0..12), 12);
}

#[test]
fn a_directory_may_be_carried_away_and_brought_back() {
    let place = tempfile::tempdir().unwrap();
    let (stick, away) = (place.path().join("stick"), place.path().join("away"));
    std::fs::create_dir(&stick).unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(150));
                std::fs::rename(&stick, &away).unwrap();
                std::thread::sleep(Duration::from_millis(150));
                std::fs::rename(&away, &stick).unwrap();
            }
        });
        let open = |tag| loop {
            match Directory::open(&stick, tag) {
                Err(LinkError::Medium(_)) => std::thread::sleep(Duration::from_millis(20)),
                other => break other,
            }
        };
        whole(0..2, |seed| {
            let (one, other) = ([1, 0, 0, seed as u8], [2, 0, 0, seed as u8]);
            meet(
                seed,
                || Framed::call(open(one)?, one),
                || Framed::wait(open(other)?, other, CALLED),
            )
        });
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn pictures_bring_everything() {
    let place = tempfile::tempdir().unwrap();
    let [near, far] = ["near", "far"].map(|name| place.path().join(name));
    std::fs::create_dir(&near).unwrap();
    std::fs::create_dir(&far).unwrap();
    whole(0..1, |seed| {
        let open = |show: &std::path::Path, watch: &std::path::Path, tag| {
            Qr::open(Show::Pictures(show.into()), Watch::Pictures(watch.into()), tag)
        };
        meet(
            seed,
            || Framed::call(open(&near, &far, [1; 4])?, [1; 4]),
            || Framed::wait(open(&far, &near, [2; 4])?, [2; 4], CALLED),
        )
    });
}

#[test]
fn pictures_with_faults_lose_nothing_silently() {
    keeps_its_word(trial::pictures(0..4), 4);
}
