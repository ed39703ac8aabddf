//! A text in a few pictures that stand still, such as a contact card (`spec/links.md`, texts in pictures).
//!
//! Always true: as many bytes are read as a picture may have, and as many pictures as a text may take; what comes out
//! is only as good as the text's own checksum.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{PICTURE, Picture, reader};

/// What every picture begins with.
const BEGIN: &str = "DSM:";
/// The letters of a text in one picture: a code of version 13, which any reader finds and which is, with the light
/// around it, 77 modules wide: no terminal is narrower than 80.
const LETTERS: usize = 590;
/// The letters at the end of a text by which its pictures know each other.
const TAG: usize = 8;
/// The most pictures of one text, and the most that are looked at.
pub const MAX_SHEETS: usize = 64;

/// A picture of a part of a text.
#[derive(Clone, Debug)]
pub struct Sheet(Picture);

impl Sheet {
    /// As a PNG file.
    ///
    /// # Errors
    /// None that is known.
    pub fn png(&self) -> std::io::Result<Vec<u8>> {
        self.0.png()
    }

    /// For a terminal, in half blocks: black on white in colour, and without for letters that are light on dark.
    #[must_use]
    pub fn lines(&self, colour: bool) -> String {
        self.0.lines(colour)
    }
}

/// Why pictures show no text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SheetError {
    /// No part of a text is found in a picture.
    Nothing {
        /// Which.
        path: PathBuf,
    },
    /// More pictures than a text can have.
    TooMany,
    /// The pictures are of several texts.
    Mixed,
    /// Pictures are missing.
    Missing {
        /// Their numbers, from 1.
        numbers: Vec<usize>,
        /// How many there are in all.
        of: usize,
    },
}

impl std::fmt::Display for SheetError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing { path } => {
                let path = path.display();
                write!(to, "no code of a card is found in {path}; take the picture again, as PNG")
            }
            Self::TooMany => write!(to, "at most {MAX_SHEETS} pictures are looked at"),
            Self::Mixed => to.write_str("these are pictures of several cards"),
            Self::Missing { numbers, of } => {
                let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
                write!(to, "pictures {} of {of} are missing", numbers.join(", "))
            }
        }
    }
}

impl std::error::Error for SheetError {}

/// The pictures of a text of letters and digits, in order; none if it has others, or is too long.
#[must_use]
pub fn sheets(text: &str) -> Option<Vec<Sheet>> {
    let text = text.to_ascii_uppercase();
    let tag = text.get(text.len().checked_sub(TAG)?..)?;
    let of = text.len().div_ceil(LETTERS);
    if of > MAX_SHEETS || !text.bytes().all(|one| one.is_ascii_alphanumeric()) {
        return None;
    }
    let parts = (1..=of).map(|number| {
        let from = (number - 1) * LETTERS;
        let part = text.get(from..text.len().min(from + LETTERS))?;
        Some(Sheet(Picture::of_letters(&format!("{BEGIN}{number}/{of}:{tag}:{part}"))?))
    });
    parts.collect()
}

/// What a picture says.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    number: usize,
    of: usize,
    tag: String,
    text: String,
}

impl Part {
    fn read(bytes: &[u8]) -> Option<Self> {
        let shown = std::str::from_utf8(bytes).ok()?.trim_ascii_end();
        let (place, rest) = shown.strip_prefix(BEGIN)?.split_once(':')?;
        let (number, of) = place.split_once('/')?;
        let (tag, text) = rest.split_once(':')?;
        let (number, of) = (number.parse().ok()?, of.parse().ok()?);
        let short = tag.len() == TAG && text.len() <= LETTERS;
        let inside = (1..=of).contains(&number) && of <= MAX_SHEETS;
        let part = Self { number, of, tag: tag.to_owned(), text: text.to_owned() };
        (short && inside && text.bytes().all(|one| one.is_ascii_alphanumeric())).then_some(part)
    }

    fn found(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        if !about.is_file() || about.len() > PICTURE {
            return None;
        }
        Self::read(&reader::find(path, &|bytes| Self::read(bytes).is_some())?)
    }
}

/// The text of which PNG files show all parts, in any order, some perhaps twice.
///
/// # Errors
/// [`SheetError`].
pub fn read_sheets(paths: &[PathBuf]) -> Result<String, SheetError> {
    if paths.len() > MAX_SHEETS {
        return Err(SheetError::TooMany);
    }
    let mut parts: BTreeMap<usize, Part> = BTreeMap::new();
    for path in paths {
        let part = Part::found(path).ok_or_else(|| SheetError::Nothing { path: path.clone() })?;
        let fits = |other: &Part| {
            let same = other.number != part.number || other.text == part.text;
            same && (other.of, &other.tag) == (part.of, &part.tag)
        };
        if !parts.values().all(fits) {
            return Err(SheetError::Mixed);
        }
        parts.insert(part.number, part);
    }
    let of = parts.values().next().map_or(1, |part| part.of);
    let numbers: Vec<usize> = (1..=of).filter(|number| !parts.contains_key(number)).collect();
    if !numbers.is_empty() {
        return Err(SheetError::Missing { numbers, of });
    }
    Ok(parts.into_values().map(|part| part.text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_parts_of_a_text_are_read() {
        let part = |text: &str| Part::read(text.as_bytes());
        let good = part("DSM:2/3:ABCDEFGH:QPZ").expect("a part");
        assert_eq!((good.number, good.of, good.text.as_str()), (2, 3, "QPZ"));
        let long = format!("DSM:1/1:ABCDEFGH:{}", "Q".repeat(LETTERS + 1));
        for odd in [
            "",
            "DSM:",
            "DSM:2/3:ABCDEFGH",
            "DSM:0/3:ABCDEFGH:Q",
            "DSM:4/3:ABCDEFGH:Q",
            "DSM:1/65:ABCDEFGH:Q",
            "DSM:1/3:ABC:Q",
            "DSM:1/3:ABCDEFGH:Q:",
            "DSM:-1/3:ABCDEFGH:Q",
            "XSM:1/3:ABCDEFGH:Q",
            &long,
            "DSM:1/99999999999999999999:ABCDEFGH:Q",
        ] {
            assert_eq!(part(odd), None, "{odd}");
        }
        assert_eq!(Part::read(&[0xff; 40]), None);
    }

    #[test]
    fn any_text_of_letters_is_read_from_its_pictures_without_another_program() {
        let directory = tempfile::tempdir().expect("a directory");
        for len in [8, 589, 590, 591, 4_471] {
            let text: String = ('A'..='Z').cycle().take(len).collect();
            let mut paths = Vec::new();
            for (number, sheet) in sheets(&text).expect("pictures").iter().enumerate() {
                let path = directory.path().join(format!("{len}-{number}.png"));
                fs::write(&path, sheet.png().expect("a picture")).expect("a file");
                let found = reader::rqrr(&path, &|bytes| Part::read(bytes).is_some());
                assert!(found.is_some(), "{len} {number}");
                let wide = sheet.lines(false).lines().map(|line| line.chars().count()).max();
                assert!(wide <= Some(80), "{wide:?}");
                paths.push(path);
            }
            paths.reverse();
            paths.push(paths[0].clone());
            assert_eq!(read_sheets(&paths), Ok(text), "{len}");
        }
        assert!(sheets("short").is_none() && sheets("with a space and more").is_none());
        assert!(sheets(&"q".repeat(LETTERS * MAX_SHEETS + 1)).is_none());
    }
}
