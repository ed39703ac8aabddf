//! Runs wallets as separate processes, each in a directory of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::problem::Problem;

/// Where the demo takes place.
pub(super) struct Stage {
    binary: PathBuf,
    root: PathBuf,
    json: bool,
    /// What the audience was told so far.
    pub(super) told: String,
}

/// What both sides of a meeting printed.
pub(super) struct Meeting {
    /// The side that called.
    pub(super) caller: Vec<Value>,
    /// The side that waited.
    pub(super) waiter: Vec<Value>,
}

impl Stage {
    /// An empty stage.
    pub(super) fn new(binary: PathBuf, root: PathBuf, json: bool) -> Result<Self, Problem> {
        if root.exists() {
            fs::remove_dir_all(&root).map_err(problem)?;
        }
        fs::create_dir_all(&root).map_err(problem)?;
        Ok(Self { binary, root, json, told: String::new() })
    }

    /// Tells the audience what happens: text for people, or an object for programs.
    #[expect(clippy::print_stdout, reason = "the play is the output of the command")]
    pub(super) fn tell(&mut self, text: &str, object: &Value) {
        self.told.push_str(text);
        self.told.push('\n');
        if self.json {
            println!("{object}");
        } else {
            println!("{text}");
        }
    }

    /// A wallet's directory.
    pub(super) fn home(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A file on the stage.
    pub(super) fn file(&self, name: &str, content: &str) -> Result<PathBuf, Problem> {
        let path = self.root.join(name);
        fs::write(&path, content).map_err(problem)?;
        Ok(path)
    }

    fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--home").arg(self.home(name)).arg("--json").args(words);
        command
    }

    /// Runs a command of a wallet; gives what it printed.
    pub(super) fn run(&self, name: &str, words: &[&str]) -> Result<Vec<Value>, Problem> {
        let output = self.command(name, words).output().map_err(problem)?;
        let said = parse(&output.stdout)?;
        if output.status.success() {
            Ok(said)
        } else {
            Err(Problem::new(format!("{name}: dsm {} failed: {said:?}", words.join(" "))))
        }
    }

    /// Runs a command of a wallet that must fail; gives the error.
    pub(super) fn fails(&self, name: &str, words: &[&str]) -> Result<Value, Problem> {
        let output = self.command(name, words).output().map_err(problem)?;
        let said = parse(&output.stdout)?;
        let error = said.iter().find(|one| one["event"] == "error" && !output.status.success());
        let went = || Problem::new(format!("{name}: dsm {} went well: {said:?}", words.join(" ")));
        error.cloned().ok_or_else(went)
    }

    /// The text that a command prints for people.
    pub(super) fn text(&self, name: &str, words: &[&str]) -> Result<String, Problem> {
        let mut command = Command::new(&self.binary);
        let output = command.arg("--home").arg(self.home(name)).args(words).output();
        let output = output.map_err(problem)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// One wallet waits, another calls it. Either may fail; the caller's failure is no failure here.
    pub(super) fn meet(
        &self,
        caller: &str,
        words: &[&str],
        waiter: &str,
    ) -> Result<Meeting, Problem> {
        let dsm = |link: &str| {
            let words: Vec<&str> = words.iter().copied().chain(["--link", link]).collect();
            self.command(caller, &words)
        };
        self.called(waiter, dsm)
    }

    /// One wallet waits, and a program of a thief calls it: with a copy of a wallet, and what that wallet's chip said since.
    pub(super) fn thief(
        &self,
        [copy, wallet]: [&str; 2],
        [contact, units]: [&str; 2],
    ) -> Result<Meeting, Problem> {
        self.called(contact, |link| {
            let mut command = Command::new(self.binary.with_file_name("examples").join("thief"));
            command.args([self.home(copy), self.home(wallet)]).args([contact, units, link]);
            // How it fails is seen at the other side.
            command.stderr(Stdio::null());
            command
        })
    }

    fn called(
        &self,
        waiter: &str,
        caller: impl FnOnce(&str) -> Command,
    ) -> Result<Meeting, Problem> {
        let mut waiting = self.command(waiter, &["receive"]);
        let mut waiting = waiting.stdout(Stdio::piped()).spawn().map_err(problem)?;
        let result = call(caller, &mut waiting);
        if result.is_err() {
            let _ = waiting.kill();
        }
        let _ = waiting.wait();
        result
    }

    /// Copies a wallet's directory, which is what a cheat does.
    pub(super) fn copy(&self, from: &str, to: &str) -> Result<(), Problem> {
        let to = self.home(to);
        if to.exists() {
            fs::remove_dir_all(&to).map_err(problem)?;
        }
        fs::create_dir_all(&to).map_err(problem)?;
        for entry in fs::read_dir(self.home(from)).map_err(problem)? {
            let path: PathBuf = entry.map_err(problem)?.path();
            let name = path.file_name().unwrap_or_default();
            fs::copy(&path, Path::new(&to).join(name)).map_err(problem)?;
        }
        Ok(())
    }
}

impl Meeting {
    /// The first object with an event's name that either side printed.
    pub(super) fn event(&self, name: &str) -> Option<&Value> {
        self.caller.iter().chain(&self.waiter).find(|one| one["event"] == name)
    }

    /// Bytes, CPU time and wall time of both sides.
    pub(super) fn figures(&self) -> Value {
        let of = |said: &[Value]| said.iter().find(|one| one["event"] == "met").cloned();
        let side = |met: Option<Value>| {
            let met = met.unwrap_or_default();
            json!({ "cpu_us": met["cpu_us"], "wall_us": met["wall_us"], "sent_bytes": met["sent_bytes"] })
        };
        json!({ "caller": side(of(&self.caller)), "waiter": side(of(&self.waiter)) })
    }
}

fn call(caller: impl FnOnce(&str) -> Command, waiting: &mut Child) -> Result<Meeting, Problem> {
    let out = waiting.stdout.take().ok_or_else(|| Problem::new("no output of dsm receive"))?;
    let mut out = BufReader::new(out);
    let mut first = String::new();
    out.read_line(&mut first).map_err(problem)?;
    let first: Value = serde_json::from_str(&first).map_err(problem)?;
    let link = first["link"].as_str().ok_or_else(|| Problem::new(format!("{first}")))?;
    let output = caller(link).output().map_err(problem)?;
    let lines: Result<Vec<Value>, Problem> = out
        .lines()
        .map(|line| serde_json::from_str(&line.map_err(problem)?).map_err(problem))
        .collect();
    Ok(Meeting { caller: parse(&output.stdout)?, waiter: lines? })
}

fn parse(bytes: &[u8]) -> Result<Vec<Value>, Problem> {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(|line| serde_json::from_str(line).map_err(problem)).collect()
}

fn problem(error: impl std::fmt::Display) -> Problem {
    Problem::new(error.to_string())
}
