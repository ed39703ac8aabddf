//! A mailbox in a directory, such as one on a memory stick or a synced one (`spec/letters.md`,
//! mailboxes).
//!
//! A letter is the file `BOX-NUMBER-SALT.letter`, in hexadecimal digits, written aside, synced and
//! renamed. Always true: a name says where a file belongs, so nobody opens a foreign one; what is
//! longer than a letter is not read; whoever dies leaves a whole letter or none.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use dsm_link::Mailbox;
use dsm_link::mailbox::MAX_LETTER;

/// The most letters of a box that are looked at, the oldest.
const MOST: usize = 64;
const SUFFIX: &str = ".letter";

/// Letters as files of a directory.
#[derive(Debug)]
pub struct DirectoryMailbox {
    path: PathBuf,
    salt: [u8; 4],
}

impl DirectoryMailbox {
    /// In a directory that is there. The salt is fresh random bytes: it keeps apart what two who
    /// never saw each other's files put in one box.
    ///
    /// # Errors
    /// If it is not a directory, or cannot be read.
    pub fn open(path: &Path, salt: [u8; 4]) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self { path: path.to_owned(), salt })
    }

    /// The numbers and names of a box's files, as far as `keep` keeps them.
    fn list(&self, key: &[u8; 32], keep: &mut dyn FnMut(u32, String)) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            if let Some(number) = number_in(&name, key) {
                keep(number, name);
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, letter: &[u8]) -> io::Result<()> {
        let draft = self.path.join(format!(".{name}.draft"));
        let written = (|| {
            let mut file = File::create(&draft)?;
            file.write_all(letter)?;
            file.sync_all()?;
            fs::rename(&draft, self.path.join(name))?;
            self.sync()
        })();
        if written.is_err() {
            // Whatever is left is no letter by its name.
            let _ = fs::remove_file(&draft);
        }
        written
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => self.sync(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of a letter of a box, by its name.
fn number_in(name: &str, key: &[u8; 32]) -> Option<u32> {
    let rest = name.strip_suffix(SUFFIX)?.strip_prefix(&hex(key))?.strip_prefix('-')?;
    let (number, salt) = rest.split_once('-')?;
    let digits = |text: &str| {
        text.len() == 8 && text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    };
    let number = u32::from_str_radix(number, 16).ok().filter(|_| digits(number));
    number.filter(|_| digits(salt))
}

/// A letter; none if it is longer than one or no file.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let about = fs::symlink_metadata(path)?;
    if !about.is_file() || about.len() > MAX_LETTER as u64 {
        return Ok(None);
    }
    let mut letter = Vec::new();
    // It may have grown meanwhile.
    File::open(path)?.take(MAX_LETTER as u64 + 1).read_to_end(&mut letter)?;
    Ok((letter.len() <= MAX_LETTER).then_some(letter))
}

impl Mailbox for DirectoryMailbox {
    type Error = io::Error;

    fn put(&mut self, key: &[u8; 32], letter: &[u8]) -> io::Result<()> {
        if letter.len() > MAX_LETTER {
            return Err(io::Error::new(ErrorKind::InvalidInput, "a letter is too long"));
        }
        let mut last = None;
        self.list(key, &mut |number, _| last = last.max(Some(number)))?;
        let next = last.map_or(Some(0), |last: u32| last.checked_add(1));
        let next = next.ok_or_else(|| io::Error::other("a box of the directory is spoiled"))?;
        self.write(&format!("{}-{next:08x}-{}{SUFFIX}", hex(key), hex(&self.salt)), letter)
    }

    fn take(&mut self, key: &[u8; 32], show: &mut dyn FnMut(&[u8]) -> bool) -> io::Result<bool> {
        let mut found = BTreeSet::new();
        self.list(key, &mut |_, name| {
            found.insert(name);
            if found.len() > MOST {
                found.pop_last();
            }
        })?;
        for name in found {
            let path = self.path.join(name);
            match read(&path) {
                Ok(Some(letter)) => {
                    if show(&letter) {
                        self.remove(&path)?;
                    }
                    return Ok(true);
                }
                // It was taken meanwhile, is no letter, or cannot be read.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
