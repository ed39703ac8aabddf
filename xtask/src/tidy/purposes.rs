//! The purpose of a crate, in the same words in three places: the manifest's description, the first
//! line of its documentation, and its row in ARCHITECTURE.md. Names that fit anything are refused.

use crate::tree::File;
use crate::workspace::{Package, Workspace};

const NO_PURPOSE: &[&str] = &["common", "types", "util", "utils", "manager", "handler", "sdk"];

pub(super) fn check(workspace: &Workspace, files: &[File]) -> Vec<String> {
    let map = text(files, "ARCHITECTURE.md").unwrap_or_default();
    let mut findings = Vec::new();
    for package in &workspace.members {
        let name = &package.name;
        let purpose = &package.description;
        let folder = folder(workspace, package);
        if folder.starts_with("crates/") && folder != format!("crates/{name}") {
            findings.push(format!("{name} lies in {folder}: a folder is named as its package"));
        }
        if name.split('-').any(|word| NO_PURPOSE.contains(&word)) {
            findings.push(format!("{name}: the name could hold anything"));
        }
        let root = ["lib", "main"]
            .iter()
            .find_map(|stem| text(files, &format!("{folder}/src/{stem}.rs")))
            .unwrap_or_default();
        if root.lines().next() != Some(&format!("//! {purpose}.")) {
            findings.push(format!("{name}: its documentation does not begin `{purpose}.`"));
        }
        if row(map, name) != Some(purpose) {
            findings.push(format!("{name}: its row in ARCHITECTURE.md does not say `{purpose}`"));
        }
    }
    findings
}

fn folder(workspace: &Workspace, package: &Package) -> String {
    let folder = package.manifest.parent().unwrap_or(&workspace.root);
    let folder = folder.strip_prefix(&workspace.root).unwrap_or(folder);
    folder.to_string_lossy().into_owned()
}

fn text<'a>(files: &'a [File], path: &str) -> Option<&'a str> {
    files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
}

/// The second cell of the row whose first cell is the name.
fn row<'a>(map: &'a str, name: &str) -> Option<&'a str> {
    map.lines().find_map(|line| {
        let mut cells = line.trim().strip_prefix('|')?.split('|').map(str::trim);
        (cells.next()? == name).then(|| cells.next()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_purpose_beside_the_name() {
        let map = "| crate | purpose |\n|---|---|\n| a | Does a | x |\n| ab | Does b |\n";
        assert_eq!(row(map, "a"), Some("Does a"));
        assert_eq!(row(map, "ab"), Some("Does b"));
        assert_eq!(row(map, "b"), None);
    }
}
