use dsm_link::{Frame, Part, Word};

use super::*;

/// A frame of so many bytes, which are anything but text.
fn frame(len: usize, seed: u8) -> Vec<u8> {
    let symbol: Vec<u8> = (0..len - 28).map(|at| (at as u8).wrapping_mul(seed)).collect();
    let part = Part { block: 1, len: 100_000, sum: 9, id: 3, symbol: &symbol };
    let word = Word::Part(part);
    Frame { from: [1, 0, 255, 10], to: [2; 4], ack: 0, have: 0, seen: false, word }.encode()
}

fn written(picture: &Picture, directory: &Path) -> PathBuf {
    let path = directory.join("picture.png");
    fs::write(&path, picture.png().unwrap()).unwrap();
    path
}

#[test]
fn every_size_of_frame_is_read_from_its_picture() {
    let directory = tempfile::tempdir().unwrap();
    for len in [41, 60, 100, 200, 271, 300, 450, 666, 700, 857, 858] {
        let frame = frame(len, 7);
        let path = written(&Picture::of(&frame).unwrap(), directory.path());
        assert_eq!(reader::read(&path), Some(frame), "{len} bytes");
    }
    assert!(Picture::of(&frame(859, 7)).is_none(), "version 21 is too fine for telephones");
}

#[test]
fn the_greatest_code_needs_the_other_reader() {
    let directory = tempfile::tempdir().unwrap();
    let frame = frame(858, 5);
    let path = written(&Picture::of(&frame).unwrap(), directory.path());
    assert_eq!(reader::by_zbarimg(&path), Some(frame));
}

#[test]
fn small_codes_are_read_without_any_other_program() {
    let directory = tempfile::tempdir().unwrap();
    let frame = frame(60, 5);
    let path = written(&Picture::of(&frame).unwrap(), directory.path());
    assert_eq!(reader::by_rqrr(&path), Some(frame));
}

#[test]
fn what_a_terminal_shows_is_the_same_code() {
    let directory = tempfile::tempdir().unwrap();
    let frame = frame(300, 3);
    let text = Picture::of(&frame).unwrap().half_blocks();
    let rows: Vec<Vec<char>> = text
        .lines()
        .map(|line| {
            line.rsplit_once("231m").unwrap().1.trim_end_matches("\x1b[0m").chars().collect()
        })
        .collect();
    let side = rows[0].len();
    let dark = |x: usize, y: usize| {
        let halves = if y.is_multiple_of(2) { ['█', '▀'] } else { ['█', '▄'] };
        halves.contains(&rows[y / 2][x])
    };
    let scaled = side * 4;
    let shade = |at: usize| if dark(at % scaled / 4, at / scaled / 4) { 0 } else { 255 };
    let pixels: Vec<u8> = (0..scaled * scaled).map(shade).collect();
    let path = directory.path().join("seen.png");
    fs::write(&path, picture::png(&pixels, scaled).unwrap()).unwrap();
    assert_eq!(reader::read(&path), Some(frame));
}

#[test]
fn what_is_no_picture_is_no_frame() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("picture.png");
    let good = Picture::of(&frame(100, 3)).unwrap().png().unwrap();
    for bytes in [&b""[..], b"not a picture", &good[..good.len() / 2]] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(reader::read(&path), None);
    }
}

#[test]
fn frames_are_found_in_what_a_camera_program_prints() {
    let printed = "<barcodes xmlns='x'><source href='/dev/video0'>\n<index num='1'>\n\
        <symbol type='QR-Code' quality='1'><data format='base64' length='4'><![CDATA[\n\
        AP8K\nAQ==\n]]></data></symbol>\n<symbol><data><![CDATA[text]]></data></symbol>\n\
        <symbol><data format='base64' length='4'><![CDATA[AP8KAg==]]></data></symbol>\n";
    let (to, frames) = std::sync::mpsc::sync_channel(8);
    camera::watch(printed.as_bytes(), &to);
    drop(to);
    let found: Vec<Vec<u8>> = frames.iter().collect();
    assert_eq!(found, [[0, 255, 10, 1], [0, 255, 10, 2]]);
}
