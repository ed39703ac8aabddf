//! Words that must not stay in the tree.

use crate::tree::File;

/// In code. Written in two parts, so that this file does not find itself.
const IN_CODE: &[(&str, &str)] = &[
    (concat!("#[al", "low("), "use #[expect(.., reason = \"..\")]"),
    (concat!("#![al", "low("), "use #![expect(.., reason = \"..\")]"),
    (concat!("#[ig", "nore"), "a test runs or does not exist"),
    (concat!("TO", "DO"), "do it, or file it"),
    (concat!("FIX", "ME"), "fix it, or file it"),
    (concat!("XX", "X"), "say what is meant"),
];

/// Anywhere: folders of one machine.
const ANYWHERE: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")];

const CODE: &[&str] = &[".rs", ".py", ".sh", ".toml"];

pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files {
        let is_code = CODE.iter().any(|ending| file.path.ends_with(ending));
        for (number, line) in (1..).zip(file.text.lines()) {
            let place = format!("{}:{number}", file.path);
            for (word, instead) in IN_CODE.iter().filter(|_| is_code) {
                if line.contains(word) {
                    findings.push(format!("{place}: `{word}`: {instead}"));
                }
            }
            for folder in ANYWHERE.iter().filter(|folder| line.contains(**folder)) {
                findings.push(format!("{place}: `{folder}` is a folder of one machine"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn finds_words_of_code_in_code_only_and_folders_anywhere() {
        let note = concat!("fine\n// TO", "DO later");
        let folder = concat!("see /ro", "ot/x");
        let files = [file("a.rs", note), file("b.md", note), file("c.md", folder)];
        let findings = check(&files);
        assert_eq!(findings.len(), 2);
        assert!(findings[0].starts_with("a.rs:2"));
        assert!(findings[1].starts_with("c.md:1"));
    }
}
