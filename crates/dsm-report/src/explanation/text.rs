//! Explanations as tables for people at a terminal.

use std::fmt;

use super::{Check, Explanation, NoteReport, ReceiptReport, Threat};

/// Where the second column begins.
const LABEL: usize = 10;
/// How wide a line is at most, as long as words allow.
const WIDTH: usize = 110;

/// A row: a label, and a text that goes on below itself.
fn row(to: &mut fmt::Formatter<'_>, label: &str, text: &str) -> fmt::Result {
    let gap = if label.chars().count() < LABEL { "" } else { "  " };
    let mut line = format!("  {label:<LABEL$}{gap}");
    let mut used = line.chars().count();
    let mut first = true;
    for word in text.split(' ') {
        let long = word.chars().count();
        if !first && used + 1 + long > WIDTH {
            write!(to, "\n{line}")?;
            line = " ".repeat(LABEL + 2);
            used = LABEL + 2;
        } else if !first {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += long;
        first = false;
    }
    write!(to, "\n{line}")
}

fn table(
    to: &mut fmt::Formatter<'_>,
    proven: &[Check],
    assumed: &[String],
    not_shown: &[String],
) -> fmt::Result {
    for check in proven {
        row(to, "proven", &format!("{} [{}]", check.what, check.rules.join(" ")))?;
    }
    assumed.iter().try_for_each(|one| row(to, "assumed", one))?;
    not_shown.iter().try_for_each(|one| row(to, "not shown", one))
}

fn threats(to: &mut fmt::Formatter<'_>, threats: &[Threat]) -> fmt::Result {
    let mut one =
        |threat: &Threat| row(to, "could cheat", &format!("{}: {}", threat.who, threat.how));
    threats.iter().try_for_each(&mut one)
}

impl fmt::Display for NoteReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Some(owner) => write!(to, "Note of {}, owned by {owner}", self.sum)?,
            None => write!(to, "Note of {}, in a vault", self.sum)?,
        }
        row(to, "token", &format!("{} {}", self.token_name, self.sum.token))?;
        row(to, "lineage", &format!("{} operations back to the issue:", self.hops))?;
        for step in &self.lineage {
            let text = format!("{} [{} records shown]", step.what, step.records_shown);
            row(to, &format!("{:>8}", step.step), &text)?;
        }
        table(to, &self.proven, &self.assumed, &self.not_shown)?;
        row(to, "class", &format!("{}: {}", self.class.name(), self.why))?;
        threats(to, &self.threats)?;
        if self.frozen == Some(true) {
            row(to, "frozen", "it rests on a device that showed two histories")?;
        }
        Ok(())
    }
}

impl fmt::Display for ReceiptReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Receipt")?;
        self.entries.iter().try_for_each(|entry| row(to, "entry", &entry.what))?;
        table(to, &self.proven, &self.assumed, &self.not_shown)?;
        threats(to, &self.threats)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(note) => note.fmt(to),
            Self::Receipt(receipt) => receipt.fmt(to),
        }
    }
}
