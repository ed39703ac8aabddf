use std::os::unix::fs::symlink;

use dsm_crypto::RecoverySecret;

use super::*;

fn home(dir: &tempfile::TempDir, name: &str) -> Home {
    Home { path: dir.path().join(name), passphrase_file: None }
}

fn made(home: &Home, protection: &Protection) -> Result<DeviceId, HomeError> {
    let recovery = RecoverySecret::from_seed(&Secret::from_bytes([7; 48])).public_key().clone();
    home.create(Network::TEST, recovery, 1_008, protection, None)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_directory_that_was_open_to_others_is_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    fs::create_dir(home.path()).unwrap();
    fs::set_permissions(home.path(), Permissions::from_mode(0o777)).unwrap();
    made(&home, &Protection::Clear).unwrap();
    assert_eq!(mode(home.path()), 0o700);
    assert_eq!((mode(&home.keys_path()), mode(&home.store_path())), (0o600, 0o600));
}

#[test]
fn what_lies_in_the_way_of_new_keys_neither_opens_nor_diverts_them() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    made(&home, &Protection::Clear).unwrap();
    let (_, keys) = home.open_keys().unwrap();
    let fresh = home.path().join("keys.new");
    fs::write(&fresh, b"half").unwrap();
    fs::set_permissions(&fresh, Permissions::from_mode(0o666)).unwrap();
    home.write_keys(&keys).unwrap();
    assert_eq!(mode(&home.keys_path()), 0o600);
    let elsewhere = dir.path().join("elsewhere");
    fs::write(&elsewhere, b"of somebody else").unwrap();
    symlink(&elsewhere, &fresh).unwrap();
    home.write_keys(&keys).unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"of somebody else");
    assert!(fs::symlink_metadata(home.keys_path()).unwrap().is_file());
    assert_eq!(mode(&home.keys_path()), 0o600);
    assert!(!fresh.exists());
}

#[test]
fn where_the_chip_is_is_replaced_as_a_whole_and_by_nothing_that_lies_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    made(&home, &Protection::Clear).unwrap();
    let (one, two): (ChipPlace, ChipPlace) =
        ("/dev/tpmrm0".parse().unwrap(), "tcp:127.0.0.1:2321".parse().unwrap());
    home.write_chip(&one).unwrap();
    let chip = home.path().join("chip");
    assert_eq!(mode(&chip), 0o600);
    // Who reads the old one while it is replaced reads it whole.
    let mut old = File::open(&chip).unwrap();
    symlink(dir.path().join("elsewhere"), home.path().join("chip.new")).unwrap();
    home.write_chip(&two).unwrap();
    let mut text = String::new();
    old.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), home.chip_place().unwrap()), ("/dev/tpmrm0\n", two));
    assert!(!dir.path().join("elsewhere").exists());
}

#[test]
fn a_wallet_is_never_made_over_another() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    let device = made(&home, &Protection::Clear).unwrap();
    assert!(matches!(made(&home, &Protection::Clear), Err(HomeError::Taken { .. })));
    assert_eq!(home.open().unwrap().wallet().me(), device);
    // Nor over keys whose store is gone.
    fs::remove_file(home.store_path()).unwrap();
    assert!(matches!(made(&home, &Protection::Clear), Err(HomeError::Taken { .. })));
}

#[test]
fn of_those_who_make_a_wallet_at_once_one_does_and_its_keys_are_its_own() {
    for _ in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir, "ada");
        let all: Vec<_> = std::thread::scope(|scope| {
            let make = || scope.spawn(|| made(&home, &Protection::Clear));
            let all: Vec<_> = (0..4).map(|_| make()).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let made: Vec<_> = all.iter().flatten().collect();
        assert_eq!(made.len(), 1, "{all:?}");
        assert_eq!(home.open().unwrap().wallet().me(), *made[0]);
    }
}

#[test]
fn whoever_is_interrupted_finds_the_old_keys_or_the_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    let device = made(&home, &Protection::Clear).unwrap();
    let (old, fresh) = (fs::read(home.keys_path()).unwrap(), home.path().join("keys.new"));
    let opens = || {
        assert_eq!(home.open().unwrap().wallet().me(), device);
    };
    // Before the name is changed, whatever of the new file is there.
    for end in [0, 1, 40, old.len() / 2, old.len() - 1, old.len()] {
        fs::write(&fresh, &old[..end]).unwrap();
        opens();
        assert_eq!(fs::read(home.keys_path()).unwrap(), old);
    }
    // And who comes next is not held up by it.
    let (engine, keys) = home.open_keys().unwrap();
    home.write_keys(&keys).unwrap();
    drop(engine);
    opens();
    assert!(!fresh.exists());
}

#[test]
fn a_sealed_wallet_opens_with_its_passphrase_and_its_books_without() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("passphrase");
    let sealed = home(&dir, "ada");
    let passphrase = Passphrase::take("correct horse".to_owned()).unwrap();
    let device = made(&sealed, &Protection::Passphrase(passphrase)).unwrap();
    assert_eq!(sealed.read().unwrap().me(), device);
    let known = sealed.clone().with_passphrase_file(Some(file.clone()));
    for (content, opens) in
        [("correct horse\n", true), ("correct horse\r\n", true), ("correct hors\n", false)]
    {
        fs::write(&file, content).unwrap();
        let opened = known.open();
        assert_eq!(opened.is_ok(), opens, "{content}");
        if let Err(error) = opened {
            assert!(error.to_string().contains("this is not the passphrase; try again"), "{error}");
        }
    }
    for (content, said) in [
        (&b"\n"[..], "is empty"),
        (b"two\nlines\n", "one line"),
        (b"\xff\xfe", "one line"),
        (&[b'x'; MAX_FILE], "one line"),
    ] {
        fs::write(&file, content).unwrap();
        let error = known.open().unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
    fs::remove_file(&file).unwrap();
    let error = known.open().unwrap_err();
    assert!(error.to_string().contains("look at the file"), "{error}");
}

#[test]
fn keys_of_another_wallet_are_not_taken() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("passphrase");
    fs::write(&file, "correct horse").unwrap();
    let passphrase = Passphrase::read(&file).unwrap();
    let [ada, ben] = ["ada", "ben"].map(|name| {
        let home = home(&dir, name).with_passphrase_file(Some(file.clone()));
        made(&home, &Protection::Passphrase(passphrase.clone())).unwrap();
        home
    });
    fs::copy(ben.keys_path(), ada.keys_path()).unwrap();
    let error = ada.open().unwrap_err();
    let foreign = matches!(error, HomeError::Keys { source: KeysError::Foreign, .. });
    assert!(foreign && error.to_string().contains("put back the file of this one"), "{error}");
    assert!(ben.open().is_ok());
}

/// Seeds in clear, as they were written at first, have no check of their own.
#[test]
fn no_changed_byte_of_old_keys_makes_other_keys() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    made(&home, &Protection::Clear).unwrap();
    let (engine, keys) = home.open_keys().unwrap();
    let old = keys.seeds.to_bytes();
    drop(engine);
    fs::write(home.keys_path(), &old).unwrap();
    assert!(home.open().is_ok());
    for at in 0..old.len() {
        let mut changed = old.to_vec();
        changed[at] ^= 1;
        fs::write(home.keys_path(), &changed).unwrap();
        let error = home.open().unwrap_err();
        assert!(matches!(error, HomeError::Keys { .. }), "byte {at}: {error}");
    }
}

#[test]
fn says_what_is_missing_and_what_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let home = home(&dir, "ada");
    assert!(matches!(home.open(), Err(HomeError::NoWallet { .. })));
    made(&home, &Protection::Clear).unwrap();
    fs::write(home.keys_path(), b"not keys").unwrap();
    let error = home.open().unwrap_err();
    assert!(error.to_string().contains("damaged; put it back from a copy"), "{error}");
    fs::remove_file(home.keys_path()).unwrap();
    let error = home.open().unwrap_err();
    assert!(error.to_string().contains("put the file back from a copy"), "{error}");
    fs::write(home.keys_path(), b"keys").unwrap();
    fs::remove_file(home.store_path()).unwrap();
    let error = home.open().unwrap_err();
    assert!(error.to_string().ends_with("remove the directory"), "{error}");
}
