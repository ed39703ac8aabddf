//! Animated QR codes (`spec/links.md`, pictures): one side's screen, the other side's camera, and the
//! same the other way.
//!
//! Always true: a picture carries one frame of at most 858 bytes, so its code is of version 20 or
//! smaller, which a telephone reads.

mod camera;
mod picture;
mod reader;
mod sheet;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dsm_link::{LinkError, Pace};

pub(crate) use camera::Camera;
pub(crate) use picture::Picture;
pub use sheet::{MAX_SHEETS, Sheet, SheetError, read_sheets, sheets};

use crate::clock::Stopwatch;
use crate::medium::Medium;

/// What a code of version 20 holds at the lowest level of correction.
const FRAME: usize = 858;
/// How often a directory of pictures is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// The most pictures that are kept for the other side to look at.
const SHOWN: usize = 64;
/// The most names of pictures that are remembered.
const SEEN: usize = 4096;
/// The most bytes of a picture that is read.
const PICTURE: u64 = 8 << 20;
const SUFFIX: &str = ".png";

/// Where codes are shown.
pub enum Show {
    /// As PNG files in a directory.
    Pictures(PathBuf),
    /// In a terminal, one after the other in the same place.
    Terminal(Box<dyn Write + Send>),
}

/// Where the other side's codes are seen.
#[derive(Clone, Debug)]
pub enum Watch {
    /// PNG files in a directory.
    Pictures(PathBuf),
    /// A video device.
    Device(PathBuf),
}

impl std::fmt::Debug for Show {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pictures(path) => write!(to, "Pictures({})", path.display()),
            Self::Terminal(_) => to.write_str("Terminal"),
        }
    }
}

#[derive(Debug)]
enum Eye {
    Pictures { path: PathBuf, seen: BTreeSet<String>, waiting: VecDeque<PathBuf> },
    Camera(Camera),
}

/// A screen and a camera, or what stands for them.
#[derive(Debug)]
pub struct Qr {
    show: Show,
    eye: Eye,
    prefix: String,
    next: u64,
    shown: VecDeque<PathBuf>,
    gap: u64,
}

impl Qr {
    /// Shows and watches. Fresh bytes tell the pictures of one conversation from those of another;
    /// older pictures in the directory that it shows are removed.
    ///
    /// # Errors
    /// If a directory or the device is not there.
    pub fn open(show: Show, watch: Watch, fresh: [u8; 4]) -> Result<Self, LinkError> {
        if let Show::Pictures(path) = &show {
            for entry in fs::read_dir(path).map_err(LinkError::medium)?.flatten() {
                if entry.file_name().to_str().is_some_and(|name| number(name).is_some()) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        let (eye, gap) = match watch {
            Watch::Pictures(path) => {
                fs::read_dir(&path).map_err(LinkError::medium)?;
                (Eye::Pictures { path, seen: BTreeSet::new(), waiting: VecDeque::new() }, 50)
            }
            Watch::Device(path) => (Eye::Camera(Camera::open(&path)?), 250),
        };
        let prefix = format!("{:08x}", u32::from_be_bytes(fresh));
        Ok(Self { show, eye, prefix, next: 0, shown: VecDeque::new(), gap })
    }

    fn show(&mut self, picture: &Picture) -> std::io::Result<()> {
        match &mut self.show {
            Show::Terminal(terminal) => {
                terminal.write_all(picture.half_blocks().as_bytes())?;
                terminal.flush()
            }
            Show::Pictures(directory) => {
                let name = format!("{}-{:08}{SUFFIX}", self.prefix, self.next);
                self.next += 1;
                let draft = directory.join(format!(".{name}.draft"));
                let path = directory.join(name);
                fs::write(&draft, picture.png()?)?;
                fs::rename(draft, &path)?;
                self.shown.push_back(path);
                if self.shown.len() > SHOWN
                    && let Some(old) = self.shown.pop_front()
                {
                    let _ = fs::remove_file(old);
                }
                Ok(())
            }
        }
    }
}

/// The number of a picture, by its name: what was shown first is looked at first.
fn number(name: &str) -> Option<u64> {
    let (prefix, number) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    let known = prefix.len() == 8 && prefix.bytes().all(|digit| digit.is_ascii_hexdigit());
    number.parse().ok().filter(|_| known && number.len() == 8)
}

/// The pictures that were not seen yet, in order.
fn fresh(path: &Path, seen: &mut BTreeSet<String>) -> VecDeque<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(number) = number(&name) else { continue };
        let short = entry.metadata().is_ok_and(|about| about.len() <= PICTURE);
        if short && !seen.contains(&name) && found.len() < SEEN {
            found.push((number, name));
        }
    }
    found.sort();
    let mut waiting = VecDeque::new();
    for (_, name) in found {
        waiting.push_back(path.join(&name));
        if seen.len() >= SEEN {
            seen.pop_first();
        }
        seen.insert(name);
    }
    waiting
}

impl Medium for Qr {
    fn size(&self) -> usize {
        FRAME
    }

    fn pace(&self) -> Pace {
        Pace { gap: self.gap, answer: 1_500 + 4 * self.gap, patience: 60_000, linger: 6_000 }
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let Some(picture) = Picture::of(frame) else { return Ok(()) };
        self.show(&picture).map_err(LinkError::medium)
    }

    fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        let (path, seen, waiting) = match &mut self.eye {
            Eye::Camera(camera) => return camera.take(wait),
            Eye::Pictures { path, seen, waiting } => (path, seen, waiting),
        };
        let clock = Stopwatch::start();
        loop {
            if waiting.is_empty() {
                *waiting = fresh(path, seen);
            }
            if let Some(next) = waiting.pop_front() {
                if let Some(frame) = reader::read(&next) {
                    return Ok(Some(frame));
                }
                continue;
            }
            let rest = wait.saturating_sub(clock.elapsed());
            if rest.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(rest.min(LOOK));
        }
    }
}

#[cfg(test)]
mod tests;
