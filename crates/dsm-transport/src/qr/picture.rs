//! Draws a frame as a QR code.

use fast_qr::{ECL, Mode, QRBuilder, QRCode, Version};

/// Light modules around a code.
const QUIET: usize = 4;
/// What a code of version 20 holds of letters.
const MOST_LETTERS: usize = 1_249;
/// Pixels of a module.
const SCALE: usize = 4;

/// A QR code, as modules, the quiet ones around it too.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    side: usize,
    dark: Vec<bool>,
}

impl Picture {
    /// The code of some bytes; none if they do not fit.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        Self::drawn(&QRBuilder::new(bytes).mode(Mode::Byte).ecl(ECL::L).build().ok()?)
    }

    fn drawn(code: &QRCode) -> Option<Self> {
        if code.version.is_none_or(|version| version as usize > Version::V20 as usize) {
            return None;
        }
        let side = code.size + 2 * QUIET;
        let module = |at: usize| {
            let (x, y) = ((at % side).checked_sub(QUIET)?, (at / side).checked_sub(QUIET)?);
            let inside = x < code.size && y < code.size;
            inside.then(|| code.data.get(y * code.size + x).is_some_and(|module| module.value()))
        };
        let dark = (0..side * side).map(|at| module(at).unwrap_or(false)).collect();
        Some(Self { side, dark })
    }

    /// The code of upper-case letters, digits and a few signs; none if there are others, or too many.
    pub(crate) fn of_letters(letters: &str) -> Option<Self> {
        let known = |one: u8| {
            one.is_ascii_uppercase() || one.is_ascii_digit() || b"$%*./:+- ".contains(&one)
        };
        if letters.len() > MOST_LETTERS || !letters.bytes().all(known) {
            return None;
        }
        let mut builder = QRBuilder::new(letters.as_bytes());
        Self::drawn(&builder.mode(Mode::Alphanumeric).ecl(ECL::L).build().ok()?)
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.side && self.dark.get(y * self.side + x).copied().unwrap_or(false)
    }

    /// As a PNG file.
    pub(crate) fn png(&self) -> std::io::Result<Vec<u8>> {
        let side = self.side * SCALE;
        let shade = |at: usize| {
            if self.is_dark(at % side / SCALE, at / side / SCALE) { 0 } else { u8::MAX }
        };
        let pixels: Vec<u8> = (0..side * side).map(shade).collect();
        png(&pixels, side)
    }

    /// For a terminal: two modules above each other in each place, at the top of the screen.
    pub(crate) fn half_blocks(&self) -> String {
        format!("\x1b[2J\x1b[H{}", self.lines(true))
    }

    /// The lines alone. In colour they are black on white, whatever the terminal's colours are; without, they are
    /// right where letters are light on dark.
    pub(crate) fn lines(&self, colour: bool) -> String {
        let mut text = String::new();
        let (begin, end) =
            if colour { ("\x1b[38;5;16;48;5;231m", "\x1b[0m\n") } else { ("", "\n") };
        let drawn = |x, y| self.is_dark(x, y) == colour;
        for y in (0..self.side).step_by(2) {
            text.push_str(begin);
            for x in 0..self.side {
                text.push(match (drawn(x, y), drawn(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str(end);
        }
        text
    }
}

/// A square of grey pixels as a PNG file.
pub(crate) fn png(pixels: &[u8], side: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let side = u32::try_from(side).unwrap_or(0);
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
