//! Says what a wallet holds and did, in shapes for people and programs.
//!
//! Implements `docs/json.md`. The command line prints these shapes with `--json`, the daemon answers with
//! them over HTTP: what a program learns in one way it learns in the other.
//!
//! Always true: a base unit is written as text, since many languages read numbers of JSON as floats; a
//! shape reads books and changes nothing.

mod amount;
mod ask;
mod card;
mod chip;
mod contact;
mod draft;
mod event;
mod evidence;
mod explanation;
mod fingerprint;
mod height;
mod history;
mod holding;
mod page;
mod part;
mod picture;
mod proof;
mod settings;
mod token;

pub use amount::{AmountError, Sum, Units, parse, plain};
pub use ask::{RequestDraft, RequestError};
pub use card::{
    ContactError, NOT_THE_SAME, card_text, check_card, check_name, contact_of, dealt_with,
    read_card,
};
pub use chip::{AnchorKind, AnchorReport};
pub use contact::{Contact, Dealings};
pub use draft::{DraftError, Issued, PolicyDraft};
pub use event::{Event, requests};
pub use evidence::{Evidence, EvidenceError};
pub use explanation::{
    Check, Consumed, ExplainError, Explanation, LineageStep, Made, Names, NoteReport,
    OperationKind, Party, ReceiptReport, ReceiptStep, Sums, Threat,
};
pub use fingerprint::fingerprint;
pub use height::{FeedReport, Height, HeightReport, network_name};
pub use history::{Deed, HistoryItem, history};
pub use holding::{Balance, Standing, balances};
pub use page::page;
pub use part::{LISTED, MAX_LISTED, Part};
pub use picture::{Lane, Picture, Shown};
pub use proof::{NOTE, NoteFile, RECEIPT, ReceiptFile, ShowError};
pub use settings::{Class, ClassFloor, MakerLimit, NoClassFloor, Settings, SettingsChange};
pub use token::{Token, TokenError, token_of};

/// Which shapes these are; grows when one changes so that a program that reads it would break.
pub const FORMAT: u32 = 1;
