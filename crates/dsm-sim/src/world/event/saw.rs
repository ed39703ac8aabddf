//! What is seen of a world, and what must always hold in it.

use serde::{Deserialize, Serialize};

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
    /// Of a device whose chip never goes back nobody honest takes an entry for true that it did not absorb at that index, or consumes an id
    /// twice; and nobody honest lacks evidence of what somebody honest shows.
    Chips,
    /// Nothing panics, no books are damaged, and no chip refuses a device that nobody copied.
    Soundness,
}
