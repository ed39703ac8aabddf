//! `dsm backup` and `dsm restore`: settings and contacts, and nothing that signs or counts.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use dsm_core::View;
use dsm_home::{Backup, Home, Restored};
use dsm_report::Settings;
use serde_json::json;

use crate::input::read_text;
use crate::output::Output;

pub(crate) fn save(home: &Home, file: &Path, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let backup = Backup::of(&books)?;
    books.check()?;
    let text = backup.to_text()?;
    let (contacts, pinned) = (backup.contacts.len(), backup.pinned.len());
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
    let mut wallet = home.read()?;
    let backup = Backup::from_text(&read_text(file)?)?;
    let (restored, pinned) = {
        let books = wallet.books()?;
        let pinned = backup.pinned.len();
        let restored = backup.restored(&books)?;
        books.check()?;
        (restored, pinned)
    };
    let Restored { changes, added, known } = restored;
    wallet.commit(&changes)?;
    let settings = Settings::from(wallet.books()?.settings());
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
    let object = json!({ "added": added, "known": known, "pinned": pinned, "settings": settings });
    output.say(&text, &object);
    Ok(())
}
