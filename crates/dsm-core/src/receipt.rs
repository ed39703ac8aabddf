//! Stitched receipts: what both sides signed, for a third party (`spec/receipts.md`).
//!
//! A receipt proves that the payer signed an entry to the payee and that the payee acknowledged
//! it. It does not prove that the value is good.

use dsm_crypto::Digest;
use dsm_encoding::record;
use dsm_log::{BadHead, DeviceId, HeadSignature, Position, relationship};
use dsm_merkle::TipProof;

use crate::entry::{Before, Entry};
use crate::identity::Card;
use crate::{Op, Reject};

/// One side of a receipt: an entry, shown to be in its writer's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptSide {
    /// Who wrote it, with the roster that holds the device.
    pub card: Card,
    /// The entry.
    pub entry: Entry,
    /// The place before it.
    pub before: Position,
    /// The hash of the ids that the entry before consumed and the head before that; with
    /// `opening` they hash to the place before. None exactly for the first entry.
    pub link: Option<ReceiptLink>,
    /// The tip of the relationship before it.
    pub tip: Option<Digest>,
    /// Shows that one leaf of the tip tree changed.
    pub tip_proof: TipProof,
    /// What the writer says of the place after it, with evidence of this entry if it has a chip.
    pub signature: HeadSignature,
}
record! { ReceiptSide { card, entry, before, link, tip, tip_proof, signature } }

/// Opens the entry before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptLink {
    /// The head before the entry before.
    pub head: Digest,
    /// `H("spends", ..)` of the entry before.
    pub spends: Digest,
    /// The rest of it.
    pub opening: Before,
}
record! { ReceiptLink { head, spends, opening } }

/// Both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The entry that pays.
    pub payer: ReceiptSide,
    /// The entry that acknowledges.
    pub payee: ReceiptSide,
}
record! { Receipt { payer, payee } }

/// What a receipt proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Who wrote the entry.
    pub payer: DeviceId,
    /// Where it stands.
    pub payer_at: Position,
    /// Who acknowledged it.
    pub payee: DeviceId,
    /// Where the acknowledgement stands.
    pub payee_at: Position,
}

impl Receipt {
    /// Checks a receipt, knowing nothing but the network.
    ///
    /// # Errors
    /// Rules.
    pub fn verify(&self, network: dsm_log::Network) -> Result<Acknowledged, Reject> {
        let payer = self.payer.card.descriptor.id();
        let payee = self.payee.card.descriptor.id();
        let addressed = self.payer.entry.peer == Some(payee)
            && self.payee.entry.peer == Some(payer)
            && payer != payee;
        if !addressed {
            return Err(Reject::ReceiptSides);
        }
        let payer_at = self.payer.verify(network, payee)?;
        let payee_at = self.payee.verify(network, payer)?;
        let acknowledges = self.payee.entry.ops.iter().any(|op| matches!(op, Op::Receive {}));
        if self.payee.entry.stitch != Some(payer_at.head) || !acknowledges {
            return Err(Reject::ReceiptStitch);
        }
        Ok(Acknowledged { payer, payer_at, payee, payee_at })
    }
}

impl ReceiptSide {
    fn verify(&self, network: dsm_log::Network, peer: DeviceId) -> Result<Position, Reject> {
        self.card.roster(network)?;
        let descriptor = &self.card.descriptor;
        let device = descriptor.id();
        let at = self.entry.after(&self.before).ok_or(Reject::DealtMismatch)?;
        self.signature.verify(descriptor, &at, &[]).map_err(|bad| match bad {
            BadHead::Signature => Reject::Signature { device },
            BadHead::Evidence(_) => Reject::Evidence { device },
        })?;
        let root_before = self.root_before(device)?;
        let tip = self.entry.tip_after(self.tip);
        let key = relationship(&device, &peer);
        match self.tip_proof.replacement(key, self.tip, tip) {
            Ok((before, after)) if before == root_before && after == self.entry.tips => Ok(at),
            _ => Err(Reject::TipReplacement),
        }
    }

    /// The root of the tip tree before the entry.
    fn root_before(&self, device: DeviceId) -> Result<Digest, Reject> {
        match (&self.link, self.before.index.checked_sub(1)) {
            (None, None) if self.before == Position::origin(&device) => Ok(Digest::ZERO),
            (Some(link), Some(index)) => {
                let pair = dsm_log::Pair { spends: link.spends, body: link.opening.body() };
                let before = Position { index, head: link.head }.after(&pair);
                let opened = before == Some(self.before);
                if opened { Ok(link.opening.tips) } else { Err(Reject::TipReplacement) }
            }
            _ => Err(Reject::TipReplacement),
        }
    }
}
