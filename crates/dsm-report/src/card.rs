//! Cards as text, and by which card and under which name a contact may be pinned.

use std::fmt;

use dsm_core::identity::Card;
use dsm_core::{Reject, View};
use dsm_crypto::text::{self, TextError};
use dsm_encoding::{from_slice, to_vec};
use dsm_log::DeviceId;
use dsm_store::{Books, Contact, Kv, MAX_NAME};

use crate::plain;

/// The text form's prefix of a contact card.
const CARD: &str = "dsmcard";

/// What is said to a person who did not find the same digits at a first meeting.
pub const NOT_THE_SAME: &str = "nobody is pinned; if the digits differ, somebody stands in between: \
    meet again over another link, or exchange cards with `dsm id` and `dsm contact add`";

/// Why somebody cannot be pinned, or be dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContactError {
    /// What was given as a card is none.
    NoCard,
    /// The card breaks a rule.
    Card(Reject),
    /// The card is of the wallet itself.
    Own,
    /// The card's device is a contact already.
    Known {
        /// Its name.
        name: String,
    },
    /// No contact may be called so.
    Name,
    /// Another contact is called so.
    Taken {
        /// The name.
        name: String,
    },
    /// Nobody is called so.
    Unknown {
        /// The name.
        name: String,
    },
    /// Its owner wants nothing dealt with it.
    Blocked {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for ContactError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCard => to.write_str("this is no contact card; `dsm id` prints one"),
            Self::Card(_) => to.write_str("this card does not hold; ask for it again"),
            Self::Own => to.write_str("this is your own card; ask the other side for theirs"),
            Self::Known { name } => write!(to, "this device is a contact already: {name}"),
            Self::Name => write!(
                to,
                "a contact's name has 1 to {MAX_NAME} bytes and no control characters; choose \
                 another name"
            ),
            Self::Taken { name } => {
                write!(to, "there is a contact {name} already; choose another name")
            }
            Self::Unknown { name } => write!(to, "no contact {name}; see `dsm contact list`"),
            Self::Blocked { name } => {
                write!(to, "{name} is blocked; `dsm contact unblock {name}` first")
            }
        }
    }
}

impl std::error::Error for ContactError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Card(reject) = self { Some(reject) } else { None }
    }
}

/// A card as text.
///
/// # Errors
/// It is too long.
pub fn card_text(card: &Card) -> Result<String, TextError> {
    text::encode(CARD, &to_vec(card))
}

/// What somebody gives as a card; whether it holds is not asked yet.
///
/// # Errors
/// [`ContactError::NoCard`].
pub fn read_card(shown: &str) -> Result<Card, ContactError> {
    let bytes = text::decode(CARD, shown.trim()).map_err(|_| ContactError::NoCard)?;
    from_slice(&bytes).map_err(|_| ContactError::NoCard)
}

/// The contact of a name.
///
/// # Errors
/// [`ContactError::Unknown`].
pub fn contact_of<K: Kv>(books: &Books<'_, K>, name: &str) -> Result<Contact, ContactError> {
    let unknown = || ContactError::Unknown { name: plain(name).chars().take(MAX_NAME).collect() };
    books.contact_named(name).ok_or_else(unknown)
}

/// The same, if its owner wants to deal with it.
///
/// # Errors
/// [`ContactError::Unknown`], [`ContactError::Blocked`].
pub fn dealt_with<K: Kv>(books: &Books<'_, K>, name: &str) -> Result<Contact, ContactError> {
    let contact = contact_of(books, name)?;
    if books.is_blocked(&contact.card.descriptor.id()) {
        return Err(ContactError::Blocked { name: contact.name });
    }
    Ok(contact)
}

/// Whether a device may be called so, or somebody new.
///
/// # Errors
/// [`ContactError::Name`], [`ContactError::Taken`].
pub fn check_name<K: Kv>(
    books: &Books<'_, K>,
    name: &str,
    device: Option<&DeviceId>,
) -> Result<(), ContactError> {
    if name.is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
        return Err(ContactError::Name);
    }
    match books.contact_named(name) {
        Some(other) if Some(&other.card.descriptor.id()) != device => {
            Err(ContactError::Taken { name: name.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Whether a card holds and is of somebody new.
///
/// # Errors
/// [`ContactError::Card`], [`ContactError::Own`], [`ContactError::Known`].
pub fn check_card<K: Kv>(books: &Books<'_, K>, card: &Card) -> Result<(), ContactError> {
    card.roster(books.network()).map_err(ContactError::Card)?;
    let device = card.descriptor.id();
    if device == books.me() {
        return Err(ContactError::Own);
    }
    match books.name_of(&device) {
        Some(name) => Err(ContactError::Known { name }),
        None => Ok(()),
    }
}
