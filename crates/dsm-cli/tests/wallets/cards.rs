//! Cards as QR codes: shown in a terminal or as files, and read from pictures.

use std::fs::File;
use std::io::BufWriter;

use crate::daemon::Served;
use crate::places::directory;
use crate::stage::Stage;

/// The pictures of a wallet's card in a directory.
fn pictures(stage: &Stage, name: &str) -> Vec<String> {
    let into = directory(stage, &format!("of-{name}"));
    let said = stage.json(name, &["id", &format!("--qr={into}")]);
    let files = said["files"].as_array().expect("files").iter();
    files.map(|file| file.as_str().expect("a path").to_owned()).collect()
}

/// A photograph of what a terminal shows, where letters are light on dark.
fn photograph(stage: &Stage, number: usize, lines: &[&str]) -> String {
    const SCALE: usize = 4;
    let rows: Vec<Vec<char>> = lines.iter().map(|line| line.chars().collect()).collect();
    let (wide, high) = (rows[0].len() * SCALE, rows.len() * 2 * SCALE);
    let mut pixels = Vec::new();
    for y in 0..high {
        for x in 0..wide {
            let (row, column) = (y / SCALE, x / SCALE);
            let halves = if row % 2 == 0 { ['█', '▀'] } else { ['█', '▄'] };
            pixels.push(if halves.contains(&rows[row / 2][column]) { u8::MAX } else { 0 });
        }
    }
    let path = stage.path(&format!("photograph-{number}.png"));
    let file = BufWriter::new(File::create(&path).expect("a file"));
    let size = |size| u32::try_from(size).expect("few pixels");
    let mut encoder = png::Encoder::new(file, size(wide), size(high));
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a picture");
    writer.write_image_data(&pixels).expect("a picture");
    path.display().to_string()
}

#[test]
fn a_card_is_read_from_pictures_in_any_order() {
    let stage = Stage::rich(&["ada"]);
    stage.found("ben");
    let mut files = pictures(&stage, "ada");
    files.reverse();
    files.push(files[0].clone());
    let mut words = vec!["contact", "add", "ada", "--qr"];
    words.extend(files.iter().map(String::as_str));
    let said = stage.json("ben", &words);
    assert_eq!(said["device"], stage.json("ada", &["id"])["device"]);
    let card = stage.write("ben.card", &stage.text("ben", &["id"]));
    stage.text("ada", &["contact", "add", "ben", &card]);
    assert_eq!(stage.meet("ada", &["pay", "ben", "1"], "ben").0.code, Some(0));
}

#[test]
fn what_the_terminal_shows_is_the_card() {
    let stage = Stage::rich(&["ada"]);
    stage.found("ben");
    let shown = stage.text("ada", &["id", "--qr"]);
    assert!(!shown.contains('\u{1b}'), "no colour where there is no terminal");
    let mut photographs = Vec::new();
    let mut code = Vec::new();
    for line in shown.lines() {
        if line.contains(" of ") && !code.is_empty() {
            photographs.push(photograph(&stage, photographs.len(), &code));
            code.clear();
        } else {
            code.push(line);
        }
    }
    assert!(photographs.len() > 2, "{shown}");
    let mut words = vec!["contact", "add", "ada", "--qr"];
    words.extend(photographs.iter().map(String::as_str));
    assert_eq!(stage.json("ben", &words)["device"], stage.json("ada", &["id"])["device"]);
}

#[test]
fn pictures_that_are_no_card_are_refused_and_pin_nobody() {
    let stage = Stage::wallets(&["ada", "eve"]);
    stage.found("ben");
    let (good, other) = (pictures(&stage, "ada"), pictures(&stage, "eve"));
    let junk = stage.write("junk.png", "no picture");
    let missing = stage.path("missing.png").display().to_string();
    let many = vec![good[0].as_str(); 65];
    let cases: &[(&[&str], &str)] = &[
        (&[&junk], "take the picture again"),
        (&[&missing], "take the picture again"),
        (&[&good[0], &junk], "take the picture again"),
        (&[&good[0], &good[2]], "are missing"),
        (&[&good[0], &other[1]], "pictures of several cards"),
        (&many, "at most 64 pictures"),
    ];
    for (files, next) in cases {
        let error = stage.fails("ben", &[&["contact", "add", "ada", "--qr"], *files].concat());
        assert!(error.contains(next), "{error}");
    }
    let both = ["contact", "add", "ada", &junk, "--qr", &good[0]];
    assert_eq!(stage.run("ben", &both).code, Some(2));
    assert_eq!(stage.run("ben", &["contact", "add", "ada"]).code, Some(2));
    assert_eq!(stage.json("ben", &["contact", "list"])["contacts"], serde_json::json!([]));
}

#[test]
fn a_program_gets_the_card_in_pictures_that_a_person_can_take() {
    let stage = Stage::new();
    stage.found("ada");
    stage.found("ben");
    let ada = Served::new(&stage, "ada");
    let (_, card) = ada.send("GET", "/v1/card", None);
    assert_eq!(card["device"], stage.json("ada", &["id"])["device"]);
    let count = card["pictures"].as_u64().expect("a number");
    let picture = |number: u64| {
        let head = ada.head("GET", &format!("/v1/card/pictures/{number}"));
        let mut heard = Vec::new();
        let mut stream = ada.raw(format!("{head}\r\n").as_bytes());
        std::io::Read::read_to_end(&mut stream, &mut heard).expect("a picture");
        let end = heard.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
        let (head, body) = (String::from_utf8_lossy(&heard[..end]).into_owned(), &heard[end + 4..]);
        assert!(head.contains("content-type: image/png"), "{head}");
        let path = stage.path(&format!("served-{number}.png"));
        std::fs::write(&path, body).expect("a file");
        path.display().to_string()
    };
    let pictures: Vec<String> = (1..=count).map(picture).collect();
    let mut words = vec!["contact", "add", "ada", "--qr"];
    words.extend(pictures.iter().map(String::as_str));
    stage.text("ben", &words);
    assert_eq!(stage.json("ben", &["contact", "show", "ada"])["device"], card["device"]);
    for (number, expected) in [("0", 404), ("999", 404), ("65536", 400), ("x", 400)] {
        let path = format!("/v1/card/pictures/{number}");
        assert_eq!(ada.send("GET", &path, None).0, expected, "{number}");
    }
}
