//! Frames on a serial line (`spec/links.md`, serial): COBS, ended by a zero.
//!
//! Always true: after bytes were lost or spoiled, the next zero begins anew; no more than one frame
//! of the greatest size is held.

use alloc::vec::Vec;

/// The bytes of a frame on the line.
#[must_use]
pub fn stuff(frame: &[u8]) -> Vec<u8> {
    let mut bytes = cobs::encode_vec(frame);
    bytes.push(0);
    bytes
}

/// Finds the frames in what a line brings.
#[derive(Debug)]
pub struct Unstuffer {
    held: Vec<u8>,
    most: usize,
    skips: bool,
}

impl Unstuffer {
    /// Finds frames of at most so many bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.saturating_add(cobs::max_encoding_overhead(most));
        Self { held: Vec::new(), most, skips: false }
    }

    /// Takes a byte; gives what a zero ended, which may not be what was sent.
    pub fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        if byte != 0 {
            self.skips |= self.held.len() >= self.most;
            if !self.skips {
                self.held.push(byte);
            }
            return None;
        }
        let skipped = core::mem::take(&mut self.skips);
        let mut frame = core::mem::take(&mut self.held);
        if skipped || frame.is_empty() {
            return None;
        }
        let len = cobs::decode_in_place(&mut frame).ok()?;
        frame.truncate(len);
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(reader: &mut Unstuffer, bytes: &[u8]) -> Vec<Vec<u8>> {
        bytes.iter().filter_map(|byte| reader.push(*byte)).collect()
    }

    #[test]
    fn frames_survive_and_the_line_is_found_again_in_mid_frame() {
        let frames: Vec<Vec<u8>> =
            (1..600).map(|len| (0..len).map(|at| (at * len / 3) as u8).collect()).collect();
        let line: Vec<u8> = frames.iter().flat_map(|frame| stuff(frame)).collect();
        assert_eq!(all(&mut Unstuffer::new(600), &line), frames);
        for start in [1, 50, 1000] {
            let found = all(&mut Unstuffer::new(600), &line[start..]);
            assert!(found.len() >= 550 && found.ends_with(&frames[500..]));
        }
    }

    #[test]
    fn a_line_without_zeros_fills_no_memory() {
        let mut reader = Unstuffer::new(100);
        assert!(all(&mut reader, &[7; 10_000]).is_empty());
        assert!(reader.held.capacity() < 300);
        assert!(all(&mut reader, &[0]).is_empty());
        assert_eq!(all(&mut reader, &stuff(b"frame")), [b"frame"]);
    }
}
