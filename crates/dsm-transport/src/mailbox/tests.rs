use std::os::unix::fs::{PermissionsExt, symlink};

use dsm_link::mailbox::suite;

use super::*;

const KEY: [u8; 32] = [0xab; 32];

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn open(at: &tempfile::TempDir) -> DirectoryMailbox {
    DirectoryMailbox::open(at.path(), [1, 2, 3, 4]).expect("a mailbox")
}

fn takes(mailbox: &mut DirectoryMailbox) -> Option<Vec<u8>> {
    let mut letter = None;
    let taken = mailbox.take(&KEY, &mut |bytes| {
        letter = Some(bytes.to_vec());
        true
    });
    assert_eq!(taken.expect("a sound directory"), letter.is_some());
    letter
}

fn name(number: u32) -> String {
    format!("{}-{number:08x}-00000000.letter", hex(&KEY))
}

#[test]
fn a_directory_passes_the_suite() {
    let at = directory();
    suite(open(&at));
    assert_eq!(fs::read_dir(at.path()).expect("a directory").count(), 0, "nothing is left");
}

#[test]
fn letters_stay_when_their_writer_is_gone() {
    let at = directory();
    open(&at).put(&KEY, b"one").expect("room");
    open(&at).put(&KEY, b"two").expect("room");
    let mut mailbox = open(&at);
    assert_eq!(takes(&mut mailbox).as_deref(), Some(&b"one"[..]));
    assert_eq!(takes(&mut open(&at)).as_deref(), Some(&b"two"[..]));
}

#[test]
fn foreign_files_and_what_a_crash_left_are_neither_read_nor_removed() {
    let at = directory();
    let good = name(0);
    let odd = [
        format!(".{good}.draft"),
        "photo.jpg".to_owned(),
        good.to_uppercase(),
        format!("{good}~"),
        good.replace("-00000000.", "-0000000.letter."),
        good.replace("-00000000.", "-+0000000."),
        good.replace("ab-", "ac-"),
        good.replace("ab-", "ab-00-"),
    ];
    for name in &odd {
        fs::write(at.path().join(name), b"half").expect("a file");
    }
    let mut mailbox = open(&at);
    assert_eq!(takes(&mut mailbox), None);
    mailbox.put(&KEY, b"whole").expect("room");
    assert_eq!(takes(&mut mailbox).as_deref(), Some(&b"whole"[..]));
    assert_eq!(fs::read_dir(at.path()).expect("a directory").count(), odd.len());
}

#[test]
fn what_is_longer_than_a_letter_or_no_file_is_passed_over() {
    let at = directory();
    let long = File::create(at.path().join(name(0))).expect("a file");
    long.set_len(1 << 40).expect("a hole");
    fs::create_dir(at.path().join(name(1))).expect("a directory");
    symlink("/dev/zero", at.path().join(name(2))).expect("a way out");
    fs::write(at.path().join(name(3)), b"good").expect("a file");
    let mut mailbox = open(&at);
    assert_eq!(takes(&mut mailbox).as_deref(), Some(&b"good"[..]));
    assert_eq!(takes(&mut mailbox), None);
    assert!(mailbox.put(&KEY, &vec![0; MAX_LETTER + 1]).is_err());
}

#[test]
fn a_box_that_is_stuffed_gives_the_oldest_and_ends() {
    let at = directory();
    for number in (0..200).rev() {
        fs::write(at.path().join(name(number)), number.to_be_bytes()).expect("a file");
    }
    let mut mailbox = open(&at);
    for number in 0..200_u32 {
        assert_eq!(takes(&mut mailbox), Some(number.to_be_bytes().to_vec()));
    }
    // A name that leaves no number after it.
    fs::write(at.path().join(name(u32::MAX)), b"last").expect("a file");
    assert!(mailbox.put(&KEY, b"more").is_err());
    assert_eq!(takes(&mut mailbox).as_deref(), Some(&b"last"[..]));
    mailbox.put(&KEY, b"more").expect("room");
}

#[test]
fn a_directory_that_is_gone_or_full_says_so_and_loses_nothing() {
    let at = directory();
    let mut mailbox = open(&at);
    mailbox.put(&KEY, b"kept").expect("room");
    // A full one: the draft cannot be made, as for a directory in its place.
    let next = format!(".{}-00000001-01020304.letter.draft", hex(&KEY));
    fs::create_dir(at.path().join(&next)).expect("a directory");
    assert!(mailbox.put(&KEY, b"more").is_err());
    assert_eq!(takes(&mut mailbox).as_deref(), Some(&b"kept"[..]));
    assert!(DirectoryMailbox::open(&at.path().join("away"), [0; 4]).is_err());
    drop(at);
    assert!(mailbox.put(&KEY, b"more").is_err());
    assert!(mailbox.take(&KEY, &mut |_| true).is_err());
}

#[test]
fn a_directory_that_may_only_be_read_shows_its_letters_and_says_that_they_stay() {
    let at = directory();
    let mut mailbox = open(&at);
    mailbox.put(&KEY, b"kept").expect("room");
    let modes = |mode| fs::Permissions::from_mode(mode);
    fs::set_permissions(at.path(), modes(0o500)).expect("a mode");
    let may_all = File::create(at.path().join("probe")).is_ok();
    let mut seen = 0;
    let taken = mailbox.take(&KEY, &mut |_| {
        seen += 1;
        true
    });
    let put = mailbox.put(&KEY, b"more");
    fs::set_permissions(at.path(), modes(0o700)).expect("a mode");
    assert_eq!(seen, 1);
    // Nobody forbids root anything.
    assert_eq!((taken.is_ok(), put.is_ok()), (may_all, may_all));
    if !may_all {
        assert_eq!(takes(&mut mailbox).as_deref(), Some(&b"kept"[..]));
    }
}
