//! A thief's own program: with a copy of a wallet's directory and no use of its chip it pays a second time. For the demo, which shows that the payee
//! refuses it; nothing that keeps the rules is asked.
//!
//! `thief COPY WALLET CONTACT UNITS tcp:ADDRESS:PORT`: the copy pays base units of the only token, and in place of the evidence that its chip
//! refuses it shows what the chip said of the entry at the same place in the wallet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use dsm_core::View;
use dsm_crypto::{Digest, Secret};
use dsm_encoding::{Blob, from_slice};
use dsm_engine::{Engine, Keys};
use dsm_home::{Home, Keeper, Seeds, fresh};
use dsm_log::{AbsorbError, Absorber, ChipEvidence};
use dsm_report::{Event, token_of};
use dsm_session::{Goal, Ledger};
use dsm_transport::TcpLink;

/// More than any file of keys.
const MAX_KEYS: usize = 1 << 20;

/// In place of a chip: it absorbs nothing, and has what another's history got.
#[derive(Debug)]
struct Borrowed(BTreeMap<u64, ChipEvidence>);

impl Absorber for Borrowed {
    fn stand(&self) -> Vec<u8> {
        Vec::new()
    }

    fn absorb(
        &mut self,
        _: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError> {
        let pieces = (first..).zip(heads).map(|(index, _)| self.0.get(&index).cloned());
        pieces.collect::<Option<_>>().ok_or(AbsorbError::Ended { index: first })
    }
}

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [copy, wallet, contact, units, place] = words.as_slice() else {
        bail!("thief COPY WALLET CONTACT UNITS tcp:ADDRESS:PORT");
    };
    let home = |path: &String| Home::new(Some(PathBuf::from(path)));
    let borrowed = Borrowed(evidence(&home(wallet)?)?);
    let thief = home(copy)?.read()?.anchored(Box::new(borrowed))?;
    let mut engine = Engine::new(thief, keys(&home(copy)?)?);
    let (card, token) = {
        let books = engine.wallet().books()?;
        let found = books.contact_named(contact).context("no such contact")?;
        (found.card, token_of(&books, None)?.id())
    };
    let goal = Goal::Pay { peer: card.descriptor.id(), token, amount: units.parse()? };
    let link = TcpLink::connect(place.strip_prefix("tcp:").context("no such place")?)?;
    let mut link = engine.call(link, &card.kem, Secret::from_bytes(fresh()?))?;
    let mut heard = Vec::new();
    let ended = engine.converse(&mut link, goal, fresh()?, &mut |one| heard.push(one.clone()));
    let books = engine.wallet().books()?;
    let mut say = String::new();
    for notice in &heard {
        say += &format!("{}\n", serde_json::to_string(&Event::new(&books, notice))?);
    }
    std::io::Write::write_all(&mut std::io::stdout(), say.as_bytes())?;
    Ok(ended?)
}

/// What the chip said of each entry of a wallet.
fn evidence(home: &Home) -> anyhow::Result<BTreeMap<u64, ChipEvidence>> {
    let wallet = home.read()?;
    let (me, chip) = (wallet.me(), wallet.founding().descriptor.anchor.chip().cloned());
    let chip = chip.context("that wallet has no chip")?;
    let books = wallet.books()?;
    let mut all = BTreeMap::new();
    for index in 1..=books.own_log().at.index {
        let signed = books.signed(&me, index).context("an entry without evidence")?;
        let floor = index.saturating_sub(1);
        let own = signed.signature.after(&chip, floor, |at| books.head(&me, at));
        all.extend(own.and_then(|own| own.evidence.first().cloned()).map(|one| (index, one)));
    }
    Ok(all)
}

/// The keys, if they lie in clear.
fn keys(home: &Home) -> anyhow::Result<Keys> {
    type File = (u64, Keeper, Blob<MAX_KEYS>, Digest);
    let (_, _, seeds, _): File = from_slice(&std::fs::read(home.path().join("keys"))?)?;
    Ok(from_slice::<Seeds>(&seeds)?.keys())
}
