//! How long files are and where they lie. Functions are capped by clippy (`clippy.toml`).

use crate::tree::File;

const LONG: usize = 500;
const TOO_LONG: usize = 1000;
const MAP: usize = 400;
const EXCUSES: &str = "xtask/long-files.txt";

pub(super) fn check(files: &[File]) -> Vec<String> {
    let excused: Vec<(&str, &str)> =
        files.iter().filter(|file| file.path == EXCUSES).flat_map(excuses).collect();
    let mut findings = Vec::new();
    for file in files {
        let lines = file.text.lines().count();
        let path = file.path.as_str();
        if path.ends_with(".rs") {
            let reason = excused.iter().find(|(long, _)| *long == path).map(|(_, why)| *why);
            findings.extend(length(path, lines, reason));
        }
        if path == "ARCHITECTURE.md" && lines >= MAP {
            findings.push(format!("{path} has {lines} lines; a map has less than {MAP}"));
        }
        if path.ends_with("/mod.rs") {
            findings.push(format!("{path}: a module is a file beside its folder, not mod.rs"));
        }
        if path.ends_with("/clippy.toml") {
            findings.push(format!("{path} silently replaces the one at the root"));
        }
        let is_crate = path.ends_with("/Cargo.toml") && !path.starts_with("fuzz/");
        if is_crate && !file.text.contains("[lints]\nworkspace = true") {
            findings.push(format!("{path} does not take the lints of the workspace"));
        }
    }
    for (path, _) in excused {
        if !files.iter().any(|file| file.path == path) {
            findings.push(format!("{EXCUSES} names {path}, which does not exist"));
        }
    }
    findings
}

/// Lines `path  # reason`.
fn excuses(file: &File) -> impl Iterator<Item = (&str, &str)> {
    file.text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('#'))
        .map(|(path, reason)| (path.trim(), reason.trim()))
}

fn length(path: &str, lines: usize, reason: Option<&str>) -> Option<String> {
    let has_reason = reason.is_some_and(|reason| !reason.is_empty());
    if lines > TOO_LONG {
        Some(format!("{path} has {lines} lines; {TOO_LONG} is the end"))
    } else if lines > LONG && !has_reason {
        Some(format!("{path} has {lines} lines; make a folder, or a reason in {EXCUSES}"))
    } else if lines <= LONG && reason.is_some() {
        Some(format!("{path} has {lines} lines and needs no line in {EXCUSES}"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_needs_a_reason_and_a_huge_one_has_none() {
        assert!(length("a", 500, None).is_none());
        assert!(length("a", 501, None).is_some());
        assert!(length("a", 501, Some("a table")).is_none());
        assert!(length("a", 501, Some("")).is_some());
        assert!(length("a", 1001, Some("a table")).is_some());
        assert!(length("a", 10, Some("a table")).is_some());
    }
}
