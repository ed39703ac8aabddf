//! The daemon, asked for everything that its OpenAPI document describes and for what it does not, by schemathesis.
//!
//! A real wallet is served, with a contact and a token. Its events are left out, since they never end. A well-formed
//! request may be refused, since forms do not say who is a contact and what is held; so that check is off.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::debian;
use crate::problem::Problem;
use crate::process;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const REQUIREMENTS: &str = include_str!("api/requirements.txt");
/// How many requests of each kind.
const EXAMPLES: &str = "--max-examples=20";

/// A daemon, which ends with this.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// No request makes it fail, and every answer is as described.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let scratch = workspace.target.join("api");
    let python = installed(&scratch)?;
    let words = ["build", "--locked", "--workspace", "--bin", "dsm"];
    process::run(process::cargo(&workspace.root).args(words))?;
    let dsm = workspace.target.join("debug/dsm");
    let homes = scratch.join("homes");
    if homes.exists() {
        fs::remove_dir_all(&homes).map_err(|error| Problem::file(&homes, &error))?;
    }
    fs::create_dir_all(&homes).map_err(|error| Problem::file(&homes, &error))?;
    settle(&dsm, &homes, &workspace.root.join("docs/examples/coffee.toml"))?;
    let (_served, address, token) = serve(&dsm, &homes)?;
    let mut command = Command::new("/usr/bin/python3");
    command.current_dir(&scratch).env("PYTHONPATH", &python);
    command.args(["-m", "schemathesis.cli", "run"]).arg(workspace.root.join("docs/openapi.json"));
    command.args([
        format!("--url=http://{address}"),
        format!("--header=Authorization: Bearer {token}"),
    ]);
    command.args(["--checks=all", "--exclude-checks=positive_data_acceptance"]);
    command.args(["--exclude-path=/v1/events", "--seed=1", "--no-color", EXAMPLES]);
    let mut cases = String::new();
    let good = process::watch(&mut command, |line| {
        if line.contains(" generated, ") {
            line.trim().clone_into(&mut cases);
        }
    })?;
    if good {
        Ok(Verdict::Passed(cases))
    } else {
        Err(Problem::new(format!("schemathesis: {cases}")))
    }
}

/// The packages, in a folder of their own.
fn installed(scratch: &Path) -> Result<PathBuf, Problem> {
    let (python, mark) = (scratch.join("python"), scratch.join("requirements.txt"));
    if fs::read_to_string(&mark).is_ok_and(|text| text == REQUIREMENTS) {
        return Ok(python);
    }
    debian::ensure(Path::new("/usr/lib/python3/dist-packages/pip"), &["python3-pip"])?;
    if python.exists() {
        fs::remove_dir_all(&python).map_err(|error| Problem::file(&python, &error))?;
    }
    fs::create_dir_all(&python).map_err(|error| Problem::file(&python, &error))?;
    let list = scratch.join("wanted.txt");
    fs::write(&list, REQUIREMENTS).map_err(|error| Problem::file(&list, &error))?;
    let mut command = Command::new("/usr/bin/python3");
    command.args(["-m", "pip", "install", "--quiet", "--root-user-action=ignore", "--target"]);
    process::run(command.arg(&python).arg("--requirement").arg(&list))?;
    fs::rename(&list, &mark).map_err(|error| Problem::file(&mark, &error))?;
    Ok(python)
}

fn dsm(binary: &Path, homes: &Path, name: &str, words: &[&str]) -> Result<String, Problem> {
    let mut command = Command::new(binary);
    process::output(command.arg("--home").arg(homes.join(name)).args(words))
}

/// A wallet with something to ask for.
fn settle(binary: &Path, homes: &Path, policy: &Path) -> Result<(), Problem> {
    for name in ["ada", "ben"] {
        dsm(binary, homes, name, &["init", "--no-passphrase"])?;
    }
    let card = homes.join("ben.card");
    fs::write(&card, dsm(binary, homes, "ben", &["id"])?)
        .map_err(|error| Problem::file(&card, &error))?;
    dsm(binary, homes, "ada", &["contact", "add", "ben", &card.to_string_lossy()])?;
    let policy = policy.to_string_lossy();
    dsm(binary, homes, "ada", &["token", "new", &policy, "--issue", "100"]).map(|_| ())
}

fn serve(binary: &Path, homes: &Path) -> Result<(Served, String, String), Problem> {
    let mut command = Command::new(binary);
    let home = homes.join("ada");
    command.arg("--json").arg("--home").arg(&home).arg("daemon").stdout(Stdio::piped());
    let wrong = |error: &dyn std::fmt::Display| Problem::new(format!("dsm daemon: {error}"));
    let mut served = Served(command.spawn().map_err(|error| wrong(&error))?);
    let out = served.0.stdout.take().ok_or_else(|| wrong(&"no output"))?;
    BufReader::new(out).read_line(&mut String::new()).map_err(|error| wrong(&error))?;
    let access = fs::read(home.join("daemon.json")).map_err(|error| wrong(&error))?;
    let access: Value = serde_json::from_slice(&access).map_err(|error| wrong(&error))?;
    let text = |name: &str| access[name].as_str().map(str::to_owned);
    let (address, token) = text("address").zip(text("token")).ok_or_else(|| wrong(&"no token"))?;
    Ok((served, address, token))
}
