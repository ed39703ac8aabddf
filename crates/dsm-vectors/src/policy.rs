//! `vectors/policy`: token policies, their names, and the most that can ever exist.

use dsm_core::{Cosigners, Kind, Policy};
use dsm_crypto::Signer;
use serde_json::{Value, json};

use crate::accept::trade::{Trade, coupon};
use crate::json::{canonical, digest, member, number, object, option, same};
use crate::world::{key, limited, seed};
use crate::{Problem, Vector};

pub(crate) fn vectors() -> Vec<Vector> {
    let issuer = Trade::new().issuer;
    let one = |name, about, change: &dyn Fn(&mut Policy)| {
        let mut policy = coupon(issuer);
        change(&mut policy);
        Vector::new("policy", name, about, described(&policy))
    };
    let signers = |threshold: u8, names: &[&str]| Cosigners {
        threshold,
        keys: limited(names.iter().map(|name| key(name).public_key().clone()).collect()),
    };
    vec![
        one("plain", "A token that anybody may hold.", &|_| {}),
        one("full", "A token with every field.", &|policy| {
            policy.cosigners = signers(2, &["one", "two"]);
            policy.allow_set = Some(seed("allow set", 0));
            policy.entry_limit = Some(500);
            policy.transferable = false;
            policy.class_floor = dsm_core::FinalityClass::Registered;
            policy.burnable = false;
            policy.metadata = Some(seed("metadata", 0));
        }),
        one("unique", "A hundred single things.", &|policy| {
            (policy.kind, policy.decimals) = (Kind::Unique, 0);
            (policy.lots, policy.units_per_lot) = (100, 1);
        }),
        one("largest", "The greatest cap.", &|policy| {
            (policy.lots, policy.units_per_lot) = (u64::MAX, 1);
        }),
        one("no-sense-overflow", "Lots times units do not fit 64 bits.", &|policy| {
            (policy.lots, policy.units_per_lot) = (1 << 32, 1 << 32);
        }),
        one("no-sense-nothing", "There is no lot.", &|policy| policy.lots = 0),
        one("no-sense-unique", "A single thing in two units.", &|policy| {
            (policy.kind, policy.decimals, policy.units_per_lot) = (Kind::Unique, 0, 2);
        }),
        one("no-sense-decimals", "More than 18 decimals.", &|policy| policy.decimals = 19),
        one("no-sense-threshold", "Two of one.", &|policy| policy.cosigners = signers(2, &["one"])),
        one("no-sense-keys", "One key twice.", &|policy| {
            policy.cosigners = signers(1, &["one", "one"]);
        }),
    ]
}

fn described(policy: &Policy) -> Value {
    json!({
        "bytes": canonical(policy),
        "name": &*policy.name,
        "ticker": &*policy.ticker,
        "decimals": policy.decimals,
        "lots": number(policy.lots),
        "units_per_lot": number(policy.units_per_lot),
        "token": digest(&policy.id().0),
        "cap": option(policy.cap(), |cap| number(*cap)),
    })
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let policy: Policy = object(value, "bytes")?;
    let mut found = described(&policy);
    found["about"] = member(value, "about")?.clone();
    found["noun"] = member(value, "noun")?.clone();
    same(value, &found)
}
