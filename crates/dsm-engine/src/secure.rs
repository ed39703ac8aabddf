//! The secure channel over any live link (`spec/channel.md`).

use dsm_crypto::{Domain, KemPublic, KemSecret, Secret, hash};
use dsm_link::{Link, LinkError, Traffic};
use dsm_log::{DeviceId, Network};
use dsm_session::channel::{Channel, ChannelError, FIRST, Initiator, Responder, SEAL, SECOND};

/// A link on which nobody else can listen, speak or change anything, and whose other end proved
/// which KEM key it owns.
#[derive(Debug)]
pub struct Secure<L> {
    link: L,
    channel: Channel,
    peer_key: [u8; 32],
}

/// What a device's announcement on a network says to who knows it, for a fresh salt; with no device, what
/// anybody's says who waits for a first meeting (`spec/links.md`).
#[must_use]
pub fn mark(device: Option<&DeviceId>, salt: [u8; 8]) -> [u8; 8] {
    let hash = hash(Domain::Mark, &(salt, device.map(|device| device.0)));
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Why a secure link fails.
#[derive(Debug)]
pub enum SecureError {
    /// The link below fails.
    Link(LinkError),
    /// The other side has other keys, or bytes were changed.
    Channel(ChannelError),
    /// The other side hung up during the handshake.
    HungUp,
}

impl std::fmt::Display for SecureError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Link(error) => error.fmt(to),
            Self::Channel(error) => error.fmt(to),
            Self::HungUp => to.write_str(
                "the other side hung up during the handshake; it may not have you as a contact, or \
                 not be whom you called",
            ),
        }
    }
}

impl std::error::Error for SecureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Link(error) => Some(error),
            Self::Channel(error) => Some(error),
            Self::HungUp => None,
        }
    }
}

impl From<ChannelError> for SecureError {
    fn from(error: ChannelError) -> Self {
        Self::Channel(error)
    }
}

impl<L: Link> Secure<L> {
    /// Calls the owner of a pinned KEM key, with 32 fresh bytes.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn call(
        mut link: L,
        network: Network,
        own: &KemSecret,
        peer: &KemPublic,
        fresh: Secret<32>,
    ) -> Result<Self, SecureError> {
        let (call, message) = Initiator::call(network, own, peer, fresh)?;
        link.send(&message).map_err(SecureError::Link)?;
        let answer = link.receive(SECOND).map_err(SecureError::Link)?.ok_or(SecureError::HungUp)?;
        let channel = call.finish(own, &answer)?;
        Ok(Self { link, channel, peer_key: *peer.digest().as_bytes() })
    }

    /// Answers a call, with 32 fresh bytes. Who called is proven by its first message, not before.
    ///
    /// # Errors
    /// [`SecureError`].
    pub fn answer(
        mut link: L,
        network: Network,
        own: &KemSecret,
        fresh: Secret<32>,
    ) -> Result<Self, SecureError> {
        let call = link.receive(FIRST).map_err(SecureError::Link)?.ok_or(SecureError::HungUp)?;
        let heard = Responder::hear(network, own, &call)?;
        let peer_key = *heard.caller().digest().as_bytes();
        let (channel, message) = heard.answer(fresh)?;
        link.send(&message).map_err(SecureError::Link)?;
        Ok(Self { link, channel, peer_key })
    }

    /// The link below.
    pub fn link(&self) -> &L {
        &self.link
    }
}

impl<L: Link> Link for Secure<L> {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.link.send(&self.channel.seal(message).map_err(LinkError::medium)?)
    }

    fn send_all(&mut self, messages: &[Vec<u8>]) -> Result<(), LinkError> {
        let sealed = messages.iter().map(|message| self.channel.seal(message));
        let sealed: Result<Vec<_>, _> = sealed.collect();
        self.link.send_all(&sealed.map_err(LinkError::medium)?)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        let sealed = self.link.receive(most.saturating_add(SEAL))?;
        sealed.map(|sealed| self.channel.open(&sealed).map_err(LinkError::medium)).transpose()
    }

    fn peer_key(&self) -> Option<[u8; 32]> {
        Some(self.peer_key)
    }

    fn traffic(&self) -> Traffic {
        self.link.traffic()
    }
}
