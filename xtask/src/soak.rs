//! The slow campaigns, which the gate does not run. Each commits what it found to `bench/results/`.

mod fuzz;
mod mutants;
mod planted;
mod sim;
pub(crate) mod stateright;

use crate::assurance;
use crate::models;
use crate::problem::Problem;
use crate::workspace::Workspace;

pub(crate) use mutants::{unexcused as unexcused_mutants, write_page as write_mutants};

const CAMPAIGNS: &str = "\
fuzz [SECONDS [TARGET]]   every fuzz target under libFuzzer and the address sanitizer, 60 seconds each
mutants [CRATE]           every small change of the pure crates; their tests must notice it
planted [SEEDS]           bugs put into the worlds and into the core: how many seeds each takes, of 2,000 at most
sim [SEEDS]               whole worlds from a seed, until 1,000,000 ran; goes on from its result while the sources are the same
stateright [STATES]       the shipped values under the model checker, 60,000,000 states a world; writes the results
tla [MODULE [CONFIG]]     every TLA+ model, its mutants, predicates and large runs; writes the results";

/// Runs a campaign, or lists them. The pages that tell its result are written anew.
pub(crate) fn run(workspace: &Workspace, campaign: &[&str]) -> Result<(), Problem> {
    if campaign.is_empty() {
        eprintln!("{CAMPAIGNS}");
        return Ok(());
    }
    let ended = begin(workspace, campaign);
    assurance::write(workspace)?;
    ended
}

fn begin(workspace: &Workspace, campaign: &[&str]) -> Result<(), Problem> {
    match campaign {
        ["fuzz", options @ ..] if options.len() <= 2 => fuzz::run(workspace, options),
        ["mutants", crates @ ..] => mutants::run(workspace, crates),
        ["planted"] => planted::run(workspace, "2000"),
        ["planted", seeds] => planted::run(workspace, seeds),
        ["sim"] => sim::run(workspace, "1000000"),
        ["sim", seeds] => sim::run(workspace, seeds),
        ["stateright"] => stateright::run(workspace, "60000000"),
        ["stateright", most] => stateright::run(workspace, most),
        ["tla", words @ ..] => models::soak(workspace, words),
        _ => Err(Problem::new(format!("no such campaign; there are:\n{CAMPAIGNS}"))),
    }
}
