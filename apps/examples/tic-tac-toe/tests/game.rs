//! Two real processes play over two wallets.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use dsm_core::data::{Author, Reducer};
use dsm_crypto::{RecoverySecret, Secret};
use dsm_engine::ShareError;
use dsm_home::{Home, Protection};
use dsm_log::{DeviceId, Network};
use dsm_store::{Changes, Contact};

/// Two wallets that pinned each other. The first has the smaller DeviceId, and so begins.
struct Table {
    dir: tempfile::TempDir,
    names: [&'static str; 2],
    devices: [DeviceId; 2],
}

impl Table {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut made: Vec<_> = ["ada", "ben"]
            .map(|name| {
                let home = Home::new(Some(dir.path().join(name))).expect("a path");
                let seed = Secret::from_bytes([name.as_bytes()[0]; 48]);
                let recovery = RecoverySecret::from_seed(&seed).public_key().clone();
                (
                    home.create(Network::TEST, recovery, 1_008, &Protection::Clear, None)
                        .expect("a wallet"),
                    name,
                )
            })
            .into();
        made.sort_unstable();
        let [one, two] = made[..] else { unreachable!("two wallets") };
        let table = Self { dir, names: [one.1, two.1], devices: [one.0, two.0] };
        for (of, other) in [(0, 1), (1, 0)] {
            let home = |side: usize| Home::new(Some(table.path(side))).expect("a path");
            let engine = home(other).open().expect("a wallet");
            let card = engine.wallet().books().expect("books").card();
            drop(engine);
            let contacts = vec![Contact { name: "friend".into(), card }];
            let mut engine = home(of).open().expect("a wallet");
            engine.commit(&Changes { contacts, ..Changes::default() }).expect("a contact");
        }
        table
    }

    fn path(&self, side: usize) -> PathBuf {
        self.dir.path().join(self.names[side])
    }

    fn command(&self, side: usize, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tic-tac-toe"));
        command.arg("--home").arg(self.path(side)).arg("friend").args(words);
        command.stdin(Stdio::null());
        command
    }

    /// What a command says, or why it fails.
    fn run(&self, side: usize, words: &[&str]) -> Result<String, String> {
        let said = self.command(side, words).output().expect("the binary");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
    }

    /// One waits, the other calls; gives what both show then.
    fn sync(&self, caller: usize) -> [String; 2] {
        let mut waits = self.command(1 - caller, &["wait"]);
        let mut waits = waits.stdout(Stdio::piped()).spawn().expect("the binary");
        let mut out = BufReader::new(waits.stdout.take().expect("its output"));
        let mut first = String::new();
        out.read_line(&mut first).expect("a line");
        let link = first.trim_end().strip_prefix("waiting at ").expect("a place");
        let called = self.run(caller, &["sync", "--link", link]).expect("a meeting");
        let mut waited = String::new();
        out.read_to_string(&mut waited).expect("its output");
        assert!(waits.wait().expect("its end").success());
        if caller == 0 { [called, waited] } else { [waited, called] }
    }
}

#[test]
fn a_game_is_played_to_its_end() {
    let table = Table::new();
    let mut shown = Default::default();
    // X takes the first row; O begins with two of the second.
    for (number, field) in ["1", "4", "2", "5", "3"].into_iter().enumerate() {
        let side = number % 2;
        table.run(side, &["move", field]).expect("its turn");
        shown = table.sync(side);
    }
    assert_eq!(shown[0], "X X X\nO O 6\n7 8 9\nyou are X: you won\n");
    assert_eq!(shown[1], "X X X\nO O 6\n7 8 9\nyou are O: you lost\n");
    for side in [0, 1] {
        let over = table.run(side, &["move", "9"]).expect_err("it is over");
        assert!(over.contains("it is over"), "{over}");
    }
}

#[test]
fn the_program_refuses_what_the_rules_do_not_allow() {
    let table = Table::new();
    let early = table.run(1, &["move", "5"]).expect_err("not its turn");
    assert!(early.contains("not your turn"), "{early}");
    table.run(0, &["move", "5"]).expect("its turn");
    let twice = table.run(0, &["move", "6"]).expect_err("not its turn any more");
    assert!(twice.contains("not your turn"), "{twice}");
    table.sync(1);
    for wrong in ["5", "0", "10"] {
        let refused = table.run(1, &["move", wrong]).expect_err("no free field");
        assert!(refused.contains("do not allow"), "{refused}");
    }
    table.run(1, &["move", "1"]).expect("its turn");
}

/// The program of a cheat: the same schema, and no rules.
struct Rogue;

impl Reducer for Rogue {
    type State = ();
    const SCHEMA: &'static str = "dsm examples, tic-tac-toe, 1";

    fn start(&self) {}

    fn apply(&self, (): &(), _: Author, _: &[u8]) -> Option<()> {
        Some(())
    }
}

fn force(table: &Table, side: usize, field: u8) -> Result<u64, ShareError> {
    let home = Home::new(Some(table.path(side))).expect("a path");
    let mut engine = home.open().expect("a wallet");
    engine.share(&table.devices[1 - side], &Rogue, &[field])
}

#[test]
fn a_move_that_was_forced_is_void_on_both_boards() {
    let table = Table::new();
    force(&table, 1, 9).expect("no rules");
    table.run(0, &["move", "5"]).expect("its turn");
    force(&table, 0, 6).expect("no rules");
    let shown = table.sync(0);
    assert_eq!(shown[0], "1 2 3\n4 X 6\n7 8 9\nyou are X: the other side's turn\n");
    assert_eq!(shown[1], "1 2 3\n4 X 6\n7 8 9\nyou are O: your turn\n");
    table.run(1, &["move", "6"]).expect("the field is free");
    let shown = table.sync(1);
    assert!(shown[0].starts_with("1 2 3\n4 X O\n7 8 9\n"), "{shown:?}");
}
