//! Runs the gate and the chores of the workspace.
//!
//! `cargo xtask test` is the gate: every check of this repository, in one command that installs what
//! it misses. The other commands are single steps of it, or chores that are too slow for it.

mod advisories;
mod agreement;
mod api;
mod assurance;
mod audit;
mod bare;
mod bench;
mod bitcoind;
mod debian;
mod demo;
mod deps;
mod fuzz;
mod gate;
mod graph;
mod models;
mod problem;
mod process;
mod results;
mod rules;
mod soak;
mod steps;
mod suite;
mod tidy;
mod tree;
mod vectors;
mod verdict;
mod workspace;

use std::process::ExitCode;

use crate::problem::Problem;
use crate::workspace::Workspace;

const USAGE: &str = "\
cargo xtask COMMAND

  demo [--json]         wallets pay each other, then one cheats (--picture FILE draws it);
                        with --anchor, on emulators of chips that receivers count
  test                  the gate: everything that must hold (what .ci/run calls)
  deps                  the crate graph against ARCHITECTURE.md
  tidy                  sizes, names, words and purposes
  rules                 every rule of spec/ in code and vectors
  assurance             writes docs/assurance.md and docs/mutants.md
  audit                 advisories and licences of the dependencies
  api                   the daemon against its OpenAPI document, by schemathesis
  bare                  the pure crates without a standard library
  bitcoind              says where a real Bitcoin Core is, for tests; builds one if there is none
  agreement             the shipped values reach the same states as their model
  tla [MODULE [CONFIG]] the small TLA+ models; of one module, with mutants and predicates;
                        --page writes docs/models.md from the committed results,
                        --traces lets Session and Spend explain logs of dsm-sim
  vectors               writes vectors/ anew
  bench NAME [--json]   measures, in release
  soak [NAME [SECONDS]] the slow campaigns; without a name, lists them";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[&str]) -> Result<ExitCode, Problem> {
    let Some((command, rest)) = words.split_first() else {
        eprintln!("{USAGE}");
        return Ok(ExitCode::FAILURE);
    };
    if matches!(*command, "help" | "--help" | "-h") {
        eprintln!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::load()?;
    match (*command, rest) {
        ("test", []) => Ok(gate::run(&workspace)),
        ("deps" | "tidy" | "rules" | "audit" | "bare" | "agreement" | "api", []) => {
            Ok(gate::run_one(&workspace, command))
        }
        ("tla", []) => Ok(gate::run_one(&workspace, "models")),
        ("tla", ["--traces"]) => models::explain(&workspace).map(|()| ExitCode::SUCCESS),
        ("tla", ["--page"]) => {
            models::write_page(&workspace)?;
            soak::stateright::write_page(&workspace).map(|()| ExitCode::SUCCESS)
        }
        ("tla", words) => models::check_one(&workspace, words).map(|()| ExitCode::SUCCESS),
        ("assurance", []) => assurance::write(&workspace).map(|()| ExitCode::SUCCESS),
        ("bitcoind", []) => bitcoind::print(&workspace).map(|()| ExitCode::SUCCESS),
        ("vectors", []) => vectors::write(&workspace).map(|()| ExitCode::SUCCESS),
        ("demo", options) => demo::run(&workspace, options).map(|()| ExitCode::SUCCESS),
        ("bench", [name, options @ ..]) => {
            bench::run(&workspace, name, options).map(|()| ExitCode::SUCCESS)
        }
        ("soak", campaign) => soak::run(&workspace, campaign).map(|()| ExitCode::SUCCESS),
        _ => {
            eprintln!("{USAGE}");
            Err(Problem::new(format!("no such command: {}", words.join(" "))))
        }
    }
}
