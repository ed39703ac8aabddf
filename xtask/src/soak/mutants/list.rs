//! The changes, as cargo-mutants lists them.

use serde::Deserialize;

use crate::problem::Problem;
use crate::process;
use crate::workspace::Workspace;

/// A small change of the source.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// `FILE:LINE:COLUMN: WHAT`.
    pub(super) name: String,
    pub(super) file: String,
    pub(super) genre: Genre,
    /// What stands there instead.
    pub(super) replacement: String,
    /// Line and column, in characters from 1.
    pub(super) start: (usize, usize),
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Genre {
    FnValue,
    BinaryOperator,
    UnaryOperator,
    MatchArm,
    MatchArmGuard,
    StructField,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    file: String,
    genre: Genre,
    replacement: String,
    span: Extent,
}

#[derive(Deserialize)]
struct Extent {
    start: Place,
}

#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

/// All changes of a crate.
pub(super) fn of(workspace: &Workspace, name: &str) -> Result<Vec<Change>, Problem> {
    let mut ask = process::cargo(&workspace.root);
    ask.args(["mutants", "--list", "--json", "--package", name]);
    let listed: Vec<Listed> = serde_json::from_str(&process::output(&mut ask)?)
        .map_err(|error| Problem::new(format!("cargo mutants --list of {name}: {error}")))?;
    let change = |listed: Listed| Change {
        name: listed.name,
        file: listed.file,
        genre: listed.genre,
        replacement: listed.replacement,
        start: (listed.span.start.line, listed.span.start.column),
    };
    Ok(listed.into_iter().map(change).collect())
}
