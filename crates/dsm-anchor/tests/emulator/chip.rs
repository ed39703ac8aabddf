//! `swtpm`, a real emulator, with its state in a directory of the test.

use std::ops::{Deref, DerefMut};

use dsm_anchor::{Socket, Tpm};
pub(crate) use dsm_swtpm::Endorser;

/// A running chip.
pub(crate) struct Emulator(dsm_swtpm::Emulator);

impl Deref for Emulator {
    type Target = dsm_swtpm::Emulator;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Emulator {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Emulator {
    /// A new chip that its maker endorsed.
    pub(crate) fn endorsed() -> (Self, Endorser) {
        let (emulator, endorser) = dsm_swtpm::Emulator::endorsed().expect("swtpm");
        (Self(emulator), endorser)
    }

    /// A new chip.
    pub(crate) fn start() -> Self {
        Self(dsm_swtpm::Emulator::start().expect("swtpm"))
    }

    /// The power fails, and comes again.
    pub(crate) fn reset(&mut self) {
        self.0.reset().expect("swtpm");
    }

    /// The same, and nobody starts it: it may resume.
    pub(crate) fn power(&mut self) {
        self.0.power().expect("swtpm");
    }

    pub(crate) fn wire(&self) -> Socket {
        Socket::connect(self.address()).expect("the emulator")
    }

    pub(crate) fn provisioned(&self) -> Tpm<Socket> {
        Tpm::provision(self.wire(), None).expect("a chip")
    }
}
