//! The campaigns over real media, one run for each seed, with the faults that it says.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use dsm_link::{Link, LinkError, Pace};

use super::script::meet;
use super::{Faults, Faulty, Line, Numbers, Tally};
use crate::medium::Framed;
use crate::{Directory, Qr, Serial, Show, TcpLink, TcpPlace, Watch};

/// A pace with which a run that breaks is over soon.
const QUICK: Pace = Pace { gap: 0, answer: 60, patience: 2_500, linger: 1_000 };
/// A picture takes a while to be read.
const PICTURES: Pace = Pace { gap: 10, answer: 600, patience: 8_000, linger: 2_500 };

/// Who is not called for so long waits no more.
const CALLED: Option<Duration> = Some(Duration::from_secs(5));

/// A medium with another pace and no faults of its own.
type Paced<M> = Faulty<M>;

fn tag(numbers: &mut Numbers) -> [u8; 4] {
    (numbers.next() as u32 | 1).to_be_bytes()
}

/// Over serial lines with faults at the wire.
#[must_use]
pub fn lines(seeds: Range<u64>) -> Tally {
    seeds
        .map(|seed| Line::new(Some(seed)).map_or_else(|_| failed(), |line| on_line(seed, &line)))
        .sum()
}

fn on_line(seed: u64, line: &Line) -> Tally {
    let mut numbers = Numbers::new(seed, 30);
    let [near, far] = line.ends();
    let (one, other) = (tag(&mut numbers), tag(&mut numbers));
    let end = |path: &Path| -> Result<Paced<Serial>, LinkError> {
        Ok(Faulty::new(Serial::open(path, 115_200)?, Faults::none(), QUICK))
    };
    meet(seed, || Framed::call(end(near)?, one), || Framed::wait(end(far)?, other, CALLED))
}

/// Over directories, in which other files lie too.
#[must_use]
pub fn directories(seeds: Range<u64>) -> Tally {
    let run = |seed| -> std::io::Result<Tally> {
        let place = scratch(&format!("files-{seed}"))?;
        let path = place.0.as_path();
        fs::write(path.join("holiday.jpg"), b"of somebody else")?;
        fs::write(path.join("00000000-00000007-00000000.frame"), b"no frame")?;
        let mut numbers = Numbers::new(seed, 31);
        let (one, other) = (tag(&mut numbers), tag(&mut numbers));
        let end = |tag, side| -> Result<Faulty<Directory>, LinkError> {
            let faults = Faults::new(seed, side, QUICK.answer);
            Ok(Faulty::new(Directory::open(path, tag)?, faults, QUICK))
        };
        Ok(meet(
            seed,
            || Framed::call(end(one, 0)?, one),
            || Framed::wait(end(other, 1)?, other, CALLED),
        ))
    };
    seeds.map(|seed| run(seed).unwrap_or_else(|_| failed())).sum()
}

/// Over real pictures of QR codes, written and read.
#[must_use]
pub fn pictures(seeds: Range<u64>) -> Tally {
    let run = |seed| -> std::io::Result<Tally> {
        let place = scratch(&format!("pictures-{seed}"))?;
        let paths = ["one", "other"].map(|name| place.0.join(name));
        for path in &paths {
            fs::create_dir(path)?;
        }
        let [near, far] = paths;
        let mut numbers = Numbers::new(seed, 32);
        let (one, other) = (tag(&mut numbers), tag(&mut numbers));
        let end = |show: &Path, watch: &Path, tag, side| -> Result<Faulty<Qr>, LinkError> {
            let faults = Faults::new(seed, side, PICTURES.answer / 10);
            let (show, watch) = (Show::Pictures(show.into()), Watch::Pictures(watch.into()));
            Ok(Faulty::new(Qr::open(show, watch, tag)?, faults, PICTURES))
        };
        Ok(meet(
            seed,
            || Framed::call(end(&near, &far, one, 0)?, one),
            || Framed::wait(end(&far, &near, other, 1)?, other, CALLED),
        ))
    };
    seeds.map(|seed| run(seed).unwrap_or_else(|_| failed())).sum()
}

/// Over TCP, through somebody who cuts, trickles and stalls.
#[must_use]
pub fn streams(seeds: Range<u64>) -> Tally {
    let run = |seed| -> Result<Tally, LinkError> {
        let place = TcpPlace::bind("127.0.0.1:0")?;
        let between = proxy(place.address()?, seed).map_err(LinkError::medium)?;
        let patient = |mut link: TcpLink| {
            link.set_patience(Duration::from_millis(QUICK.patience));
            Abrupt(link)
        };
        Ok(meet(seed, || TcpLink::connect(between).map(patient), || place.accept().map(patient)))
    };
    seeds.map(|seed| run(seed).unwrap_or_else(|_| failed())).sum()
}

/// A run that could not begin: not whole.
fn failed() -> Tally {
    Tally { runs: 1, broken: 1, ..Tally::default() }
}

/// Somebody between two ends of a stream, for one connection.
fn proxy(to: SocketAddr, seed: u64) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        let Ok((near, _)) = listener.accept() else { return };
        let Ok(far) = TcpStream::connect(to) else { return };
        let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) else { return };
        std::thread::spawn(move || carry(&far_too, &near_too, Numbers::new(seed, 40)));
        carry(&near, &far, Numbers::new(seed, 41));
    });
    Ok(address)
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, mut numbers: Numbers) {
    let size = if numbers.happens(500) { 7 } else { 4096 };
    let cut_at = if numbers.happens(300) { numbers.below(6_000) } else { u64::MAX };
    let stalls_at = if numbers.happens(300) { numbers.below(6_000) } else { u64::MAX };
    let stall = Duration::from_millis(numbers.below(2) * 3_000 + 200);
    let (mut piece, mut count) = (vec![0; size], 0);
    while let Ok(len @ 1..) = from.read(&mut piece) {
        let before = count;
        count += len as u64;
        if (before..count).contains(&stalls_at) {
            std::thread::sleep(stall);
        }
        if count > cut_at || to.write_all(piece.get(..len).unwrap_or_default()).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(std::net::Shutdown::Both), to.shutdown(std::net::Shutdown::Both));
}

/// A stream says that it ended, not whether the other side or somebody between them ended it.
struct Abrupt(TcpLink);

impl Link for Abrupt {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.0.send(message)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        self.0.receive(most)?.ok_or(LinkError::CutOff).map(Some)
    }
}

/// A directory that goes away.
struct Scratch(std::path::PathBuf);

fn scratch(name: &str) -> std::io::Result<Scratch> {
    let path = std::env::temp_dir().join(format!("dsm-trial-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path)?;
    Ok(Scratch(path))
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
