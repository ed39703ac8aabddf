//! The bytes of an input, read as decisions: which scene, which word, which change.

use dsm_encoding::from_slice;
use dsm_session::Message;

/// What is left of an input. It never ends: beyond its end there are zeros.
pub(crate) struct Words<'a>(pub(crate) &'a [u8]);

impl<'a> Words<'a> {
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// A number below a bound; zero if the bound is.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(if bound > 256 { self.number() } else { self.byte().into() }) % bound.max(1)
    }

    pub(crate) fn pick<'b, T>(&mut self, from: &'b [T]) -> Option<&'b T> {
        from.get(self.below(from.len()))
    }

    /// The next so many bytes, or all that are left.
    pub(crate) fn take(&mut self, len: usize) -> &'a [u8] {
        let (part, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        part
    }

    /// One to four changes that know nothing of the form.
    pub(crate) fn change(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.byte() % 4 {
            let at = self.below(bytes.len());
            match self.byte() % 5 {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, self.byte()),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => {
                    let by = self.byte();
                    bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= by);
                }
            }
        }
        bytes
    }

    /// A message as its sender could have meant it, but did not: one field is another.
    pub(crate) fn twist(&mut self, message: Message) -> Message {
        let by = u64::from(self.byte());
        let moved =
            |number: u64| if by < 128 { number + by } else { number.saturating_sub(255 - by) };
        match message {
            Message::Hello { network, device, mut salt, mut accepted, mut known } => {
                match self.byte() % 4 {
                    0 => salt[0] ^= 1,
                    1 => accepted = moved(accepted),
                    2 => known = known.map_or(Some(by), |known| Some(moved(known))),
                    _ => known = None,
                }
                Message::Hello { network, device, salt, accepted, known }
            }
            Message::Ask { mut ask } => {
                match self.byte() % 5 {
                    0 => ask.nonce[0] ^= 1,
                    1 => ask.floor.index = moved(ask.floor.index),
                    2 => ask.request = None,
                    3 => ask.enough = dsm_core::FinalityClass::Registered,
                    _ => ask.request.iter_mut().for_each(|one| one.amount = moved(one.amount)),
                }
                Message::Ask { ask }
            }
            Message::Offer { mut index, mut floor, token, mut amount, plan } => {
                match self.byte() % 3 {
                    0 => index = moved(index),
                    1 => floor = moved(floor),
                    _ => amount = moved(amount),
                }
                Message::Offer { index, floor, token, amount, plan }
            }
            Message::Resume { mut index, mut floor, plan } => {
                match self.byte() % 2 {
                    0 => index = moved(index),
                    _ => floor = floor.map(moved),
                }
                Message::Resume { index, floor, plan }
            }
            Message::Pay { mut dealt } => {
                match self.byte() % 4 {
                    0 => dealt.index = moved(dealt.index),
                    1 => dealt.nonce = None,
                    2 => dealt.stitch = dealt.stitch.map(moved),
                    _ => dealt.writer = u32::from(self.byte()),
                }
                Message::Pay { dealt }
            }
            Message::Receipt { mut dealt } => {
                match self.byte() % 2 {
                    0 => dealt.index = moved(dealt.index),
                    _ => dealt.stitch = dealt.stitch.map(moved),
                }
                Message::Receipt { dealt }
            }
            other => other,
        }
    }

    /// A message that bytes are, twisted; or the bytes.
    pub(crate) fn twisted(&mut self, bytes: &[u8]) -> Vec<u8> {
        match from_slice(bytes) {
            Ok(message) => dsm_encoding::to_vec(&self.twist(message)),
            Err(_) => bytes.to_vec(),
        }
    }
}
