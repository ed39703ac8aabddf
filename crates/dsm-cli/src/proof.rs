//! `dsm receipt` and `dsm export`: what others can check.

use anyhow::Context;
use dsm_core::View;
use dsm_crypto::text;
use dsm_encoding::to_vec;
use dsm_engine::note_proof;
use dsm_home::Home;
use serde_json::json;

use crate::output::Output;

/// The text form's prefix of a receipt.
pub(crate) const RECEIPT: &str = "dsmreceipt";
/// The text form's prefix of a note with its lineage.
pub(crate) const NOTE: &str = "dsmnote";

pub(crate) fn receipt(
    home: &Home,
    contact: &str,
    entry: Option<u64>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let found = books.contact_named(contact);
    let found = found.with_context(|| format!("no contact {contact}; see `dsm contact list`"))?;
    let peer = found.card.descriptor.id();
    let history = books.history(Some(&peer));
    let last = history.iter().rev().find(|one| {
        let asked = entry.is_none_or(|index| index == one.at.index);
        one.own && one.acknowledged && asked && (entry.is_some() || one.entry.value.is_some())
    });
    let index = last.map(|one| one.at.index);
    let index = index.with_context(|| format!("{contact} acknowledged no such entry"))?;
    let receipt = books.receipt(&books.me(), index);
    books.check()?;
    let receipt = receipt.context("the books lack a part of the receipt")?;
    let shown = text::encode(RECEIPT, &to_vec(&receipt))?;
    output.say(&shown, &json!({ "entry": index, "receipt": shown }));
    Ok(())
}

pub(crate) fn export(home: &Home, wanted: Option<&str>, output: &mut Output) -> anyhow::Result<()> {
    let wallet = home.read()?;
    let books = wallet.books()?;
    let token = dsm_report::token_of(&books, wanted)?.id();
    let mut notes = books.all_held();
    notes.retain(|(held, _)| held.note.output.token == token);
    notes.sort_by_key(|(held, _)| held.note.output.amount);
    let (held, _) = notes.pop().context("nothing of this token is held")?;
    let proof = text::encode(NOTE, &to_vec(&note_proof(&books, &held.id())?))?;
    output.say(&proof, &json!({ "note": held.id().to_string(), "proof": proof }));
    Ok(())
}
