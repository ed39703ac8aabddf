//! The committed snapshot of known holes.

use std::path::Path;

use semver::{Version, VersionReq};
use serde_json::Value;

use crate::problem::Problem;
use crate::tree;

/// The committed snapshot of known holes.
#[derive(Debug)]
pub(crate) struct Advisories {
    date: String,
    entries: Vec<Advisory>,
}

#[derive(Debug)]
struct Advisory {
    id: String,
    package: String,
    title: String,
    /// The versions without the hole; none if it was never mended.
    sound: Vec<VersionReq>,
    /// Why we build on it all the same, if we do.
    accepted: Option<String>,
}

impl Advisories {
    /// Reads the snapshot. Everything that it says must be understood.
    pub(crate) fn load(path: &Path) -> Result<Self, Problem> {
        Self::parse(&tree::read(path)?)
            .map_err(|what| Problem::new(format!("{}: {what}", path.display())))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let entries = value.get("advisories").and_then(Value::as_array).ok_or("no advisories")?;
        Ok(Self {
            date: member(&value, "date")?,
            entries: entries.iter().map(Advisory::read).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The day of the snapshot.
    pub(crate) fn date(&self) -> &str {
        &self.date
    }

    /// What is known against a version of a package.
    pub(crate) fn against(&self, name: &str, version: &str) -> Result<Vec<String>, Problem> {
        let parsed = Version::parse(version)
            .map_err(|error| Problem::new(format!("{name} {version}: {error}")))?;
        let known = self.entries.iter().filter(|entry| entry.package == name);
        let open = known.filter(|entry| {
            entry.accepted.is_none() && !entry.sound.iter().any(|sound| sound.matches(&parsed))
        });
        Ok(open.map(|entry| format!("{name} {version}: {}, {}", entry.id, entry.title)).collect())
    }
}

impl Advisory {
    fn read(value: &Value) -> Result<Self, String> {
        let sound = value.get("sound").and_then(Value::as_array).ok_or("no member `sound`")?;
        let ranges = sound.iter().map(|range| {
            let range = range.as_str().ok_or("a range is not text")?;
            VersionReq::parse(range).map_err(|error| format!("`{range}`: {error}"))
        });
        Ok(Self {
            id: member(value, "id")?,
            package: member(value, "package")?,
            title: member(value, "title")?,
            sound: ranges.collect::<Result<_, String>>()?,
            accepted: value.get("accepted").and_then(Value::as_str).map(str::to_owned),
        })
    }
}

fn member(value: &Value, key: &str) -> Result<String, String> {
    let text = value.get(key).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| format!("no member `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOT: &str = r#"{"date": "2026-01-01", "advisories": [
        {"id": "A-1", "package": "a", "title": "wrong", "sound": [">=1.2.0", "<0.9.0"]},
        {"id": "A-2", "package": "b", "title": "unkept", "sound": [], "accepted": "tests only"}]}"#;

    #[test]
    fn a_version_is_bad_unless_a_range_or_a_reason_excuses_it() {
        let snapshot = Advisories::parse(SNAPSHOT).unwrap();
        assert_eq!(snapshot.against("a", "1.1.9").unwrap(), ["a 1.1.9: A-1, wrong"]);
        assert!(snapshot.against("a", "1.2.0").unwrap().is_empty());
        assert!(snapshot.against("a", "0.8.3").unwrap().is_empty());
        assert!(snapshot.against("b", "1.0.0").unwrap().is_empty());
        assert!(snapshot.against("c", "1.0.0").unwrap().is_empty());
    }

    #[test]
    fn a_snapshot_that_is_not_understood_is_refused() {
        assert!(Advisories::parse("{}").is_err());
        assert!(Advisories::parse(&SNAPSHOT.replace(">=1.2.0", "new")).is_err());
    }
}
