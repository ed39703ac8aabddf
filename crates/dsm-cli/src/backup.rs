//! `dsm backup` and `dsm restore`: settings and contacts, and nothing that signs or counts.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use dsm_daemon::{Saved, Taken};
use dsm_home::{Backup, Home};
use serde_json::json;
use ureq::http::Method;

use crate::input::read_text;
use crate::output::Output;
use crate::served::{Daemon, seen};

pub(crate) fn save(home: &Home, file: &Path, output: &mut Output) -> anyhow::Result<()> {
    let Saved { contacts, pinned, backup: text } =
        seen(home, "/v1/backup", |books| Ok(Saved::of(books)?))?;
    let object = json!({ "contacts": contacts, "pinned": pinned, "backup": text });
    if file.as_os_str() == "-" {
        output.say(&text, &object);
        return Ok(());
    }
    let shown = file.display();
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(file);
    let written = made.and_then(|mut made| {
        made.write_all(text.as_bytes())?;
        made.write_all(b"\n")?;
        made.sync_all()
    });
    written.with_context(|| format!("cannot make {shown}; give a name that is free"))?;
    let said = format!(
        "{shown} holds the settings, {contacts} contacts and {pinned} pinned tokens; no keys, no log and no \
         value: a log that goes on from a copy would be a fork"
    );
    output
        .say(&said, &json!({ "contacts": contacts, "pinned": pinned, "file": shown.to_string() }));
    Ok(())
}

pub(crate) fn restore(home: &Home, file: &Path, output: &mut Output) -> anyhow::Result<()> {
    let text = read_text(file)?;
    let Taken { added, known, pinned, settings } = match Daemon::of(home) {
        Some(daemon) => {
            daemon.ask(&Method::POST, "/v1/backup", Some(&json!({ "backup": text })))?.1
        }
        None => take(home, &text)?,
    };
    let names = |names: &[String]| match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    };
    let text = format!(
        "contacts added: {}\ncontacts that were here: {}\ntokens pinned: {pinned}\nsettings: class {} is \
         enough, cap {} base units\nYour contacts do not know this wallet yet: give them its card (`dsm id`).",
        names(&added),
        names(&known),
        settings.accept.name(),
        settings.exposed_cap.0,
    );
    output.say(&text, &Taken { added, known, pinned, settings });
    Ok(())
}

fn take(home: &Home, text: &str) -> anyhow::Result<Taken> {
    let mut wallet = home.read()?;
    let backup = Backup::from_text(text)?;
    let books = wallet.books()?;
    let taken = Taken::of(backup, &books);
    books.check()?;
    drop(books);
    let (changes, taken) = taken?;
    wallet.commit(&changes)?;
    Ok(taken)
}
