//! A copy of the workspace with all switches, and the tests that are built of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use super::list::Change;
use super::switch::{self, MODULE};
use crate::problem::Problem;
use crate::process;
use crate::tree;
use crate::workspace::Workspace;

/// What was built.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) tests: Vec<Test>,
    /// Those that no compiler takes.
    pub(super) unviable: BTreeSet<usize>,
    /// Those that have a switch.
    pub(super) switched: BTreeSet<usize>,
}

/// One program of tests.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) package: String,
    pub(super) program: PathBuf,
    /// Where cargo would run it.
    pub(super) folder: PathBuf,
}

/// Where changes lie in the files of the copy.
type Places = BTreeMap<String, Vec<(usize, Range<usize>)>>;

/// Builds the tests of these packages, and takes back what does not compile.
pub(super) fn build(
    workspace: &Workspace,
    changes: &[Change],
    packages: &BTreeSet<&str>,
) -> Result<Built, Problem> {
    let copy = workspace.target.join("mutants/tree");
    mirror(&workspace.root, &copy)?;
    let mut refused = Refused::default();
    loop {
        let places = write(workspace, &copy, changes, &refused)?;
        let said = compile(&copy, &workspace.target.join("mutants/target"), packages)?;
        let before = refused.len();
        refused.read(&said, &places)?;
        if refused.len() == before {
            let switched = places.values().flatten().map(|(number, _)| *number).collect();
            let tests = finished(&said)?;
            return Ok(Built { tests, unviable: refused.changes, switched });
        }
        eprintln!("mutants: {} do not compile", refused.changes.len());
    }
}

/// Makes the copy the same as the work tree, but for the time of what is the same already.
fn mirror(root: &Path, copy: &Path) -> Result<(), Problem> {
    let list = process::output(std::process::Command::new("git").current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        let (from, to) = (root.join(path), copy.join(path));
        let bytes = std::fs::read(&from).map_err(|error| Problem::file(&from, &error))?;
        put(&to, &bytes)?;
    }
    Ok(())
}

/// Writes a file, unless it is so already.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    if std::fs::read(path).is_ok_and(|have| have == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|error| Problem::file(path, &error))
}

/// Writes the switches of all changes but those that were refused into the copy.
fn write(
    workspace: &Workspace,
    copy: &Path,
    changes: &[Change],
    refused: &Refused,
) -> Result<Places, Problem> {
    let mut files: BTreeMap<&str, Vec<(usize, &Change)>> = BTreeMap::new();
    for (number, change) in changes.iter().enumerate() {
        let of_file = files.entry(&change.file).or_default();
        if !refused.changes.contains(&number) {
            of_file.push((number, change));
        }
    }
    let crates: BTreeSet<PathBuf> = files.keys().filter_map(|file| root_of(file)).collect();
    let mut places = Places::new();
    for (file, changes) in &files {
        let source = tree::read(&workspace.root.join(file))?;
        let mut switched = switch::switched(&source, changes, &refused.constants)
            .map_err(|error| Problem::new(format!("{file}: {error}")))?;
        if crates.contains(Path::new(file)) {
            switched.text.push_str(MODULE);
        }
        put(&copy.join(file), switched.text.as_bytes())?;
        places.insert((*file).to_owned(), switched.places);
    }
    for root in crates.iter().filter(|root| !files.keys().any(|file| Path::new(file) == *root)) {
        let source = tree::read(&workspace.root.join(root))?;
        put(&copy.join(root), format!("{source}{MODULE}").as_bytes())?;
    }
    Ok(places)
}

/// The root of the crate of a source file.
fn root_of(file: &str) -> Option<PathBuf> {
    file.find("/src/")
        .and_then(|at| file.get(..at))
        .map(|folder| Path::new(folder).join("src/lib.rs"))
}

/// What cargo says, message by message.
fn compile(copy: &Path, target: &Path, packages: &BTreeSet<&str>) -> Result<Vec<Value>, Problem> {
    let mut cargo = process::cargo(copy);
    cargo.args(["build", "--tests", "--locked", "--keep-going", "--message-format", "json"]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    // The switches are no code of ours, and the programs run two thousand times.
    cargo.env("RUSTFLAGS", "--cap-lints allow").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_TARGET_DIR", target);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Problem::new(format!("cargo: {error}")))?;
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// What the compiler refused.
#[derive(Debug, Default)]
struct Refused {
    changes: BTreeSet<usize>,
    /// The names of functions that constants call.
    constants: BTreeSet<String>,
}

impl Refused {
    fn len(&self) -> usize {
        self.changes.len() + self.constants.len()
    }

    fn read(&mut self, said: &[Value], places: &Places) -> Result<(), Problem> {
        for message in said.iter().filter_map(|line| line.get("message")) {
            let text =
                |name: &str| message.pointer(name).and_then(Value::as_str).unwrap_or_default();
            let spans = message.get("spans").and_then(Value::as_array).into_iter().flatten();
            // What is nowhere only counts the others.
            if text("/level") != "error" || spans.clone().next().is_none() {
                continue;
            }
            let before = self.len();
            if text("/code/code") == "E0015" {
                // "cannot call non-const associated function `Digest::new` in constants"
                let path = text("/message").split('`').nth(1).unwrap_or_default();
                let path = path.split("::<").next().unwrap_or_default();
                self.constants.extend(path.rsplit("::").next().map(str::to_owned));
            }
            self.changes.extend(spans.flat_map(|span| at(span, places)));
            // An error that is there twice, of a library and of its tests, is known already.
            if self.len() == before && !self.knows(message, places) {
                return Err(Problem::new(format!("of no change: {}", text("/rendered"))));
            }
        }
        Ok(())
    }

    fn knows(&self, message: &Value, places: &Places) -> bool {
        let spans = message.get("spans").and_then(Value::as_array).into_iter().flatten();
        let here = |span| !at(span, places).is_empty();
        message.pointer("/code/code").and_then(Value::as_str) == Some("E0015")
            || spans.into_iter().any(here)
    }
}

/// The programs that were built, if all were.
fn finished(said: &[Value]) -> Result<Vec<Test>, Problem> {
    let of_end =
        |line: &&Value| line.get("reason").and_then(Value::as_str) == Some("build-finished");
    let built = said.iter().find(of_end).and_then(|line| line.get("success")?.as_bool());
    if built != Some(true) {
        return Err(Problem::new("the changed workspace does not build"));
    }
    Ok(tests(said))
}

/// The changes in which a part of a message lies.
fn at(span: &Value, places: &Places) -> Vec<usize> {
    let file = span.get("file_name").and_then(Value::as_str).unwrap_or_default();
    let start = span.get("byte_start").and_then(Value::as_u64);
    let Some(start) = start.and_then(|at| usize::try_from(at).ok()) else {
        return Vec::new();
    };
    let inside = |(_, place): &&(usize, Range<usize>)| place.contains(&start);
    places.get(file).into_iter().flatten().filter(inside).map(|(number, _)| *number).collect()
}

fn tests(said: &[Value]) -> Vec<Test> {
    let test = |line: &Value| {
        line.pointer("/profile/test")?.as_bool().filter(|test| *test)?;
        let program = line.get("executable")?.as_str()?;
        let folder = Path::new(line.get("manifest_path")?.as_str()?).parent()?.to_path_buf();
        let package = folder.file_name()?.to_str()?.to_owned();
        Some(Test { package, program: program.into(), folder })
    };
    said.iter().filter_map(test).collect()
}
