//! The stores of this crate do what a store must do.

use dsm_store::{FileKv, Kv, MemoryKv, Row, StoreError, Table, suite};

#[test]
fn the_store_in_memory_passes() {
    suite::run(MemoryKv::default(), |kv| kv).expect("a store in memory never fails");
}

#[test]
fn the_store_in_a_file_passes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("wallet");
    let kv = FileKv::create(&path).expect("a new file");
    suite::run(kv, |kv| {
        drop(kv);
        FileKv::open(&path).expect("the file")
    })
    .expect("a working file");
}

#[test]
fn a_file_is_for_its_owner_and_for_one_at_a_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("wallet");
    assert!(matches!(FileKv::open(&path), Err(StoreError::Database(_))));
    let kv = FileKv::create(&path).expect("a new file");
    assert!(matches!(FileKv::open(&path), Err(StoreError::Locked)));
    assert!(matches!(FileKv::create(&path), Err(StoreError::File(_))));
    drop(kv);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    FileKv::open(&path).expect("the file again");
}

#[test]
fn what_is_no_store_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("wallet");
    std::fs::write(&path, b"something else").expect("a file");
    assert!(FileKv::open(&path).is_err());
}

#[test]
fn a_snapshot_of_a_file_does_not_change() {
    use dsm_store::Snapshot;

    let directory = tempfile::tempdir().expect("a directory");
    let mut kv = FileKv::create(&directory.path().join("wallet")).expect("a new file");
    let row = |value: &[u8]| Row { table: Table::Tips, key: vec![1], value: Some(value.to_vec()) };
    kv.apply(&[row(b"before")]).expect("a row");
    let before = kv.snapshot().expect("a snapshot");
    kv.apply(&[row(b"after")]).expect("a row");
    assert_eq!(before.get(Table::Tips, &[1]).expect("a value"), Some(b"before".to_vec()));
}

#[test]
fn the_format_is_drawn_with_the_numbers_of_the_code() {
    let drawn = include_str!("../../../docs/store-format.md");
    for (number, table) in Table::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(table.number()), number);
        assert!(drawn.contains(&format!("\n| {number} | {table:?} | ")), "{table:?} is not drawn");
    }
}
