//! `dsm id --qr` and `dsm contact add --qr`: a card in pictures.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dsm_home::Home;
use dsm_transport::{read_sheets, sheets};
use serde_json::json;

use crate::contact;
use crate::input::read_text;
use crate::output::Output;

/// Shows the card in the terminal, or as pictures in a directory.
pub(crate) fn show(home: &Home, to: Option<&Path>, output: &mut Output) -> anyhow::Result<()> {
    let (device, card) = contact::own_card(home)?;
    let sheets = sheets(&card).context("the card does not fit into pictures")?;
    let of = sheets.len();
    let Some(directory) = to else {
        // Colour is how a code is told from the terminal's own; who wants none gets one without.
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colour = wanted && std::io::stdout().is_terminal();
        let shown = sheets.iter().enumerate().map(|(number, sheet)| {
            format!("{}{} of {of}\n", sheet.lines(colour), number.saturating_add(1))
        });
        let text: String = shown.collect();
        let next = format!(
            "take a picture of each; `dsm contact add NAME --qr PNG...` reads {of} of them"
        );
        let object = json!({ "device": device, "card": card, "pictures": of });
        output.say(&format!("{text}{next}"), &object);
        return Ok(());
    };
    let mut files = Vec::new();
    for (number, sheet) in sheets.iter().enumerate() {
        let path = directory.join(format!("card-{}.png", number.saturating_add(1)));
        let written = sheet.png().and_then(|png| std::fs::write(&path, png));
        written.with_context(|| format!("cannot write {}", path.display()))?;
        files.push(path.display().to_string());
    }
    output.say(&files.join("\n"), &json!({ "device": device, "card": card, "files": files }));
    Ok(())
}

/// The text of a card that somebody gives.
pub(crate) fn read(file: Option<&Path>, pictures: &[PathBuf]) -> anyhow::Result<String> {
    match file {
        Some(file) => read_text(file),
        None => Ok(read_sheets(pictures)?),
    }
}
