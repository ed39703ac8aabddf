//! The manual pages and completions: every example is run, from the text that the pages show.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dsm_regtest::Node;

use crate::places::directory;
use crate::stage::Stage;

const EXAMPLES: &str = include_str!("../../src/manual/examples.txt");

/// A command of an example.
struct Line {
    who: &'static str,
    command: &'static str,
    /// Whether it goes on while the others run.
    stays: bool,
    /// Whether it stands in the page.
    shown: bool,
}

/// The commands of each page.
fn pages() -> BTreeMap<&'static str, Vec<Line>> {
    let mut pages: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    let mut now = None;
    for line in EXAMPLES.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            pages.entry(name).or_default();
            now = Some(name);
            continue;
        }
        let Some(name) = now.filter(|_| !line.is_empty() && !line.starts_with("# ")) else {
            continue;
        };
        let (shown, line) = line.strip_prefix("% ").map_or((true, line), |line| (false, line));
        let (who, command) = line.split_once("$ ").expect("somebody and a command");
        let (stays, command) =
            command.strip_suffix(" &").map_or((false, command), |command| (true, command));
        pages.get_mut(name).expect("a page").push(Line { who, command, stays, shown });
    }
    pages
}

/// Free ports in place of those of the examples.
struct Ports(Vec<(String, String)>);

impl Ports {
    fn new() -> Self {
        let free = |port: &str| {
            let place = TcpListener::bind("127.0.0.1:0").expect("a port");
            (format!(":{port}"), format!(":{}", place.local_addr().expect("an address").port()))
        };
        Self(["7001", "7002"].map(free).to_vec())
    }

    /// A Bitcoin node's, at its usual ones.
    fn of(mut self, node: &Node) -> Self {
        let rpc = node.url().rsplit(':').next().expect("a port").to_owned();
        self.0.push((":18443".to_owned(), format!(":{rpc}")));
        self.0.push((":18444".to_owned(), format!(":{}", node.address().port())));
        self
    }

    fn put(&self, command: &str) -> String {
        self.0.iter().fold(command.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

/// A line as a person types it, in the directory of the wallets.
fn typed(stage: &Stage, line: &Line, ports: &Ports, log: &Path) -> Child {
    let program = Path::new(env!("CARGO_BIN_EXE_dsm")).parent().expect("its directory").display();
    let path = std::env::var("PATH").expect("a path");
    let file = std::fs::File::create(log).expect("a file");
    let mut shell = Command::new("sh");
    shell.args(["-c", &ports.put(line.command)]).current_dir(stage.path(""));
    shell.env("PATH", format!("{program}:{path}")).env("DSM_HOME", stage.path(line.who));
    shell.stdin(Stdio::null()).stderr(file.try_clone().expect("the file")).stdout(file);
    shell.spawn().expect("a shell")
}

fn runs(name: &str, lines: &[Line]) {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    directory(&stage, "stick");
    let mut ports = Ports::new();
    let node = name.starts_with("dsm-headers").then(|| Node::start().expect("a node"));
    if let Some(node) = &node {
        node.mine(20).expect("blocks");
        std::fs::copy(node.cookie(), stage.path("bitcoin.cookie")).expect("its cookie");
        ports = ports.of(node);
    }
    let chip = name.starts_with("dsm-anchor");
    let chip = chip.then(|| dsm_swtpm::Emulator::endorsed().expect("swtpm"));
    if let Some((emulator, endorser)) = &chip {
        stage.write("root.pem", &endorser.root);
        stage.write("between.pem", &endorser.between);
        ports.0.push((":2321".to_owned(), format!(":{}", emulator.address().port())));
    }
    let mut staying: Vec<(&str, &str, Child)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let log = stage.path(&format!("log-{number}"));
        let said = || std::fs::read_to_string(&log).expect("a file");
        // A wallet belongs to one process: what waited in it ends first.
        for (who, _, earlier) in &mut staying {
            for _ in 0..500 {
                if *who != line.who || earlier.try_wait().expect("a process").is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let mut child = typed(&stage, line, &ports, &log);
        if line.stays {
            while !said().contains("waiting at") {
                assert!(child.try_wait().expect("a process").is_none(), "{name}: {}", said());
                std::thread::sleep(Duration::from_millis(20));
            }
            staying.push((line.who, line.command, child));
        } else {
            let end = child.wait().expect("its end");
            assert!(end.success(), "{name}: {}: {}", line.command, said());
        }
    }
    for (_, command, mut child) in staying {
        assert!(child.wait().expect("its end").success(), "{name}: {command}");
    }
}

#[test]
fn every_example_of_the_manual_runs() {
    let pages = pages();
    std::thread::scope(|scope| {
        let (one, other): (Vec<_>, Vec<_>) =
            pages.iter().enumerate().partition(|(number, _)| number % 2 == 0);
        for half in [one, other] {
            scope.spawn(move || half.iter().for_each(|(_, (name, lines))| runs(name, lines)));
        }
    });
}

#[test]
fn every_command_has_a_page_with_examples_and_exit_codes() {
    let stage = Stage::new();
    let man = directory(&stage, "man1");
    let said = stage.json("nobody", &["manual", &man]);
    let written =
        said["pages"].as_array().expect("pages").iter().map(|one| one.as_str().expect("a name"));
    let (written, pages): (BTreeSet<_>, _) = (written.collect(), pages());
    assert_eq!(written, pages.keys().copied().collect());
    let json = include_str!("../../../../docs/json.md");
    let codes = json.split("## Exit codes").nth(1).expect("the codes").lines();
    let codes: Vec<&str> = codes.filter(|line| line.starts_with("| ")).skip(1).collect();
    assert_eq!(codes.len(), 6);
    for (name, lines) in pages {
        let page = std::fs::read_to_string(stage.path("man1").join(format!("{name}.1")));
        // A hyphen is written with a backslash before it.
        let page = page.expect("a page").replace('\\', "");
        for line in lines {
            let there = page.contains(&format!("{}$ {}", line.who, line.command));
            assert_eq!(there, line.shown, "{name}: {}", line.command);
        }
        for code in &codes {
            let mut cells = code.split('|').map(|cell| cell.trim().replace('`', "")).skip(1);
            let (code, says) = (cells.next().expect("a code"), cells.next().expect("a text"));
            assert!(page.contains(&format!("{code}\n{says}")), "{name}: {code}: {says}");
        }
        assert!(page.contains("NAME") && page.contains("SYNOPSIS"), "{name}");
    }
    assert!(stage.fails("nobody", &["manual", "/no/such"]).contains("make the directory"));
}

#[test]
fn a_shell_completes_commands() {
    let stage = Stage::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stage.text("nobody", &["completions", shell]);
        assert!(script.contains("resume") && script.contains("unblock"), "{shell}");
    }
    stage.write("dsm.bash", &stage.text("nobody", &["completions", "bash"]));
    let ask = "source ./dsm.bash; COMP_WORDS=(dsm contact re); COMP_CWORD=2; \
               _dsm dsm re contact; echo \"${COMPREPLY[@]}\"";
    let said = Command::new("bash").args(["-c", ask]).current_dir(stage.path("")).output();
    let said = said.expect("bash");
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "rename", "{said:?}");
    assert_eq!(stage.run("nobody", &["completions", "tcsh"]).code, Some(2));
}
