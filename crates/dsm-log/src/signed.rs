//! Signed heads (`spec/log.md`, signed heads).

use core::ops::Deref;

use dsm_crypto::{Digest, Domain, Signature, Signer, hash};
use dsm_encoding::record;

use crate::{DeviceDescriptor, DeviceId, Network, Position};

/// Something that was checked. Only the check makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives up the proof of the check.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

/// A device's signature over its log so far; it authenticates the whole run behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// Whose log.
    pub device: DeviceId,
    /// How far.
    pub at: Position,
    /// Both signatures over [`SignedHead::message`].
    pub signature: Signature,
}
record! { SignedHead { device, at, signature } }

impl SignedHead {
    /// `H("signed head", network, DeviceId, index, head)`: the 32 bytes that both keys sign.
    #[must_use]
    pub fn message(network: Network, device: &DeviceId, at: &Position) -> Digest {
        hash(Domain::SignedHead, &(network, device, at.index, at.head))
    }

    /// Signs a head. The caller answers for never signing two at one index.
    pub fn sign(network: Network, device: DeviceId, at: Position, signer: &impl Signer) -> Self {
        let signature = signer.sign(&Self::message(network, &device, &at));
        Self { device, at, signature }
    }

    /// Whether the device of `descriptor` signed it.
    #[must_use]
    pub fn verify(self, descriptor: &DeviceDescriptor) -> Option<Verified<Self>> {
        let message = Self::message(descriptor.network, &self.device, &self.at);
        let signed = descriptor.id() == self.device
            && descriptor.key.verify(&message, &self.signature).is_ok();
        signed.then(|| Verified::new(self))
    }
}
