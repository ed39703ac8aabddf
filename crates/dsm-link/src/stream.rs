//! Messages on a stream of bytes (`spec/links.md`, streams): four bytes of length, most significant
//! first, and the message.

use alloc::vec::Vec;

use crate::LinkError;

/// The longest message on a stream: of a session, sealed.
pub const MAX_FRAME: usize = (1 << 20) + 16;

const HEAD: usize = 4;

/// The bytes of one message on the stream.
///
/// # Errors
/// If the message is too long.
pub fn cut(message: &[u8]) -> Result<Vec<u8>, LinkError> {
    let len = u32::try_from(message.len()).ok().filter(|_| message.len() <= MAX_FRAME);
    let len = len.ok_or(LinkError::TooLong { most: MAX_FRAME })?;
    let mut bytes = Vec::with_capacity(message.len().saturating_add(HEAD));
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(message);
    Ok(bytes)
}

/// Joins the pieces of a stream to messages.
#[derive(Clone, Debug, Default)]
pub struct Joiner {
    held: Vec<u8>,
}

impl Joiner {
    /// Takes a piece. Call [`Joiner::take`] until it gives none before taking another one, so that
    /// no more than a message and a piece is held.
    pub fn push(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
    }

    /// The next whole message, of at most so many bytes and never more than [`MAX_FRAME`].
    ///
    /// # Errors
    /// If the next message says that it is longer; the stream is of no use any more.
    pub fn take(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        let most = most.min(MAX_FRAME);
        let Some((head, rest)) = self.held.split_first_chunk::<HEAD>() else { return Ok(None) };
        let len = usize::try_from(u32::from_be_bytes(*head)).ok().filter(|len| *len <= most);
        let len = len.ok_or(LinkError::TooLong { most })?;
        let Some(message) = rest.get(..len).map(<[u8]>::to_vec) else { return Ok(None) };
        self.held.drain(..len.saturating_add(HEAD));
        Ok(Some(message))
    }

    /// Bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn is_midway(&self) -> bool {
        !self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_any_cut_of_the_stream() {
        let messages: Vec<Vec<u8>> = (0..20).map(|n| alloc::vec![n; usize::from(n) * 7]).collect();
        let stream: Vec<u8> = messages.iter().flat_map(|one| cut(one).unwrap()).collect();
        for piece in 1..60 {
            let mut joiner = Joiner::default();
            let mut joined = Vec::new();
            for bytes in stream.chunks(piece) {
                joiner.push(bytes);
                while let Some(message) = joiner.take(MAX_FRAME).unwrap() {
                    joined.push(message);
                }
            }
            assert_eq!(joined, messages);
            assert!(!joiner.is_midway());
        }
    }

    #[test]
    fn refuses_a_length_that_is_too_long_before_it_comes() {
        let mut joiner = Joiner::default();
        joiner.push(&[0, 16, 0, 17]);
        assert!(matches!(joiner.take(usize::MAX), Err(LinkError::TooLong { most: MAX_FRAME })));
        let long = alloc::vec![0; MAX_FRAME + 1];
        assert!(matches!(cut(&long), Err(LinkError::TooLong { most: MAX_FRAME })));
        let mut joiner = Joiner::default();
        joiner.push(&[0, 16, 0, 16]);
        assert!(matches!(joiner.take(MAX_FRAME), Ok(None)));
        assert!(matches!(joiner.take(MAX_FRAME - 1), Err(LinkError::TooLong { .. })));
    }

    #[test]
    fn knows_when_a_message_was_cut_off() {
        let mut joiner = Joiner::default();
        joiner.push(&[0, 0, 0, 2, 1]);
        assert!(matches!(joiner.take(MAX_FRAME), Ok(None)));
        assert!(joiner.is_midway());
    }
}
