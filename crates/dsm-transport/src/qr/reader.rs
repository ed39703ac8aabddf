//! Reads the frame in a picture: by `rqrr` in this process, or by Debian's `zbarimg`. What either
//! reads counts: one finds tilted codes, the other large ones.

use std::fs::File;
use std::io::BufReader;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Command, Stdio};

use dsm_link::Frame;

/// The most pixels along an edge.
const EDGE: u32 = 4096;

/// The frame in a PNG file, if there is one.
pub(crate) fn read(path: &Path) -> Option<Vec<u8>> {
    by_rqrr(path).or_else(|| by_zbarimg(path))
}

/// The first code in a PNG file that is what is looked for.
pub(crate) fn find(path: &Path, is_good: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    rqrr(path, is_good).or_else(|| zbarimg(path).filter(|bytes| is_good(bytes)))
}

fn is_frame(bytes: &[u8]) -> bool {
    Frame::decode(bytes).is_some()
}

pub(crate) fn by_rqrr(path: &Path) -> Option<Vec<u8>> {
    rqrr(path, &is_frame)
}

pub(crate) fn rqrr(path: &Path, is_good: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let (pixels, width, height) = pixels(path)?;
    let grey = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or(u8::MAX);
    let find = || {
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
        picture.detect_grids().iter().find_map(|grid| {
            let mut bytes = Vec::new();
            grid.decode_to(&mut bytes).ok().filter(|_| is_good(&bytes))?;
            Some(bytes)
        })
    };
    // A stranger's picture must not end the program, whatever the reader makes of it.
    std::panic::catch_unwind(AssertUnwindSafe(find)).ok().flatten()
}

/// The grey pixels of a PNG file.
fn pixels(path: &Path) -> Option<(Vec<u8>, usize, usize)> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path).ok()?));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width > EDGE || height > EDGE {
        return None;
    }
    let mut bytes = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut bytes).ok()?;
    bytes.truncate(info.buffer_size());
    let samples = info.color_type.samples();
    // The first sample of a colour is as good as its brightness: codes are black and white.
    let grey = bytes.chunks(samples).map(|pixel| pixel.first().copied().unwrap_or(0)).collect();
    Some((grey, usize::try_from(width).ok()?, usize::try_from(height).ok()?))
}

pub(crate) fn by_zbarimg(path: &Path) -> Option<Vec<u8>> {
    zbarimg(path).filter(|bytes| is_frame(bytes))
}

fn zbarimg(path: &Path) -> Option<Vec<u8>> {
    let output = Command::new("zbarimg")
        .args(["-q", "--nodbus", "--raw", "--oneshot"])
        .args(["-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary"])
        .arg(path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    Some(output.stdout)
}
