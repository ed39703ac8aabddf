//! What cargo knows of this workspace.

use std::path::PathBuf;

use serde_json::Value;

use crate::problem::Problem;
use crate::process;

/// What cargo knows of this workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// The folder of the root manifest.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
    /// Our own packages, by name.
    pub(crate) members: Vec<Package>,
    /// Everything else that Cargo.lock names.
    pub(crate) foreign: Vec<Package>,
}

/// One package, ours or not.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) license: String,
    /// Where it comes from; empty for a path.
    pub(crate) source: String,
    pub(crate) manifest: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    /// The names of its features.
    pub(crate) features: Vec<String>,
}

/// One line of a manifest's dependencies.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Workspace {
    /// Asks cargo. Cargo.lock must be up to date.
    pub(crate) fn load() -> Result<Self, Problem> {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let text = process::output(process::cargo(&here).args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
        ]))?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| Problem::new(format!("cargo metadata: {error}")))?;
        let ours: Vec<&str> = list(&value, "workspace_members").filter_map(Value::as_str).collect();
        let (mut members, mut foreign) = (Vec::new(), Vec::new());
        for package in list(&value, "packages") {
            let is_ours = ours.contains(&text_of(package, "id").as_str());
            let side = if is_ours { &mut members } else { &mut foreign };
            side.push(Package::read(package));
        }
        members.sort_by(|a, b| a.name.cmp(&b.name));
        foreign.sort_by(|a, b| a.name.cmp(&b.name));
        let root = text_of(&value, "workspace_root").into();
        let target = text_of(&value, "target_directory").into();
        Ok(Self { root, target, members, foreign })
    }

    /// True if we have a package of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|package| package.name == name)
    }
}

impl Package {
    fn read(value: &Value) -> Self {
        let features = value.get("features").and_then(Value::as_object);
        Self {
            name: text_of(value, "name"),
            version: text_of(value, "version"),
            description: text_of(value, "description"),
            license: text_of(value, "license"),
            source: text_of(value, "source"),
            manifest: text_of(value, "manifest_path").into(),
            dependencies: list(value, "dependencies").map(Dependency::read).collect(),
            features: features.map(|all| all.keys().cloned().collect()).unwrap_or_default(),
        }
    }
}

impl Dependency {
    fn read(value: &Value) -> Self {
        let kind = match value.get("kind").and_then(Value::as_str) {
            Some("dev") => Kind::Dev,
            Some("build") => Kind::Build,
            _ => Kind::Normal,
        };
        Self { name: text_of(value, "name"), kind }
    }
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
