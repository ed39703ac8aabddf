//! Owners and their devices (`spec/identity.md`).
//!
//! A roster is a hash chain of versions. Version 0 stands in the genesis and needs no signature;
//! each later one adds or retires one device, with the consent of the recovery key or of two
//! active devices, and of the device that is added.

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_crypto::{Digest, Domain, RecoveryPublic, RecoverySignature, Signature, hash};
use dsm_encoding::{List, choice, record};
use dsm_log::{DeviceDescriptor, DeviceId, Network};
use dsm_merkle::list_root;

use crate::Reject;

/// The most active devices of one owner.
pub const MAX_DEVICES: usize = 64;

dsm_log::id! {
    /// The name of an owner: `H("genesis", genesis)`.
    IdentityId
}

/// What an [`IdentityId`] commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// The network.
    pub network: Network,
    /// The key that can always change the roster.
    pub recovery: RecoveryPublic,
    /// Root of the first device tree.
    pub devices: Digest,
    /// How many Bitcoin blocks lie between Close and End of a lost device.
    pub window_blocks: u32,
}
record! { Genesis { network, recovery, devices, window_blocks } }

impl Genesis {
    /// The owner's name.
    #[must_use]
    pub fn id(&self) -> IdentityId {
        IdentityId(hash(Domain::Genesis, self))
    }
}

/// The root of the device tree over active devices, in their order.
#[must_use]
pub fn device_tree(devices: &[DeviceId]) -> Digest {
    let leaves: Vec<Digest> = devices.iter().map(|device| device.0).collect();
    list_root(&leaves)
}

/// What a new version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RosterChange {
    /// A device becomes active.
    Add {
        /// The device.
        device: DeviceId,
    },
    /// A device is no longer active.
    Retire {
        /// The device.
        device: DeviceId,
    },
}
choice! { RosterChange { 0 => Add { device }, 1 => Retire { device } } }

/// A device's signature, with what its name commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSignature {
    /// Who signs.
    pub device: DeviceDescriptor,
    /// Over the message of the place where it stands.
    pub signature: Signature,
}
record! { DeviceSignature { device, signature } }

impl DeviceSignature {
    fn is_valid(&self, message: &Digest) -> bool {
        self.device.key.verify(message, &self.signature).is_ok()
    }
}

/// Who consents to a new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterAuthority {
    /// The recovery key of the genesis.
    Recovery {
        /// Its signature.
        signature: RecoverySignature,
    },
    /// Two active devices of the version before.
    Devices {
        /// One.
        one: Box<DeviceSignature>,
        /// And another.
        two: Box<DeviceSignature>,
    },
}
choice! { RosterAuthority { 0 => Recovery { signature }, 1 => Devices { one, two } } }

/// A new version of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterStep {
    /// What it does.
    pub change: RosterChange,
    /// Who consents.
    pub authority: RosterAuthority,
    /// The consent of the device that is added; none if one is retired.
    pub enrolled: Option<DeviceSignature>,
}
record! { RosterStep { change, authority, enrolled } }

/// An owner's devices at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    genesis: Genesis,
    version: u64,
    head: Digest,
    devices: Vec<DeviceId>,
}

impl Roster {
    /// Version 0: the devices that the genesis names.
    ///
    /// # Errors
    /// Rule R-52 if they are others, too many, or not each once.
    pub fn new(genesis: Genesis, devices: &[DeviceId]) -> Result<Self, Reject> {
        let alone = devices
            .iter()
            .enumerate()
            .all(|(at, device)| devices.iter().take(at).all(|earlier| earlier != device));
        let count = !devices.is_empty() && devices.len() <= MAX_DEVICES;
        if !alone || !count || device_tree(devices) != genesis.devices {
            return Err(Reject::DeviceTree);
        }
        let head = genesis.id().0;
        Ok(Self { genesis, version: 0, head, devices: devices.to_vec() })
    }

    /// The owner.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// How many changes there were.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The active devices, in the order of the device tree.
    #[must_use]
    pub fn devices(&self) -> &[DeviceId] {
        &self.devices
    }

    /// What consents to a change sign: `H("change of roster", identity, version, head, change)`.
    #[must_use]
    pub fn message(&self, change: &RosterChange) -> Digest {
        let next = self.version.saturating_add(1);
        hash(Domain::RosterChange, &(self.genesis.id(), next, self.head, change))
    }

    /// What an added device signs: `H("enrol", identity, version, head, device)`.
    #[must_use]
    pub fn enrolment(&self, device: &DeviceId) -> Digest {
        let next = self.version.saturating_add(1);
        hash(Domain::Enrol, &(self.genesis.id(), next, self.head, device))
    }

    /// The next version.
    ///
    /// # Errors
    /// Rules.
    pub fn step(mut self, step: &RosterStep) -> Result<Self, Reject> {
        self.check_authority(step)?;
        match step.change {
            RosterChange::Add { device } => {
                if self.devices.contains(&device) || self.devices.len() >= MAX_DEVICES {
                    return Err(Reject::RosterOrder);
                }
                let wrong = Reject::RosterDevice { device };
                let enrolled = step.enrolled.as_ref().ok_or(wrong)?;
                if enrolled.device.id() != device || !enrolled.is_valid(&self.enrolment(&device)) {
                    return Err(wrong);
                }
                self.check_owner(&enrolled.device)?;
                self.devices.push(device);
            }
            RosterChange::Retire { device } => {
                let at = self.devices.iter().position(|one| *one == device);
                self.devices.remove(at.ok_or(Reject::RosterOrder)?);
                if step.enrolled.is_some() {
                    return Err(Reject::RosterDevice { device });
                }
            }
        }
        self.head = hash(Domain::Roster, &(self.head, &step.change, device_tree(&self.devices)));
        self.version = self.version.saturating_add(1);
        Ok(self)
    }

    /// A device of this owner names this owner's recovery key and network (rule R-53).
    ///
    /// # Errors
    /// Rule R-53.
    pub fn check_owner(&self, device: &DeviceDescriptor) -> Result<(), Reject> {
        let owned = device.recovery == self.genesis.recovery.digest()
            && device.network == self.genesis.network;
        if owned { Ok(()) } else { Err(Reject::Owner { device: device.id() }) }
    }

    fn check_authority(&self, step: &RosterStep) -> Result<(), Reject> {
        let message = self.message(&step.change);
        let consent = match &step.authority {
            RosterAuthority::Recovery { signature } => {
                self.genesis.recovery.verify(&message, signature).is_ok()
            }
            RosterAuthority::Devices { one, two } => {
                one.device.id() != two.device.id()
                    && [one, two].into_iter().all(|signer| {
                        self.devices.contains(&signer.device.id()) && signer.is_valid(&message)
                    })
            }
        };
        if consent { Ok(()) } else { Err(Reject::RosterAuthority) }
    }
}

/// A contact card: what one owner gives another face to face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The owner.
    pub genesis: Genesis,
    /// The first devices.
    pub devices: List<DeviceId, MAX_DEVICES>,
    /// What changed since.
    pub steps: List<RosterStep, MAX_DEVICES>,
    /// The device that this card introduces.
    pub descriptor: DeviceDescriptor,
    /// The key to which secrets for it are sealed.
    pub kem: dsm_crypto::KemPublic,
    /// A recent place of its log: the floor of payments made while it is away.
    pub at: dsm_log::Position,
}
record! { Card { genesis, devices, steps, descriptor, kem, at } }

impl Card {
    /// The roster that the card shows, with its device in it.
    ///
    /// # Errors
    /// Rules for another network.
    pub fn roster(&self, network: Network) -> Result<Roster, Reject> {
        if self.genesis.network != network {
            return Err(Reject::Network);
        }
        let mut roster = Roster::new(self.genesis.clone(), &self.devices)?;
        for step in self.steps.iter() {
            roster = roster.step(step)?;
        }
        let device = self.descriptor.id();
        roster.check_owner(&self.descriptor)?;
        if self.kem.digest() != self.descriptor.kem {
            return Err(Reject::Owner { device });
        }
        // Last: a card of a device that is retired is right in everything else.
        if !roster.devices.contains(&device) {
            return Err(Reject::NotEnrolled { device });
        }
        Ok(roster)
    }
}
