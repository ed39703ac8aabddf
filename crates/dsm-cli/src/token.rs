//! `dsm token`: tokens that this wallet issues, and tokens that it knows.

use std::path::Path;

use anyhow::{Context, bail};
use dsm_core::{Cosigners, FinalityClass, Kind, Policy, Supervision, TokenId, View};
use dsm_crypto::{Domain, Secret, SecretKey, Signer, hash};
use dsm_home::{Home, IssuerSeed, fresh};
use dsm_log::{Anchor, DeviceDescriptor, Position};
use dsm_store::{Books, Kv};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::input::read_text;
use crate::output::{Output, plain};
use crate::{amount, settings};

/// A policy file. What is left out is as free as can be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    name: String,
    ticker: String,
    #[serde(default)]
    decimals: u8,
    lots: u64,
    /// A decimal.
    units_per_lot: String,
    /// The most that one transfer may move, a decimal.
    entry_limit: Option<String>,
    #[serde(default = "yes")]
    transferable: bool,
    #[serde(default = "yes")]
    burnable: bool,
    #[serde(default)]
    unique: bool,
    class_floor: Option<String>,
    metadata: Option<String>,
}

fn yes() -> bool {
    true
}

/// The token that a person means: by id, by ticker, or the only one.
pub(crate) fn find<K: Kv>(books: &Books<'_, K>, wanted: Option<&str>) -> anyhow::Result<Policy> {
    let mut policies = books.policies();
    if let Some(wanted) = wanted {
        let id: Option<TokenId> = wanted.parse().ok();
        policies.retain(|policy| match id {
            Some(id) => policy.id() == id,
            None => *policy.ticker == *wanted,
        });
    }
    let count = policies.len();
    match (policies.pop(), count) {
        (Some(policy), 1) => Ok(policy),
        (Some(_), _) => bail!("there are {count} such tokens; give the id (`dsm token show`)"),
        (None, _) => bail!("no such token is known; see `dsm token show`"),
    }
}

pub(crate) fn new(home: &Home, file: &Path, output: &mut Output) -> anyhow::Result<()> {
    let mut engine = home.open()?;
    let text = read_text(file)?;
    let file: PolicyFile = toml::from_str(&text).context("the policy file is not right")?;
    let main = {
        let books = engine.wallet().books()?;
        books.descriptor(&books.me()).context("the wallet has no descriptor")?
    };
    let seed = fresh::<64>()?;
    let key = SecretKey::from_seed(Secret::from_bytes(seed));
    let issuer = DeviceDescriptor {
        network: main.network,
        recovery: main.recovery,
        slot_set: None,
        key: key.public_key().clone(),
        // An issuing log receives nothing, so it has no KEM key.
        kem: hash(Domain::KemKey, &None::<u64>),
        anchor: Anchor::Software {},
    };
    let device = issuer.id();
    let policy = policy(&file, &issuer)?;
    let mut keys = home.read_keys()?;
    keys.issuing.push(IssuerSeed { device, seed }).context("too many issuing devices")?;
    home.write_keys(&keys)?;
    let token = engine.begin_token(&issuer, key, policy.clone())?;
    let text = format!(
        "Token {token}\n{} ({}): {} lots of {}. Issue one with `dsm token issue {} AMOUNT`.",
        plain(&policy.name),
        plain(&policy.ticker),
        policy.lots,
        amount::show(policy.units_per_lot, &policy),
        plain(&policy.ticker)
    );
    output.say(&text, &describe(&policy));
    Ok(())
}

fn policy(file: &PolicyFile, issuer: &DeviceDescriptor) -> anyhow::Result<Policy> {
    let class = match file.class_floor.as_deref() {
        None => FinalityClass::Exposed,
        Some(name) => {
            let class = <settings::Class as clap::ValueEnum>::from_str(name, false);
            class.map_err(|_| anyhow::anyhow!("{name} is no finality class"))?.into()
        }
    };
    let mut policy = Policy {
        network: issuer.network,
        name: file.name.as_str().try_into().context("the name is too long")?,
        ticker: file.ticker.as_str().try_into().context("the ticker is too long")?,
        decimals: file.decimals,
        kind: if file.unique { Kind::Unique } else { Kind::Fungible },
        issuer: issuer.id(),
        issuer_floor: Position::origin(&issuer.id()),
        lots: file.lots,
        units_per_lot: 0,
        cosigners: Cosigners::default(),
        allow_set: None,
        entry_limit: None,
        transferable: file.transferable,
        class_floor: class,
        supervision: Supervision::None {},
        burnable: file.burnable,
        metadata: file.metadata.as_deref().map(|text| hash(Domain::Metadata, text)),
    };
    policy.units_per_lot = amount::read(&file.units_per_lot, &policy)?;
    let limit = file.entry_limit.as_deref().map(|text| amount::read(text, &policy));
    policy.entry_limit = limit.transpose()?;
    if policy.cap().is_none() {
        bail!("the policy makes no sense: lots x units must fit 64 bits and not be zero");
    }
    Ok(policy)
}

fn describe(policy: &Policy) -> Value {
    json!({
        "token": policy.id().to_string(),
        "name": &*policy.name,
        "ticker": &*policy.ticker,
        "decimals": policy.decimals,
        "issuer": policy.issuer.to_string(),
        "lots": policy.lots,
        "units_per_lot": policy.units_per_lot,
        "cap": policy.cap(),
        "transferable": policy.transferable,
        "burnable": policy.burnable,
        "class_floor": policy.class_floor.name(),
    })
}

pub(crate) fn show(home: &Home, wanted: Option<String>, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let policies = match wanted {
        Some(wanted) => vec![find(&books, Some(&wanted))?],
        None => books.policies(),
    };
    books.check()?;
    let lines = policies.iter().map(|policy| {
        format!(
            "{:<8} {}  {} lots of {}, issued by {}",
            plain(&policy.ticker),
            policy.id(),
            policy.lots,
            amount::show(policy.units_per_lot, policy),
            policy.issuer
        )
    });
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        lines.push("no tokens are known; make one with `dsm token new POLICY.toml`".to_owned());
    }
    let objects: Vec<Value> = policies.iter().map(describe).collect();
    output.say(&lines.join("\n"), &json!({ "tokens": objects }));
    Ok(())
}

pub(crate) fn issue(
    home: &Home,
    wanted: &str,
    text: &str,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut engine = home.open()?;
    let policy = find(&engine.wallet().books()?, Some(wanted))?;
    let units = amount::read(text, &policy)?;
    let note = engine.issue(&policy.id(), units)?;
    let text = format!("Issued {}", amount::show(units, &policy));
    let object = json!({
        "token": policy.id().to_string(), "amount": units, "note": note.id().to_string(),
    });
    output.say(&text, &object);
    Ok(())
}
