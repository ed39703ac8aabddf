//! What a command reads.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;

/// The most bytes of a file of text.
const MAX_TEXT: u64 = 1 << 24;

/// A file of text, or standard input.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(MAX_TEXT).read_to_string(&mut text)?;
    } else {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.take(MAX_TEXT).read_to_string(&mut text)?;
    }
    Ok(text.trim().to_owned())
}
