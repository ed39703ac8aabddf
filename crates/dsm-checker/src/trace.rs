//! Counterexamples of the models, as TLC wrote them to `tla/counterexamples/`.

use std::collections::BTreeMap;

/// A value of TLA+, as far as the models print any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tla {
    /// A number.
    Number(i64),
    /// A word in quotes, or a truth value.
    Word(String),
    /// A sequence.
    List(Vec<Tla>),
    /// A set.
    Set(Vec<Tla>),
    /// A record.
    Record(BTreeMap<String, Tla>),
}

/// A step: the action that led to a state, and the state.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The action's name; empty for the first state.
    pub action: String,
    /// Its variables.
    pub state: BTreeMap<String, Tla>,
}

/// The steps of a counterexample. A state in which nothing more happens is left out.
///
/// # Panics
/// If it is not as TLC writes it.
#[must_use]
pub fn read(text: &str) -> Vec<Stage> {
    let mut stages = Vec::new();
    for block in text.split("\nState ").skip(1) {
        let (head, body) = block.split_once('\n').unwrap_or((block, ""));
        let action = head.split_once('<').map_or("", |(_, rest)| rest);
        if action.is_empty() {
            continue;
        }
        let action = if action.starts_with("Initial") { "" } else { action };
        let action = action.split(' ').next().unwrap_or_default().to_owned();
        let body = body.split("\n\n").next().unwrap_or_default();
        let variables = body.split("/\\ ").filter(|part| !part.trim().is_empty());
        let state = variables.map(|part| {
            let (name, value) = part.split_once('=').expect("a variable and its value");
            let mut words = Words { rest: value };
            (name.trim().to_owned(), words.value())
        });
        stages.push(Stage { action, state: state.collect() });
    }
    stages
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn takes(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Whatever stands before the first character that does not belong to a word.
    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start();
        let belongs = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-');
        let end = self.rest.find(|one| !belongs(one)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn list(&mut self, end: &str) -> Vec<Tla> {
        let mut list = Vec::new();
        while !self.takes(end) {
            list.push(self.value());
            self.takes(",");
        }
        list
    }

    fn value(&mut self) -> Tla {
        if self.takes("<<") {
            return Tla::List(self.list(">>"));
        }
        if self.takes("{") {
            return Tla::Set(self.list("}"));
        }
        if self.takes("[") {
            let mut fields = BTreeMap::new();
            while !self.takes("]") {
                let name = self.word();
                assert!(self.takes("|->"), "a field has a value: {}", self.rest);
                fields.insert(name, self.value());
                self.takes(",");
            }
            return Tla::Record(fields);
        }
        if self.takes("\"") {
            let (word, rest) = self.rest.split_once('"').expect("a closed quote");
            self.rest = rest;
            return Tla::Word(word.to_owned());
        }
        let word = self.word();
        assert!(!word.is_empty(), "no value: {}", self.rest);
        word.parse().map_or(Tla::Word(word), Tla::Number)
    }
}

impl Tla {
    /// A number.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            other => unlike("a number", other),
        }
    }

    /// Whether it is true.
    #[must_use]
    pub fn is_true(&self) -> bool {
        *self == Self::Word("TRUE".to_owned())
    }

    /// The elements of a set or a sequence.
    ///
    /// # Panics
    /// If it is neither.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) | Self::Set(list) => list,
            other => unlike("a list", other),
        }
    }

    /// A field of a record.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &Self {
        match self {
            Self::Record(fields) => fields.get(name).expect("a field"),
            other => unlike("a record", other),
        }
    }
}

#[expect(clippy::panic, reason = "a counterexample that is read wrongly shows nothing")]
fn unlike(what: &str, value: &Tla) -> ! {
    panic!("{value:?} is not {what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_tlc_writes() {
        let text = "M without g breaks I:\n\nState 1: <Initial predicate>\n/\\ a = <<{1, 2}, {}>>\n\
                    /\\ b = [ x |-> TRUE,\n  y |-> <<[is |-> \"Ask\"]>> ]\n\nState 2: <Do line 1, \
                    col 2>\n/\\ a = <<>>\n/\\ b = -3\n\nState 3: Stuttering\n";
        let stages = read(text);
        assert_eq!(stages.len(), 2);
        assert_eq!(stages[1].action, "Do");
        let first = &stages[0].state;
        assert_eq!(first["a"].list()[0].list()[1].number(), 2);
        assert!(first["b"].field("x").is_true());
        assert_eq!(first["b"].field("y").list()[0].field("is"), &Tla::Word("Ask".to_owned()));
        assert_eq!(stages[1].state["b"].number(), -3);
    }
}
