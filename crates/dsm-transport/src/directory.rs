//! A directory of files, such as one on a memory stick (`spec/links.md`, directories).

use std::collections::{BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dsm_link::{Frame, LinkError, Pace, Tag, Word};

use crate::clock::Stopwatch;
use crate::medium::Medium;

/// The most bytes of a frame.
const FRAME: usize = 60_000;
/// How often the directory is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// The most files of ours that lie there unread.
const UNREAD: usize = 64;
/// The most files that are looked for at once, and the most greetings of others that are remembered.
const MOST: usize = 1024;
const SUFFIX: &str = ".frame";

/// A directory in which the frames of both sides lie as files: `to-from-number.frame`, in
/// hexadecimal digits. Who reads a frame for it removes it.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    own: Tag,
    next: u32,
    unread: VecDeque<PathBuf>,
    greeting: Option<PathBuf>,
    greeted: BTreeSet<String>,
    waiting: VecDeque<Vec<u8>>,
}

impl Directory {
    /// In a directory that is there; the tag is that of the conversation.
    ///
    /// # Errors
    /// If it is not a directory.
    pub fn open(path: &Path, own: Tag) -> Result<Self, LinkError> {
        fs::read_dir(path).map_err(LinkError::medium)?;
        let path = path.to_owned();
        let (unread, waiting) = (VecDeque::new(), VecDeque::new());
        Ok(Self { path, own, next: 0, unread, greeting: None, greeted: BTreeSet::new(), waiting })
    }

    /// The files that are for us, the oldest first. A medium that was carried away has none.
    fn list(&self) -> Vec<(String, SystemTime)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Some((to, from)) = parse(&name) else { continue };
            let is_new = to == self.own || (to == [0; 4] && !self.greeted.contains(&name));
            if from == self.own || !is_new || found.len() >= MOST {
                continue;
            }
            let time = entry.metadata().and_then(|about| about.modified());
            found.push((name, time.unwrap_or(SystemTime::UNIX_EPOCH)));
        }
        found.sort_by(|(one, at), (other, later)| at.cmp(later).then_with(|| one.cmp(other)));
        found
    }

    fn look(&mut self) {
        for (name, _) in self.list() {
            let path = self.path.join(&name);
            let Ok(bytes) = read(&path) else { continue };
            if parse(&name).is_some_and(|(to, _)| to == self.own) {
                // If this is lost now it comes again: it is not acknowledged yet.
                let _ = fs::remove_file(&path);
            } else {
                if self.greeted.len() >= MOST {
                    self.greeted.pop_first();
                }
                self.greeted.insert(name);
            }
            self.waiting.push_back(bytes);
        }
    }

    fn write(&mut self, name: &str, frame: &[u8]) -> std::io::Result<()> {
        let path = self.path.join(name);
        let draft = self.path.join(format!(".{name}.draft"));
        let written = (|| {
            let mut file = File::create(&draft)?;
            file.write_all(frame)?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(&self.path)?.sync_all()
        })();
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        self.unread.push_back(path);
        written
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FRAME as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn hex(tag: Tag) -> String {
    format!("{:08x}", u32::from_be_bytes(tag))
}

/// To whom and from whom a file is, by its name.
fn parse(name: &str) -> Option<(Tag, Tag)> {
    let mut parts = name.strip_suffix(SUFFIX)?.split('-');
    let mut next = || {
        let digits = parts.next().filter(|digits| digits.len() == 8)?;
        let known = digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        u32::from_str_radix(digits, 16).ok().filter(|_| known)
    };
    let (to, from, _number) = (next()?, next()?, next()?);
    parts.next().is_none().then_some((to.to_be_bytes(), from.to_be_bytes()))
}

impl Medium for Directory {
    fn size(&self) -> usize {
        FRAME
    }

    fn pace(&self) -> Pace {
        Pace { gap: 0, answer: 1_000, patience: 900_000, linger: 1_000 }
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let Some(head) = Frame::decode(frame) else { return Ok(()) };
        let greets = matches!(head.word, Word::Hello) && head.to == [0; 4];
        if let Some(before) = self.greeting.take_if(|_| greets || head.to != [0; 4]) {
            let _ = fs::remove_file(before);
        }
        if self.unread.len() >= UNREAD {
            self.unread.retain(|path| path.exists());
        }
        if self.unread.len() >= UNREAD || !self.path.exists() {
            return Ok(());
        }
        let name = format!("{}-{}-{:08x}{SUFFIX}", hex(head.to), hex(self.own), self.next);
        self.next = self.next.wrapping_add(1);
        match self.write(&name, frame) {
            // It was carried away, or is full for now.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(LinkError::medium(error));
            }
            Ok(()) | Err(_) => {}
        }
        if greets {
            self.greeting = self.unread.pop_back();
        }
        Ok(())
    }

    fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        let clock = Stopwatch::start();
        loop {
            if self.waiting.is_empty() {
                self.look();
            }
            if let Some(frame) = self.waiting.pop_front() {
                return Ok(Some(frame));
            }
            let rest = wait.saturating_sub(clock.elapsed());
            if rest.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(rest.min(LOOK));
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Some(greeting) = &self.greeting {
            let _ = fs::remove_file(greeting);
        }
    }
}
