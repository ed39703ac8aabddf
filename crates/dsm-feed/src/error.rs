//! Why a feed gave no answer.

use std::error::Error;
use std::fmt;
use std::io;

/// How much of a text from outside is shown.
const MAX_TEXT: usize = 200;

/// Why a feed gave no answer that could be looked at. None says anything about Bitcoin: only about this feed.
#[derive(Debug)]
#[non_exhaustive]
pub enum FeedError {
    /// Nobody answers at its address.
    Unreachable(io::Error),
    /// The connection broke.
    Broken(io::Error),
    /// It hung up before it had answered.
    Closed,
    /// The whole answer was not there in time: it is silent, or slow.
    Late,
    /// Its messages begin with the four bytes of another network, or it speaks something else.
    Foreign([u8; 4]),
    /// An answer announces more bytes than any honest one has.
    TooLong {
        /// Which answer.
        what: String,
        /// How many bytes it announces.
        announced: u64,
        /// How many it may have.
        most: u64,
    },
    /// An answer has more parts than were asked for, or than the protocol allows.
    TooMany(&'static str),
    /// A message is not the one that its checksum was made of.
    Damaged(String),
    /// An answer has not the form that it must have.
    Malformed(&'static str),
    /// It says so much beside the answer that it is not waited for any longer.
    Flooded,
    /// It sends what nobody asked for and no honest peer sends.
    Unasked(String),
    /// The headers follow none of those in the locator, or not each other.
    Unconnected,
    /// It gave something else than what was asked for by its hash.
    Other(&'static str),
    /// It has not what was asked for.
    Missing(&'static str),
    /// It does not serve this at all.
    NotServed(&'static str),
    /// It wants another name or password.
    Denied,
    /// The file with the name and password cannot be read.
    Cookie(io::Error),
    /// It refused, in its own words.
    Refused {
        /// Its number for the reason.
        code: i64,
        /// Its words, cut to a bearable length.
        text: String,
    },
}

impl FeedError {
    pub(crate) fn refused(code: i64, text: &str) -> Self {
        Self::Refused { code, text: shown(text) }
    }
}

/// A text from outside: short, and without anything that a terminal obeys.
pub(crate) fn shown(text: &str) -> String {
    let plain = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
    plain.take(MAX_TEXT).collect()
}

/// What reading or writing failed with.
pub(crate) fn broken(error: io::Error) -> FeedError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => FeedError::Late,
        io::ErrorKind::UnexpectedEof => FeedError::Closed,
        _ => FeedError::Broken(error),
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(to, "nobody answers: {why}"),
            Self::Broken(why) => write!(to, "the connection broke: {why}"),
            Self::Closed => to.write_str("it hung up"),
            Self::Late => to.write_str("it did not answer in time"),
            Self::Foreign(magic) => {
                write!(to, "it speaks for another network, or another protocol ({magic:02x?})")
            }
            Self::TooLong { what, announced, most } => {
                write!(to, "{what} of {announced} bytes, where {most} is the most")
            }
            Self::TooMany(what) => write!(to, "too many {what}"),
            Self::Damaged(what) => write!(to, "{what} with a wrong checksum"),
            Self::Malformed(what) => write!(to, "malformed {what}"),
            Self::Flooded => to.write_str("it says too much beside the answer"),
            Self::Unasked(what) => write!(to, "{what} that nobody asked for"),
            Self::Unconnected => to.write_str("its headers follow none that are known"),
            Self::Other(what) => write!(to, "another {what} than the one asked for"),
            Self::Missing(what) => write!(to, "it has no such {what}"),
            Self::NotServed(what) => write!(to, "it serves no {what}"),
            Self::Denied => to.write_str("it wants another name or password"),
            Self::Cookie(why) => write!(to, "the file with its password: {why}"),
            Self::Refused { code, text } => write!(to, "it refused: {text} ({code})"),
        }
    }
}

impl Error for FeedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreachable(why) | Self::Broken(why) | Self::Cookie(why) => Some(why),
            _ => None,
        }
    }
}
