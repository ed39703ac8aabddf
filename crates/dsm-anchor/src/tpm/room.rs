//! Room in a chip: it holds three loaded keys and sessions or so, and a process that was killed leaves its own behind.
//!
//! Behind the kernel's resource manager each connection has room of its own and sees nobody else's. Without it whoever speaks to the chip is alone
//! with it, and what is loaded there is left over.

use super::{TpmError, say};
use crate::Wire;
use crate::command::{Answer, Code};

/// What can fill a chip, by the first handle of its kind.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Kind {
    Sessions = 0x0200_0000,
    Keys = 0x8000_0000,
}

/// Answers that say that there is no room: for objects, for sessions, for their handles.
const FULL: [u32; 3] = [0x902, 0x903, 0x905];
/// The most handles that are asked for at once.
const MOST: u32 = 64;

/// Does something; if there is no room for it, once more after what is left over was thrown out, all but what is kept.
pub(super) fn with_room<W: Wire, T>(
    wire: &mut W,
    kind: Kind,
    kept: &[u32],
    mut does: impl FnMut(&mut W) -> Result<T, TpmError>,
) -> Result<T, TpmError> {
    match does(wire) {
        Err(TpmError::Refused(code)) if FULL.contains(&code) => {
            for handle in loaded(wire, kind)?.into_iter().filter(|handle| !kept.contains(handle)) {
                say(wire, Code::FlushContext, &[], &[], &handle.to_be_bytes())?;
            }
            does(wire)
        }
        done => done,
    }
}

/// The handles of one kind that are loaded.
fn loaded(wire: &mut impl Wire, kind: Kind) -> Result<Vec<u32>, TpmError> {
    let handles = 1_u32;
    let parameters = [handles, kind as u32, MOST].map(u32::to_be_bytes).concat();
    let answer = say(wire, Code::GetCapability, &[], &[], &parameters)?;
    let mut from = Answer::new(&answer);
    from.take(5)?;
    let count = from.u32()?.min(MOST);
    (0..count).map(|_| from.u32().map_err(TpmError::from)).collect()
}
