//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Parser, Subcommand, value_parser};
use clap_complete::Shell;
use dsm_report::{ClassFloor, LISTED, MAX_LISTED};

use dsm_home::ChipPlace;

use crate::anchor::{AnchorCommand, AnchorKind};
use crate::headers::{Feeds, HeadersCommand};
use crate::link::{Place, Way};

/// Pay and be paid between two devices, with nobody in between.
#[derive(Debug, Parser)]
#[command(name = "dsm", version, about)]
pub(crate) struct Arguments {
    /// The wallet's directory [default: $DSM_HOME, or .dsm in the home directory].
    #[arg(long, global = true)]
    pub(crate) home: Option<PathBuf>,
    /// The file with the passphrase of the keys [default: $DSM_PASSPHRASE_FILE, or the terminal is
    /// asked].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

fn floor() -> impl TypedValueParser<Value = ClassFloor> {
    PossibleValuesParser::new(ClassFloor::NAMES).try_map(|name| name.parse())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a wallet; shows its mnemonic, once. Asks for a passphrase, which seals its keys.
    Init {
        /// Leave the keys in clear: whoever reads their file can spend.
        #[arg(long, conflicts_with = "passphrase_file")]
        no_passphrase: bool,
        /// Let the keyring of this desktop session keep the key to the keys.
        #[arg(long, conflicts_with_all = ["passphrase_file", "no_passphrase"])]
        keyring: bool,
        /// What binds the wallet's entries: nothing, or a TPM 2.0, whose counter never goes back.
        #[arg(long, value_enum, default_value_t = AnchorKind::Software)]
        anchor: AnchorKind,
        /// Where the chip is: a device of the system, or tcp:ADDRESS:PORT of an emulator.
        #[arg(long, value_name = "PLACE", default_value = ChipPlace::USUAL)]
        chip: ChipPlace,
    },
    /// Change the passphrase of the keys, or remove it.
    Passphrase {
        /// The file with the new one [default: the terminal is asked].
        #[arg(long, value_name = "FILE")]
        new_passphrase_file: Option<PathBuf>,
        /// Leave the keys in clear: whoever reads their file can spend.
        #[arg(long, conflicts_with = "new_passphrase_file")]
        no_passphrase: bool,
        /// Let the keyring of this desktop session keep the key to the keys.
        #[arg(long, conflicts_with_all = ["new_passphrase_file", "no_passphrase"])]
        keyring: bool,
    },
    /// Print this wallet's contact card.
    Id {
        /// Show it as QR codes in the terminal; or, with =DIRECTORY, as PNG files there.
        #[arg(long, value_name = "DIRECTORY", num_args = 0..=1, require_equals = true)]
        qr: Option<Option<PathBuf>>,
    },
    /// Contacts: the devices that this wallet deals with.
    #[command(subcommand)]
    Contact(ContactCommand),
    /// Tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Wait for contacts to call, and be paid; or collect and answer letters.
    Receive {
        /// Where to wait: tcp:127.0.0.1:PORT; port 0 takes a free one and prints it. mail:DIRECTORY
        /// collects letters and leaves the answers.
        #[arg(long, default_value = "tcp:127.0.0.1:0")]
        link: Way,
        /// Ask for an amount.
        #[arg(long, requires = "token")]
        amount: Option<String>,
        /// Whom to ask by a letter.
        #[arg(long, requires = "amount")]
        from: Option<String>,
        /// Ask for a token, by ticker or id.
        #[arg(long, requires = "amount")]
        token: Option<String>,
        /// Say what it is for, in at most 140 bytes.
        #[arg(long, requires = "amount")]
        memo: Option<String>,
        /// Say until when, in seconds since 1970; for the payer to read, nothing is decided by it.
        #[arg(long, requires = "amount")]
        expires: Option<u64>,
        /// How many callers to wait for.
        #[arg(long, default_value_t = 1)]
        times: u32,
    },
    /// Pay a contact; or take up a payment that was begun, on any link.
    Pay {
        /// Whom.
        #[arg(required_unless_present = "resume")]
        contact: Option<String>,
        /// How much, as a decimal.
        #[arg(required_unless_present = "resume", conflicts_with = "resume")]
        amount: Option<String>,
        /// The token, by ticker, fingerprint or id; not needed if there is only one.
        token: Option<String>,
        /// Where the contact waits: tcp:127.0.0.1:PORT; or mail:DIRECTORY, to leave it a letter.
        #[arg(long, required_unless_present = "away", conflicts_with = "away")]
        link: Option<Way>,
        /// Write the payment and deliver it later, when you meet or by a letter.
        #[arg(long)]
        away: bool,
        /// Deliver the payments that are written and not acknowledged, on any link; pays nothing new. The
        /// contact can be left out if there is only one to whom something is due.
        #[arg(long, conflicts_with = "away")]
        resume: bool,
    },
    /// Ask a contact for a payment by a letter.
    Request {
        /// How much, as a decimal.
        amount: String,
        /// The token, by ticker or id.
        token: String,
        /// Whom.
        #[arg(long)]
        from: String,
        /// Say what it is for, in at most 140 bytes.
        #[arg(long)]
        memo: Option<String>,
        /// Say until when, in seconds since 1970; for the payer to read, nothing is decided by it.
        #[arg(long)]
        expires: Option<u64>,
        /// Where to leave the letter: mail:DIRECTORY.
        #[arg(long)]
        link: Way,
    },
    /// What contacts asked for by letters, and were not paid.
    Requests,
    /// What this wallet holds, and how final it is.
    Balance,
    /// What happened, with one contact or with all: the newest entries.
    History {
        /// With whom.
        contact: Option<String>,
        /// How many, at most 1000.
        #[arg(long, default_value_t = LISTED, value_parser = value_parser!(u16).range(1..=MAX_LISTED.into()))]
        limit: u16,
        /// Only what came before an entry, by its number in the history.
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
    },
    /// Print the receipt of an own entry: what both sides signed.
    Receipt {
        /// The contact that acknowledged.
        contact: String,
        /// Index of the own entry; the last acknowledged one if it is left out.
        entry: Option<u64>,
    },
    /// Print a held note with its whole lineage, for anybody to check.
    Export {
        /// Of which token; not needed if there is only one.
        token: Option<String>,
    },
    /// Check a receipt or a note from a file, or every held note, and explain what it proves.
    Verify {
        /// The file, or - for standard input; every held note if it is left out.
        file: Option<PathBuf>,
        /// Draw the lineage, or the two entries, in DOT: `dsm verify FILE --dot | dot -Tsvg`.
        #[arg(long, requires = "file", conflicts_with = "html")]
        dot: bool,
        /// Write one page that explains it and that a browser shows, or - for standard output. It calls
        /// devices what this wallet calls them: whoever gets the page reads your names.
        #[arg(long, value_name = "PAGE", requires = "file")]
        html: Option<PathBuf>,
    },
    /// Fork proofs: devices that showed two histories.
    #[command(subcommand)]
    Evidence(EvidenceCommand),
    /// Say what this wallet is, and how high Bitcoin's chain is.
    Status,
    /// Follow Bitcoin's headers, the clock of DSM; prove heights and transactions.
    #[command(subcommand)]
    Headers(HeadersCommand),
    /// Serve programs on this machine: HTTP and JSON, with the token of daemon.json in the wallet's
    /// directory.
    Daemon {
        /// Where to listen for programs; port 0 takes a free one and prints it.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Where to wait for contacts, as often as there are places.
        #[arg(long)]
        link: Vec<Place>,
        #[command(flatten)]
        feeds: Feeds,
        /// Print the OpenAPI document instead.
        #[arg(long)]
        openapi: bool,
    },
    /// Write the settings, contacts and pinned tokens to a file. Never keys, the log or value: a log that
    /// goes on from a copy is a fork, and a wallet that showed one never signs again.
    Backup {
        /// A new file, or - for standard output.
        file: PathBuf,
    },
    /// Take the settings, contacts and pinned tokens of a backup into this wallet. It pins whoever the file
    /// names: restore only files of your own.
    Restore {
        /// The file, or - for standard input.
        file: PathBuf,
    },
    /// Print what a shell needs to complete command lines of dsm.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Write manual pages of all commands, with examples, into a directory.
    Manual {
        /// The directory.
        directory: PathBuf,
    },
    /// The chip of this wallet, and whose chips count here.
    #[command(subcommand)]
    Anchor(AnchorCommand),
    /// What this wallet asks of value; prints the settings.
    Settings {
        /// The weakest finality class that is enough for any amount.
        #[arg(long, value_parser = floor())]
        accept: Option<ClassFloor>,
        /// The most base units of a token, in a weaker class, that may rest on one device.
        #[arg(long)]
        exposed_cap: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContactCommand {
    /// Pin a contact by its card, given face to face.
    Add {
        /// A name for it.
        name: String,
        /// The card's file, or - for standard input.
        #[arg(required_unless_present = "qr", conflicts_with = "qr")]
        file: Option<PathBuf>,
        /// Pictures of its QR codes instead, as PNG files, in any order.
        #[arg(long, value_name = "PNG", num_args = 1..)]
        qr: Vec<PathBuf>,
    },
    /// Pin somebody whom you can see or hear, by digits that both screens show.
    #[command(group = ArgGroup::new("side").required(true))]
    Meet {
        /// A name for it.
        name: String,
        /// Call the other side there: tcp:127.0.0.1:PORT.
        #[arg(long, group = "side")]
        link: Option<Place>,
        /// Wait there for the other side; port 0 takes a free one and prints it.
        #[arg(long, group = "side")]
        wait: Option<Place>,
    },
    /// Every contact.
    List,
    /// One contact: its fingerprint, how far it is known, and what is open between you.
    Show {
        /// Whom.
        name: String,
    },
    /// Call a contact by another name.
    Rename {
        /// Its name so far.
        old: String,
        /// Its name from now on.
        new: String,
    },
    /// Deal nothing with a contact: its calls, letters and payments are refused unread. It stays a
    /// contact, and what you owe it stays written.
    Block {
        /// Whom.
        name: String,
    },
    /// Deal with a blocked contact again.
    Unblock {
        /// Whom.
        name: String,
    },
    /// Call a contact, exchange news, deliver what is due; or do so by letters.
    Sync {
        /// Whom.
        name: String,
        /// Where the contact waits: tcp:127.0.0.1:PORT; or mail:DIRECTORY.
        #[arg(long)]
        link: Way,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token from a policy file, with a device of its own that issues it.
    New {
        /// The policy, in TOML.
        policy: PathBuf,
        /// Issue the first lot at once: how much, as a decimal.
        #[arg(long)]
        issue: Option<String>,
    },
    /// Every known token, or one.
    Show {
        /// By ticker, fingerprint or id.
        token: Option<String>,
    },
    /// Show a token by its ticker alone from now on: you compared its id or fingerprint with its issuer.
    Pin {
        /// By ticker, fingerprint or id.
        token: String,
    },
    /// Show a token with its fingerprint again.
    Unpin {
        /// By ticker, fingerprint or id.
        token: String,
    },
    /// Issue the next lot of a token to this wallet.
    Issue {
        /// By ticker or id.
        token: String,
        /// How much, as a decimal.
        amount: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EvidenceCommand {
    /// Every fork proof that this wallet keeps.
    List,
    /// One of them.
    Show {
        /// The device, or a contact's name.
        device: String,
    },
}
