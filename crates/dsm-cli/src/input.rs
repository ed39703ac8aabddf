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

/// A file of bytes that is not longer than this.
pub(crate) fn bytes(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(most)?.saturating_add(1)).read_to_end(&mut bytes)?;
    anyhow::ensure!(bytes.len() <= most, "{shown} is longer than {most} bytes");
    Ok(bytes)
}
