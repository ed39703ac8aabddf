//! The crate graph: what ARCHITECTURE.md draws against what cargo builds.

use std::path::Path;

use crate::graph::{Graph, Layer};
use crate::problem::Problem;
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::{Kind, Package, Workspace};

/// Compares both, and demands a reason for every dependency.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let graph = Graph::load(&workspace.root)?;
    let mut findings = Vec::new();
    for name in graph.crates.keys().filter(|name| !workspace.has(name)) {
        findings.push(format!("ARCHITECTURE.md draws {name}, which does not exist"));
    }
    for package in &workspace.members {
        edges(workspace, &graph, package, &mut findings);
        reasons(&workspace.root, package, &mut findings)?;
    }
    for (from, to) in &graph.absences {
        if graph.reaches(from, to) {
            findings.push(format!("{from} must not reach {to}, but does"));
        }
    }
    let looked_at = format!(
        "{} crates, {} absences, a reason for every dependency",
        workspace.members.len(),
        graph.absences.len()
    );
    Ok(Verdict::of(looked_at, findings))
}

fn edges(workspace: &Workspace, graph: &Graph, package: &Package, findings: &mut Vec<String>) {
    let name = &package.name;
    let Some((layer, drawn)) = graph.crates.get(name) else {
        findings.push(format!("{name} is not drawn in ARCHITECTURE.md"));
        return;
    };
    let ours = || package.dependencies.iter().filter(|used| workspace.has(&used.name));
    let mut used: Vec<&String> =
        ours().filter(|used| used.kind != Kind::Dev).map(|used| &used.name).collect();
    used.sort();
    used.dedup();
    for missing in used.iter().filter(|used| !drawn.contains(used)) {
        findings.push(format!("{name} uses {missing}, which ARCHITECTURE.md does not draw"));
    }
    for idle in drawn.iter().filter(|drawn| !used.contains(drawn)) {
        findings.push(format!("ARCHITECTURE.md draws {name} -> {idle}, which is not used"));
    }
    if *layer == Layer::Pure && !package.features.is_empty() {
        findings.push(format!("{name} has features; a pure crate computes one thing only"));
    }
    for used in ours() {
        let forbidden = match graph.crates.get(&used.name) {
            Some((Layer::Leaf, _)) => true,
            Some((Layer::Proof, _)) => *layer != Layer::Proof && used.kind != Kind::Dev,
            _ => false,
        };
        if forbidden {
            findings.push(format!("{name} uses {}, a leaf or a proof", used.name));
        }
    }
}

fn reasons(root: &Path, package: &Package, findings: &mut Vec<String>) -> Result<(), Problem> {
    let text = tree::read(&package.manifest)?;
    let path = package.manifest.strip_prefix(root).unwrap_or(&package.manifest);
    for line in without_reason(&text) {
        findings.push(format!("{}: `{line}` has no `# reason`", path.display()));
    }
    Ok(())
}

/// The external dependencies of a manifest that say no reason behind a `#`. Ours need none: the
/// graph says why. A dependency takes one line, or a table of its own whose head says the reason.
fn without_reason(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        let has_reason = line.split_once('#').is_some_and(|(_, why)| !why.trim().is_empty());
        if line.starts_with('[') {
            let head = line.split('#').next().unwrap_or(line).trim().trim_matches(['[', ']']);
            inside = head.ends_with("dependencies");
            let own_table = head.contains("dependencies.") && !head.contains("dependencies.dsm-");
            if own_table && !has_reason {
                found.push(line);
            }
        } else if inside && line.contains('=') && starts_an_entry(line) && !has_reason {
            found.push(line);
        }
    }
    found
}

fn starts_an_entry(line: &str) -> bool {
    let named = line.starts_with(|first: char| first.is_ascii_alphabetic());
    named && !line.starts_with("dsm-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_dependencies_without_a_reason() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\ndsm-log.workspace = true\n\
                        good = \"1\" # does things\nbad = \"1\"\n[dev-dependencies]\n\
                        worse = { version = \"2\" } #\n[dependencies.own]\nversion = \"1\"\n\
                        [features]\nx = []\n";
        let found = without_reason(manifest);
        assert_eq!(found, ["bad = \"1\"", "worse = { version = \"2\" } #", "[dependencies.own]"]);
    }
}
