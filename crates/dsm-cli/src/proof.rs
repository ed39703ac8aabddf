//! `dsm receipt` and `dsm export`: what others can check.

use dsm_home::Home;
use dsm_report::{NoteFile, ReceiptFile, Token, TokenError, token_of};

use crate::contact;
use crate::output::Output;
use crate::served::{Daemon, part, seen};

pub(crate) fn receipt(
    home: &Home,
    contact: &str,
    entry: Option<u64>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let query = entry.map(|index| format!("?entry={index}")).unwrap_or_default();
    let path = format!("/v1/receipts/{}{query}", part(contact));
    let file = seen(home, &path, |books| {
        let peer = contact::named(books, contact)?.card.descriptor.id();
        Ok(ReceiptFile::new(books, &peer, entry)?)
    })?;
    output.say(&file.receipt, &file);
    Ok(())
}

pub(crate) fn export(home: &Home, wanted: Option<&str>, output: &mut Output) -> anyhow::Result<()> {
    let file = match (Daemon::of(home), wanted) {
        (Some(daemon), Some(wanted)) => daemon.get(&format!("/v1/notes/{}", part(wanted)))?,
        (Some(daemon), None) => {
            let tokens = daemon.list("/v1/tokens", |token: &Token| &token.token)?;
            let only = match tokens.as_slice() {
                [only] => only,
                [] => return Err(TokenError::None.into()),
                several => return Err(TokenError::Several { count: several.len() }.into()),
            };
            daemon.get(&format!("/v1/notes/{}", only.token))?
        }
        (None, wanted) => {
            let wallet = home.read()?;
            let books = wallet.books()?;
            let file = NoteFile::new(&books, &token_of(&books, wanted)?.id());
            books.check()?;
            file?
        }
    };
    output.say(&file.proof, &file);
    Ok(())
}
