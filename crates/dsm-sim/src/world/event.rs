//! The log of a world: what was done to it, and what was seen. One JSON object a line.
//!
//! A line with `do` is an [`Action`]: it has every number that it needs, so the actions alone repeat
//! the world. A line with `saw` is a [`Saw`]: it follows from the actions before it. People are numbers,
//! in the order of [`crate::NAMES`]; copies of a cheat count on from there, in the order of `copy`.

mod saw;

pub use saw::{Invariant, Made, Saw, Took, Wrote};

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
    /// Once its own entries are durable, before its chip absorbs any of them.
    Unabsorbed,
    /// Once its chip absorbed the first of them, and before anybody hears of that.
    Absorbing,
    /// Once its chip absorbed all of them: nothing of the evidence is durable.
    Unkept,
    /// The same: all of it is durable, but nobody was told.
    Kept,
    /// Before its chip absorbs any, and again when it has made up for that: nothing of the evidence is durable.
    Twice,
}

/// What a cheat's process does that has no evidence of the chip that its device names: it drives one of its own making, and shows of each
/// entry this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deceit {
    /// Evidence of its own chip.
    Foreign,
    /// No evidence.
    Nothing,
    /// What the true chip said of the entry that another process wrote there.
    Lent,
    /// What the true chip says of it, wherever its counter stands.
    Elsewhere,
    /// Evidence of its own chip of the first one; of the others what the true chip says, whose counter it moves there, if it is not further.
    Mixed,
}

impl Deceit {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Foreign, Self::Nothing, Self::Lent, Self::Elsewhere, Self::Mixed];
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
    /// The power of somebody's chip fails: its session ends, and another one begins.
    Cut {
        /// Whose.
        who: usize,
    },
    /// A process of a cheat is started anew, without the chip that its device names.
    Deceive {
        /// Which.
        who: usize,
        /// What it shows.
        how: Deceit,
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
