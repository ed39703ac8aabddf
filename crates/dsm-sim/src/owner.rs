//! An owner with a recovery key, and what two devices show a third party.

use dsm_core::Dealing;
use dsm_core::identity::{
    Card, DeviceSignature, Genesis, Roster, RosterAuthority, RosterChange, RosterStep, device_tree,
};
use dsm_core::receipt::{ReceiptLink, ReceiptSide};
use dsm_core::{View, signature_after};
use dsm_crypto::{Digest, RecoverySecret, Secret, Signer};
use dsm_encoding::List;
use dsm_log::{DeviceId, Position};

use crate::actor::bytes;
use crate::{Actor, NETWORK};

/// An owner, with the roster as it is now and how it came about.
pub struct Owner {
    /// Can always change the roster.
    pub recovery: RecoverySecret,
    /// The first devices.
    pub first: Vec<DeviceId>,
    /// What changed since.
    pub steps: Vec<RosterStep>,
    /// The devices now.
    pub roster: Roster,
}

impl Owner {
    /// An owner and its first devices, named by their seeds.
    ///
    /// # Panics
    /// If there is no device, or one twice.
    #[must_use]
    pub fn new(seed: &str, devices: &[&str]) -> (Self, Vec<Actor>) {
        let owned = |recovery| devices.iter().map(|seed| Actor::owned(seed, recovery)).collect();
        Self::of(seed, owned)
    }

    /// The same of first devices that are made for the digest of its recovery key.
    ///
    /// # Panics
    /// If there is no device, or one twice.
    #[must_use]
    pub fn of(seed: &str, devices: impl FnOnce(Digest) -> Vec<Actor>) -> (Self, Vec<Actor>) {
        let mut wide = [0; 48];
        wide[..32].copy_from_slice(&bytes(seed, 5));
        wide[32..].copy_from_slice(&bytes(seed, 6)[..16]);
        let recovery = RecoverySecret::from_seed(&Secret::from_bytes(wide));
        let actors = devices(recovery.public_key().digest());
        let first: Vec<DeviceId> = actors.iter().map(Actor::id).collect();
        let genesis = Genesis {
            network: NETWORK,
            recovery: recovery.public_key().clone(),
            devices: device_tree(&first),
            window_blocks: 1_008,
        };
        let roster = Roster::new(genesis, &first).expect("devices, each once");
        (Self { recovery, first, steps: Vec::new(), roster }, actors)
    }

    /// A further device, not enrolled yet.
    #[must_use]
    pub fn device(&self, seed: &str) -> Actor {
        Actor::owned(seed, self.recovery.public_key().digest())
    }

    /// The recovery key's consent to a change. Takes most of a second.
    #[must_use]
    pub fn consent(&self, change: &RosterChange) -> RosterAuthority {
        let signature = self.recovery.sign(&self.roster.message(change));
        RosterAuthority::Recovery { signature }
    }

    /// Two devices' consent to a change.
    #[must_use]
    pub fn consent_of(&self, change: &RosterChange, by: [&Actor; 2]) -> RosterAuthority {
        let message = self.roster.message(change);
        let [one, two] = by.map(|actor| Box::new(actor.sign(&message)));
        RosterAuthority::Devices { one, two }
    }

    /// The step that adds a device, with the consent of two.
    #[must_use]
    pub fn adding(&self, device: &Actor, by: [&Actor; 2]) -> RosterStep {
        let change = RosterChange::Add { device: device.id() };
        let enrolled = Some(device.sign(&self.roster.enrolment(&device.id())));
        RosterStep { authority: self.consent_of(&change, by), change, enrolled }
    }

    /// The step that retires a device, with the consent of two.
    #[must_use]
    pub fn retiring(&self, device: &Actor, by: [&Actor; 2]) -> RosterStep {
        let change = RosterChange::Retire { device: device.id() };
        RosterStep { authority: self.consent_of(&change, by), change, enrolled: None }
    }

    /// Takes a step.
    ///
    /// # Panics
    /// If a rule forbids it.
    pub fn take(&mut self, step: RosterStep) {
        self.roster = self.roster.clone().step(&step).expect("a valid step");
        self.steps.push(step);
    }

    /// The contact card of one of its devices.
    ///
    /// # Panics
    /// If there were too many changes.
    #[must_use]
    pub fn card(&self, actor: &Actor) -> Card {
        Card {
            genesis: self.roster.genesis().clone(),
            devices: List::try_from(self.first.clone()).expect("few devices"),
            steps: List::try_from(self.steps.clone()).expect("few steps"),
            descriptor: actor.descriptor.clone(),
            kem: (*actor.kem).clone(),
            at: actor.at(),
        }
    }
}

impl Actor {
    /// Its signature, with what its name commits to.
    #[must_use]
    pub fn sign(&self, message: &Digest) -> DeviceSignature {
        DeviceSignature { device: self.descriptor.clone(), signature: self.key.sign(message) }
    }

    /// Its side of a receipt, for an entry before which the tip of the relationship was `tip`.
    ///
    /// # Panics
    /// If it does not know the entry.
    #[must_use]
    pub fn side(&self, card: Card, dealing: &Dealing, tip: Option<Digest>) -> ReceiptSide {
        let index = dealing.entry.index;
        let before = Position { index: index - 1, head: self.head(index - 1) };
        let link = dealing.before.map(|opening| {
            let record = self.view.record(&self.id(), index - 1).expect("its own log");
            ReceiptLink { head: self.head(index - 2), spends: record.pair().spends, opening }
        });
        let signed = self.view.signed(&self.id(), index).expect("its own log");
        let signature = signature_after(&self.view, signed, index - 1).expect("its own log");
        ReceiptSide {
            card,
            entry: dealing.entry.clone(),
            before,
            link,
            tip,
            tip_proof: dealing.tip_proof.clone(),
            signature,
        }
    }
}
