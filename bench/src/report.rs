//! What a benchmark found: numbers under names.

use std::fmt::Write as _;

/// What a number may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Most(f64),
    Least(f64),
}

impl Limit {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Most(most) => value <= most,
            Self::Least(least) => value >= least,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Most(most) => format!("(at most {})", short(most)),
            Self::Least(least) => format!("(at least {})", short(least)),
        }
    }
}

/// A target: the key and what it may be.
pub(crate) type Reach = (&'static str, Limit);

/// Numbers in the order in which they were measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report(Vec<(String, f64)>);

impl Report {
    /// Notes a number and tells it to whoever watches.
    pub(crate) fn number(&mut self, key: impl Into<String>, value: f64) {
        let key = key.into();
        eprintln!("{key} {}", short(value));
        self.0.push((key, value));
    }

    /// One flat object.
    pub(crate) fn json(&self) -> String {
        let lines: Vec<String> =
            self.0.iter().map(|(key, value)| format!("  \"{key}\": {}", short(*value))).collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    /// A table for people, targets first.
    pub(crate) fn table(&self, targets: &[Reach]) -> String {
        let mut text = String::new();
        for (key, limit) in targets {
            let found = self.0.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
            let (value, verdict) = match found {
                Some(value) if limit.holds(value) => (short(value), "reached"),
                Some(value) => (short(value), "MISSED"),
                None => ("-".to_owned(), "not measured"),
            };
            writeln!(text, "{key:<36} {value:>12} {:<20} {verdict}", limit.text()).ok();
        }
        for (key, value) in &self.0 {
            if !targets.iter().any(|(name, _)| name == key) {
                writeln!(text, "{key:<48} {:>12}", short(*value)).ok();
            }
        }
        text
    }
}

/// As many digits as mean something.
fn short(value: f64) -> String {
    let digits = match value {
        _ if value.fract() == 0.0 => 0,
        _ if value < 0.1 => 5,
        _ if value < 100.0 => 3,
        _ => 1,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_flat_and_has_numbers_only() {
        let mut report = Report::default();
        report.number("a.bytes", 7000.0);
        report.number("a.ratio", 1.23456);
        assert_eq!(report.json(), "{\n  \"a.bytes\": 7000,\n  \"a.ratio\": 1.235\n}\n");
    }

    #[test]
    fn a_missed_target_is_called_so() {
        let mut report = Report::default();
        report.number("a", 2.0);
        assert!(report.table(&[("a", Limit::Most(1.0))]).contains("MISSED"));
        assert!(report.table(&[("a", Limit::Most(2.0))]).contains("reached"));
        assert!(report.table(&[("a", Limit::Least(3.0))]).contains("MISSED"));
        assert!(report.table(&[("b", Limit::Most(2.0))]).contains("not measured"));
    }
}
