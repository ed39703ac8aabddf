//! The system's keyring: the secret service of a desktop session, on D-Bus.
//!
//! It keeps one random key for each wallet, under a number that the file of keys names. The key goes there
//! sealed, and is read back before anything rests on it. Whoever may ask the service is given the key: it keeps
//! out who has the disk, not another program of the same session.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use dsm_crypto::Secret;
use secret_service::blocking::{Item, SecretService};
use secret_service::{EncryptionType, Error};
use zeroize::Zeroizing;

use crate::KeyringError;

/// The number of a wallet at a keyring.
pub(crate) type Number = [u8; 16];

/// What a person sees in the keyring's own program.
const LABEL: &str = "Keys of a dsm wallet";
/// How long a person may take to unlock the keyring, and the service to answer.
const PATIENCE: Duration = Duration::from_secs(120);

impl From<Error> for KeyringError {
    fn from(error: Error) -> Self {
        match error {
            Error::Locked | Error::Prompt | Error::PromptDisconnected => Self::Locked,
            Error::NoResult => Self::None,
            error => Self::Away(Box::new(error)),
        }
    }
}

/// Keeps a key. When this returns the keyring gives it back.
///
/// # Errors
/// There is no keyring, or it does not keep the key.
pub(crate) fn keep(number: Number, key: Secret<32>) -> Result<(), KeyringError> {
    ask(move || {
        let service = SecretService::connect(EncryptionType::Dh)?;
        let collection = service.get_default_collection()?;
        if collection.is_locked()? {
            collection.unlock()?;
        }
        let name = name(&number);
        let kind = "application/octet-stream";
        collection.create_item(LABEL, attributes(&name).into(), key.expose(), true, kind)?;
        // What was just made is no secret to this process: no time is to be hidden.
        match kept(&number)? {
            Some(kept) if kept.expose() == key.expose() => Ok(()),
            _ => Err(KeyringError::Lost),
        }
    })
}

/// The key of a number.
///
/// # Errors
/// There is no keyring, its owner does not open it, or it does not have the key.
pub(crate) fn find(number: Number) -> Result<Secret<32>, KeyringError> {
    ask(move || kept(&number)?.ok_or(KeyringError::NotKept))
}

/// Forgets the key of a number, if it is there.
///
/// # Errors
/// There is no keyring, or it keeps the key.
pub(crate) fn forget(number: Number) -> Result<(), KeyringError> {
    ask(move || Ok(with(&number, |item| item.delete()).map(|_| ())?))
}

/// Asks a service that may never answer.
fn ask<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (to, answer) = sync_channel(1);
    thread::spawn(move || drop(to.send(act())));
    answer.recv_timeout(PATIENCE).unwrap_or(Err(KeyringError::Silent))
}

fn kept(number: &Number) -> Result<Option<Secret<32>>, Error> {
    let found = with(number, |item| {
        if item.is_locked()? {
            item.unlock()?;
        }
        let bytes = Zeroizing::new(item.get_secret()?);
        Ok(<[u8; 32]>::try_from(bytes.as_slice()).ok().map(Secret::from_bytes))
    });
    found.map(Option::flatten)
}

fn with<T>(
    number: &Number,
    does: impl FnOnce(&Item<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let service = SecretService::connect(EncryptionType::Dh)?;
    let name = name(number);
    let found = service.search_items(attributes(&name).into())?;
    found.unlocked.first().or_else(|| found.locked.first()).map(does).transpose()
}

fn name(number: &Number) -> String {
    format!("{:032x}", u128::from_be_bytes(*number))
}

fn attributes(name: &str) -> [(&str, &str); 2] {
    [("application", "dsm"), ("wallet", name)]
}
