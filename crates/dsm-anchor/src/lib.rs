//! Drives forward-only hardware; checks makers' certificates.
//!
//! A [`Tpm`] is a TPM 2.0, reached over a [`Wire`]: the kernel's resource manager, or an emulator. It makes a [`dsm_log::Chip`] once, absorbs one
//! head for each counter value, and attests what it absorbed (`spec/anchors.md`). Nothing here is believed by anybody else: what comes out is
//! checked by `dsm-log`, which knows no chip.
//!
//! A receiver who wants to know whose chip it is checks the chain of its endorsement certificate against its own [`Makers`] and puts a
//! [`Challenge`] to it; neither needs a chip. [`SingleUseKey`] is what the hardware of an Android device attests.
//!
//! Always true: evidence that is given out verifies; a head is absorbed only at the value that follows the last one.

mod absorber;
mod android;
mod area;
mod chain;
mod challenge;
mod command;
mod maker;
mod session;
mod tpm;
mod wire;

pub use absorber::TpmAbsorber;
pub use android::{BadKey, Level, SingleUseKey, Versions, Wanted};
pub use chain::{BadChain, MAX_CERTIFICATE, MAX_CHAIN, MAX_ROOTS, Roots};
pub use challenge::{Challenge, ChallengeError, NotThisChip};
pub use maker::{EndorsementKey, Maker, MakerError, Makers, certificates_of_pem};
pub use session::Session;
pub use tpm::{EndorsementKind, Tpm, TpmError};
pub use wire::{Device, Socket, Wire};
