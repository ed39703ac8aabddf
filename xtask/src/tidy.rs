//! What a reader should be able to rely on everywhere: sizes, words, purposes, order.

mod glossary;
mod links;
mod purposes;
mod shape;
mod words;

use crate::problem::Problem;
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

/// Looks at every text file once.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let files = tree::files(&workspace.root)?;
    let mut findings = shape::check(&files);
    findings.extend(words::check(&files));
    findings.extend(purposes::check(workspace, &files));
    findings.extend(glossary::check(&files));
    findings.extend(links::check(&workspace.root, &files));
    Ok(Verdict::of(format!("{} text files", files.len()), findings))
}
