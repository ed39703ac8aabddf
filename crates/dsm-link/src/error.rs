//! Why a link fails: the same few reasons on every medium.

use alloc::boxed::Box;

/// Why a link fails. What was sent before may or may not have arrived.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// The peer was silent for too long.
    Silent,
    /// The peer announces a longer message than may come now.
    TooLong {
        /// The most bytes that were allowed.
        most: usize,
    },
    /// The peer hung up in the middle of a message.
    CutOff,
    /// What comes is not what was sent, again and again.
    Spoiled,
    /// What the medium, or a layer between, says.
    Medium(Box<dyn core::error::Error + Send + Sync>),
}

impl LinkError {
    /// What a medium says.
    pub fn medium(error: impl core::error::Error + Send + Sync + 'static) -> Self {
        Self::Medium(Box::new(error))
    }
}

impl core::fmt::Display for LinkError {
    fn fmt(&self, to: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Silent => to.write_str("the peer was silent for too long"),
            Self::TooLong { most } => {
                write!(to, "the peer announces a message of more than {most} bytes")
            }
            Self::CutOff => to.write_str("the peer hung up in the middle of a message"),
            Self::Spoiled => to.write_str("what comes is not what was sent, again and again"),
            Self::Medium(error) => error.fmt(to),
        }
    }
}

impl core::error::Error for LinkError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        if let Self::Medium(error) = self { Some(&**error) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::error::Error;

    use super::*;

    #[test]
    fn each_error_says_what_is_wrong_and_what_lies_behind_it() {
        let errors = [
            LinkError::Silent,
            LinkError::TooLong { most: 70 },
            LinkError::CutOff,
            LinkError::Spoiled,
            LinkError::medium(core::fmt::Error),
        ];
        let words = errors.each_ref().map(ToString::to_string);
        for (at, one) in words.iter().enumerate() {
            assert!(one.len() > 5 && !words[..at].contains(one), "{words:?}");
        }
        assert!(words[1].contains("70"));
        let behind = errors.each_ref().map(|error| error.source().is_some());
        assert_eq!(behind, [false, false, false, false, true]);
    }
}
