//! A backup: what a wallet's owner chose, and nothing that signs or counts (`docs/store-format.md`, backup).
//!
//! Always true: no key, no place of the own log and no value is in it. A log that goes on from a copy is a
//! fork, and a wallet that showed one never signs again: so only what may stand in two wallets at once is copied. A
//! file is bounded before it is read, and taken as a whole or not at all.

use std::collections::BTreeSet;

use dsm_core::identity::Card;
use dsm_core::{FinalityClass, Reject, Settings, TokenId, View};
use dsm_crypto::text::{self, TextError};
use dsm_encoding::{DecodeError, List, Text, from_slice, record, to_vec};
use dsm_log::{DeviceId, Network};
use dsm_store::{Books, Changes, Contact, Kv, MAX_NAME};

/// The prefix of its text form.
const PREFIX: &str = "dsmbackup";
/// The format that this program writes and reads.
const FORMAT: u64 = 1;
/// The most contacts, pinned tokens, and caps of tokens.
const MOST: usize = 1 << 12;
/// The most bytes of the text.
pub const MAX_BACKUP: usize = 1 << 24;

/// A contact in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedContact {
    /// What the owner calls it.
    pub name: Text<MAX_NAME>,
    /// Its card.
    pub card: Card,
    /// Whether nothing is dealt with it.
    pub blocked: bool,
}
record! { SavedContact { name, card, blocked } }

/// What is asked of value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSettings {
    /// As in [`Settings`].
    pub enough: FinalityClass,
    /// As in [`Settings`].
    pub exposed_cap: u64,
    /// As in [`Settings`], by token.
    pub exposed_caps: List<(TokenId, u64), MOST>,
    /// As in [`Settings`].
    pub max_hops: u64,
    /// As in [`Settings`].
    pub max_gap: u64,
}
record! { SavedSettings { enough, exposed_cap, exposed_caps, max_hops, max_gap } }

/// Settings and contacts of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Which format it has.
    pub format: u64,
    /// Of which network the cards are.
    pub network: Network,
    /// What is asked of value.
    pub settings: SavedSettings,
    /// Contacts, by their devices.
    pub contacts: List<SavedContact, MOST>,
    /// Tokens that the owner knows, by id.
    pub pinned: List<TokenId, MOST>,
}
record! { Backup { format, network, settings, contacts, pinned } }

/// Why there is no backup, or none that can be restored. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackupError {
    /// Not the text of a backup, or mistyped.
    Text(TextError),
    /// The bytes are not canonical.
    Form(DecodeError),
    /// Longer than a backup may be.
    TooLong,
    /// Another format.
    Format {
        /// Which.
        found: u64,
    },
    /// Of another network.
    Network,
    /// Its parts are not in order, or one is there twice.
    Order,
    /// A name is empty or has control characters, or two contacts have it.
    Name {
        /// It.
        name: String,
    },
    /// A contact of this wallet has a name that another one has in the backup.
    Taken {
        /// It.
        name: String,
    },
    /// It asks for a class that is compared with nothing: nothing would be enough.
    Class,
    /// A card breaks a rule.
    Card {
        /// Whose.
        name: String,
        /// Which rule.
        reject: Reject,
    },
}

impl std::fmt::Display for BackupError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(_) | Self::Form(_) => to.write_str("this is no backup, or it was changed"),
            Self::TooLong => to.write_str("this is more than a backup may hold"),
            Self::Format { found } => {
                write!(to, "the backup has format {found}, and this program knows {FORMAT} only")
            }
            Self::Network => to.write_str("the backup is of another network"),
            Self::Order => to.write_str("this is no backup: its parts are not in order"),
            Self::Name { name } => {
                write!(to, "the backup has a contact's name twice, or one that is none: {name:?}")
            }
            Self::Class => to.write_str("this is no backup: it asks for class purse"),
            Self::Taken { name } => write!(
                to,
                "another contact is called {name} here; give it another name with `dsm contact rename`"
            ),
            Self::Card { name, .. } => write!(to, "the card of {name} in the backup is refused"),
        }
    }
}

impl std::error::Error for BackupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Text(error) => Some(error),
            Self::Form(error) => Some(error),
            Self::Card { reject, .. } => Some(reject),
            _ => None,
        }
    }
}

/// What a restore brings to a wallet.
#[derive(Clone, Debug)]
pub struct Restored {
    /// To be kept as a whole.
    pub changes: Changes,
    /// The names of contacts that are new here.
    pub added: Vec<String>,
    /// The names of contacts that were here already; they keep their names.
    pub known: Vec<String>,
}

impl Backup {
    /// Of a wallet.
    ///
    /// # Errors
    /// [`BackupError::TooLong`]. Whether the books are sound is to be asked ([`Books::check`]).
    pub fn of<K: Kv>(books: &Books<'_, K>) -> Result<Self, BackupError> {
        let settings = books.settings();
        let caps = settings.exposed_caps.iter().map(|(token, cap)| (*token, *cap));
        let saved = |contact: Contact| -> Result<SavedContact, BackupError> {
            let blocked = books.is_blocked(&contact.card.descriptor.id());
            let name = Text::try_from(contact.name.as_str()).map_err(BackupError::Form)?;
            Ok(SavedContact { name, card: contact.card, blocked })
        };
        let contacts = books.contacts().into_iter().map(saved).collect::<Result<Vec<_>, _>>()?;
        let long = |_| BackupError::TooLong;
        let backup = Self {
            format: FORMAT,
            network: books.network(),
            settings: SavedSettings {
                enough: settings.enough,
                exposed_cap: settings.exposed_cap,
                exposed_caps: List::try_collect(caps).map_err(long)?,
                max_hops: settings.max_hops,
                max_gap: settings.max_gap,
            },
            contacts: List::try_from(contacts).map_err(long)?,
            pinned: List::try_from(books.pinned()).map_err(long)?,
        };
        if backup.to_text()?.len() > MAX_BACKUP { Err(BackupError::TooLong) } else { Ok(backup) }
    }

    /// As text.
    ///
    /// # Errors
    /// None that is known.
    pub fn to_text(&self) -> Result<String, BackupError> {
        text::encode(PREFIX, &to_vec(self)).map_err(BackupError::Text)
    }

    /// What somebody gives as a backup.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn from_text(shown: &str) -> Result<Self, BackupError> {
        if shown.len() > MAX_BACKUP {
            return Err(BackupError::TooLong);
        }
        let bytes = text::decode(PREFIX, shown).map_err(BackupError::Text)?;
        let backup: Self = from_slice(&bytes).map_err(BackupError::Form)?;
        if backup.format != FORMAT {
            return Err(BackupError::Format { found: backup.format });
        }
        backup.check()?;
        Ok(backup)
    }

    /// Whether it is one that a wallet would have written.
    fn check(&self) -> Result<(), BackupError> {
        let devices: Vec<DeviceId> =
            self.contacts.iter().map(|one| one.card.descriptor.id()).collect();
        let caps: Vec<TokenId> =
            self.settings.exposed_caps.iter().map(|(token, _)| *token).collect();
        if !(ascends(&devices) && ascends(&caps) && ascends(&self.pinned)) {
            return Err(BackupError::Order);
        }
        if self.settings.enough == FinalityClass::Purse {
            return Err(BackupError::Class);
        }
        let mut names = BTreeSet::new();
        for SavedContact { name, card, .. } in self.contacts.iter() {
            let name = name.to_string();
            if name.is_empty() || name.contains(char::is_control) || !names.insert(name.clone()) {
                return Err(BackupError::Name { name });
            }
            match card.roster(self.network) {
                Ok(_) | Err(Reject::NotEnrolled { .. }) => {}
                Err(reject) => return Err(BackupError::Card { name, reject }),
            }
        }
        Ok(())
    }

    /// What it brings to a wallet: its settings take the place of the wallet's, contacts and tokens are
    /// added. Whoever is a contact there already keeps its name, and whoever is blocked there stays blocked.
    ///
    /// # Errors
    /// [`BackupError::Network`], [`BackupError::Taken`].
    pub fn restored<K: Kv>(self, books: &Books<'_, K>) -> Result<Restored, BackupError> {
        if self.network != books.network() {
            return Err(BackupError::Network);
        }
        let mut changes = Changes::default();
        let (mut added, mut known) = (Vec::new(), Vec::new());
        for SavedContact { name, card, blocked } in self.contacts {
            let (device, name) = (card.descriptor.id(), name.to_string());
            if books.is_own(&device) {
                continue;
            }
            let here = books.name_of(&device);
            let taken = || books.contact_named(&name).is_some();
            let name = match here {
                Some(here) => {
                    known.push(here.clone());
                    here
                }
                None if taken() => return Err(BackupError::Taken { name }),
                None => {
                    added.push(name.clone());
                    name
                }
            };
            if blocked {
                changes.blocked.push((device, true));
            }
            changes.contacts.push(Contact { name, card });
        }
        let SavedSettings { enough, exposed_cap, exposed_caps, max_hops, max_gap } = self.settings;
        let exposed_caps = exposed_caps.into_iter().collect();
        // Whose chips count is asked of the person anew, like who vouched for them.
        let makers = books.settings().makers.clone();
        let settings = Settings { enough, exposed_cap, exposed_caps, makers, max_hops, max_gap };
        changes.settings = Some(settings);
        changes.pinned = self.pinned.into_iter().map(|token| (token, true)).collect();
        Ok(Restored { changes, added, known })
    }
}

fn ascends<T: Ord>(parts: &[T]) -> bool {
    parts.windows(2).all(|pair| pair[0] < pair[1])
}
