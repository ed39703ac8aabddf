//! Keys at rest: sealed, changed, damaged, swapped, asked for, and never readable by others.

mod keyring;
mod terminal;

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use dsm_engine::Stopwatch;

use crate::stage::{Said, Stage};

/// How often the one who changes a passphrase dies.
const DEATHS: u32 = 16;

const ISSUE: [&str; 4] = ["token", "issue", "CUP", "1"];

/// A wallet that knows CUP, sealed under `correct horse` in the file `old`; `new` holds another.
fn sealed() -> (Stage, String, String) {
    let stage = Stage::rich(&["ada", "ben"]);
    let (old, new) =
        (stage.write("old", "correct horse\n"), stage.write("new", "battery staple\n"));
    let said = stage.json("ada", &["passphrase", "--new-passphrase-file", &old]);
    assert_eq!(said["keys"], "passphrase");
    (stage, old, new)
}

fn with<'a>(file: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["--passphrase-file", file], words].concat()
}

#[test]
fn a_wallet_is_not_made_before_somebody_said_how_its_keys_lie() {
    let stage = Stage::new();
    let error = stage.fails("ada", &["init"]);
    for choice in ["a terminal asks for", "--passphrase-file FILE", "--keyring", "--no-passphrase"]
    {
        assert!(error.contains(choice), "{error}");
    }
    for (content, said) in
        [("\n", "is empty"), ("short\n", "at least 8"), ("two\nlines", "one line")]
    {
        let file = stage.write("passphrase", content);
        let error = stage.fails("ada", &with(&file, &["init"]));
        assert!(error.contains("nothing was changed") && error.contains(said), "{error}");
    }
    let error = stage.fails("ada", &["init", "--passphrase-file", "/no/such/file"]);
    assert!(error.contains("look at the file"), "{error}");
    assert!(!stage.path("ada").exists());
    let file = stage.write("passphrase", "correct horse");
    let both = stage.run("ada", &["init", "--no-passphrase", "--passphrase-file", &file]);
    assert_eq!(both.code, Some(2), "{both:?}");
    assert!(!stage.path("ada").exists());
}

#[test]
fn who_chooses_no_passphrase_is_warned_and_who_has_one_is_not() {
    let stage = Stage::new();
    let clear = stage.text("ada", &["init", "--no-passphrase"]);
    assert!(clear.contains("Warning: the keys lie unencrypted in"), "{clear}");
    let file = stage.write("passphrase", "correct horse\n");
    let sealed = stage.text("ben", &["init", "--passphrase-file", &file]);
    assert!(sealed.contains("sealed under your passphrase") && !sealed.contains("Warning"));
    assert!(!sealed.contains("correct horse"));
    assert_eq!(stage.json("cleo", &["init", "--no-passphrase"])["keys"], "clear");
    assert_eq!(stage.json("dora", &with(&file, &["init"]))["keys"], "passphrase");
}

#[test]
fn sealed_wallets_pay_with_their_passphrase_and_show_their_books_without() {
    let (stage, old, _) = sealed();
    for words in [&ISSUE[..], &["pay", "ben", "1", "--away"], &["receive"]] {
        let error = stage.fails("ada", words);
        let next = "run this on a terminal, or give --passphrase-file FILE";
        assert!(error.ends_with(next), "{error}");
    }
    let error = stage.fails("ada", &with(&stage.write("wrong", "correct hors"), &ISSUE));
    assert!(error.contains("this is not the passphrase; try again"), "{error}");
    for words in [&["balance"][..], &["history"], &["contact", "list"], &["id"], &["verify"]] {
        stage.text("ada", words);
    }
    let waiting = stage.wait("ben", &[]);
    let paid = stage.run("ada", &with(&old, &["pay", "ben", "20", "--link", &waiting.link]));
    assert_eq!((paid.code, waiting.end().code), (Some(0), Some(0)), "{paid:?}");
    let mut command = stage.command("ada", &ISSUE);
    let said = command.env("DSM_PASSPHRASE_FILE", &old).output().expect("the binary");
    assert!(said.status.success(), "{said:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_100, 2_000));
    // A new issuing device is sealed with the others.
    let policy = std::fs::read_to_string(stage.path("coffee.toml")).expect("a policy");
    let policy = stage.write("tea.toml", &policy.replace("CUP", "TEA"));
    stage.text("ada", &with(&old, &["token", "new", &policy]));
    stage.text("ada", &with(&old, &["token", "issue", "TEA", "1"]));
    assert!(stage.fails("ada", &["token", "issue", "TEA", "1"]).contains("are sealed"));
}

#[test]
fn a_passphrase_is_changed_and_removed_by_who_knows_it() {
    let (stage, old, new) = sealed();
    let change = ["passphrase", "--new-passphrase-file", &new];
    assert!(stage.fails("ada", &change).contains("are sealed"));
    assert!(stage.fails("ada", &with(&new, &change)).contains("this is not the passphrase"));
    assert!(stage.fails("ada", &with(&old, &["passphrase"])).contains("--new-passphrase-file"));
    stage.text("ada", &with(&old, &ISSUE));
    stage.text("ada", &with(&old, &change));
    assert!(stage.fails("ada", &with(&old, &ISSUE)).contains("this is not the passphrase"));
    stage.text("ada", &with(&new, &ISSUE));
    assert!(stage.fails("ada", &["passphrase", "--no-passphrase"]).contains("are sealed"));
    let clear = stage.text("ada", &with(&new, &["passphrase", "--no-passphrase"]));
    assert!(clear.contains("Warning: the keys lie unencrypted"), "{clear}");
    stage.text("ada", &ISSUE);
    assert!(stage.fails("none", &change).contains("make one with `dsm init`"));
}

#[test]
fn nobody_changes_a_passphrase_while_another_process_has_the_wallet() {
    let (stage, old, new) = sealed();
    let before = std::fs::read(stage.path("ada").join("keys")).expect("a file");
    let mut command = stage.command("ada", &with(&old, &["--json", "receive"]));
    let mut waiting = command.stdout(Stdio::piped()).spawn().expect("the binary");
    let mut first = String::new();
    let out = waiting.stdout.as_mut().expect("its output");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut first).expect("a line");
    for words in
        [&["passphrase", "--new-passphrase-file", &new][..], &["passphrase", "--no-passphrase"]]
    {
        let error = stage.fails("ada", &with(&old, words));
        assert!(error.contains("running? one process at a time"), "{error}");
    }
    assert!(stage.fails("ada", &["init", "--no-passphrase"]).contains("give another --home"));
    waiting.kill().expect("it ends");
    waiting.wait().expect("it ended");
    assert_eq!(std::fs::read(stage.path("ada").join("keys")).expect("a file"), before);
}

#[test]
fn a_damaged_a_foreign_and_a_hostile_file_are_told_from_a_wrong_passphrase() {
    let (stage, old, _) = sealed();
    let keys = stage.path("ada").join("keys");
    let good = std::fs::read(&keys).expect("a file");
    let try_with = |bytes: &[u8]| {
        std::fs::write(&keys, bytes).expect("a file");
        stage.fails("ada", &with(&old, &ISSUE))
    };
    for at in [0, 1, 3, 20, 40, good.len() / 2, good.len() - 1] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        let error = try_with(&changed);
        assert!(
            error.contains("put it back from a copy") || error.contains("take a newer"),
            "{error}"
        );
        assert!(!error.contains("not the passphrase"), "{at}: {error}");
        assert!(try_with(&good[..at]).contains("damaged; put it back from a copy"), "{at}");
    }
    // The whole file of another wallet under the same passphrase, and of one in clear.
    stage.text("cleo", &with(&old, &["init"]));
    for other in ["ben", "cleo"] {
        let other = std::fs::read(stage.path(other).join("keys")).expect("a file");
        assert!(try_with(&other).contains("put back the file of this one"));
    }
    std::fs::write(&keys, &good).expect("a file");
    stage.text("ada", &with(&old, &ISSUE));
}

/// A machine without the memory that the file asks for is told so, and no process dies of it.
#[test]
fn keys_that_do_not_fit_in_memory_are_told() {
    let (stage, old, _) = sealed();
    let command = stage.command("ada", &with(&old, &ISSUE));
    let said = shell("ulimit -v 60000", &command);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.error.contains("not enough memory to open the keys; close other"), "{said:?}");
}

/// Runs a command after a line of the shell.
fn shell(line: &str, command: &Command) -> Said {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{line}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    shell.env_remove("DSM_PASSPHRASE_FILE");
    Said::of(&shell.output().expect("a shell"))
}

#[test]
fn files_are_for_their_owner_only_whatever_the_umask_is() {
    for umask in ["000", "022", "077", "777"] {
        let stage = Stage::new();
        let file = stage.write("passphrase", "correct horse");
        let modes = |what: &str| {
            for (name, mode) in [("", 0o700), ("keys", 0o600), ("wallet.redb", 0o600)] {
                let found = std::fs::metadata(stage.path("ada").join(name)).expect("a file");
                let found = found.permissions().mode() & 0o7777;
                assert_eq!(found, mode, "umask {umask}, after {what}: {name} has {found:o}");
            }
            assert!(!stage.path("ada").join("keys.new").exists());
        };
        let run = |words: &[&str]| {
            let said = shell(&format!("umask {umask}"), &stage.command("ada", words));
            assert_eq!(said.code, Some(0), "{said:?}");
            modes(words[0]);
        };
        run(&["init", "--no-passphrase"]);
        // What somebody put in the way, open to all.
        let fresh = stage.path("ada").join("keys.new");
        std::fs::write(&fresh, b"half").expect("a file");
        std::fs::set_permissions(&fresh, PermissionsExt::from_mode(0o666)).expect("a mode");
        run(&["passphrase", "--new-passphrase-file", &file]);
        run(&["passphrase", "--passphrase-file", &file, "--no-passphrase"]);
    }
}

#[test]
fn whoever_dies_while_the_passphrase_is_changed_has_the_old_one_or_the_new_one() {
    let (stage, old, new) = sealed();
    let start = Stopwatch::start();
    stage.text("ada", &with(&old, &["passphrase", "--new-passphrase-file", &new]));
    let step = start.elapsed() * 5 / 4 / DEATHS;
    let mut from_to = (new.as_str(), old.as_str());
    for death in 0..DEATHS {
        let (from, to) = from_to;
        let words = with(from, &["passphrase", "--new-passphrase-file", to]);
        let mut command = stage.command("ada", &words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().expect("the binary");
        std::thread::sleep(step * death);
        process.kill().expect("it dies");
        process.wait().expect("it ended");
        let issue = |file| stage.run("ada", &with(file, &["pay", "ben", "0", "--away"]));
        let opens = |said: &Said| said.error.contains("the amount is zero");
        let said = [issue(from), issue(to)];
        assert_ne!(opens(&said[0]), opens(&said[1]), "{death}: {said:?}");
        if opens(&said[1]) {
            from_to = (to, from);
        }
    }
    stage.text("ada", &with(from_to.0, &ISSUE));
}

#[test]
fn a_passphrase_file_may_be_a_pipe() {
    let (stage, _, _) = sealed();
    let mut command = stage.command("ada", &with("/dev/stdin", &ISSUE));
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the binary");
    let mut stdin = process.stdin.take().expect("its input");
    stdin.write_all(b"correct horse\n").expect("a pipe");
    drop(stdin);
    assert!(process.wait().expect("its end").success());
}
