//! Own entries on their way to the peer (`spec/sessions.md`, paying).

use alloc::boxed::Box;
use alloc::vec::Vec;

use dsm_core::pack::{PackOpened, Plan, Stretch, Want, Wanted};
use dsm_core::{
    Addressee, Ahead, Claimed, Dealing, Dealt, Draft, Lock, Note, Output, TokenId, Value, Written,
    accept, deal, write,
};
use dsm_crypto::Signer;
use dsm_encoding::{List, to_vec};
use dsm_log::{SpendId, relationship};

use crate::Held;
use crate::effects::{Effects, Notice};
use crate::error::SessionError;
use crate::held::select;
use crate::ledger::Ledger;
use crate::message::{MAX_MESSAGE, Message};
use crate::session::{Asked, Session};

/// About how many bytes are delivered in one step.
const MOST_AT_ONCE: usize = 4 * MAX_MESSAGE;

/// How far the own entry has come that is being delivered.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    /// There is none.
    Idle,
    /// Its plan was told.
    Offered {
        /// What the peer will need to see.
        dealing: Box<Dealing>,
        /// What was told.
        plan: Plan,
        /// What is not durable yet; none if the entry already is.
        pending: Option<Box<Pending>>,
    },
    /// It was sent and is not acknowledged.
    Sent {
        /// Index of the entry.
        index: u64,
    },
}

/// An entry that nobody is bound by yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    written: Written,
    spent: Vec<SpendId>,
    held: Vec<Held>,
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
        while matches!(self.outgoing, Outgoing::Idle) && bytes < MOST_AT_ONCE {
            let met = self.met()?;
            let Some(dealing) = books.next_to(&met.device, met.sent) else { break };
            let index = dealing.entry.index;
            let plan = dealing.plan(books, met.known).ok_or(SessionError::Books)?;
            met.sent = index;
            if dealing.entry.value.is_some() {
                let floor = dealing.floor();
                effects.frames.push(Message::Resume { index, floor, plan: plan.clone() });
                let dealing = Box::new(dealing);
                self.outgoing = Outgoing::Offered { dealing, plan, pending: None };
            } else {
                let dealt = deal_alone(books, &dealing, &plan).ok_or(SessionError::Books)?;
                met.known = Some(met.known.map_or(index, |known| known.max(index)));
                let receipt = Message::Receipt { dealt: Box::new(dealt) };
                bytes = bytes.saturating_add(to_vec(&receipt).len());
                effects.frames.push(receipt);
            }
        }
        Ok(())
    }

    /// Tells the peer what a payment would rest on. Nothing is durable, nobody is bound.
    pub(crate) fn offer<L: Ledger, S: Signer>(
        &mut self,
        books: &L,
        signer: &S,
        asked: Asked,
        token: TokenId,
        amount: u64,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let other = asked.token.is_some_and(|wants| wants != token)
            || asked.amount.is_some_and(|wants| wants != amount);
        if other {
            return Err(SessionError::OtherAsk);
        }
        let met = *self.met()?;
        let log = books.own_log();
        let selection = select(&books.holdings(), &token, amount)?;
        let payee = Lock::Device { id: met.device, floor: asked.floor };
        let mut outputs = alloc::vec![Output { token, amount, lock: payee }];
        let change = selection.sum.checked_sub(amount).filter(|change| *change > 0);
        if let Some(amount) = change {
            let lock = Lock::Device { id: log.device, floor: log.at };
            outputs.push(Output { token, amount, lock });
        }
        let change = change.and_then(|_| outputs.get(1).copied());
        let (tip, proof) = books.tip(&relationship(&log.device, &met.device));
        let stitch = books.accepted(&met.device);
        let spent: Vec<SpendId> = selection.inputs.iter().map(Held::id).collect();
        let outputs = List::try_from(outputs).map_err(|_| SessionError::Books)?;
        let draft = Draft {
            to: Some(Addressee { device: met.device, stitch, tip, proof }),
            spends: spent.clone(),
            value: Some(Value::transfer(outputs)),
            ops: List::default(),
            nonce: Some(asked.nonce),
        };
        let written = write(&log, draft, books.network(), signer).ok_or(SessionError::Books)?;
        let head = written.log.at.head;
        let change = change.map(|output| selection.change(Note { output, head, number: 1 }));
        let held = change.map(|held| held.ok_or(SessionError::Books)).transpose()?;
        let dealing = written.dealing.clone().ok_or(SessionError::Books)?;
        let plan = dealing.plan(books, met.known).ok_or(SessionError::Books)?;
        let (index, floor) = (dealing.entry.index, asked.floor.index);
        effects.frames.push(Message::Offer { index, floor, token, amount, plan: plan.clone() });
        let pending = Pending { written, spent, held: held.into_iter().collect() };
        let (dealing, pending) = (Box::new(dealing), Some(Box::new(pending)));
        self.outgoing = Outgoing::Offered { dealing, plan, pending };
        self.begun = true;
        Ok(())
    }

    /// The peer says what it lacks: the entry becomes durable, and then leaves.
    pub(crate) fn wanted<L: Ledger>(
        &mut self,
        books: &L,
        wanted: Wanted,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let outgoing = core::mem::replace(&mut self.outgoing, Outgoing::Idle);
        let Outgoing::Offered { dealing, plan, pending } = outgoing else {
            return Err(SessionError::Unexpected("Want"));
        };
        if !is_part(&wanted, &plan) {
            return Err(SessionError::Unexpected("a Want of what was not offered"));
        }
        let Some(pending) = pending else {
            let dealt = deal(books, &dealing, &plan, &wanted).ok_or(SessionError::Books)?;
            return self.send(dealt, effects);
        };
        let Pending { written, spent, held } = *pending;
        let log = books.own_log();
        let next = log.at.index.checked_add(1) == Some(written.log.at.index);
        // A fork that came to light meanwhile freezes what it touches.
        let holdings = books.holdings();
        let holds = |id: &SpendId| holdings.iter().any(|held| held.id() == *id);
        if !next || log.before != dealing.before || !spent.iter().all(holds) {
            return Err(SessionError::Stale);
        }
        // What cannot be sent binds nobody.
        let ahead = Ahead { view: books, facts: &written.facts };
        let dealt = deal(&ahead, &dealing, &plan, &wanted).ok_or(SessionError::Books)?;
        let shown = |one: &PackOpened| (one.device, one.index) == (dealt.writer, dealt.index);
        if !dealt.pack.opened.iter().any(shown) {
            return Err(SessionError::Unexpected("a Want without the entry itself"));
        }
        self.send(dealt, effects)?;
        effects.notices.push(Notice::Bound { index: written.log.at.index });
        effects.batch.written.push(written);
        effects.batch.spent = spent;
        effects.batch.held = held;
        Ok(())
    }

    /// Sends an entry that is durable, or is with this step.
    fn send(&mut self, dealt: Dealt, effects: &mut Effects) -> Result<(), SessionError> {
        let index = dealt.index;
        let met = self.met()?;
        met.sent = index;
        met.known = Some(met.known.map_or(index, |known| known.max(index)));
        let message = Message::Pay { dealt: Box::new(dealt) };
        if to_vec(&message).len() > MAX_MESSAGE {
            return Err(SessionError::TooLong);
        }
        effects.frames.push(message);
        self.outgoing = Outgoing::Sent { index };
        Ok(())
    }

    /// The peer acknowledges: its entry is judged like any other.
    pub(crate) fn acknowledged<L: Ledger>(
        &mut self,
        books: &L,
        dealt: Dealt,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let verdict = accept(books, &Claimed::from(dealt), None);
        let forks = verdict.forks.iter().map(|proof| Notice::Forked { device: proof.device() });
        effects.notices.extend(forks);
        effects.batch.forks.extend(verdict.forks);
        let accepted = match verdict.result {
            Ok(accepted) if accepted.writer() != self.met()?.device => {
                return self.end(SessionError::WrongPeer { device: accepted.writer() });
            }
            Ok(accepted) if accepted.entry().value.is_some() => {
                return self.end(SessionError::Unexpected("a Receipt with value"));
            }
            Ok(accepted) => accepted,
            Err(reject) => {
                self.refuse(reject, effects);
                return Ok(());
            }
        };
        if let Outgoing::Sent { index } = self.outgoing
            && accepted.peer().stitch >= Some(index)
        {
            self.outgoing = Outgoing::Idle;
            effects.notices.push(Notice::Acknowledged { index });
        }
        effects.batch.accepted.push(accepted);
        self.note_told(effects);
        Ok(())
    }
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
fn deal_alone<L: Ledger>(books: &L, dealing: &Dealing, plan: &Plan) -> Option<Dealt> {
    let wants = plan.stretches.iter().map(|stretch| Want {
        descriptor: false,
        from: stretch.from,
        opened: stretch.opened.clone(),
    });
    let wanted = Wanted { stretches: List::try_collect(wants).ok()?, tokens: List::default() };
    deal(books, dealing, plan, &wanted)
}
