//! A conversation with one peer (`spec/sessions.md`, states).
//!
//! Both sides say Hello, tell each other news (Evidence, Sync), deliver what the other has not
//! accepted yet (Resume, Receipt), and then the initiator pursues its goal. Offers flow one way and
//! answers the other, so the two directions of a session do not disturb each other.

use alloc::vec::Vec;

use dsm_core::TokenId;
use dsm_crypto::{Digest, Signer};
use dsm_encoding::{Text, from_slice};
use dsm_log::{DeviceId, Nonce};

use crate::ask::{Ask, Request};
use crate::effects::{Effects, Notice};
use crate::error::SessionError;
use crate::incoming::Incoming;
use crate::ledger::Ledger;
use crate::message::{MAX_MESSAGE, Message};
use crate::outgoing::Outgoing;

/// The most messages that a session hears.
const MAX_HEARD: u32 = 1 << 12;
/// How often an offer may be replaced by a later one.
pub(crate) const MAX_OFFERS: u32 = 64;

/// What a session is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Call a peer, tell news, deliver what is due.
    Sync {
        /// Whom.
        peer: DeviceId,
    },
    /// The same, and pay.
    Pay {
        /// Whom.
        peer: DeviceId,
        /// The token.
        token: TokenId,
        /// Base units.
        amount: u64,
    },
    /// Be called, by any contact, and be paid whatever it likes.
    Receive {
        /// What to ask for.
        ask: Option<Request>,
    },
}

impl Goal {
    fn peer(&self) -> Option<DeviceId> {
        match self {
            Self::Sync { peer } | Self::Pay { peer, .. } => Some(*peer),
            Self::Receive { .. } => None,
        }
    }
}

/// What happens to a session.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The link is there.
    Start,
    /// A whole message came.
    Message(&'a [u8]),
    /// The batch of the last step is durable, and its frames were taken.
    Durable,
    /// The person ends it. While nobody is bound nothing is spent.
    Cancel,
}

/// The other side, once it said Hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub(crate) device: DeviceId,
    pub(crate) salt: Nonce,
    /// The last own entry that needs no sending to it any more.
    pub(crate) sent: u64,
    /// The greatest index of the own log that it knows.
    pub(crate) known: Option<u64>,
    /// News up to here were told.
    pub(crate) told: u64,
    /// How many answers to contradictions are due.
    pub(crate) contradictions: u32,
    /// How many hints were told that it did not contradict.
    pub(crate) hints: usize,
    pub(crate) synced: bool,
    /// Whether an answer to the own Sync is due.
    pub(crate) awaits_behind: bool,
    pub(crate) done: bool,
    /// Whether it asked to be shown its own log.
    pub(crate) doubted: bool,
}

/// One side of a conversation. A copy is one as well; only the one whose batches are durable counts.
#[derive(Clone, Debug)]
pub struct Session {
    pub(crate) goal: Goal,
    pub(crate) salt: Nonce,
    pub(crate) met: Option<Met>,
    pub(crate) asked: Option<Ask>,
    pub(crate) outgoing: Outgoing,
    /// Indexes of own entries with value that were sent here and not acknowledged here.
    pub(crate) awaited: Vec<u64>,
    /// Up to which own entry the peer acknowledged, before this session or here.
    pub(crate) acknowledged: Option<u64>,
    pub(crate) incoming: Incoming,
    /// Whether the goal's payment was begun.
    pub(crate) begun: bool,
    /// Index of the goal's payment, once the payer is bound by it.
    pub(crate) bound: Option<u64>,
    /// Index of the own entry that acknowledges what was accepted here last.
    pub(crate) receipt: Option<u64>,
    /// Index of the peer's entry with value that came here last.
    pub(crate) came: Option<u64>,
    /// Up to which of the peer's entries was acknowledged here.
    pub(crate) answered: Option<u64>,
    /// How many Offers were heard, or said in place of an earlier one.
    pub(crate) offers: u32,
    pub(crate) done: bool,
    pub(crate) failure: Option<SessionError>,
    /// Whether the peer said that it knows more of the own log than these books.
    pub(crate) doubts: bool,
    /// How many messages were heard.
    heard: u32,
    /// Digest of the KEM key that the link's other end proved to own.
    proven: Option<Digest>,
}

impl Session {
    /// A session with a goal and 32 fresh bytes.
    #[must_use]
    pub fn new(goal: Goal, fresh: Nonce) -> Self {
        Self {
            goal,
            salt: fresh,
            met: None,
            asked: None,
            outgoing: Outgoing::Idle,
            awaited: Vec::new(),
            acknowledged: None,
            incoming: Incoming::Idle,
            begun: false,
            bound: None,
            receipt: None,
            came: None,
            answered: None,
            offers: 0,
            done: false,
            failure: None,
            doubts: false,
            heard: 0,
            proven: None,
        }
    }

    /// The same over a link whose other end proved to own a KEM key: only the device whose
    /// descriptor names that key may speak.
    #[must_use]
    pub fn proven(mut self, key: Option<Digest>) -> Self {
        self.proven = key;
        self
    }

    /// Whether both sides have nothing more to say.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.failure.is_some() || (self.done && self.met.is_some_and(|met| met.done))
    }

    /// Why it ended early, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<&SessionError> {
        self.failure.as_ref()
    }

    /// The peer, once it said Hello.
    #[must_use]
    pub fn peer(&self) -> Option<DeviceId> {
        self.met.map(|met| met.device)
    }

    /// The next state and what it wants done. If the batch of the effects is not empty, the next
    /// event must be [`Event::Durable`].
    ///
    /// # Errors
    /// [`SessionError`]: the session is at its end; what was durable stays.
    pub fn step<L: Ledger, S: Signer>(
        mut self,
        books: &L,
        signer: &S,
        event: Event<'_>,
    ) -> Result<(Self, Effects), SessionError> {
        let mut effects = Effects::default();
        match event {
            Event::Start => {
                if let Some(peer) = self.goal.peer() {
                    let hello = self.hello(books, &peer);
                    effects.frames.push(hello);
                }
            }
            Event::Message(bytes) if bytes.len() > MAX_MESSAGE => {
                return Err(SessionError::TooLong);
            }
            Event::Message(bytes) => {
                self.heard = self.heard.saturating_add(1);
                if self.heard > MAX_HEARD {
                    return Err(SessionError::TooLong);
                }
                let message = from_slice(bytes).map_err(SessionError::Form)?;
                if self.stands(books, &mut effects)? {
                    self.hear(books, signer, message, &mut effects)?;
                }
            }
            Event::Durable => {}
            Event::Cancel => {
                self.cancel(&mut effects)?;
                return Ok((self, effects));
            }
        }
        if effects.batch.is_empty() && self.failure.is_none() {
            self.pump(books, signer, &mut effects)?;
        }
        Ok((self, effects))
    }

    /// The person ends it, unless the payment is bound already.
    fn cancel(&mut self, effects: &mut Effects) -> Result<(), SessionError> {
        match self.bound {
            Some(index) => {
                effects.notices.push(Notice::TooLate { index });
                Ok(())
            }
            None => {
                effects.frames.push(Message::Cancel {});
                self.end(SessionError::Cancelled)
            }
        }
    }

    fn hello<L: Ledger>(&self, books: &L, peer: &DeviceId) -> Message {
        Message::Hello {
            network: books.network(),
            device: books.me(),
            salt: self.salt,
            accepted: books.accepted(peer).map_or(0, |at| at.index),
            known: books.latest(peer).map(|at| at.index),
        }
    }

    /// Whether it may go on after what came to light since Hello, here or in another session.
    fn stands<L: Ledger>(
        &mut self,
        books: &L,
        effects: &mut Effects,
    ) -> Result<bool, SessionError> {
        let Some(met) = self.met.filter(|_| !self.doubts) else { return Ok(true) };
        if books.is_forked(&books.me()) {
            return Err(SessionError::OwnFork);
        }
        if books.is_old_copy() {
            return Err(SessionError::OldCopy);
        }
        let refusal = refusal(books, &met.device);
        let stands = refusal.is_none();
        if let Some(reject) = refusal {
            self.refuse(reject, effects);
        }
        Ok(stands)
    }

    fn hear<L: Ledger, S: Signer>(
        &mut self,
        books: &L,
        signer: &S,
        message: Message,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let name = message.name();
        let greets = matches!(message, Message::Hello { .. });
        let leaves = matches!(message, Message::Refuse { .. } | Message::Cancel {});
        if self.met.is_none() != greets && !leaves {
            return Err(SessionError::Unexpected(name));
        }
        match message {
            Message::Hello { network, device, salt, accepted, known } => {
                if network != books.network() {
                    return Err(SessionError::Rejected(dsm_core::Reject::Network));
                }
                let met = Met {
                    device,
                    salt,
                    sent: accepted,
                    known,
                    told: 0,
                    contradictions: 0,
                    hints: 0,
                    synced: false,
                    awaits_behind: false,
                    done: false,
                    doubted: false,
                };
                self.meet(books, met, effects)
            }
            Message::Doubt {} => self.show(books, effects),
            Message::Shown { signed } => self.shown(books, signed, effects),
            Message::Refuse { rule } => Err(SessionError::Refused { rule }),
            Message::Cancel {} => Err(SessionError::PeerCancelled),
            // A word that nothing is shown for.
            Message::Done {} if self.doubts => Err(SessionError::Unexpected("Done before Shown")),
            // Nothing is said to whoever may know these books to be old.
            _ if self.doubts => Ok(()),
            Message::Ask { ask } => {
                let peer = self.met()?.device;
                // The first counts: what was offered upon it stays offered upon it.
                if self.asked.is_none() {
                    let request = ask.request.clone();
                    effects.notices.extend(request.map(|request| Notice::Asked { peer, request }));
                    self.asked = Some(ask);
                }
                Ok(())
            }
            Message::Offer { index, floor, token, amount, plan } => {
                self.offered(books, index, floor, (token, amount), &plan, effects)
            }
            Message::Resume { index, floor, plan } => {
                self.resumed(books, index, floor, &plan, effects)
            }
            Message::Want { wanted } => self.wanted(books, &wanted, effects),
            Message::Pay { dealt } => self.paid(books, signer, *dealt, effects),
            Message::Receipt { dealt } => self.acknowledged(books, *dealt, effects),
            Message::Evidence { proofs } => self.evidence(books, proofs.into_inner(), effects),
            Message::Sync { hints } => self.compare(books, &hints, effects),
            Message::Behind { hints } => self.compare_behind(books, &hints, effects),
            Message::Contradict { run } => self.contradicted(books, &run, effects),
            Message::Done {} => {
                let met = self.met()?;
                met.done = true;
                let told = (met.told > 0).then_some((met.device, met.told));
                met.told = 0;
                effects.batch.told = told;
                // A payer has nothing more to say only once it accepted the receipt.
                let device = met.device;
                effects.batch.mail = crate::mail::heard(books, device, self.receipt);
                Ok(())
            }
        }
    }

    pub(crate) fn met(&mut self) -> Result<&mut Met, SessionError> {
        self.met.as_mut().ok_or(SessionError::Unexpected("a message before Hello"))
    }

    fn meet<L: Ledger>(
        &mut self,
        books: &L,
        met: Met,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let device = met.device;
        if self.goal.peer().is_some_and(|peer| peer != device) {
            return Err(SessionError::WrongPeer { device });
        }
        if let Some(reject) = refusal(books, &device) {
            self.refuse(reject, effects);
            return Ok(());
        }
        let named = books.descriptor(&device).map(|descriptor| descriptor.kem);
        if self.proven.is_some() && self.proven != named {
            return Err(SessionError::WrongPeer { device });
        }
        if books.is_old_copy() {
            return Err(SessionError::OldCopy);
        }
        self.met = Some(met);
        self.acknowledged = books.peer(&device).and_then(|peer| peer.stitch);
        effects.notices.push(Notice::Met { peer: device });
        if let Goal::Receive { .. } = self.goal {
            effects.frames.push(self.hello(books, &device));
        }
        let last = books.own_log().at.index;
        if met.sent > last || met.known > Some(last) {
            self.doubts = true;
            effects.frames.push(Message::Doubt {});
            return Ok(());
        }
        if let Goal::Receive { ask } = &self.goal {
            let ask = Ask::new(books, &device, ask.clone());
            effects.frames.push(Message::Ask { ask });
        }
        self.tell_news(books, effects)
    }

    /// Ends the session by a rule that the other side broke.
    pub(crate) fn refuse(&mut self, reject: dsm_core::Reject, effects: &mut Effects) {
        let rule = Text::try_from(reject.rule());
        effects.frames.extend(rule.ok().map(|rule| Message::Refuse { rule }));
        effects.notices.push(Notice::Rejected { reject: reject.into() });
        self.failure = Some(SessionError::Rejected(reject));
    }

    /// Ends the session; what the step found out before is kept.
    pub(crate) fn end(&mut self, error: SessionError) -> Result<(), SessionError> {
        self.failure = Some(error);
        Ok(())
    }

    /// Whatever can be said now without being asked.
    fn pump<L: Ledger, S: Signer>(
        &mut self,
        books: &L,
        signer: &S,
        effects: &mut Effects,
    ) -> Result<(), SessionError> {
        let Some(met) = self.met.filter(|_| !self.doubts) else { return Ok(()) };
        if books.is_forked(&books.me()) {
            return Err(SessionError::OwnFork);
        }
        self.send_bound(books, effects)?;
        self.deliver(books, effects)?;
        if effects.more || !matches!(self.outgoing, Outgoing::Idle) || !self.awaited.is_empty() {
            return Ok(());
        }
        if let Goal::Pay { token, amount, .. } = self.goal
            && !self.begun
        {
            return match self.asked.clone() {
                Some(asked) => self.offer(books, signer, &asked, (token, amount), effects),
                None if met.synced => Err(SessionError::NoAsk),
                None => Ok(()),
            };
        }
        let told = met.synced && !met.awaits_behind && met.contradictions == 0;
        let quiet = told && matches!(self.incoming, Incoming::Idle);
        let turn = self.goal.peer().is_some() || met.done;
        if quiet && turn && !self.done {
            self.done = true;
            effects.frames.push(Message::Done {});
        }
        Ok(())
    }
}

/// Why nothing is dealt with a device.
fn refusal<L: Ledger>(books: &L, device: &DeviceId) -> Option<dsm_core::Reject> {
    let device = *device;
    match books.peer(&device) {
        None => Some(dsm_core::Reject::UnknownPeer { device }),
        Some(peer) if !peer.active => Some(dsm_core::Reject::NotEnrolled { device }),
        // Until value can be registered, there is nothing to deal in with a device that forked.
        Some(_) if books.is_forked(&device) => Some(dsm_core::Reject::Forked { device }),
        Some(_) => None,
    }
}

/// The indexes and amounts by token of what outputs give to a device.
pub(crate) fn received(notes: &[dsm_core::Note]) -> Vec<(TokenId, u64)> {
    let mut sums: Vec<(TokenId, u64)> = Vec::new();
    for note in notes {
        let dsm_core::Output { token, amount, .. } = note.output;
        match sums.iter_mut().find(|(of, _)| *of == token) {
            Some((_, sum)) => *sum = sum.saturating_add(amount),
            None => sums.push((token, amount)),
        }
    }
    sums
}
