//! The log of a world: what was done to it, and what was seen. One JSON object a line.
//!
//! A line with `do` is an [`Action`]: it has every number that it needs, so the actions alone repeat
//! the world. A line with `saw` is a [`Saw`]: it follows from the actions before it. People are numbers,
//! in the order of [`crate::NAMES`]; copies of a cheat count on from there, in the order of `copy`.

use serde::{Deserialize, Serialize};

/// When a process dies, as it next has something to make durable or to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once, whatever it does.
    Now,
    /// Before the store is told of the change.
    Before,
    /// During the change: nothing of it is durable.
    Lost,
    /// During the change: all of it is durable, but nobody was told.
    Late,
    /// Once the change is durable, before anything of it is said.
    Silent,
    /// After the first of several frames has left.
    Speaking,
}

/// What a forger does in a conversation in which it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trick {
    /// None.
    Honest,
    /// Pays honestly and goes on from its disk before that: what it paid it has again.
    Restore,
    /// Pays honestly, and keeps what it paid among what it has: the next payment consumes it again.
    PayTwice,
    /// Makes more than it consumes.
    Inflate,
    /// Makes an output of nothing.
    Zero,
    /// Consumes what it consumed before on the same log.
    SpendAgain,
    /// Names an id in a record that nobody is shown, and then consumes it.
    Scribble,
    /// Consumes a note that was made for somebody else.
    Steal,
    /// Consumes an id that nobody ever made.
    Invent,
    /// Names more than the value consumes.
    Mismatch,
    /// Gives the payee a note with a floor that is not on its log.
    ForeignFloor,
    /// Gives its change a floor of its choice.
    ChangeFloor,
    /// Makes a note for a third device.
    Stranger,
    /// Repeats an old challenge.
    OldNonce,
    /// Names no challenge.
    NoNonce,
    /// Changes other tips beside.
    Tips,
    /// Says another operation than it signed.
    Dealt,
    /// Shows a signature that is not one.
    Signature,
    /// Does not show its log since the floor.
    ShortRun,
    /// Shows its log since the floor with a hole before the spend.
    Gap,
    /// Signs no challenge, and says that it signed the right one.
    DealtNonce,
    /// Says that it accepted all that the payee wrote, and pays again as if it had accepted nothing: its
    /// stitch goes back to none.
    NoStitch,
    /// Does not show where the input was made.
    Hole,
    /// Issues more of its own token than a lot holds.
    OverLot,
    /// Issues a lot that its policy does not have.
    LotRange,
    /// Issues a lot twice.
    LotTwice,
    /// Pays with a note of its own token whose floor lies on no log of its.
    AlienFloor,
    /// Pays honestly, and goes on from a place far on that nothing leads to, with a note of its own token.
    Leap,
    /// Issues a token in another log than its policy names.
    NotIssuer,
    /// Pays with a note of its own token, and again with one that another history of its mint issued.
    TwoMints,
    /// Pays honestly, and says of somebody honest that it forked: it signed one head, which is shown twice.
    Slander,
    /// Sends anything.
    Noise,
}

impl Trick {
    /// All of them.
    pub const ALL: [Self; 32] = [
        Self::Honest,
        Self::Restore,
        Self::PayTwice,
        Self::Inflate,
        Self::Zero,
        Self::SpendAgain,
        Self::Scribble,
        Self::Steal,
        Self::Invent,
        Self::Mismatch,
        Self::ForeignFloor,
        Self::ChangeFloor,
        Self::Stranger,
        Self::OldNonce,
        Self::NoNonce,
        Self::Tips,
        Self::Dealt,
        Self::Signature,
        Self::ShortRun,
        Self::Gap,
        Self::DealtNonce,
        Self::NoStitch,
        Self::Hole,
        Self::OverLot,
        Self::LotRange,
        Self::LotTwice,
        Self::AlienFloor,
        Self::Leap,
        Self::NotIssuer,
        Self::TwoMints,
        Self::Slander,
        Self::Noise,
    ];
}

/// One thing that is done to a world. Where it does not apply it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// One calls another over the next link, which gets the next number, from 0.
    Call {
        /// Who calls.
        from: usize,
        /// Who is called.
        to: usize,
        /// What the caller pays; none to exchange news and deliver what is due.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay: Option<u64>,
        /// What the called side asks for, if for something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<u64>,
        /// What the caller does, if it is the forger.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trick: Option<Trick>,
        /// From this come the fresh bytes of both sides.
        fresh: u64,
    },
    /// The next message on its way to an end (0: the caller's) arrives.
    Deliver {
        /// Which link.
        link: usize,
        /// Which end hears it.
        end: usize,
    },
    /// It is lost.
    Lose {
        /// Which link.
        link: usize,
        /// Which end would have heard it.
        end: usize,
    },
    /// It will arrive twice.
    Repeat {
        /// Which link.
        link: usize,
        /// Which end hears it.
        end: usize,
    },
    /// It arrives after all others that are on their way there.
    Delay {
        /// Which link.
        link: usize,
        /// Which end hears it.
        end: usize,
    },
    /// A bit of it changes.
    Spoil {
        /// Which link.
        link: usize,
        /// Which end hears it.
        end: usize,
        /// Which bit, counted around.
        bit: u64,
    },
    /// A message that was said before, on any link, is on its way to an end.
    Replay {
        /// Which link.
        link: usize,
        /// Which end hears it.
        end: usize,
        /// Which message, counted around, of all that were said.
        said: u64,
    },
    /// A fork proof that proves nothing, or a head that nobody wrote, is on its way to an end.
    Accuse {
        /// Which link.
        link: usize,
        /// Which end hears it.
        end: usize,
        /// Whom it accuses.
        whom: usize,
        /// How, counted around.
        how: u64,
    },
    /// The link breaks.
    Hang {
        /// Which link.
        link: usize,
    },
    /// A person ends a conversation.
    Cancel {
        /// Which link.
        link: usize,
        /// At which end.
        end: usize,
    },
    /// A process dies, and is started again at once.
    Crash {
        /// Whose.
        who: usize,
        /// When.
        when: When,
    },
    /// One pays another that is away; the entry is delivered later.
    Away {
        /// Who pays.
        from: usize,
        /// Whom.
        to: usize,
        /// Base units.
        amount: u64,
    },
    /// One contributes to the state that it shares with another.
    Share {
        /// Who.
        from: usize,
        /// With whom.
        to: usize,
        /// What.
        value: u8,
    },
    /// One puts a letter for another into the mailbox: the next number, from 0.
    Letter {
        /// Who writes.
        from: usize,
        /// To whom.
        to: usize,
        /// What it asks for, if for something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ask: Option<u64>,
        /// From this come the fresh bytes.
        fresh: u64,
    },
    /// A letter is read by whom it is for; again, if it was read before.
    Read {
        /// Which letter.
        letter: usize,
    },
    /// One pays what was asked for in a letter.
    Answer {
        /// Who pays.
        from: usize,
        /// Whom.
        to: usize,
        /// Base units.
        amount: u64,
    },
    /// A cheat copies its disk; the copy is a further person with the same keys.
    Copy {
        /// Whose disk.
        who: usize,
    },
    /// A clock jumps. Requests expire by it, and nothing else may depend on it.
    Clock {
        /// Whose.
        who: usize,
        /// Where to, in seconds since 1970.
        seconds: u64,
    },
    /// All honest people meet over good links until nobody has anything to say.
    Settle {},
}

/// One thing that was seen. What cheats write is seen too; no honest device knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "saw", rename_all = "snake_case")]
pub enum Saw {
    /// The notes that there are at first.
    Given {
        /// All of them.
        notes: Vec<Made>,
    },
    /// Somebody said something, over a link.
    Said {
        /// Which link.
        link: usize,
        /// Who.
        who: usize,
        /// The name of the message; `?` if it is none.
        message: String,
        /// The index that the message names of its speaker's log: Offer, Resume, Pay, Receipt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u64>,
        /// Hello: the last entry of the hearer that the speaker accepted. Receipt and Pay: the index
        /// that the stitch names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        accepted: Option<u64>,
    },
    /// Something became durable at somebody's.
    Durable {
        /// Whose.
        who: usize,
        /// Its own entries.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wrote: Vec<Wrote>,
        /// Entries of others that it accepted.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        accepted: Vec<Took>,
        /// Devices of which it now holds a fork proof, as the first person who has it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        forks: Vec<usize>,
        /// Whether it now knows to be an old copy.
        #[serde(default, skip_serializing_if = "core::ops::Not::not")]
        old: bool,
    },
    /// The forger wrote entries, which bind nobody before it shows them.
    Forged {
        /// Who it is.
        who: usize,
        /// What, on whatever history.
        wrote: Vec<Wrote>,
    },
    /// A session refuses what it heard, by a rule.
    Refused {
        /// Who.
        who: usize,
        /// The rule's id.
        rule: String,
    },
    /// A session is over.
    Over {
        /// Which link.
        link: usize,
        /// Whose.
        who: usize,
        /// Why, if early.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A process died and was started again.
    Died {
        /// Whose.
        who: usize,
        /// The last entry of its log that was durable.
        at: u64,
    },
    /// A letter lies in the mailbox.
    Posted {
        /// Its number.
        letter: usize,
        /// Who wrote it.
        from: usize,
        /// To whom.
        to: usize,
    },
    /// An invariant does not hold.
    Broken {
        /// Which.
        invariant: Invariant,
        /// How.
        text: String,
    },
}

/// An own entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrote {
    /// Where it stands.
    pub index: u64,
    /// The head before it, eight hexadecimal digits of it.
    pub before: String,
    /// The head after it.
    pub head: String,
    /// To whom it is addressed.
    pub to: Option<usize>,
    /// The notes that it consumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spends: Vec<String>,
    /// The notes that it makes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub makes: Vec<Made>,
    /// Whether it acknowledges.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub receive: bool,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its name.
    pub id: String,
    /// Who may spend it; none for whoever is nobody here.
    pub owner: Option<usize>,
    /// Base units.
    pub amount: u64,
    /// The index of its floor on the owner's log, and the head there; none if it has no owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<(u64, String)>,
}

/// An accepted entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Took {
    /// Who wrote it.
    pub from: usize,
    /// Where it stands.
    pub index: u64,
    /// The head after it.
    pub head: String,
    /// The notes that it consumes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spends: Vec<String>,
    /// The notes that the acceptor now holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Made>,
    /// How final they are.
    pub class: String,
}

/// What must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Nobody honest holds value that was not issued, and all of them together hold no more than was
    /// issued and what cheats, by forking, spent twice.
    Conservation,
    /// No id is consumed twice for anybody honest in a class above exposed, never twice for one, and
    /// in class exposed only by a device that showed two histories.
    NoDoubleAcceptance,
    /// Two honest devices that accepted one id twice hold evidence once they met.
    Evidence,
    /// Nobody holds a fork proof of an honest device.
    NoHonestAccusation,
    /// An honest device writes one log, and nobody honest believes another.
    LogLinearity,
    /// What was acknowledged can be shown to a third party.
    Receipts,
    /// What a person was told is so after a crash.
    Promises,
    /// When all is delivered, both sides of a relationship know the same of it.
    Agreement,
    /// What a receiver asks of value holds: its cap, its challenge, its floor.
    Settings,
    /// Nobody honest pays with, or accepts, what rests on a device of which it holds a fork proof.
    Frozen,
    /// Nothing panics, and no books are damaged.
    Soundness,
}
