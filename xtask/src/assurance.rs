//! `docs/assurance.md`: each claim that README.md makes, what checks it, and what is not covered.
//!
//! Made of `docs/assurance.toml` and of the committed results of the campaigns. The gate compares. Every
//! sentence of README.md is in that file, word for word, as a claim or as none; and every test, model,
//! vector and fuzz target that it names exists.

mod checks;
mod figures;
mod sentences;

use std::fmt::Write;

use serde::Deserialize;

use crate::problem::Problem;
use crate::soak;
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::Workspace;
use checks::Check;

const CLAIMS: &str = "docs/assurance.toml";
const README: &str = "README.md";
const PAGE: &str = "docs/assurance.md";

/// `docs/assurance.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    /// In the order of the page.
    claim: Vec<Claim>,
    /// Sentences that claim nothing.
    none: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// The sentences of README.md.
    says: Vec<String>,
    /// What checks them, each a line as [`Check::read`] reads it.
    shown: Vec<String>,
    /// What must hold beside.
    assumed: String,
    /// What nothing here shows.
    open: String,
}

/// The page is what would be written, and every name in it exists.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let (page, mut findings, claims) = page(workspace)?;
    if tree::read(&workspace.root.join(PAGE)).ok() != Some(page) {
        findings.push(format!("{PAGE} is not what `cargo xtask assurance` writes"));
    }
    findings.extend(soak::unexcused_mutants(workspace)?);
    Ok(Verdict::of(format!("{claims} claims of {README}"), findings))
}

/// Writes the page.
pub(crate) fn write(workspace: &Workspace) -> Result<(), Problem> {
    let (page, findings, _) = page(workspace)?;
    let path = workspace.root.join(PAGE);
    std::fs::write(&path, page).map_err(|error| Problem::file(&path, &error))?;
    soak::write_mutants(workspace)?;
    match findings.first() {
        None => Ok(()),
        Some(finding) => Err(Problem::new(finding.clone())),
    }
}

/// The page, what is wrong with it, and how many claims it has.
fn page(workspace: &Workspace) -> Result<(String, Vec<String>, usize), Problem> {
    let claims: Claims = toml::from_str(&tree::read(&workspace.root.join(CLAIMS))?)
        .map_err(|error| Problem::new(format!("{CLAIMS}: {error}")))?;
    let readme = tree::read(&workspace.root.join(README))?;
    let mut findings = compare(&claims, &sentences::of(&readme));
    let mut page = String::from(HEAD);
    page.push_str(&figures::table(workspace)?);
    page.push_str("\n## The claims\n");
    for (number, claim) in (1..).zip(&claims.claim) {
        write!(page, "\n### Claim {number}\n\n").ok();
        for sentence in &claim.says {
            writeln!(page, "> {}", sentences::without_links(sentence)).ok();
        }
        page.push_str("\nShown by:\n\n");
        for text in &claim.shown {
            match Check::read(text) {
                Some(check) => {
                    findings.extend(check.missing(workspace));
                    writeln!(page, "- {}", check.line()).ok();
                }
                None => findings.push(format!("{CLAIMS}: `{text}` is no check")),
            }
        }
        write!(page, "\nAssumed: {}\n\nNot covered: {}\n", claim.assumed, claim.open).ok();
    }
    Ok((page, findings, claims.claim.len()))
}

/// Every sentence of the page is listed once, and every one listed is there.
fn compare(claims: &Claims, sentences: &[String]) -> Vec<String> {
    let claimed = claims.claim.iter().flat_map(|claim| &claim.says);
    let listed: Vec<&String> = claimed.chain(&claims.none).collect();
    let mut findings = Vec::new();
    for sentence in sentences.iter().filter(|sentence| !listed.contains(sentence)) {
        findings.push(format!("{CLAIMS} does not know what {README} says: {sentence}"));
    }
    for sentence in listed.iter().filter(|sentence| !sentences.contains(sentence)) {
        findings.push(format!("{README} does not say: {sentence}"));
    }
    for claim in claims.claim.iter().filter(|claim| claim.shown.is_empty()) {
        findings.push(format!("nothing shows: {}", claim.says.join(" ")));
    }
    findings
}

const HEAD: &str = "\
# Assurance

Each claim of [README.md](../README.md), what checks it, what it assumes and what nothing here shows. A name is the name of a test, a
model's invariant, a fuzz target or a step of the gate: follow it. A test shows what it tries, a model what lies within its bounds, a
campaign what it came across. None of them is a proof that nothing else is wrong, and nobody outside has audited this.

This page is written by `cargo xtask assurance` out of [assurance.toml](assurance.toml) and the committed results; the gate compares it,
and fails if a named thing does not exist or if README.md says a sentence that is not listed there.

## The campaigns

What ran, and how far. The figures are read from [bench/results/](../bench/results/).
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_listed_once_and_said_where_it_is_claimed() {
        let text =
            "none = ['B.', 'D.']\n[[claim]]\nsays = ['A.']\nshown = []\nassumed = ''\nopen = ''";
        let claims: Claims = toml::from_str(text).unwrap();
        let said = ["A.", "B.", "C."].map(str::to_owned);
        let findings = compare(&claims, &said).join("\n");
        assert!(findings.contains("what README.md says: C."), "{findings}");
        assert!(findings.contains("README.md does not say: D."), "{findings}");
        assert!(findings.contains("nothing shows: A."), "{findings}");
        assert_eq!(findings.lines().count(), 3);
    }
}
