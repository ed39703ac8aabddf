//! What a wallet is told to keep.

use dsm_core::identity::{Card, Genesis, MAX_DEVICES, RosterStep};
use dsm_core::{Facts, MakerId, OwnLog, Policy, Settings, TokenId};
use dsm_crypto::{KemPublic, Secret};
use dsm_encoding::{Decode, DecodeError, Encode, List, Reader, Text, Writer};
use dsm_log::{DeviceDescriptor, DeviceId};
use dsm_session::{Batch, Held};

/// The most bytes of a contact's name.
pub const MAX_NAME: usize = 128;

/// What a wallet is from its first moment on.
#[derive(Clone, Debug)]
pub struct Founding {
    /// The device that pays and is paid; its network is the wallet's.
    pub descriptor: DeviceDescriptor,
    /// Its owner.
    pub genesis: Genesis,
    /// The owner's first devices.
    pub devices: List<DeviceId, MAX_DEVICES>,
    /// What changed since.
    pub steps: List<RosterStep, MAX_DEVICES>,
    /// The key to which secrets for the device are sealed.
    pub kem: KemPublic,
    /// The secret from which challenges are made.
    pub ask_secret: Secret<32>,
    /// What it asks of value, at first.
    pub settings: Settings,
}

impl Encode for Founding {
    fn encode(&self, to: &mut Writer) {
        let Self { descriptor, genesis, devices, steps, kem, ask_secret, settings: _ } = self;
        (descriptor, genesis, devices, steps, kem, ask_secret.expose()).encode(to);
    }
}

impl Decode for Founding {
    fn decode(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (descriptor, genesis, devices, steps, kem, secret) = Decode::decode(from)?;
        let ask_secret = Secret::from_bytes(secret);
        // The settings have a row of their own.
        let settings = Settings::default();
        Ok(Self { descriptor, genesis, devices, steps, kem, ask_secret, settings })
    }
}

/// A contact as it is kept.
pub(crate) type ContactRow = (Text<MAX_NAME>, Card);

/// Somebody whose device is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What the owner of this wallet calls it.
    pub name: String,
    /// What it showed face to face.
    pub card: Card,
}

impl Contact {
    pub(crate) fn row(&self) -> Result<(Text<MAX_NAME>, &Card), DecodeError> {
        Ok((Text::try_from(self.name.as_str())?, &self.card))
    }

    pub(crate) fn from_row((name, card): ContactRow) -> Self {
        Self { name: name.to_string(), card }
    }
}

/// What a wallet keeps in one durable step: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// What a step of a session wants kept.
    pub batch: Batch,
    /// What was learned beside it; every line is under a signed head that was verified.
    pub facts: Vec<Facts>,
    /// What is held from now on beside what the batch says, for example what was issued to oneself.
    pub held: Vec<Held>,
    /// New logs of one's own, such as issuing logs.
    pub own_logs: Vec<OwnLog>,
    /// Their devices in full.
    pub own_descriptors: Vec<DeviceDescriptor>,
    /// Who is pinned.
    pub contacts: Vec<Contact>,
    /// With which contacts nothing is dealt from now on, and with which again.
    pub blocked: Vec<(DeviceId, bool)>,
    /// Which tokens the owner knows from now on, and which not any more.
    pub pinned: Vec<(TokenId, bool)>,
    /// Who made the chips of devices.
    pub makers: Vec<(DeviceId, MakerId)>,
    /// What is asked of value from now on.
    pub settings: Option<Settings>,
    /// Tokens in full.
    pub policies: Vec<Policy>,
}

impl From<&Batch> for Changes {
    fn from(batch: &Batch) -> Self {
        Self { batch: batch.clone(), ..Self::default() }
    }
}
