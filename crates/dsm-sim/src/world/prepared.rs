//! What every world begins with, made once: keys, cards, and wallets that hold something.
//!
//! Keys are dear to make, and which keys they are decides nothing; so all worlds share them, and each
//! world's disks lie over the same start.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use dsm_core::identity::Card;
use dsm_core::pack::{Wanted, build, plan_entry};
use dsm_core::{FinalityClass, Note, Output, Policy, Settings, TokenId, examine};
use dsm_crypto::{Digest, KemSecret, Secret, SecretKey};
use dsm_log::{Anchor, DeviceId, SpendId};
use dsm_session::Held;
use dsm_store::{Changes, Contact, Founding, MemoryKv, Wallet};

use super::chip::{Born, Drive};
use crate::actor::bytes;
use crate::{Actor, MAKER, Owner, free_policy};

/// Who there is. The first three are honest; the rest is one adversary.
pub const NAMES: [&str; 6] = ["ada", "ben", "cleo", "mallory", "max", "frida"];
/// How many of them are honest.
pub const HONEST: usize = 3;
/// How many have a wallet. Whoever is after them speaks frames of its own making.
pub(crate) const WALLETS: usize = 5;
/// The one that speaks frames of its own making.
pub const FORGER: usize = 5;
/// The honest one and the cheat who have a chip of a maker that everybody trusts, as the mint does.
pub(crate) const CHIPS: [&str; 2] = ["ada", "max"];
/// The cheat with a chip, whose copies share it.
pub(crate) const CHIPPED: usize = 4;
/// The cheat who made up a chip: its descriptor says that it is hardware, and its copies have copies of it.
const PROGRAM: &str = "mallory";
/// How many notes everybody holds at first.
const NOTES: u64 = 2;
/// What each is worth.
pub const UNITS: u64 = 500;
/// The most that Cleo takes on trust; what she holds at first counts.
pub(crate) const CAP: u64 = 1_500;

/// Somebody's keys.
pub(crate) struct Kit {
    pub(crate) id: DeviceId,
    pub(crate) key: Arc<SecretKey>,
    pub(crate) kem: KemSecret,
    pub(crate) start: Arc<MemoryKv>,
    /// Its chip, before its first entry.
    pub(crate) chip: Option<Born>,
}

/// What every world begins with.
pub(crate) struct Prepared {
    pub(crate) kits: Vec<Kit>,
    pub(crate) forger: Actor,
    pub(crate) token: TokenId,
    /// All notes that were issued.
    pub(crate) notes: BTreeMap<SpendId, Output>,
    /// What the token is.
    pub(crate) policy: Policy,
    /// The adversary's own token and the log that issues it.
    pub(crate) rogue: Rogue,
    /// The devices whose chips never go back.
    pub(crate) bound: Vec<DeviceId>,
}

/// A token of the adversary.
pub(crate) struct Rogue {
    pub(crate) mint: Actor,
    pub(crate) policy: Policy,
}

/// What every world begins with; made at the first call.
pub(crate) fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(prepare)
}

fn settings(name: &str) -> Settings {
    let mut settings = Settings::default();
    settings.makers.insert(MAKER, if name == "cleo" { CAP } else { settings.exposed_cap });
    match name {
        "ada" => settings.enough = FinalityClass::Exposed,
        "cleo" => settings.exposed_cap = CAP,
        _ => {}
    }
    settings
}

/// Somebody's device: of a chip everybody says that it is hardware.
fn device(name: &str, recovery: Digest) -> Actor {
    if CHIPS.contains(&name) || name == PROGRAM {
        let kind = |chip| Anchor::Tpm2 { chip };
        return Actor::anchored(name, kind).renamed(|of| of.recovery = recovery);
    }
    Actor::owned(name, recovery)
}

fn born(name: &str, actor: &Actor) -> Option<Born> {
    let chip = actor.chip.as_ref()?.lock().expect("no panic").clone();
    Some(Born { chip, program: name == PROGRAM })
}

fn founding(name: &str, actor: &Actor, card: &Card) -> Founding {
    Founding {
        descriptor: actor.descriptor.clone(),
        genesis: card.genesis.clone(),
        devices: card.devices.clone(),
        steps: card.steps.clone(),
        kem: (*actor.kem).clone(),
        ask_secret: Secret::from_bytes(bytes(name, 7)),
        settings: settings(name),
    }
}

/// Who speaks frames of its own making, with what it was issued.
fn forger(people: &[(Actor, Card)], mint: &Actor, issued: &[(DeviceId, u64, Note)]) -> Actor {
    let mut forger = people[FORGER].0.clone();
    for (actor, _) in people {
        forger.view.pin(&actor.descriptor);
    }
    forger.view.peers.remove(&forger.id());
    let own = forger.id();
    for (_, index, note) in issued.iter().filter(|(owner, ..)| *owner == own) {
        forger.take_issue(mint, *index, *note);
    }
    forger
}

fn prepare() -> Prepared {
    let mut people: Vec<(Actor, Card)> = Vec::new();
    for name in NAMES {
        let (owner, mut actors) = Owner::of(name, |recovery| vec![device(name, recovery)]);
        let actor = actors.remove(0);
        let card = owner.card(&actor);
        people.push((actor, card));
    }
    let mut mint = Actor::anchored("mint", |chip| Anchor::Tpm2 { chip });
    let policy = free_policy(&mint, 100, UNITS);
    let token = policy.id();
    mint.learn_policy(&policy);
    let mut issued = Vec::new();
    let mut notes = BTreeMap::new();
    for (number, (actor, _)) in (0_u64..).zip(&people) {
        for one in 0..NOTES {
            let lot = number * NOTES + one;
            let (index, note) = mint.issue(token, lot, UNITS, actor.lock());
            issued.push((actor.id(), index, note));
            notes.insert(note.id(), note.output);
        }
    }
    let chips = NAMES.iter().zip(&people).filter(|(name, _)| CHIPS.contains(name));
    let bound = chips.map(|(_, (actor, _))| actor.id()).chain([mint.id()]);
    let bound: Vec<DeviceId> = bound.collect();
    let mut kits = Vec::new();
    for (name, (actor, card)) in NAMES.iter().zip(&people).take(WALLETS) {
        let founding = founding(name, actor, card);
        let mut wallet = Wallet::create(MemoryKv::default(), founding).expect("a new wallet");
        let others = NAMES.iter().zip(&people).filter(|(other, _)| other != &name);
        let contact = |(name, (_, card)): (&&str, &(Actor, Card))| Contact {
            name: (*name).into(),
            card: card.clone(),
        };
        let contacts = others.map(contact).collect();
        let makers = bound.iter().map(|device| (*device, MAKER)).collect();
        wallet.commit(&Changes { contacts, makers, ..Changes::default() }).expect("contacts");
        for (_, index, note) in issued.iter().filter(|(owner, ..)| *owner == actor.id()) {
            let plan = plan_entry(&mint.view, mint.id(), *index).expect("the mint knows its log");
            let (facts, held) = {
                let books = wallet.books().expect("books");
                let wanted = Wanted::of(&books, &plan).expect("a short plan");
                let pack = build(&mint.view, &plan, &wanted).expect("a pack");
                let (lineage, facts) =
                    examine(&books, &pack, mint.id(), *index).result.expect("a valid issue");
                (facts, Held::new(*note, &lineage).expect("few devices"))
            };
            let (facts, held) = (vec![facts], vec![held]);
            wallet.commit(&Changes { facts, held, ..Changes::default() }).expect("a note");
        }
        let kem = KemSecret::from_seed(Secret::from_bytes(bytes(name, 4)));
        let (id, key) = (actor.id(), Arc::clone(&actor.key));
        let chip = born(name, actor);
        if let Some(chip) = &chip {
            wallet = wallet.anchored(Drive::new(chip).absorber()).expect("a new chip");
        }
        kits.push(Kit { id, key, kem, start: Arc::new(wallet.into_kv()), chip });
    }
    let mut forger = forger(&people, &mint, &issued);
    let mut rogue = Actor::new("rogue mint");
    let rogue_policy = Policy {
        ticker: "RGE".try_into().expect("a short ticker"),
        ..free_policy(&rogue, 3, UNITS)
    };
    rogue.learn_policy(&rogue_policy);
    forger.learn_policy(&rogue_policy);
    let rogue = Rogue { mint: rogue, policy: rogue_policy };
    Prepared { kits, forger, token, notes, policy, rogue, bound }
}
