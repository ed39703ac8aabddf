//! Two real processes share expenses over two wallets.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use dsm_crypto::{RecoverySecret, Secret};
use dsm_home::{Home, Protection};
use dsm_log::Network;
use dsm_store::{Changes, Contact};

/// The wallets of Ada and Ben, who pinned each other.
struct House(tempfile::TempDir);

impl House {
    fn new() -> Self {
        let house = Self(tempfile::tempdir().expect("a directory"));
        let cards = ["ada", "ben"].map(|name| {
            let seed = Secret::from_bytes([name.as_bytes()[0]; 48]);
            let recovery = RecoverySecret::from_seed(&seed).public_key().clone();
            house
                .home(name)
                .create(Network::TEST, recovery, 1_008, &Protection::Clear, None)
                .expect("a wallet");
            let engine = house.home(name).open().expect("a wallet");
            engine.wallet().books().expect("books").card()
        });
        for (of, name, card) in [("ada", "ben", &cards[1]), ("ben", "ada", &cards[0])] {
            let contacts = vec![Contact { name: name.into(), card: card.clone() }];
            let mut engine = house.home(of).open().expect("a wallet");
            engine.commit(&Changes { contacts, ..Changes::default() }).expect("a contact");
        }
        house
    }

    fn home(&self, name: &str) -> Home {
        Home::new(Some(self.0.path().join(name))).expect("a path")
    }

    fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ledger"));
        let contact = if name == "ada" { "ben" } else { "ada" };
        command.arg("--home").arg(self.0.path().join(name)).arg(contact).args(words);
        command.stdin(Stdio::null());
        command
    }

    /// What a command says, or why it fails.
    fn run(&self, name: &str, words: &[&str]) -> Result<String, String> {
        let said = self.command(name, words).output().expect("the binary");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
    }

    /// Ben waits, Ada calls; gives what both show then.
    fn sync(&self) -> [String; 2] {
        let mut waits = self.command("ben", &["wait"]);
        let mut waits = waits.stdout(Stdio::piped()).spawn().expect("the binary");
        let mut out = BufReader::new(waits.stdout.take().expect("its output"));
        let mut first = String::new();
        out.read_line(&mut first).expect("a line");
        let link = first.trim_end().strip_prefix("waiting at ").expect("a place");
        let ada = self.run("ada", &["sync", "--link", link]).expect("a meeting");
        let mut ben = String::new();
        out.read_to_string(&mut ben).expect("its output");
        assert!(waits.wait().expect("its end").success());
        [ada, ben]
    }
}

#[test]
fn expenses_written_at_once_converge() {
    let house = House::new();
    house.run("ada", &["add", "12.50", "lunch"]).expect("an expense");
    house.run("ben", &["add", "3", "coffee"]).expect("an expense");
    house.run("ben", &["add", "3.00", "coffee"]).expect("the same again");
    let alone = house.run("ada", &["show"]).expect("a ledger");
    assert!(alone.ends_with("ben owes you 6.25\n"), "{alone}");
    let [ada, ben] = house.sync();
    assert!(ada.ends_with("ben owes you 3.25\n"), "{ada}");
    assert!(ben.ends_with("you owe ada 3.25\n"), "{ben}");
    // The same lines in the same order, but for who is called you.
    let same = |text: &str, me: &str| {
        let lines = text.lines().map(|line| line.replace(me, "").replace("you", ""));
        let words = lines.map(|line| line.split_whitespace().collect::<String>());
        let mut words: Vec<String> = words.collect();
        words.pop();
        words
    };
    assert_eq!(same(&ada, "ben").len(), 3);
    assert_eq!(same(&ada, "ben"), same(&ben, "ada"));
    house.run("ben", &["add", "6.50", "bread"]).expect("an expense");
    let [ada, ben] = house.sync();
    for said in [ada, ben] {
        assert!(said.ends_with("nobody owes anything\n"), "{said}");
    }
}

#[test]
fn what_is_no_expense_is_refused_and_nothing_steers_the_terminal() {
    let house = House::new();
    for amount in ["0", "1.5", "1e3", "-1", "", "99999999999.00", "999999999999999999999"] {
        assert!(house.run("ada", &["add", "--", amount, "lunch"]).is_err(), "{amount:?}");
    }
    assert!(house.run("ada", &["add", "1", &"x".repeat(300)]).is_err());
    house.run("ada", &["add", "1", "\u{1b}[2J\nben owes you 100.00"]).expect("an odd expense");
    let [ada, ben] = house.sync();
    for said in [&ada, &ben] {
        assert_eq!(said.lines().count(), 2, "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}
