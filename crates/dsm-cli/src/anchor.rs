//! `dsm anchor`: the chip of this wallet, and whose chips count here.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use dsm_anchor::{Challenge, Maker, Makers, certificates_of_pem};
use dsm_core::{MakerId, View};
use dsm_crypto::{Digest, Domain, Secret, text};
use dsm_encoding::{Blob, List, from_slice, to_vec};
use dsm_home::{ChipPlace, Home};
use dsm_log::{Chip, DeviceId};
use dsm_report::{MakerLimit, contact_of};
use dsm_session::Ledger;
use dsm_store::{Books, Changes, FileKv};
use serde_json::json;

use crate::input::read_text;
use crate::output::Output;

/// What begins the text of a chain of certificates, of a challenge and of an answer.
const CHAIN: &str = "dsmchip";
const CHALLENGE: &str = "dsmchallenge";
const ANSWER: &str = "dsmanswer";

/// A chain of certificates as DER, the chip's own first.
type Chain = List<Blob<{ dsm_anchor::MAX_CERTIFICATE }>, { dsm_anchor::MAX_CHAIN }>;

/// What binds a wallet's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnchorKind {
    /// Nothing.
    Software,
    /// A TPM 2.0.
    Tpm,
}

impl AnchorKind {
    /// Where the chip is, if there is to be one.
    pub(crate) fn at(self, place: &ChipPlace) -> Option<&ChipPlace> {
        (self == Self::Tpm).then_some(place)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum AnchorCommand {
    /// How the chip of this wallet stands.
    Status,
    /// Say where the chip of this wallet is reached from now on.
    Place {
        /// A device of the system, or tcp:ADDRESS:PORT of an emulator.
        place: ChipPlace,
    },
    /// Print the certificates of this wallet's chip, for a contact who asks. They name this one chip for life: whoever has them knows it again
    /// wherever it shows them.
    Certificate {
        /// Certificates between the maker's root and the chip's own, as PEM, if the chip does not keep them.
        #[arg(long, value_name = "PEM")]
        above: Option<PathBuf>,
    },
    /// Print a challenge that only the chip of a contact can answer, if a maker on the list vouches for it.
    Challenge {
        /// Whom.
        contact: String,
        /// What the contact printed with `dsm anchor certificate`, or - for standard input.
        certificate: PathBuf,
    },
    /// Answer a challenge with this wallet's chip.
    Answer {
        /// What the contact printed with `dsm anchor challenge`, or - for standard input.
        challenge: PathBuf,
    },
    /// Count the chip of a contact from now on: it answered.
    Trust {
        /// Whom.
        contact: String,
        /// What the contact printed with `dsm anchor certificate`.
        certificate: PathBuf,
        /// What the contact printed with `dsm anchor answer`, or - for standard input.
        answer: PathBuf,
    },
    /// Whose chips count here, and how much may rest on any one of them.
    #[command(subcommand)]
    Maker(MakerCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum MakerCommand {
    /// Count the chips of the makers whose root certificates are in a file.
    Add {
        /// Root certificates as PEM, from the maker.
        roots: PathBuf,
        /// The most base units of any token that may rest on any one device with a chip of theirs.
        #[arg(long)]
        most: u64,
        /// Count emulators too, whose state is a file: for trials.
        #[arg(long)]
        danger_emulators: bool,
    },
    /// Every maker on the list.
    List,
    /// Count the chips of a maker no more.
    Remove {
        /// The maker, as `dsm anchor maker list` shows it.
        maker: MakerId,
    },
}

pub(crate) fn run(home: &Home, command: AnchorCommand, output: &mut Output) -> anyhow::Result<()> {
    match command {
        AnchorCommand::Status => status(home, output),
        AnchorCommand::Place { place } => {
            let _wallet = home.read()?;
            home.write_chip(&place)?;
            output.say(&format!("The chip is at {place}."), &json!({ "place": place.to_string() }));
            Ok(())
        }
        AnchorCommand::Certificate { above } => certificate(home, above.as_deref(), output),
        AnchorCommand::Challenge { contact, certificate } => {
            challenge(home, &contact, &certificate, output)
        }
        AnchorCommand::Answer { challenge } => answer(home, &challenge, output),
        AnchorCommand::Trust { contact, certificate, answer } => {
            trust(home, &contact, &certificate, &answer, output)
        }
        AnchorCommand::Maker(MakerCommand::Add { roots, most, danger_emulators }) => {
            add(home, &roots, most, danger_emulators, output)
        }
        AnchorCommand::Maker(MakerCommand::List) => list(home, output),
        AnchorCommand::Maker(MakerCommand::Remove { maker }) => remove(home, maker, output),
    }
}

fn status(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let Some(chip) = wallet.founding().descriptor.anchor.chip().cloned() else {
        let text = "Software: nothing binds this wallet's entries, and whoever copies its files could sign twice.";
        output.say(text, &json!({ "anchor": "software" }));
        return Ok(());
    };
    let place = home.chip_place()?;
    let last = wallet.books()?.own_log().at.index;
    let mut tpm = home.tpm(&wallet)?.context("a wallet with a chip")?;
    let value = tpm.value()?;
    let stands = value.checked_sub(chip.first_value);
    let says = match stands {
        Some(stands) if stands == last => "as this wallet does".to_owned(),
        Some(stands) if stands < last => {
            format!("this wallet at {last}: what it lacks is absorbed when the wallet is used next")
        }
        _ => {
            format!("this wallet at {last}: the log has ended unless a crash is to be gone on from")
        }
    };
    let stands =
        stands.map_or("before its beginning".to_owned(), |index| format!("at entry {index}"));
    let text = format!(
        "TPM 2.0 at {place}, counter {:#x}.\nThe chip stands {stands}, {says}.",
        chip.counter
    );
    let object = json!({
        "anchor": "tpm", "place": place.to_string(), "counter": chip.counter, "value": value,
        "first_value": chip.first_value, "last_entry": last,
    });
    output.say(&text, &object);
    Ok(())
}

fn certificate(home: &Home, above: Option<&Path>, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let mut tpm = home.tpm(&wallet)?.context("this wallet has no chip")?;
    let mut chain = tpm.certificates()?;
    if let Some(file) = above {
        chain.extend(certificates_of_pem(&read_text(file)?)?);
    }
    let blobs = chain.into_iter().map(Blob::try_from).collect::<Result<Vec<_>, _>>()?;
    let shown = text::encode(CHAIN, &to_vec(&Chain::try_from(blobs)?))?;
    output.say(&shown, &json!({ "certificate": shown }));
    Ok(())
}

/// The device and the chip of a contact, and who vouches for it with which challenge.
struct Examined {
    device: DeviceId,
    maker: Maker,
    challenge: Challenge,
}

/// Checks a chain, and makes the challenge of this wallet to this chip with it: the same one each time, so that it need not be kept. Whoever
/// answers it once has nothing more to show.
fn examine(
    home: &Home,
    books: &Books<'_, FileKv>,
    contact: &str,
    certificate: &Path,
) -> anyhow::Result<Examined> {
    let descriptor = contact_of(books, contact)?.card.descriptor;
    let Some(chip) = descriptor.anchor.chip().filter(|_| descriptor.anchor.is_hardware()) else {
        bail!("the device of {contact} has no chip");
    };
    let bytes = text::decode(CHAIN, read_text(certificate)?.trim())?;
    let chain: Chain = from_slice(&bytes)?;
    let chain: Vec<Vec<u8>> = chain.into_iter().map(|one| one.to_vec()).collect();
    let (maker, key) = makers(home)?.check(&chain)?;
    if !books.settings().makers.contains_key(&id_of(maker)) {
        bail!("maker {} vouches for it, and is not on the list any more", id_of(maker));
    }
    let secret = secret(books.ask_secret(), chip, &bytes);
    let challenge = Challenge::new(&key, chip, *secret.expose())?;
    Ok(Examined { device: descriptor.id(), maker, challenge })
}

fn secret(own: &Secret<32>, chip: &Chip, chain: &[u8]) -> Secret<32> {
    own.derive(Domain::ChipChallenge, &(chip, dsm_crypto::sha256(&[chain])))
}

fn challenge(
    home: &Home,
    contact: &str,
    certificate: &Path,
    output: &mut Output,
) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let Examined { challenge, .. } = examine(home, &books, contact, certificate)?;
    books.check()?;
    let shown = text::encode(CHALLENGE, challenge.credential())?;
    output.say(&shown, &json!({ "challenge": shown }));
    Ok(())
}

fn answer(home: &Home, challenge: &Path, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let credential = text::decode(CHALLENGE, read_text(challenge)?.trim())?;
    let mut tpm = home.tpm(&wallet)?.context("this wallet has no chip")?;
    let secret = tpm.activate(&credential).context("this chip does not open the challenge")?;
    let shown = text::encode(ANSWER, &secret)?;
    output.say(&shown, &json!({ "answer": shown }));
    Ok(())
}

fn trust(
    home: &Home,
    contact: &str,
    certificate: &Path,
    answer: &Path,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut wallet = home.read()?;
    let (device, maker) = {
        let books = wallet.books()?;
        let Examined { device, maker, challenge } = examine(home, &books, contact, certificate)?;
        books.check()?;
        challenge.answered(&text::decode(ANSWER, read_text(answer)?.trim())?)?;
        (device, id_of(maker))
    };
    wallet.commit(&Changes { makers: vec![(device, maker)], ..Changes::default() })?;
    let text = format!(
        "The chip of {contact} counts from now on: maker {maker} vouches for it, and it answered. What rests on it is final \
         as long as that chip is not broken."
    );
    output.say(&text, &json!({ "device": device.to_string(), "maker": maker.to_string() }));
    Ok(())
}

fn id_of(maker: Maker) -> MakerId {
    MakerId(Digest::from_bytes(*maker.as_bytes()))
}

/// The files of the roots that this wallet's owner chose: of chips, and of emulators.
const ROOTS: [&str; 2] = ["makers.pem", "emulators.pem"];

/// What a file of roots holds; none if there is no such file.
fn kept(path: &Path) -> anyhow::Result<Option<String>> {
    if path.exists() { read_text(path).map(Some) } else { Ok(None) }
}

fn makers(home: &Home) -> anyhow::Result<Makers> {
    let [chips, emulators] = ROOTS.map(|name| home.path().join(name));
    let makers = match kept(&chips)? {
        Some(text) => Makers::from_pem(&text)?,
        None => Makers::default(),
    };
    match kept(&emulators)? {
        Some(text) => Ok(makers.danger_with_emulators(&text)?),
        None => Ok(makers),
    }
}

fn add(
    home: &Home,
    roots: &Path,
    most: u64,
    emulators: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut wallet = home.read()?;
    let text = read_text(roots)?;
    let added = match emulators {
        false => Makers::from_pem(&text)?,
        true => Makers::default().danger_with_emulators(&text)?,
    };
    let added: Vec<MakerId> = added.iter().map(id_of).collect();
    if added.is_empty() {
        bail!("{} has no certificate", roots.display());
    }
    keep(home, &added, &text, emulators)?;
    let mut settings = wallet.books()?.settings().clone();
    settings.makers.extend(added.iter().map(|maker| (*maker, most)));
    wallet.commit(&Changes { settings: Some(settings), ..Changes::default() })?;
    drop(wallet);
    list(home, output)
}

/// Keeps roots, unless all of them are kept. Whatever could not be read again is not written.
fn keep(home: &Home, added: &[MakerId], text: &str, emulators: bool) -> anyhow::Result<()> {
    let [chips, others] = ROOTS;
    let name = if emulators { others } else { chips };
    let before = kept(&home.path().join(name))?;
    let read = |text: &str| match emulators {
        false => Makers::from_pem(text),
        true => Makers::default().danger_with_emulators(text),
    };
    let known = before.as_deref().map(read).transpose()?.unwrap_or_default();
    if added.iter().all(|one| known.iter().map(id_of).any(|known| known == *one)) {
        return Ok(());
    }
    let all = format!("{}\n{text}\n", before.unwrap_or_default());
    read(&all).with_context(|| format!("{name} would hold too much"))?;
    Ok(home.replace(name, all.as_bytes())?)
}

fn remove(home: &Home, maker: MakerId, output: &mut Output) -> anyhow::Result<()> {
    let mut wallet = home.read()?;
    let mut settings = wallet.books()?.settings().clone();
    if settings.makers.remove(&maker).is_none() {
        bail!("no maker {maker} is on the list");
    }
    wallet.commit(&Changes { settings: Some(settings), ..Changes::default() })?;
    drop(wallet);
    list(home, output)
}

fn list(home: &Home, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let makers = MakerLimit::of(wallet.books()?.settings());
    let lines = makers.iter().map(|MakerLimit { maker, most }| {
        format!("{maker}  up to {} base units of a token on any one device with its chip", most.0)
    });
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        let none =
            "no chips count here; add a maker with `dsm anchor maker add ROOTS.pem --most UNITS`";
        lines.push(none.to_owned());
    }
    output.say(&lines.join("\n"), &json!({ "makers": makers }));
    Ok(())
}
