//! Drives forward-only hardware.
//!
//! A [`Tpm`] is a TPM 2.0, reached over a [`Wire`]: the kernel's resource manager, or an emulator. It makes a [`dsm_log::Chip`] once, absorbs one
//! head for each counter value, and attests what it absorbed (`spec/anchors.md`). Nothing here is believed by anybody else: what comes out is
//! checked by `dsm-log`, which knows no chip.
//!
//! Always true: evidence that is given out verifies; a head is absorbed only at the value that follows the last one.

mod chain;
mod command;
mod session;
mod tpm;
mod wire;

pub use chain::{BadChain, MAX_CERTIFICATE, MAX_CHAIN, MAX_ROOTS, Roots};
pub use session::Session;
pub use tpm::{Tpm, TpmError};
pub use wire::{Device, Socket, Wire};
