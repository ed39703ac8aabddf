//! The worlds that Spend is asked about, as they are and with every fault.

use std::fmt::Write;

use super::world::render::{self, Page};
use super::world::{Event, World, forgery};
use super::{Case, Question, Simulator, WORLDS};
use crate::problem::Problem;

/// How many worlds are enough, and in how many of them somebody finds that a device forked.
const ENOUGH: usize = 16;
const WITH_FORKS: usize = 4;

/// The first worlds in which somebody honest is paid, and those in which a device is found to have forked.
pub(super) fn question(simulator: &Simulator) -> Result<Question, Problem> {
    let mut pages: Vec<Page> = Vec::new();
    let mut forks = 0;
    for seed in 0..WORLDS {
        if pages.len() >= ENOUGH && forks >= WITH_FORKS {
            break;
        }
        let world = World::read(&simulator.log(seed)?)?;
        let has = |is: fn(&Event) -> bool| world.events.iter().any(is);
        let is_paid = has(|event| matches!(event, Event::Took { .. }));
        let finds = has(|event| matches!(event, Event::Found { .. }));
        let wanted = pages.len() < ENOUGH || (finds && forks < WITH_FORKS);
        if wanted && is_paid && world.is_whole() {
            forks += usize::from(finds);
            let forged = forgery::all(&world, &format!("forged {seed} "));
            pages.push(Page { seed, world, forged });
        }
    }
    if pages.len() < ENOUGH || forks < WITH_FORKS {
        let lack = format!("{WORLDS} worlds have not {ENOUGH} for Spend, {WITH_FORKS} with a fork");
        return Err(Problem::new(lack));
    }
    let (mut before, logs) = render::render(&pages);
    let (mut cases, mut whole) = (Vec::new(), Vec::new());
    for (page, (sound, faulty)) in pages.iter().zip(logs) {
        let name = format!("what became of the notes of world {}", page.seed);
        for (forgery, text) in page.forged.iter().zip(faulty) {
            let name = format!("{name} with event {}: {}", forgery.at, forgery.kind);
            let fault = Some(forgery.kind.to_owned());
            cases.push(Case { name, fault, guard: forgery.guard, text });
        }
        cases.push(Case { name, fault: None, guard: None, text: sound });
        whole.push(cases.len().to_string());
    }
    write!(before, "Whole == {{{}}}", whole.join(", ")).ok();
    Ok(Question { module: "TraceSpend", logs: "TraceWorlds", before, cases })
}
