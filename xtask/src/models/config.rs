//! TLC's configuration files, cut into their sections, so that one invariant can be asked for alone
//! and one guard switched off.

use crate::problem::Problem;

const INVARIANT: &[&str] = &["INVARIANT", "INVARIANTS"];
const PROPERTY: &[&str] = &["PROPERTY", "PROPERTIES"];
const OTHERS: &[&str] = &[
    "CONSTANT",
    "CONSTANTS",
    "SPECIFICATION",
    "INIT",
    "NEXT",
    "CONSTRAINT",
    "CONSTRAINTS",
    "ACTION_CONSTRAINT",
    "ACTION_CONSTRAINTS",
    "SYMMETRY",
    "VIEW",
];
/// The line that says that no guard is off.
const ALL_ON: &str = "Off = {}";

/// A configuration: keywords, each with what stands behind it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Config {
    sections: Vec<(String, Vec<String>)>,
}

impl Config {
    /// Each section begins with its keyword at the start of a line.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let mut sections: Vec<(String, Vec<String>)> = Vec::new();
        for line in text.lines() {
            let line = line.split("\\*").next().unwrap_or_default().trim_end();
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            if is_keyword(word) {
                sections.push((word.to_owned(), vec![rest.trim().to_owned()]));
            } else if let Some((_, body)) = sections.last_mut() {
                body.push(line.trim().to_owned());
            } else if !line.is_empty() {
                return Err(Problem::new(format!("`{line}` stands before the first keyword")));
            }
        }
        Ok(Self { sections })
    }

    /// The invariants and properties that it asks for.
    pub(super) fn asked(&self) -> impl Iterator<Item = &str> {
        self.names(INVARIANT).chain(self.names(PROPERTY))
    }

    fn names<'a>(&'a self, keywords: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let sections = self.sections.iter();
        let chosen = sections.filter(|(keyword, _)| keywords.contains(&keyword.as_str()));
        chosen.flat_map(|(_, body)| body).flat_map(|line| line.split_whitespace())
    }

    /// It asks for one of its invariants or properties alone, perhaps with a guard switched off.
    pub(super) fn only(&self, name: &str, off: Option<&str>) -> Result<String, Problem> {
        let keyword = if self.names(INVARIANT).any(|one| one == name) {
            "INVARIANT"
        } else if self.names(PROPERTY).any(|one| one == name) {
            "PROPERTY"
        } else {
            return Err(Problem::new(format!("no configuration here asks for {name}")));
        };
        let mut text = self.without_questions();
        if let Some(guard) = off {
            let switched = text.replacen(ALL_ON, &format!("Off = {{\"{guard}\"}}"), 1);
            if switched == text {
                return Err(Problem::new(format!("a configuration has no line `{ALL_ON}`")));
            }
            text = switched;
        }
        Ok(format!("{text}{keyword} {name}\n"))
    }

    /// It asks for a predicate that must not be an invariant.
    pub(super) fn reach(&self, predicate: &str) -> String {
        format!("{}INVARIANT {predicate}\n", self.without_questions())
    }

    /// All of it.
    pub(super) fn text(&self) -> String {
        self.write(|_| true)
    }

    fn without_questions(&self) -> String {
        self.write(|keyword| !INVARIANT.contains(&keyword) && !PROPERTY.contains(&keyword))
    }

    fn write(&self, choose: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for (keyword, body) in self.sections.iter().filter(|(keyword, _)| choose(keyword)) {
            text.push_str(keyword);
            text.push('\n');
            for line in body.iter().filter(|line| !line.is_empty()) {
                text.push_str(line);
                text.push('\n');
            }
        }
        text
    }
}

fn is_keyword(word: &str) -> bool {
    [INVARIANT, PROPERTY, OTHERS].concat().contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\\* small\nCONSTANTS\n  Off = {}\n  N = 2 \\* two\nSPECIFICATION Spec\n\
                        INVARIANTS Safe\n  Agree\nPROPERTY Later\n";

    #[test]
    fn asks_for_one_question_alone_with_a_guard_switched_off() {
        let config = Config::parse(TEXT).expect("well formed");
        assert_eq!(config.asked().collect::<Vec<_>>(), ["Safe", "Agree", "Later"]);
        assert_eq!(
            config.only("Later", Some("guard")).expect("asked for"),
            "CONSTANTS\nOff = {\"guard\"}\nN = 2\nSPECIFICATION\nSpec\nPROPERTY Later\n"
        );
        assert!(config.reach("Never").ends_with("Spec\nINVARIANT Never\n"));
        assert!(config.only("Other", None).is_err());
    }

    #[test]
    fn a_guard_can_only_be_switched_off_where_all_are_on() {
        let config = Config::parse("CONSTANT N = 1\nINVARIANT Safe").expect("well formed");
        assert!(config.only("Safe", None).is_ok());
        assert!(config.only("Safe", Some("guard")).is_err());
        assert!(Config::parse("Off = {}").is_err());
    }
}
