//! Own entries on their way to the peer (`spec/sessions.md`, paying).

use alloc::boxed::Box;

use dsm_core::pack::{PackOpened, Plan, Stretch, Want, Wanted};
use dsm_core::{Ahead, Dealing, Dealt, TokenId, deal};
use dsm_crypto::Signer;
use dsm_encoding::{List, weigh};
use dsm_log::DeviceId;

use crate::ask::Ask;
use crate::effects::{Effects, Notice};
use crate::error::SessionError;
use crate::incoming::{is_known, judge};
use crate::ledger::Ledger;
use crate::mail::answered;
use crate::message::{MAX_MESSAGE, Message};
use crate::payment::{Payee, Payment};
use crate::room::evidence_to_come;
use crate::session::{Goal, MAX_OFFERS, Session};

/// About how many bytes are delivered in one step.
const MOST_AT_ONCE: usize = MAX_MESSAGE / 4;

/// How far the own entry has come that is being delivered.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    /// There is none.
    Idle,
    /// The plan of a payment was told, and nobody is bound.
    Offered {
        /// What would bind.
        payment: Box<Payment>,
        /// What was told.
        plan: Plan,
    },
    /// The payer is bound, and its chip has yet to absorb the entry.
    Bound {
        /// What the peer will need to see.
        dealing: Box<Dealing>,
        /// What was told.
        plan: Plan,
        /// What the peer lacks of it.
        wanted: Wanted,
    },
    /// The plan of an entry was told that is durable.
    Resumed {
        /// What the peer will need to see.
        dealing: Box<Dealing>,
        /// What was told.
        plan: Plan,
    },
}

impl Session {
    /// Sends, in order, the own entries that the peer has not accepted.
    pub(crate) fn deliver<L: Ledger>(
        &mut self,
        books: &L,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        // A peer that says it accepted nothing gets everything again, a part at a time.
        let mut bytes = 0_usize;
        while matches!(self.outgoing, Outgoing::Idle) {
            // After Done only what answers the peer is said; the rest is for the next conversation, and
            // the peer may take it for the beginning of one.
            if self.done && self.came <= self.answered {
                break;
            }
            let met = self.met()?;
            let Some(dealing) = books.next_to(&met.device, met.sent) else { break };
            if bytes >= MOST_AT_ONCE {
                effects.more = true;
                break;
            }
            let index = dealing.entry.index;
            let plan = dealing.plan(books, met.known).ok_or(SessionError::Books)?;
            met.sent = index;
            if dealing.entry.value.is_some() {
                let floor = dealing.floor();
                effects.frames.push(Message::Resume { index, floor, plan: plan.clone() });
                let dealing = Box::new(dealing);
                self.outgoing = Outgoing::Resumed { dealing, plan };
            } else {
                let dealt = deal_alone(books, &dealing, &plan).ok_or(SessionError::Books)?;
                met.known = Some(met.known.map_or(index, |known| known.max(index)));
                let receipt = Message::Receipt { dealt: Box::new(dealt) };
                bytes = bytes.saturating_add(weigh(&receipt));
                effects.frames.push(receipt);
                self.answered = self.answered.max(dealing.stitch);
            }
        }
        Ok(())
    }

    /// Tells the peer what a payment would rest on. Nothing is durable, nobody is bound.
    pub(crate) fn offer<L: Ledger, S: Signer>(
        &mut self,
        books: &L,
        signer: &S,
        asked: &Ask,
        (token, amount): (TokenId, u64),
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        if !asked.allows(&token, amount) {
            return Err(SessionError::OtherAsk);
        }
        let met = *self.met()?;
        let to = Payee { device: met.device, floor: asked.floor, nonce: Some(asked.nonce) };
        let payment = match Payment::write(books, signer, to, token, amount) {
            Ok(payment) => payment,
            Err(error @ SessionError::Select(_)) => {
                // Whatever was offered before will not come.
                effects.frames.push(Message::Cancel {});
                return self.end(error);
            }
            Err(error) => return Err(error),
        };
        let plan = payment.dealing.plan(books, met.known).ok_or(SessionError::Books)?;
        let (index, floor) = (payment.dealing.entry.index, asked.floor.index);
        effects.frames.push(Message::Offer { index, floor, token, amount, plan: plan.clone() });
        self.outgoing = Outgoing::Offered { payment: Box::new(payment), plan };
        self.begun = true;
        Ok(())
    }

    /// The peer says what it lacks of what it was told.
    pub(crate) fn wanted<L: Ledger>(
        &mut self,
        books: &L,
        wanted: &Wanted,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let outgoing = core::mem::replace(&mut self.outgoing, Outgoing::Idle);
        let (Outgoing::Offered { plan, .. } | Outgoing::Resumed { plan, .. }) = &outgoing else {
            return Err(SessionError::Unexpected("Want"));
        };
        if !is_part(wanted, plan) {
            return Err(SessionError::Unexpected("a Want of what was not offered"));
        }
        match outgoing {
            Outgoing::Resumed { dealing, plan } => {
                let index = dealing.entry.index;
                // Whoever wants nothing of it has it, and acknowledges it here or did so before.
                let has_it = wanted.stretches.iter().all(|want| want.opened.is_empty());
                if self.acknowledged < Some(index) && !self.awaited.contains(&index) {
                    self.awaited.push(index);
                }
                if has_it {
                    return Ok(());
                }
                let dealt = deal(books, &dealing, &plan, wanted).ok_or(SessionError::Books)?;
                self.send(dealt, effects)
            }
            Outgoing::Offered { payment, .. } if !payment.is_current(books) => {
                self.offers = self.offers.saturating_add(1);
                if self.offers > MAX_OFFERS {
                    return Err(SessionError::Stale);
                }
                self.begun = false;
                Ok(())
            }
            Outgoing::Offered { payment, plan } => {
                self.bind(books, *payment, &plan, wanted, effects)
            }
            Outgoing::Idle | Outgoing::Bound { .. } => Err(SessionError::Unexpected("Want")),
        }
    }

    /// The payment becomes durable, and then leaves.
    fn bind<L: Ledger>(
        &mut self,
        books: &L,
        payment: Payment,
        plan: &Plan,
        wanted: &Wanted,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let Payment { written, spent, held, dealing } = payment;
        // What cannot be sent binds nobody.
        let ahead = Ahead { view: books, facts: &written.facts };
        let dealt = deal(&ahead, &dealing, plan, wanted).ok_or(SessionError::Books)?;
        let shown = |one: &PackOpened| (one.device, one.index) == (dealt.writer, dealt.index);
        if !dealt.pack.opened.iter().any(shown) {
            return Err(SessionError::Unexpected("a Want without the entry itself"));
        }
        if books.is_anchored() {
            let to_come = evidence_to_come(books, plan, wanted);
            if weigh(&dealt).saturating_add(to_come) > MAX_MESSAGE {
                return Err(SessionError::TooLong);
            }
            let (plan, wanted) = (plan.clone(), wanted.clone());
            self.outgoing = Outgoing::Bound { dealing, plan, wanted };
        } else {
            self.send(dealt, effects)?;
        }
        let index = written.log.at.index;
        self.awaited.push(index);
        self.bound = Some(index);
        if let Goal::Pay { peer, token, amount } = self.goal {
            effects.batch.mail = answered(books, peer, (token, amount));
        }
        effects.notices.push(Notice::Bound { index });
        effects.batch.written.push(written);
        effects.batch.spent = spent;
        effects.batch.held = held;
        Ok(())
    }

    /// Sends the payment that bound the payer, once the chip absorbed it.
    pub(crate) fn send_bound<L: Ledger>(
        &mut self,
        books: &L,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let Outgoing::Bound { dealing, plan, wanted } = &self.outgoing else { return Ok(()) };
        let index = dealing.entry.index;
        match books.signed_index(&books.me(), index) {
            None => return Ok(()),
            Some(at) if at == index => {}
            // The chip attested it with later ones only, which the plan does not have: it is delivered with another one.
            Some(_) => {
                self.outgoing = Outgoing::Idle;
                return Ok(());
            }
        }
        let dealt = deal(books, dealing, plan, wanted).ok_or(SessionError::Books)?;
        self.outgoing = Outgoing::Idle;
        self.send(dealt, effects)
    }

    /// The peer acknowledged up to an own entry; says whether anything that was sent here.
    pub(crate) fn settle(&mut self, stitch: Option<u64>, effects: &mut Effects) -> bool {
        let is_settled = |index: &u64| Some(*index) <= stitch;
        let settled = self.awaited.iter().copied().filter(is_settled);
        effects.notices.extend(settled.map(|index| Notice::Acknowledged { index }));
        self.acknowledged = self.acknowledged.max(stitch);
        let before = self.awaited.len();
        self.awaited.retain(|index| !is_settled(index));
        self.awaited.len() < before
    }

    /// Sends an entry that is durable, or is with this step.
    fn send(&mut self, dealt: Dealt, effects: &mut Effects) -> Result<(), SessionError> {
        let index = dealt.index;
        self.answered = self.answered.max(dealt.stitch);
        let met = self.met()?;
        met.sent = index;
        met.known = Some(met.known.map_or(index, |known| known.max(index)));
        let message = Message::Pay { dealt: Box::new(dealt) };
        if weigh(&message) > MAX_MESSAGE {
            return Err(SessionError::TooLong);
        }
        effects.frames.push(message);
        Ok(())
    }

    /// The peer acknowledges: its entry is judged like any other.
    pub(crate) fn acknowledged<L: Ledger>(
        &mut self,
        books: &L,
        dealt: Dealt,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let peer = self.met()?.device;
        if is_known(books, &peer, &dealt) {
            // It came in another conversation of the same two.
            let stitch = books.peer(&peer).and_then(|peer| peer.stitch).min(dealt.stitch);
            self.settle(stitch, effects);
            return Ok(());
        }
        let stitch = match take_receipt(books, peer, dealt, effects) {
            Ok(stitch) => stitch,
            Err(SessionError::Rejected(reject)) => {
                self.refuse(reject, effects);
                return Ok(());
            }
            Err(error) => return self.end(error),
        };
        if self.settle(stitch, effects) {
            // It answers what was said after the news; any other entry may have crossed them.
            self.note_told(effects);
        }
        Ok(())
    }
}

/// Judges a peer's entry without value, and keeps it; gives the index of the own entry up to which it
/// acknowledges.
///
/// # Errors
/// [`SessionError`]: nothing of the entry is kept.
pub(crate) fn take_receipt<L: Ledger>(
    books: &L,
    peer: DeviceId,
    dealt: Dealt,
    effects: &mut Effects,
) -> Result<Option<u64>, SessionError> {
    let accepted = judge(books, peer, dealt, None, effects)?;
    if accepted.entry().value.is_some() {
        return Err(SessionError::Unexpected("a Receipt with value"));
    }
    let stitch = accepted.peer().stitch;
    effects.batch.accepted.push(accepted);
    Ok(stitch)
}

/// Whether no more is wanted than a plan announced: a peer must not look into the rest of a log.
fn is_part(wanted: &Wanted, plan: &Plan) -> bool {
    let part = |(stretch, want): (&Stretch, &Want)| {
        let ascends = want.opened.windows(2).all(|pair| pair.first() < pair.last());
        let mut opened = want.opened.iter();
        want.from >= stretch.from
            && ascends
            && opened.all(|index| stretch.opened.binary_search(index).is_ok())
    };
    plan.stretches.len() == wanted.stretches.len()
        && plan.stretches.iter().zip(wanted.stretches.iter()).all(part)
}

/// An entry without value: its peer needs nothing but the run to it.
pub(crate) fn deal_alone<L: Ledger>(books: &L, dealing: &Dealing, plan: &Plan) -> Option<Dealt> {
    let wants = plan.stretches.iter().map(|stretch| Want {
        descriptor: false,
        from: stretch.from,
        opened: stretch.opened.clone(),
    });
    let wanted = Wanted { stretches: List::try_collect(wants).ok()?, tokens: List::default() };
    deal(books, dealing, plan, &wanted)
}
