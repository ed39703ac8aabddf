//! The commands of README.md and of the guides, typed as they stand there.
//!
//! In blocks marked `sh`, in order, in one directory. Two commands on a line are two terminals. What waits goes on while the
//! next command runs; `PORT` is where it said that it waits.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use dsm_swtpm::Emulator;

/// Where a page's commands are typed.
struct Desk {
    folder: tempfile::TempDir,
    root: PathBuf,
    waiting: Vec<(Child, BufReader<ChildStdout>)>,
    place: String,
    typed: usize,
    chip: Option<Emulator>,
}

/// Where the pages say that a chip is.
const CHIP: &str = "tcp:127.0.0.1:2321";

impl Drop for Desk {
    fn drop(&mut self) {
        for (process, _) in &mut self.waiting {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The commands of a page.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => {
                let line = line.split(" #").next().unwrap_or_default();
                let terminals = line.split("  dsm ").enumerate().map(|(number, part)| {
                    if number == 0 {
                        part.trim().to_owned()
                    } else {
                        format!("dsm {}", part.trim())
                    }
                });
                let typed = terminals.filter(|part| !part.is_empty() && !part.starts_with('#'));
                commands.extend(typed);
            }
            _ => {}
        }
    }
    commands
}

/// Whether a command goes on until somebody calls.
fn waits(command: &str) -> bool {
    let calls = |word: &str| command.contains(word) && !command.contains("mail:");
    calls(" receive") || calls(" daemon")
}

impl Desk {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = tempfile::tempdir().expect("a directory");
        for name in ["docs", "apps"] {
            std::os::unix::fs::symlink(root.join(name), folder.path().join(name)).expect("a link");
        }
        std::fs::create_dir(folder.path().join("stick")).expect("a directory");
        Self { folder, root, waiting: Vec::new(), place: String::new(), typed: 0, chip: None }
    }

    /// The same with an emulator, and the certificates above its own in two files.
    fn with_a_chip() -> Self {
        let (chip, endorser) = Emulator::endorsed().expect("swtpm");
        let mut desk = Self::new();
        desk.chip = Some(chip);
        for (name, text) in [("maker.pem", endorser.root), ("between.pem", endorser.between)] {
            std::fs::write(desk.folder.path().join(name), text).expect("a file");
        }
        desk
    }

    fn shell(&self, command: &str) -> Command {
        let stick = self.folder.path().join("stick").display().to_string();
        let command = command.replace("tcp:127.0.0.1:PORT", &self.place);
        let command = command.replace("/media/stick", &stick);
        let chip = self.chip.as_ref().map_or(CHIP.to_owned(), |at| format!("tcp:{}", at.address()));
        let command = command.replace(CHIP, &chip);
        let bin = Path::new(env!("CARGO_BIN_EXE_dsm")).parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.current_dir(self.folder.path()).args(["-c", &command]).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", bin.display())).env_remove("DSM_HOME");
        shell
    }

    fn types(&mut self, command: &str) {
        self.typed += 1;
        if waits(command) {
            let mut shell = self.shell(&format!("exec {command}"));
            let shell = shell.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut process = shell.spawn().expect("a shell");
            let out = BufReader::new(process.stdout.take().expect("a pipe"));
            let told: Box<dyn BufRead> = match process.stderr.take() {
                // `dsm receive` says where it waits beside its result.
                Some(told) if command.contains(" receive") => Box::new(BufReader::new(told)),
                _ => return self.serves(process, out, command),
            };
            self.place =
                told.lines().map_while(Result::ok).find_map(|line| place(&line)).expect("a place");
            self.waiting.push((process, out));
            return;
        }
        let output = self.shell(command).output().expect("a shell");
        assert!(output.status.success(), "{command}: {output:?}");
    }

    /// A daemon prints where it waits, if it waits for contacts.
    fn serves(&mut self, process: Child, mut out: BufReader<ChildStdout>, command: &str) {
        let lines = if command.contains("--link") { 2 } else { 1 };
        for _ in 0..lines {
            let mut line = String::new();
            out.read_line(&mut line).expect("a line");
            self.place = place(&line).unwrap_or_else(|| self.place.clone());
        }
        self.waiting.push((process, out));
    }

    /// Types everything that a page says; how much that was.
    fn follows(mut self, page: &str) -> usize {
        let text = std::fs::read_to_string(self.root.join(page)).expect("a page");
        for command in commands(&text) {
            match command.split(' ').next() {
                Some("dsm" | "python3") => self.types(&command),
                // The gate is one of them, and another is what it builds.
                Some("cargo") => {}
                other => assert!(other.is_none(), "{page}: nobody types `{command}` here"),
            }
        }
        self.typed
    }
}

fn place(line: &str) -> Option<String> {
    line.trim().strip_prefix("waiting at ").map(str::to_owned)
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    assert!(Desk::new().follows("README.md") >= 13);
}

#[test]
fn every_command_of_the_guide_for_app_developers_does_what_it_says() {
    assert!(Desk::new().follows("docs/guide-apps.md") >= 11);
}

#[test]
fn every_command_of_the_guide_for_reviewers_does_what_it_says() {
    assert!(Desk::new().follows("docs/guide-review.md") >= 13);
}

#[test]
fn every_command_of_the_guide_to_chips_does_what_it_says() {
    assert!(Desk::with_a_chip().follows("docs/guide-anchors.md") >= 18);
}
