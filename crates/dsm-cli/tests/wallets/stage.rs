//! Wallets as separate processes, each in a directory of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// A policy that anybody may hold.
pub(crate) const POLICY: &str = "\
name = \"Coffee\"
ticker = \"CUP\"
decimals = 2
lots = 10
units_per_lot = \"100\"
";

/// A directory of wallets, which goes away with the test.
pub(crate) struct Stage(tempfile::TempDir);

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), error: text(&output.stderr) }
    }

    /// The objects of `--json`, one a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let object = |line: &str| serde_json::from_str(line).expect("one JSON object a line");
        self.out.lines().map(object).collect()
    }

    /// The first object with an event's name.
    pub(crate) fn event(&self, name: &str) -> Option<Value> {
        self.objects().into_iter().find(|one| one["event"] == name)
    }
}

/// A wallet that waits for callers.
pub(crate) struct Waiting {
    pub(crate) process: Child,
    out: BufReader<std::process::ChildStdout>,
    first: String,
    /// Where it waits.
    pub(crate) link: String,
}

impl Waiting {
    /// What it said until now.
    pub(crate) fn stop(mut self) -> Said {
        let _ = self.process.kill();
        self.end()
    }

    /// What it said in all.
    pub(crate) fn end(mut self) -> Said {
        // A minute is longer than any link is patient.
        for _ in 0..1_200 {
            if self.process.try_wait().expect("a process").is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.process.kill();
        let status = self.process.wait().expect("its end");
        let mut out = self.first;
        self.out.read_to_string(&mut out).expect("its output");
        Said { code: status.code(), out, error: String::new() }
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).expect("a file");
        self.path(name).display().to_string()
    }

    pub(crate) fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dsm"));
        command.arg("--home").arg(self.path(name)).args(words);
        command.env_remove("DSM_HOME").env_remove("DSM_PASSPHRASE_FILE").stdin(Stdio::null());
        command
    }

    /// Runs a command.
    pub(crate) fn run(&self, name: &str, words: &[&str]) -> Said {
        Said::of(&self.command(name, words).output().expect("the binary"))
    }

    /// Runs a command that must succeed; gives the text.
    pub(crate) fn text(&self, name: &str, words: &[&str]) -> String {
        let said = self.run(name, words);
        assert_eq!(said.code, Some(0), "{name}: dsm {words:?}: {said:?}");
        assert!(!said.out.is_empty() && said.error.is_empty(), "dsm {words:?}: {said:?}");
        said.out
    }

    /// Runs a command that must succeed; gives its last object.
    pub(crate) fn json(&self, name: &str, words: &[&str]) -> Value {
        let said = self.run(name, &[&["--json"], words].concat());
        assert_eq!(said.code, Some(0), "{name}: dsm {words:?}: {said:?}");
        assert!(said.error.is_empty(), "dsm {words:?}: {said:?}");
        said.objects().pop().expect("an object")
    }

    /// Runs a command that must fail; gives its error, which is the same as text and as object.
    pub(crate) fn fails(&self, name: &str, words: &[&str]) -> String {
        let said = self.run(name, words);
        assert!(matches!(said.code, Some(1..=4)), "{name}: dsm {words:?}: {said:?}");
        assert!(said.out.is_empty(), "dsm {words:?}: {said:?}");
        let text = said.error.strip_prefix("error: ").map(str::trim_end);
        let text = text.expect("an error begins with the word").to_owned();
        let object = self.run(name, &[&["--json"], words].concat());
        assert_eq!(object.code, said.code);
        assert!(object.error.is_empty(), "dsm {words:?}: {object:?}");
        let error = object.event("error").expect("an object");
        assert_eq!(error["error"], Value::String(text.clone()));
        assert_eq!(error["rule"].is_string(), said.code == Some(3), "{error}");
        text
    }

    /// Starts to wait for callers.
    pub(crate) fn wait(&self, name: &str, words: &[&str]) -> Waiting {
        let mut command = self.command(name, &[&["--json", "receive"], words].concat());
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the binary");
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        let mut first = String::new();
        out.read_line(&mut first).expect("a line");
        let said: Value = serde_json::from_str(&first).expect("a place");
        let link = said["link"].as_str().expect("a link").to_owned();
        Waiting { process, out, first, link }
    }

    /// One wallet waits, another calls it.
    pub(crate) fn meet(&self, caller: &str, words: &[&str], waiter: &str) -> (Said, Said) {
        let waiting = self.wait(waiter, &[]);
        let words = [&["--json"], words, &["--link", &waiting.link]].concat();
        (self.run(caller, &words), waiting.end())
    }

    /// Makes a wallet.
    pub(crate) fn found(&self, name: &str) {
        self.json(name, &["init", "--no-passphrase"]);
    }

    /// Wallets that pinned each other.
    pub(crate) fn wallets(names: &[&str]) -> Self {
        let stage = Self::new();
        for name in names {
            stage.found(name);
            let card = stage.text(name, &["id"]);
            stage.write(&format!("{name}.card"), &card);
        }
        for one in names {
            for other in names.iter().filter(|other| *other != one) {
                let card = stage.path(&format!("{other}.card")).display().to_string();
                stage.text(one, &["contact", "add", other, &card]);
            }
        }
        stage
    }

    /// The same, and the first issued 100.00 CUP to itself.
    pub(crate) fn rich(names: &[&str]) -> Self {
        let stage = Self::wallets(names);
        let policy = stage.write("coffee.toml", POLICY);
        stage.text(names[0], &["token", "new", &policy]);
        stage.text(names[0], &["token", "issue", "CUP", "100"]);
        stage
    }

    /// What a wallet holds of the only token, in base units, frozen or not.
    pub(crate) fn balance(&self, name: &str) -> u64 {
        let said = self.json(name, &["balance"]);
        let amounts = said["balances"].as_array().expect("an array").clone();
        let units = |one: &Value| one["units"].as_str().and_then(|units| units.parse::<u64>().ok());
        amounts.iter().map(|one| units(one).expect("an amount")).sum()
    }

    /// Copies a wallet's directory.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        self.take(&self.path(from), to);
    }

    /// Copies a wallet's directory from elsewhere.
    pub(crate) fn take(&self, from: &Path, to: &str) {
        let to = self.path(to);
        if to.exists() {
            std::fs::remove_dir_all(&to).expect("the old directory goes");
        }
        std::fs::create_dir(&to).expect("a directory");
        for file in std::fs::read_dir(from).expect("a directory") {
            let path = file.expect("a file").path();
            let name = path.file_name().map(Path::new).expect("a name");
            std::fs::copy(&path, to.join(name)).expect("a copy");
        }
    }
}
