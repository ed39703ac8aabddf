//! What a step wants done (`spec/sessions.md`, effects).

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::{Accepted, FinalityClass, Reject, TokenId, Written};
use dsm_encoding::to_vec;
use dsm_log::{DeviceId, ForkProof, SignedHead, SpendId, Verified};

use crate::{Held, Mail, Message, Request};

/// What must be durable before anything of the step is seen: all of it, or nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Entries of one's own, in order.
    pub written: Vec<Written>,
    /// Entries of the peer, in order.
    pub accepted: Vec<Accepted>,
    /// What is no longer held.
    pub spent: Vec<SpendId>,
    /// What is held from now on.
    pub held: Vec<Held>,
    /// Devices that showed two histories.
    pub forks: Vec<Verified<ForkProof>>,
    /// A peer that was told all news up to a place.
    pub told: Option<(DeviceId, u64)>,
    /// How far the letters of a peer have come.
    pub mail: Option<(DeviceId, Box<Mail>)>,
    /// A later head of the own log than these books have: they are an old copy.
    pub shown: Option<Verified<SignedHead>>,
}

impl Batch {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_hint() && self.told.is_none()
    }

    /// Whether it may become durable later, with another one: losing it repeats news and nothing else.
    #[must_use]
    pub fn is_hint(&self) -> bool {
        self.written.is_empty()
            && self.accepted.is_empty()
            && self.spent.is_empty()
            && self.held.is_empty()
            && self.forks.is_empty()
            && self.mail.is_none()
            && self.shown.is_none()
    }
}

/// What a person or a program may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The peer is there.
    Met {
        /// Who.
        peer: DeviceId,
    },
    /// The peer asks for something.
    Asked {
        /// Who.
        peer: DeviceId,
        /// For what.
        request: Request,
    },
    /// It is too late to cancel: the payer is bound, and the payment stays to be delivered.
    TooLate {
        /// Index of the entry.
        index: u64,
    },
    /// The own payment is durable: the payer is bound.
    Bound {
        /// Index of the entry.
        index: u64,
    },
    /// The peer acknowledged an own entry.
    Acknowledged {
        /// Index of the entry.
        index: u64,
    },
    /// Value arrived.
    Received {
        /// From whom.
        peer: DeviceId,
        /// The token.
        token: TokenId,
        /// Base units.
        amount: u64,
        /// How final.
        class: FinalityClass,
        /// How many operations its history has.
        hops: u64,
    },
    /// What the peer sent breaks a rule.
    Rejected {
        /// The rule.
        reject: Box<Reject>,
    },
    /// A device showed two histories; the proof is kept.
    Forked {
        /// Whose fork.
        device: DeviceId,
    },
}

/// A batch, and what may follow once it is durable.
#[derive(Debug, Default)]
#[must_use = "the batch must be persisted"]
pub struct Effects {
    pub(crate) batch: Batch,
    pub(crate) frames: Vec<Message>,
    pub(crate) notices: Vec<Notice>,
    /// Whether there is more to say at once than one step says.
    pub(crate) more: bool,
}

/// What may be done after the batch is durable.
#[derive(Debug, Default)]
#[must_use = "the frames must be sent"]
pub struct Then {
    /// To be sent, in order.
    pub frames: Vec<Vec<u8>>,
    /// To be told.
    pub notices: Vec<Notice>,
    /// Whether a batch was written: the session waits for [`crate::Event::Durable`].
    pub wrote: bool,
    /// Whether there is more to say than one step says: [`crate::Event::Durable`] brings it, once the
    /// frames were sent.
    pub more: bool,
}

impl Effects {
    /// Whether nothing is to be kept, or nothing that could not wait.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        self.batch.is_hint()
    }

    /// Writes the batch, and only then gives away what follows. The only way to the frames.
    ///
    /// # Errors
    /// What `write` says; then nothing may follow and the session is as it was before the step.
    pub fn persist<E>(self, write: impl FnOnce(&Batch) -> Result<(), E>) -> Result<Then, E> {
        let wrote = !self.batch.is_empty();
        if wrote {
            write(&self.batch)?;
        }
        let frames = self.frames.iter().map(to_vec).collect();
        Ok(Then { frames, notices: self.notices, wrote, more: self.more })
    }
}
