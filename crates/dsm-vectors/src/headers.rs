//! `vectors/headers`: header chains from a waypoint on, real ones and what a cheat makes of them.

mod proofs;
mod real;

use dsm_headers::{BitcoinNetwork, Header, HeaderChain, Target, Times, Waypoint, Work};
use serde_json::{Value, json};

use crate::json::{as_bytes, canonical, hex, items, list, member, number, object, same, uint};
use crate::{Problem, Vector};

pub(crate) use proofs::{check_height, check_transaction};

const NOUN: &str = "headers";

/// Headers after a base, and until when their times are taken.
#[derive(Clone)]
struct Case {
    network: BitcoinNetwork,
    base: Waypoint,
    headers: Vec<Header>,
    latest: u32,
}

pub(crate) fn vectors() -> Vec<Vector> {
    let down = real_case(554_390, real::FIRST_552384, &real::FROM_554390);
    let easier = real_case(741_876, real::FIRST_739872, &real::FROM_741876);
    let good = |name, about, case: &Case| Vector::good(NOUN, name, about, value(case));
    let mut found = vec![
        good("main-554400", "The target of the main network got easier at height 554,400.", &down),
        good(
            "main-741888",
            "The target of the main network got easier at height 741,888.",
            &easier,
        ),
    ];
    found.extend(altered(&down));
    found.extend(warped(&down));
    found.extend(proofs::vectors());
    found
}

/// Real headers, of which the first one is the base.
fn real_case(height: u32, first_of_period: &str, headers: &[&str]) -> Case {
    let read = |text: &str| header(&Value::String(text.to_owned())).expect("80 bytes in hex");
    let period = read(first_of_period);
    let all: Vec<Header> = headers.iter().map(|text| read(text)).collect();
    let base = Waypoint {
        height,
        hash: all[0].hash(),
        bits: all[0].bits,
        times: Times::of(all[0].time),
        period_time: period.time,
        period_bits: period.bits,
        hard_bits: all[0].bits,
        work: Work::NONE,
    };
    Case { network: BitcoinNetwork::Main, base, headers: all[1..].to_vec(), latest: u32::MAX }
}

/// One thing of good headers is otherwise.
fn altered(good: &Case) -> Vec<Vector> {
    let one = |rule, name, about, change: &dyn Fn(&mut Case)| {
        let mut case = good.clone();
        change(&mut case);
        Vector::bad(NOUN, (rule, name), "main-554400", about, value(&case))
    };
    // The first of the new period, and the first one after eleven that are known.
    let (first, known) = (9, 11);
    vec![
        one("R-57", "header-left-out", "A header in between is left out.", &|case| {
            case.headers.remove(4);
        }),
        one("R-57", "other-base", "The first header follows another block.", &|case| {
            case.base.hash.0[0] ^= 1;
        }),
        one("R-58", "old-version", "A header has version 3.", &|case| case.headers[2].version = 3),
        one("R-59", "old-target", "The new period keeps the old target.", &|case| {
            case.headers[first].bits = case.base.bits;
        }),
        one("R-59", "easy-target", "A header has the easiest target.", &|case| {
            case.headers[3].bits = 0x1d00_ffff;
        }),
        one(
            "R-59",
            "shorter-period",
            "The period took a day less, so the next target is harder.",
            &|case| {
                case.base.period_time += 86_400;
            },
        ),
        one("R-60", "time-at-median", "A time is the median of the eleven before.", &|case| {
            let mut times: Vec<u32> =
                case.headers[..known].iter().rev().take(11).map(|header| header.time).collect();
            times.sort_unstable();
            case.headers[known].time = times[5];
        }),
        one("R-62", "in-the-future", "The last header is a second later than is taken.", &|case| {
            case.latest = case.headers.iter().map(|header| header.time).max().unwrap_or(0) - 1;
        }),
        one("R-63", "other-nonce", "A header has another nonce.", &|case| {
            case.headers[5].nonce ^= 1
        }),
        one("R-63", "other-root", "A header is over other transactions.", &|case| {
            case.headers[5].merkle_root[7] ^= 1;
        }),
    ]
}

/// A header of the main network as the first of a period of testnet4, after a period that took two weeks.
fn warped(real: &Case) -> [Vector; 2] {
    let header = real.headers[9];
    let last = header.time + 600;
    let base = Waypoint {
        height: 2015,
        hash: header.previous,
        bits: header.bits,
        times: Times::of(header.time - 700).then(last),
        period_time: last - 1_209_600,
        period_bits: header.bits,
        hard_bits: header.bits,
        work: Work::NONE,
    };
    let good =
        Case { network: BitcoinNetwork::Testnet4, base, headers: vec![header], latest: u32::MAX };
    let later = Times::of(header.time - 700).then(last + 1);
    let base = Waypoint { times: later, period_time: base.period_time + 1, ..base };
    let bad = Case { base, ..good.clone() };
    let about = "The first time of a period lies 601 seconds back.";
    let name = "first-of-a-period";
    [
        Vector::good(NOUN, name, "The first time of a period lies 600 seconds back.", value(&good)),
        Vector::bad(NOUN, ("R-61", "time-warp"), name, about, value(&bad)),
    ]
}

fn value(case: &Case) -> Value {
    let mut value = json!({
        "network": canonical(&case.network),
        "base": canonical(&case.base),
        "headers": list(&case.headers, |header| hex(&header.to_bytes())),
        "latest": case.latest,
    });
    let chain = HeaderChain::new(case.network, case.base);
    if let Ok((chain, _)) = chain.step(&case.headers, case.latest) {
        value["tip"] = canonical(chain.tip());
        value["hash"] = json!(chain.tip().hash.to_string());
        let target = Target::from_compact(chain.tip().bits);
        value["work_of_tip"] =
            target.map_or(Value::Null, |target| json!(target.work().to_string()));
    }
    value
}

/// A header from hex.
fn header(value: &Value) -> Result<Header, Problem> {
    let bytes = as_bytes(value)?.try_into();
    let bytes = bytes.map_err(|_| Problem::new("a header has 80 bytes"))?;
    Ok(Header::from_bytes(&bytes))
}

pub(crate) fn check(value: &Value) -> Result<(), Problem> {
    let latest = u32::try_from(uint(value, "latest")?).map_err(|_| Problem::new("no time"))?;
    let case = Case {
        network: object(value, "network")?,
        base: object(value, "base")?,
        headers: items(value, "headers")?.iter().map(header).collect::<Result<_, _>>()?,
        latest,
    };
    let found = self::value(&case);
    for name in ["tip", "hash", "work_of_tip"] {
        same(value.get(name).unwrap_or(&Value::Null), &found[name])?;
    }
    let chain = HeaderChain::new(case.network, case.base);
    match chain.step(&case.headers, case.latest) {
        Ok((_, change)) => {
            same(&number(0), &json!(change.dropped))?;
            same(member(value, "expect")?, &json!("accept"))
        }
        Err(bad) => same(member(value, "rule")?, &json!(bad.reject.rule())),
    }
}
