//! Targets of which the form is the whole property, or nearly.

use dsm_core::pack::{Pack, Plan, Wanted};
use dsm_core::{Entry, Op, Policy, Value, examine};
use dsm_crypto::{Digest, text};
use dsm_encoding::{Decode, Encode, Reader, from_slice, to_vec};
use dsm_link::{Frame, Joiner, MAX_FRAME, Pace, Steady, Unstuffer, cut, stuff};
use dsm_log::{DeviceDescriptor, DeviceId, Position, Record, SignedHead};
use dsm_merkle::{ListProof, TipProof};
use dsm_session::{Contents, Letter, Mail, Message, Signed};

use crate::judged::meeting;

/// What decodes is written back to the same bytes.
pub(crate) fn canonical<T: Decode + Encode>(bytes: &[u8]) -> Option<T> {
    let value: T = from_slice(bytes).ok()?;
    assert_eq!(to_vec(&value), bytes, "what decodes is written back to the same bytes");
    Some(value)
}

/// 32 bytes of the input, as a digest; zero beyond its end.
fn digest(bytes: &[u8], number: usize) -> Digest {
    let mut digest = [0; 32];
    let part = bytes.iter().skip(number.saturating_mul(32));
    digest.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
    Digest::from_bytes(digest)
}

/// Any item: a reader that skips it stops behind it.
pub fn item(bytes: &[u8]) {
    let mut reader = Reader::new(bytes);
    while let Ok(item) = reader.item() {
        assert!(!item.is_empty());
        assert_eq!(Reader::new(item).item(), Ok(item), "an item is one item");
        assert_eq!(reader.position() + reader.remaining(), bytes.len());
    }
}

/// An entry; every hash over it can be taken.
pub fn entry(bytes: &[u8]) {
    if let Some(entry) = canonical::<Entry>(bytes) {
        let start = Position { index: entry.index.saturating_sub(1), head: Digest::ZERO };
        let at = entry.after(&start);
        assert!(at.is_none_or(|at| at.index == entry.index));
    }
}

/// A record of a run.
pub fn record(bytes: &[u8]) {
    if let Some(record) = canonical::<Record>(bytes) {
        let before = Position::origin(&DeviceId(record.body));
        assert_eq!(before.after(&record.pair()).map(|at| at.index), Some(1));
    }
}

/// A signed head; it is never by a device that did not sign it.
pub fn signed_head(bytes: &[u8]) {
    if let Some(head) = canonical::<SignedHead>(bytes) {
        let genuine = meeting().heads.contains(&head);
        let verified = head.verify(&meeting().ada.descriptor).is_some();
        assert!(genuine || !verified, "a head that nobody signed verifies");
    }
}

/// A device descriptor.
pub fn descriptor(bytes: &[u8]) {
    if let Some(descriptor) = canonical::<DeviceDescriptor>(bytes) {
        assert_eq!(descriptor.id(), descriptor.clone().id());
    }
}

/// A token policy; its cap never overflows.
pub fn policy(bytes: &[u8]) {
    if let Some(policy) = canonical::<Policy>(bytes) {
        let cap = policy.cap();
        let product = policy.lots.checked_mul(policy.units_per_lot);
        assert!(cap.is_none_or(|cap| Some(cap) == product && cap > 0));
    }
}

/// A value operation.
pub fn value(bytes: &[u8]) {
    canonical::<Value>(bytes);
}

/// An operation without value.
pub fn op(bytes: &[u8]) {
    canonical::<Op>(bytes);
}

/// A pack; looking into it changes nothing and depends on nothing else.
pub fn pack(bytes: &[u8]) {
    if let Some(pack) = canonical::<Pack>(bytes) {
        let view = &meeting().ben.view;
        for device in pack.devices.iter().take(2) {
            let look = || examine(view, &pack, device.id(), 1).result;
            assert_eq!(look(), look());
        }
    }
}

/// A plan; what is wanted of it has as many elements.
pub fn plan(bytes: &[u8]) {
    if let Some(plan) = canonical::<Plan>(bytes)
        && let Ok(wanted) = Wanted::of(&meeting().ben.view, &plan)
    {
        assert_eq!(wanted.stretches.len(), plan.stretches.len());
        dsm_core::pack::build(&meeting().ben.view, &plan, &wanted);
    }
}

/// What is wanted of a plan; a builder gives it or gives up.
pub fn wanted(bytes: &[u8]) {
    if let Some(wanted) = canonical::<Wanted>(bytes) {
        dsm_core::pack::build(&meeting().ada.view, &meeting().plan, &wanted);
    }
}

/// A tip proof; it never proves both presence and absence.
pub fn tip_proof(bytes: &[u8]) {
    if let Some(proof) = canonical::<TipProof>(bytes) {
        let (key, tip) = (digest(bytes, 1), digest(bytes, 2));
        let present = proof.root_of(key, Some(tip)).is_ok();
        let absent = proof.root_of(key, None).is_ok();
        assert!(!(present && absent));
        let old = if present { Some(tip) } else { None };
        let replaced = proof.replacement(key, old, digest(bytes, 3));
        assert_eq!(replaced.is_ok(), present || absent);
    }
}

/// A list proof; the index is below the count.
pub fn list_proof(bytes: &[u8]) {
    if let Some(proof) = canonical::<ListProof>(bytes) {
        for count in 0..70_u64 {
            for index in [0, count.saturating_sub(1), count] {
                let root = proof.root_of(digest(bytes, 1), index, count);
                assert!(root.is_err() || index < count);
            }
        }
    }
}

/// The text of a digest; what parses is written back, but for the case of its letters.
pub fn digest_text(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(digest) = text.parse::<Digest>() {
        assert!(digest.to_string().eq_ignore_ascii_case(text));
    }
    for prefix in ["dsmid", "dsmcard", "a"] {
        if let Ok(bytes) = text::decode(prefix, text) {
            let again = text::encode(prefix, &bytes).expect("a good prefix");
            assert!(again.eq_ignore_ascii_case(text));
        }
    }
}

/// A message of a session.
pub fn message(bytes: &[u8]) {
    canonical::<Message>(bytes);
}

/// A letter, and what is sealed in one.
pub fn letter(bytes: &[u8]) {
    canonical::<Letter>(bytes);
    canonical::<Signed>(bytes);
    canonical::<Contents>(bytes);
    canonical::<Mail>(bytes);
}

/// A stream of frames; however it is cut, the same messages come out of it.
pub fn stream(bytes: &[u8]) {
    let whole = joined(bytes, bytes.len().max(1));
    assert_eq!(whole, joined(bytes, 3), "pieces of another length give the same");
    for message in &whole {
        let again = cut(message).expect("a message that fitted");
        assert_eq!(joined(&again, 1), core::slice::from_ref(message));
    }
}

fn joined(bytes: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let (mut joiner, mut messages) = (Joiner::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        joiner.push(piece);
        loop {
            match joiner.take(MAX_FRAME) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(_) => return messages,
            }
        }
    }
    messages
}

/// A frame of a medium: what decodes is written back to the same bytes, and a conversation that hears
/// it holds no more than it may.
pub fn frame(bytes: &[u8]) {
    if let Some(frame) = Frame::decode(bytes) {
        assert_eq!(frame.encode(), bytes, "one form");
    }
    let pace = Pace { gap: 0, answer: 100, patience: 1_000, linger: 100 };
    let side = Steady::wait(*b"\0\0\0\x02", 858, pace, 0);
    let mut side = side.expect("a frame of 858 bytes has room");
    // As it is, and as if nothing in it had been changed on the way.
    let sum = bytes.len().saturating_sub(4);
    let mut summed = bytes[..sum].to_vec();
    summed.extend_from_slice(&crc32fast::hash(&bytes[..sum]).to_be_bytes());
    for now in 0..4 {
        side.hear(if now == 0 { bytes } else { &summed }, now * 30);
        let _ = (side.speak(now * 30), side.take(100));
    }
    assert!(side.held() <= 2 * MAX_FRAME);
}

/// What a serial line brings: whatever it was, a frame after a zero is found.
pub fn line(bytes: &[u8]) {
    let mut found = Unstuffer::new(1024);
    for byte in bytes {
        if let Some(frame) = found.push(*byte) {
            assert!(frame.len() <= 1024 + 5, "no more than a frame is held");
        }
    }
    let _ = found.push(0);
    let again = stuff(b"the next frame").into_iter().filter_map(|byte| found.push(byte)).next();
    assert_eq!(again.as_deref(), Some(&b"the next frame"[..]));
}
