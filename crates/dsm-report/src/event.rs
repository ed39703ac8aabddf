//! What happens in a conversation.

use dsm_log::DeviceId;
use dsm_session::{Ledger, Notice, Request};
use dsm_store::{Books, Contact, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Class, Part, Sum};

/// Something that a person may want to know. Whatever it says is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A contact is there.
    Hello {
        /// Its name.
        peer: String,
        /// Its device.
        device: String,
    },
    /// A contact asks for something.
    Asked {
        /// Who.
        peer: String,
        /// For how much.
        #[serde(flatten)]
        sum: Sum,
        /// What for, in its words.
        memo: Option<String>,
        /// Until when, in seconds since 1970, in its words: nothing is decided by it.
        expires: Option<u64>,
    },
    /// It is too late to cancel: the payment is written and stays to be delivered.
    TooLate {
        /// Index of the entry.
        entry: u64,
    },
    /// A payment is written: the payer is bound.
    Bound {
        /// Index of the entry.
        entry: u64,
    },
    /// An own entry was acknowledged: it is final against the contact.
    Acknowledged {
        /// Index of the entry.
        entry: u64,
    },
    /// Value arrived.
    Received {
        /// From whom.
        peer: String,
        /// How much.
        #[serde(flatten)]
        sum: Sum,
        /// How final.
        class: Class,
        /// How many operations its history has.
        hops: u64,
    },
    /// What the contact sent breaks a rule.
    Rejected {
        /// Which, as in spec/.
        rule: String,
        /// What it says.
        text: String,
    },
    /// A device showed two histories; the proof is kept.
    Forked {
        /// Its name, or its id if it is no contact.
        peer: String,
        /// The device.
        device: String,
    },
    /// Six digits of a first meeting, that both screens must show before anybody is pinned.
    String {
        /// The digits.
        string: String,
        /// Which of the daemon's meetings, if it has them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meeting: Option<u64>,
    },
}

impl Event {
    /// A notice in the words of these books.
    #[must_use]
    pub fn new<K: Kv>(books: &Books<'_, K>, notice: &Notice) -> Self {
        let name = |device| books.name_of(device).unwrap_or_else(|| device.to_string());
        match notice {
            Notice::Met { peer } => Self::Hello { peer: name(peer), device: peer.to_string() },
            Notice::Asked { peer, request } => Self::Asked {
                peer: name(peer),
                sum: Sum::new(books, &request.token, request.amount),
                memo: request.shown_memo(),
                expires: request.expires,
            },
            Notice::TooLate { index } => Self::TooLate { entry: *index },
            Notice::Bound { index } => Self::Bound { entry: *index },
            Notice::Acknowledged { index } => Self::Acknowledged { entry: *index },
            Notice::Received { peer, token, amount, class, hops } => Self::Received {
                peer: name(peer),
                sum: Sum::new(books, token, *amount),
                class: Class::from(*class),
                hops: *hops,
            },
            Notice::Rejected { reject } => {
                Self::Rejected { rule: reject.rule().to_owned(), text: reject.text().to_string() }
            }
            Notice::Forked { device } => {
                Self::Forked { peer: name(device), device: device.to_string() }
            }
        }
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hello { peer, .. } => write!(to, "met {peer}"),
            Self::Asked { peer, sum, memo, expires } => {
                write!(to, "{peer} asks for {sum}")?;
                if let Some(memo) = memo {
                    write!(to, " for \"{memo}\"")?;
                }
                expires.map_or(Ok(()), |at| write!(to, ", until {at} s after 1970"))
            }
            Self::TooLate { entry } => {
                write!(to, "too late to cancel: entry {entry} is written and stays to be delivered")
            }
            Self::Bound { entry } => write!(to, "payment written as entry {entry}"),
            Self::Acknowledged { entry } => {
                write!(to, "entry {entry} acknowledged: final against this contact")
            }
            Self::Received { peer, sum, class, hops } => {
                write!(to, "received {sum} from {peer} (class {}, {hops} hops)", class.name())
            }
            Self::Rejected { text, .. } => write!(to, "refused: {text}"),
            Self::Forked { peer, .. } => {
                write!(to, "{peer} showed two histories: the proof is kept (`dsm evidence list`)")
            }
            Self::String { string, .. } => {
                write!(to, "{string}\nsame on the other screen? [y/N]")
            }
        }
    }
}

/// What contacts asked for last by letters, and were not paid, by the names of the contacts.
#[must_use]
pub fn requests<K: Kv>(books: &Books<'_, K>, part: &Part<String>) -> Vec<Event> {
    let asked = |contact: Contact| -> Option<(String, DeviceId, Request)> {
        let peer = contact.card.descriptor.id();
        Some((contact.name, peer, books.mail(&peer).inbox.asked?.request?))
    };
    let asked: Vec<_> = books.contacts().into_iter().filter_map(asked).collect();
    let shown = part.of(asked, |(name, ..)| name.clone()).into_iter();
    shown.map(|(_, peer, request)| Event::new(books, &Notice::Asked { peer, request })).collect()
}
