//! Links between our pages lead to a file or folder that exists.

use std::path::Path;

use crate::tree::File;

pub(super) fn check(root: &Path, files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        let here = root.join(&file.path);
        let folder = here.parent().unwrap_or(root);
        for target in targets(&file.text).filter(|target| !folder.join(target).exists()) {
            findings.push(format!("{}: `{target}` does not exist", file.path));
        }
    }
    findings
}

/// What the links of a page name in this repository, without the part behind `#`.
fn targets(page: &str) -> impl Iterator<Item = &str> {
    page.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .filter_map(|link| link.split('#').next())
        .filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_links_to_files_only() {
        let page = "[a](b/c.md#d) [e](#f) [g](https://h.example) ![i](j.svg)";
        assert_eq!(targets(page).collect::<Vec<_>>(), ["b/c.md", "j.svg"]);
    }
}
