//! What we build on: its known holes, its licences, and where it comes from.
//!
//! Holes are looked up in `audit/advisories.json`, a dated snapshot for the crates in our graph: it
//! cannot know what was found later. Licences are those that `deny.toml` allows.

use crate::advisories::Advisories;
use crate::problem::Problem;
use crate::tree;
use crate::verdict::Verdict;
use crate::workspace::{Package, Workspace};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every package that Cargo.lock names, also of targets and features that we do not use.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let advisories = Advisories::load(&workspace.root.join("audit/advisories.json"))?;
    let deny = tree::read(&workspace.root.join("deny.toml"))?;
    let allowed = allowed_licences(&deny);
    let mut findings = Vec::new();
    for package in &workspace.foreign {
        findings.extend(advisories.against(&package.name, &package.version)?);
        findings.extend(licence(package, &allowed));
        if package.source != REGISTRY {
            let (name, source) = (&package.name, &package.source);
            findings.push(format!("{name} comes from `{source}`, not from the registry"));
        }
    }
    let looked_at = format!(
        "{} packages against {} advisories of {}, {} licences",
        workspace.foreign.len(),
        advisories.len(),
        advisories.date(),
        allowed.len()
    );
    Ok(Verdict::of(looked_at, findings))
}

fn licence(package: &Package, allowed: &[&str]) -> Option<String> {
    let stated = &package.license;
    let (name, version) = (&package.name, &package.version);
    (!satisfied(stated, allowed))
        .then(|| format!("{name} {version}: its licence `{stated}` is not allowed by deny.toml"))
}

/// True if one of the alternatives needs allowed licences only. Of the SPDX grammar we know `OR`,
/// `AND`, `WITH`, the old `/`, and brackets around alternatives.
fn satisfied(stated: &str, allowed: &[&str]) -> bool {
    let flat = stated.replace('/', " OR ");
    let all = |part: &str| {
        let part = part.trim().trim_matches(['(', ')']);
        part.split(" OR ").any(|name| allowed.contains(&name.trim().trim_matches(['(', ')'])))
    };
    if flat.contains('(') {
        flat.split(" AND ").all(all)
    } else {
        flat.split(" OR ").any(|alternative| alternative.split(" AND ").all(all))
    }
}

/// The strings of the list `allow` in the table `[licenses]`.
fn allowed_licences(deny: &str) -> Vec<&str> {
    let table = deny.split("[licenses]").nth(1).unwrap_or_default();
    let list = table.split("allow = [").nth(1).unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_alternatives_conjunctions_and_brackets() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
        for good in ["MIT", "GPL-3.0 OR MIT", "MIT/GPL-3.0", "(MIT OR GPL-3.0) AND Unicode-3.0"] {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0"] {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn reads_the_list_of_the_licences_table_alone() {
        let deny = "[bans]\nallow = [\"x\"]\n[licenses]\nallow = [\n\"MIT\", \"0BSD\"\n]\n[a]\n";
        assert_eq!(allowed_licences(deny), ["MIT", "0BSD"]);
    }
}
