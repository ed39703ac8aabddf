//! Messages of the peer-to-peer protocol: an envelope of 24 bytes, and what is in it.
//!
//! ```text
//! magic 4 | command 12, filled up with zeros | length 4, little endian | checksum 4 | length bytes
//! ```
//!
//! The length is checked before anything is held, and only an awaited message is held at all: everything else is read
//! through a small buffer. All of an answer, with what is said beside it, has one deadline and one budget.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bitcoin::hashes::{Hash as _, HashEngine, sha256d};

use crate::clock::Deadline;
use crate::error::{FeedError, broken, shown};
use crate::network::Magic;

const HEAD: usize = 24;
/// What no message of the protocol exceeds.
const MAX_MESSAGE: u64 = 4_000_000;
/// How much is read at once.
const PIECE: usize = 1 << 14;
/// How many messages, and bytes of them, a peer may say beside its answer.
const MAX_BESIDE: u32 = 1_000;
const MAX_BYTES_BESIDE: u64 = 8_000_000;

/// Both directions of a connection to a peer.
pub trait Line: Read + Write + Send {
    /// How long the next read or write may block.
    ///
    /// # Errors
    /// What the operating system says.
    fn allow(&mut self, time: Duration) -> io::Result<()>;
}

impl Line for TcpStream {
    fn allow(&mut self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

/// What is awaited: the command, and how many bytes an honest one has at most.
pub(crate) type Awaited = (&'static str, usize);

/// A message that was awaited.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) command: &'static str,
    pub(crate) payload: Vec<u8>,
}

/// What the answer to one question may still cost.
#[derive(Debug)]
pub(crate) struct Budget {
    deadline: Deadline,
    messages: u32,
    bytes: u64,
}

impl Budget {
    pub(crate) fn new(time: Duration) -> Self {
        let deadline = Deadline::after(time);
        Self { deadline, messages: MAX_BESIDE, bytes: MAX_BYTES_BESIDE }
    }

    /// Pays for a message beside the answer.
    fn spend(&mut self, bytes: u64) -> Result<(), FeedError> {
        let messages = self.messages.checked_sub(1).ok_or(FeedError::Flooded)?;
        let bytes = self.bytes.checked_sub(bytes).ok_or(FeedError::Flooded)?;
        (self.messages, self.bytes) = (messages, bytes);
        Ok(())
    }
}

/// The head of an envelope.
#[derive(Debug)]
struct Head {
    command: String,
    length: u64,
    checksum: [u8; 4],
}

/// Messages over a line.
#[derive(Debug)]
pub(crate) struct Wire<L> {
    line: L,
    magic: Magic,
}

impl<L: Line> Wire<L> {
    pub(crate) fn new(line: L, magic: Magic) -> Self {
        Self { line, magic }
    }

    /// Sends one message.
    pub(crate) fn send(
        &mut self,
        command: &str,
        payload: &[u8],
        budget: &Budget,
    ) -> Result<(), FeedError> {
        let mut message = Vec::with_capacity(HEAD.saturating_add(payload.len()));
        message.extend_from_slice(&self.magic.0);
        message.extend(command.bytes().chain(std::iter::repeat(0)).take(12));
        let length = u32::try_from(payload.len()).map_err(|_| FeedError::TooMany("bytes"))?;
        message.extend_from_slice(&length.to_le_bytes());
        message.extend_from_slice(&checksum(sha256d::Hash::hash(payload)));
        message.extend_from_slice(payload);
        let mut rest = message.as_slice();
        while !rest.is_empty() {
            self.line.allow(budget.deadline.left()?).map_err(FeedError::Broken)?;
            match self.line.write(rest) {
                Ok(0) => return Err(FeedError::Closed),
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
        Ok(())
    }

    /// The next message that is awaited. Pings are answered; other news passes by, as long as there is budget.
    pub(crate) fn await_one(
        &mut self,
        awaited: &[Awaited],
        budget: &mut Budget,
    ) -> Result<Message, FeedError> {
        loop {
            let head = self.head(budget)?;
            if let Some(&(command, most)) = awaited.iter().find(|(name, _)| *name == head.command) {
                let payload = self.hold(&head, most, budget)?;
                return Ok(Message { command, payload });
            }
            budget.spend(head.length.saturating_add(HEAD as u64))?;
            match head.command.as_str() {
                "ping" => {
                    let nonce = self.hold(&head, 8, budget)?;
                    self.send("pong", &nonce, budget)?;
                }
                // An answer without a question: these are never news.
                "block" | "blocktxn" | "cfcheckpt" | "cfheaders" | "cfilter" | "cmpctblock"
                | "merkleblock" | "tx" => return Err(FeedError::Unasked(head.command)),
                _ => self.pass(&head, budget)?,
            }
        }
    }

    fn head(&mut self, budget: &Budget) -> Result<Head, FeedError> {
        let mut bytes = [0; HEAD];
        // Who speaks another protocol may say less than a head.
        let (magic, rest) = bytes.split_at_mut(4);
        self.fill(magic, budget)?;
        if magic != self.magic.0 {
            return Err(FeedError::Foreign([magic[0], magic[1], magic[2], magic[3]]));
        }
        self.fill(rest, budget)?;
        let malformed = || FeedError::Malformed("head of a message");
        let (name, rest) = rest.split_first_chunk::<12>().ok_or_else(malformed)?;
        let (length, checksum) = rest.split_first_chunk::<4>().ok_or_else(malformed)?;
        let checksum = checksum.first_chunk::<4>().copied().ok_or_else(malformed)?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let (name, padding) = name.split_at(end);
        let printable = name.iter().all(|byte| (0x20..0x7f).contains(byte));
        if !printable || padding.iter().any(|byte| *byte != 0) {
            return Err(malformed());
        }
        let command = shown(&String::from_utf8_lossy(name));
        let length = u64::from(u32::from_le_bytes(*length));
        within(&command, length, MAX_MESSAGE)?;
        Ok(Head { command, length, checksum })
    }

    /// Takes in a message, never more than has come, and never more than it may have.
    fn hold(&mut self, head: &Head, most: usize, budget: &Budget) -> Result<Vec<u8>, FeedError> {
        within(&head.command, head.length, u64::try_from(most).unwrap_or(u64::MAX))?;
        let mut payload = Vec::new();
        self.read(head, budget, |piece| payload.extend_from_slice(piece))?;
        Ok(payload)
    }

    /// Lets a message pass.
    fn pass(&mut self, head: &Head, budget: &Budget) -> Result<(), FeedError> {
        self.read(head, budget, |_| ())
    }

    fn read(
        &mut self,
        head: &Head,
        budget: &Budget,
        mut see: impl FnMut(&[u8]),
    ) -> Result<(), FeedError> {
        let mut engine = sha256d::Hash::engine();
        let mut buffer = [0; PIECE];
        let mut left = head.length;
        while left > 0 {
            let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let piece = buffer.get_mut(..size).unwrap_or_default();
            self.fill(piece, budget)?;
            engine.input(piece);
            see(piece);
            left = left.saturating_sub(size as u64);
        }
        if checksum(sha256d::Hash::from_engine(engine)) == head.checksum {
            Ok(())
        } else {
            Err(FeedError::Damaged(head.command.clone()))
        }
    }

    fn fill(&mut self, mut rest: &mut [u8], budget: &Budget) -> Result<(), FeedError> {
        while !rest.is_empty() {
            self.line.allow(budget.deadline.left()?).map_err(FeedError::Broken)?;
            match self.line.read(rest) {
                Ok(0) => return Err(FeedError::Closed),
                Ok(count) => rest = rest.get_mut(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(error)),
            }
        }
        Ok(())
    }
}

fn within(what: &str, announced: u64, most: u64) -> Result<(), FeedError> {
    if announced <= most {
        return Ok(());
    }
    Err(FeedError::TooLong { what: what.to_owned(), announced, most })
}

fn checksum(hash: sha256d::Hash) -> [u8; 4] {
    let [a, b, c, d, ..] = hash.to_byte_array();
    [a, b, c, d]
}
