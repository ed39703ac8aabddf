//! The file (`docs/header-file.md`).
//!
//! What is cut off or altered anywhere after the base is the end of what is read. So nothing needs to be written
//! twice: whoever is killed while he writes finds a shorter chain.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use dsm_encoding::{from_slice, record, to_vec};
use dsm_headers::{BitcoinNetwork, Change, Header, HeaderChain, Waypoint, sha256d};

/// What a file begins with: what it is, and which form of it.
const MAGIC: [u8; 8] = *b"dsmhead\x01";
/// Where the headers begin.
const START: u64 = 512;
/// How many headers are read at once.
const PIECE: usize = 2_000;
/// How long a header is.
const HEADER: u64 = 80;

/// What a file says of itself.
struct Beginning {
    network: BitcoinNetwork,
    base: Waypoint,
}
record! { Beginning { network, base } }

/// Why a file of headers cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// It is no such file, or its first bytes are altered.
    #[error("{} is no file of headers, or is spoilt; delete it and follow feeds again", path.display())]
    Spoilt {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes it.
    #[error("{} is in use by another process; ask that one, or stop it", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is of another network.
    #[error("{} holds headers of {found:?}, not of {wanted:?}; name that network, or delete the file", path.display())]
    Network {
        /// The file.
        path: PathBuf,
        /// Whose headers it holds.
        found: BitcoinNetwork,
        /// Whose were wanted.
        wanted: BitcoinNetwork,
    },
}

/// A file of headers that this process writes.
#[derive(Debug)]
pub struct HeaderFile {
    path: PathBuf,
    file: File,
    base: u32,
    /// How long it is after the last whole write; 0 after one that failed.
    end: u64,
}

fn system(path: &Path) -> impl FnOnce(io::Error) -> FileError + '_ {
    |source| FileError::System { path: path.to_owned(), source }
}

impl HeaderFile {
    /// Makes a file that holds a base only, where there is none.
    ///
    /// # Errors
    /// [`FileError::System`]; [`FileError::InUse`] if another process was faster.
    pub fn create(
        path: &Path,
        network: BitcoinNetwork,
        base: &Waypoint,
    ) -> Result<Self, FileError> {
        let fresh = path.with_extension("new");
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&fresh).map_err(system(path))?;
        locked(path, &fresh, &file)?;
        if path.exists() {
            let _ = std::fs::remove_file(&fresh);
            return Err(FileError::InUse { path: path.to_owned() });
        }
        let make = || {
            file.set_len(0)?;
            file.write_all_at(&beginning(network, base), 0)?;
            file.sync_all()?;
            std::fs::rename(&fresh, path)
        };
        make().map_err(system(path))?;
        Ok(Self { path: path.to_owned(), file, base: base.height, end: START })
    }

    /// As [`HeaderFile::create`], in place of what somebody left who was killed; for whoever has the file beside this one.
    ///
    /// # Errors
    /// As of [`HeaderFile::create`].
    pub(crate) fn create_beside(
        path: &Path,
        network: BitcoinNetwork,
        base: &Waypoint,
    ) -> Result<Self, FileError> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(system(path)(error)),
            _ => Self::create(path, network, base),
        }
    }

    /// Opens a file to write it, and judges what it holds; what is not good any more is cut off.
    ///
    /// # Errors
    /// [`FileError`], not [`FileError::Network`].
    pub fn open(path: &Path) -> Result<(Self, HeaderChain), FileError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(system(path))?;
        locked(path, path, &file)?;
        let chain = judged(path, &file)?;
        let (base, tip) = (chain.base().height, chain.tip().height);
        let mut opened = Self { path: path.to_owned(), file, base, end: 0 };
        opened.cut(tip).map_err(system(path))?;
        opened.end = opened.offset(tip.saturating_add(1));
        Ok((opened, chain))
    }

    /// What a file holds that another process may write. None if there is none.
    ///
    /// # Errors
    /// [`FileError::System`], [`FileError::Spoilt`].
    pub fn read(path: &Path) -> Result<Option<HeaderChain>, FileError> {
        match File::open(path) {
            Ok(file) => judged(path, &file).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(system(path)(error)),
        }
    }

    /// Writes what a step changed. After a failure nothing more is written: open the file again, and go on from what it
    /// holds.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn apply(&mut self, change: &Change) -> Result<(), FileError> {
        let bytes: Vec<u8> = change.added.iter().flat_map(Header::to_bytes).collect();
        let (at, end) = (self.offset(change.fork.saturating_add(1)), std::mem::take(&mut self.end));
        let write = || {
            if !is_at(&self.path, &self.file)? || self.file.metadata()?.len() != end {
                return Err(io::Error::other("it is not as it was left; open it again"));
            }
            self.cut(change.fork)?;
            self.file.write_all_at(&bytes, at)?;
            self.file.sync_data()
        };
        write().map_err(system(&self.path))?;
        self.end = at.saturating_add(bytes.len() as u64);
        Ok(())
    }

    /// A header above the base. None if the file does not reach that high or is no longer so deep.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn header(&self, height: u32) -> Result<Option<Header>, FileError> {
        if height <= self.base {
            return Ok(None);
        }
        let mut bytes = [0; Header::BYTES];
        match self.file.read_exact_at(&mut bytes, self.offset(height)) {
            Ok(()) => Ok(Some(Header::from_bytes(&bytes))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(system(&self.path)(error)),
        }
    }

    /// How many bytes it takes.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn bytes(&self) -> Result<u64, FileError> {
        self.file.metadata().map(|found| found.len()).map_err(system(&self.path))
    }

    /// Puts a file in the place of this one that holds the same headers from a higher base on.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn pruned(self, chain: &HeaderChain) -> Result<Self, FileError> {
        let (path, from) = (self.path.clone(), self.offset(chain.base().height.saturating_add(1)));
        let copy = || {
            let mut old = &self.file;
            old.seek(SeekFrom::Start(from))?;
            let mut bytes = Vec::new();
            old.read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let bytes = copy().map_err(system(&path))?;
        let fresh = path.with_extension("pruned");
        let pruned = Self::create_beside(&fresh, chain.network(), chain.base())?;
        let write = || {
            pruned.file.write_all_at(&bytes, START)?;
            pruned.file.sync_all()?;
            std::fs::rename(&fresh, &path)
        };
        write().map_err(system(&path))?;
        let end = START.saturating_add(bytes.len() as u64);
        Ok(Self { path, end, ..pruned })
    }

    /// Puts this file in the place of another one.
    ///
    /// # Errors
    /// [`FileError::System`].
    pub fn replacing(self, path: &Path) -> Result<Self, FileError> {
        std::fs::rename(&self.path, path).map_err(system(path))?;
        Ok(Self { path: path.to_owned(), ..self })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn offset(&self, height: u32) -> u64 {
        let above = height.saturating_sub(self.base).saturating_sub(1);
        START + u64::from(above) * HEADER
    }

    /// Nothing above this height.
    fn cut(&self, height: u32) -> io::Result<()> {
        self.file.set_len(self.offset(height.saturating_add(1)))
    }
}

/// Locks a file that was opened at a place, unless another process has it, or put another one there meanwhile.
fn locked(path: &Path, at: &Path, file: &File) -> Result<(), FileError> {
    let mine = file.try_lock().is_ok() && is_at(at, file).map_err(system(path))?;
    if mine { Ok(()) } else { Err(FileError::InUse { path: path.to_owned() }) }
}

/// Whether this file still lies there.
fn is_at(path: &Path, file: &File) -> io::Result<bool> {
    let one = |found: std::fs::Metadata| (found.dev(), found.ino());
    match std::fs::metadata(path) {
        Ok(found) => Ok(one(found) == one(file.metadata()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The first bytes: the magic, how long what follows is, that, its hash, zeros.
fn beginning(network: BitcoinNetwork, base: &Waypoint) -> [u8; START as usize] {
    let words = to_vec(&Beginning { network, base: *base });
    let mut bytes = [0; START as usize];
    let parts =
        [&MAGIC[..], &(words.len() as u16).to_le_bytes(), &words, &sha256d(&words)].concat();
    bytes[..parts.len()].copy_from_slice(&parts);
    bytes
}

fn read_beginning(bytes: &[u8; START as usize]) -> Option<Beginning> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (len, rest) = rest.split_first_chunk()?;
    let (words, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))?;
    let (hash, zeros) = rest.split_first_chunk()?;
    let good = *hash == sha256d(words) && zeros.iter().all(|byte| *byte == 0);
    from_slice(words).ok().filter(|_| good)
}

/// The chain that a file holds, as far as it is good.
fn judged(path: &Path, file: &File) -> Result<HeaderChain, FileError> {
    let mut from = BufReader::with_capacity(PIECE * Header::BYTES, file);
    let mut first = [0; START as usize];
    let spoilt = || FileError::Spoilt { path: path.to_owned() };
    from.read_exact(&mut first).map_err(|_| spoilt())?;
    let Beginning { network, base } = read_beginning(&first).ok_or_else(spoilt)?;
    let mut chain = HeaderChain::new(network, base);
    loop {
        let mut bytes = Vec::new();
        let piece = (PIECE * Header::BYTES) as u64;
        (&mut from).take(piece).read_to_end(&mut bytes).map_err(system(path))?;
        let (all, _) = bytes.as_chunks();
        let headers: Vec<Header> = all.iter().map(Header::from_bytes).collect();
        // What branches off is no longer where its height says.
        if headers.first().is_some_and(|first| first.previous != chain.tip().hash) {
            return Ok(chain);
        }
        let before = chain.clone();
        let good = match chain.step(&headers, u32::MAX) {
            Ok((next, _)) => {
                chain = next;
                continue_with(&headers, &chain)
            }
            Err(bad) => {
                let good = headers.get(..bad.at).unwrap_or_default();
                chain = before.clone().step(good, u32::MAX).map_or(before, |(next, _)| next);
                false
            }
        };
        if !good {
            return Ok(chain);
        }
    }
}

/// True if a whole piece was read, and all of it went on top.
fn continue_with(headers: &[Header], chain: &HeaderChain) -> bool {
    headers.len() == PIECE && headers.last().map(Header::hash) == Some(chain.tip().hash)
}

#[cfg(test)]
pub(crate) mod tests;
