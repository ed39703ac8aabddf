//! A passphrase, from a file or a terminal.

use std::fmt;
use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::PassphraseError;

/// The most bytes of a passphrase.
pub const MAX_PASSPHRASE: usize = 1 << 10;

/// The fewest characters of a new one.
pub const MIN_NEW_PASSPHRASE: usize = 8;

/// What a person remembers: 1 to 1,024 bytes of UTF-8 on one line; wiped when dropped, and never shown.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes what was typed or read.
    ///
    /// # Errors
    /// It is empty, too long or has several lines.
    pub fn take(text: String) -> Result<Self, PassphraseError> {
        let text = Zeroizing::new(text);
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > MAX_PASSPHRASE || text.contains(['\n', '\r', '\0']) {
            return Err(PassphraseError::Form);
        }
        Ok(Self(text))
    }

    /// Reads it from a file, without the end of its only line.
    ///
    /// # Errors
    /// The file cannot be read, or holds no passphrase.
    pub fn read(path: &Path) -> Result<Self, PassphraseError> {
        let failed = |source| PassphraseError::File { path: path.to_owned(), source };
        // Room for all that is read, so that no copy stays behind.
        let mut text = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE + 32));
        let most = u64::try_from(MAX_PASSPHRASE + 3).unwrap_or_default();
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut text)).map_err(failed)?;
        let line = text.strip_suffix(b"\n").unwrap_or(&text);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| PassphraseError::Form)?;
        Self::take(line.to_owned())
    }

    /// Asks for it on the terminal, without showing it.
    ///
    /// # Errors
    /// There is no terminal, or nothing is typed.
    pub fn ask(prompt: &str) -> Result<Self, PassphraseError> {
        if !is_asked() {
            return Err(PassphraseError::NoTerminal);
        }
        let typed = rpassword::prompt_password(prompt);
        Self::take(typed.map_err(PassphraseError::Terminal)?)
    }

    /// Asks for a new one, twice.
    ///
    /// # Errors
    /// As [`Passphrase::ask`], or the two differ, or it is too short.
    pub fn choose() -> Result<Self, PassphraseError> {
        let first = Self::ask("New passphrase: ")?.for_new()?;
        let second = Self::ask("The same again: ")?;
        if first.0 == second.0 { Ok(first) } else { Err(PassphraseError::Differs) }
    }

    /// The same, if it is long enough for a new one.
    ///
    /// # Errors
    /// It is too short.
    pub fn for_new(self) -> Result<Self, PassphraseError> {
        let count = self.0.chars().count();
        if count < MIN_NEW_PASSPHRASE { Err(PassphraseError::Short) } else { Ok(self) }
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Whether a person can be asked: standard input is a terminal.
#[must_use]
pub fn is_asked() -> bool {
    std::io::stdin().is_terminal()
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}
