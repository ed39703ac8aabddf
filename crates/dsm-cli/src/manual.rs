//! `dsm manual` and `dsm completions`: what a person and a shell read of the command line.
//!
//! The examples are in `manual/examples.txt`; `tests/wallets/manual.rs` runs them.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use crate::arguments::Arguments;
use crate::exit::EXITS;
use crate::output::Output;

const EXAMPLES: &str = include_str!("manual/examples.txt");

/// Prints what a shell needs to complete a command line.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "dsm", &mut script);
    std::io::stdout().lock().write_all(&script).context("nobody reads the completions")
}

/// Writes a page for each command.
pub(crate) fn write(directory: &Path, output: &mut Output) -> anyhow::Result<()> {
    let mut root = Arguments::command();
    root.build();
    let mut pages = Vec::new();
    collect(&root, "dsm", &mut pages)?;
    for (name, page) in &pages {
        let path = directory.join(format!("{name}.1"));
        std::fs::write(&path, page)
            .with_context(|| format!("cannot write {}; make the directory", path.display()))?;
    }
    let text = format!("{} pages; read one with `man -l FILE`", pages.len());
    output.say(&text, &json!({ "pages": pages.iter().map(|(name, _)| name).collect::<Vec<_>>() }));
    Ok(())
}

/// The page of a command, and those of its own commands.
fn collect(
    command: &Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), std::io::Error> {
    let shown = command.clone().display_name(name.to_owned());
    let man = Man::new(shown);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut page)?;
    }
    let own: Vec<&Command> =
        command.get_subcommands().filter(|one| one.get_name() != "help").collect();
    if !own.is_empty() {
        man.render_subcommands_section(&mut page)?;
    }
    examples(name).to_writer(&mut page)?;
    exits().to_writer(&mut page)?;
    pages.push((name.to_owned(), page));
    own.iter().try_for_each(|one| collect(one, &format!("{name}-{}", one.get_name()), pages))
}

/// What the page of a name shows of the examples.
fn examples(name: &str) -> Roff {
    let begin = format!("[{name}]");
    let section = EXAMPLES.lines().skip_while(|line| *line != begin).skip(1);
    let lines = section.take_while(|line| !line.starts_with('['));
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('%')) {
        match line.strip_prefix("# ") {
            Some(what) => roff.control("PP", []).text([roman(what)]),
            None => roff.control("nf", []).text([roman(format!("    {line}"))]).control("fi", []),
        };
    }
    roff
}

fn exits() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, says) in EXITS {
        roff.control("TP", []).text([roman(code.to_string())]).text([roman(says)]);
    }
    roff
}
