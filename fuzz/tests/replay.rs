//! Replays the committed corpus, and what a few hundred blind changes make of each of its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dsm_fuzz::{NOUNS, ROWS, TARGETS};

/// Blind changes of each file, and of each of a target that signs at every turn.
const CHANGES: u64 = 300;
const SLOW: (&[&str], u64) = (
    &[
        "cheats",
        "encounter",
        "handshake",
        "impostor",
        "mail",
        "medium",
        "session",
        "signatures",
        "store",
    ],
    40,
);

#[test]
fn every_target_has_a_corpus_and_every_corpus_a_target() {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    let folders: Vec<String> = entries(&corpus()).iter().map(|path| name(path)).collect();
    assert_eq!(folders, names);
    for name in names {
        assert!(!files(name).is_empty(), "{name} has no corpus");
    }
}

/// Whatever can be decoded is in the list of nouns, or is a row that the store alone reads.
#[test]
fn every_type_that_decodes_has_a_target() {
    let known: Vec<&str> =
        NOUNS.iter().map(|(name, _)| *name).chain(ROWS.iter().copied()).collect();
    let found = decodable();
    assert!(found.len() > 80, "the sources are read: {}", found.len());
    let missing: Vec<&String> =
        found.iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "add to fuzz/src/nouns.rs: {missing:?}");
}

/// The names of the types to which a source gives `Decode`, by hand or by one of our macros.
fn decodable() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for path in sources(&crates) {
        let text = std::fs::read_to_string(&path).expect("a source");
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for form in ["record! {", "choice! {", "byte_string! {", "id! {", " Decode for "] {
            for rest in code.split(form).skip(1) {
                let name: String =
                    rest.trim_start().chars().take_while(char::is_ascii_alphanumeric).collect();
                if name.chars().next().is_some_and(char::is_uppercase) {
                    names.insert(name);
                }
            }
        }
    }
    // The forms of every noun: `Option<T>` and such have targets under their own names.
    for form in ["Option", "Box", "Blob", "Text", "List"] {
        names.remove(form);
    }
    names
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs")
            && path.components().any(|part| part.as_os_str() == "src")
        {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_target_panics_on_its_corpus() {
    for (name, target) in TARGETS {
        files(name).iter().for_each(|(_, bytes)| target(bytes));
    }
}

#[test]
fn no_target_panics_on_what_blind_changes_make_of_its_corpus() {
    for (name, target) in TARGETS {
        let files = files(name);
        for (number, (_, bytes)) in (0..).zip(&files) {
            let mut dice = Dice(number + 1);
            for _ in 0..changes(name) {
                let other = dice.pick(&files).map_or(&[][..], |(_, bytes)| bytes);
                target(&changed(bytes, other, &mut dice));
            }
        }
    }
}

/// The target holds that nothing is accepted but what was dealt.
#[test]
fn no_byte_of_a_payment_can_be_flipped_removed_or_doubled() {
    for (target, _, bytes) in dsm_fuzz::seeds::all() {
        if target != "dealt" {
            continue;
        }
        for at in 0..bytes.len() {
            let (mut flipped, mut removed, mut doubled) =
                (bytes.clone(), bytes.clone(), bytes.clone());
            flipped[at] ^= 1 << (at % 8);
            removed.remove(at);
            doubled.insert(at, bytes[at]);
            for changed in [flipped, removed, doubled] {
                if changed != bytes {
                    dsm_fuzz::dealt(&changed);
                }
            }
        }
    }
}

#[test]
fn the_committed_payments_are_still_accepted() {
    for (target, seed, bytes) in dsm_fuzz::seeds::all() {
        let path = corpus().join(target).join(&seed);
        let found = std::fs::read(&path).unwrap_or_default();
        let advice = "run `cargo run --manifest-path fuzz/Cargo.toml --bin seeds` and commit";
        assert!(target != "dealt" || found == bytes, "{} is stale: {advice}", path.display());
    }
}

fn changes(name: &str) -> u64 {
    if SLOW.0.contains(&name) { SLOW.1 } else { CHANGES }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn files(target: &str) -> Vec<(String, Vec<u8>)> {
    let paths = entries(&corpus().join(target));
    paths.iter().map(|path| (name(path), std::fs::read(path).expect("a file"))).collect()
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let sides = u64::try_from(sides.max(1)).expect("64 bits");
        usize::try_from(self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) % sides).expect("64 bits")
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.roll(from.len()))
    }
}

/// One to three changes that know nothing of the form.
fn changed(bytes: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len());
        let len = dice.roll(bytes.len().saturating_sub(at).min(64)) + 1;
        let until = (at + len).min(bytes.len());
        match dice.roll(8) {
            0 => drop(bytes.drain(at..until)),
            1 => {
                let part = bytes[at..until].to_vec();
                bytes.splice(at..at, part);
            }
            2 => bytes.truncate(at),
            3 => {
                let from = dice.roll(other.len());
                let part = &other[from.min(other.len())..];
                bytes.splice(at.., part.iter().copied());
            }
            4 => bytes.insert(at, u8::try_from(dice.roll(256)).unwrap_or_default()),
            5 => {
                if let Some(byte) = bytes.get_mut(at) {
                    let edges = [0, 1, 0x17, 0x18, 0x19, 0x40, 0x58, 0x80, 0x98, 0xf6, 0xff];
                    *byte = *dice.pick(&edges).unwrap_or(&0);
                }
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.roll(8);
                }
            }
        }
    }
    bytes
}
