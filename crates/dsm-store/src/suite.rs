//! Tests any store. A store that passes may carry a wallet.

use std::sync::Arc;
use std::sync::mpsc::channel;

use crate::StoreError;
use crate::kv::{Kv, Row, Snapshot, Table};
use crate::overlay::Rows;

/// Puts a store that is empty through everything that [`Kv`] promises; `reopen` closes it and opens it
/// again, or gives it back if it cannot be closed.
///
/// # Errors
/// The store fails.
///
/// # Panics
/// The store breaks a promise.
pub fn run<K: Kv>(mut kv: K, mut reopen: impl FnMut(K) -> K) -> Result<(), StoreError> {
    is_empty(&kv)?;
    kv = reopen(kv);
    is_empty(&kv)?;
    kv.apply(&[])?;
    kv.apply(&[
        row(Table::Tips, b"b", Some(b"1")),
        row(Table::Tips, b"a", Some(b"2")),
        row(Table::Tips, b"a", Some(b"3")),
        row(Table::Tips, b"ab", Some(b"")),
        row(Table::Tips, b"c", Some(b"4")),
        row(Table::Tips, b"c", None),
        row(Table::OwnLogs, &[0xff; 40], Some(b"before")),
        row(Table::Descriptors, b"", Some(b"after")),
    ])?;
    reads(&kv)?;
    kv = reopen(kv);
    reads(&kv)?;
    kv.apply(&[row(Table::Tips, b"a", None), row(Table::Tips, b"none", None)])?;
    kv = reopen(kv);
    assert_eq!(kv.snapshot()?.get(Table::Tips, b"a")?, None, "removed");
    assert_eq!(kv.snapshot()?.get(Table::Tips, b"b")?, Some(b"1".to_vec()), "left alone");
    kv = begins(kv, &mut reopen)?;
    keeps_large_values(kv, &mut reopen)
}

fn begins<K: Kv>(mut kv: K, reopen: &mut impl FnMut(K) -> K) -> Result<K, StoreError> {
    for value in [&b"begun"[..], b"again"] {
        let mut rows = Rows::default();
        rows.set(Table::Tips, b"a".to_vec(), Some(value.to_vec()));
        rows.set(Table::Tips, b"b".to_vec(), None);
        let (to, done) = channel();
        kv.begin(Arc::new(rows), Box::new(move |result| drop(to.send(result))));
        done.recv().map_err(|_| StoreError::Reopen)??;
        assert_eq!(kv.snapshot()?.get(Table::Tips, b"a")?.as_deref(), Some(value), "begun");
        kv = reopen(kv);
        assert_eq!(kv.snapshot()?.get(Table::Tips, b"a")?.as_deref(), Some(value), "and done");
        assert_eq!(kv.snapshot()?.get(Table::Tips, b"b")?, None, "removed");
    }
    Ok(kv)
}

fn row(table: Table, key: &[u8], value: Option<&[u8]>) -> Row {
    Row { table, key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
}

fn is_empty<K: Kv>(kv: &K) -> Result<(), StoreError> {
    let snapshot = kv.snapshot()?;
    for table in Table::ALL {
        assert_eq!(snapshot.get(table, b"")?, None, "nothing is there");
        assert_eq!(snapshot.at_or_after(table, b"")?, None, "nothing is there");
        assert_eq!(snapshot.at_or_before(table, &[0xff; 64])?, None, "nothing is there");
    }
    Ok(())
}

fn reads<K: Kv>(kv: &K) -> Result<(), StoreError> {
    let snapshot = kv.snapshot()?;
    let pair = |key: &[u8], value: &[u8]| Some((key.to_vec(), value.to_vec()));
    let tips = Table::Tips;
    assert_eq!(snapshot.get(tips, b"a")?, Some(b"3".to_vec()), "the later row counts");
    assert_eq!(snapshot.get(tips, b"ab")?, Some(Vec::new()), "an empty value is a value");
    assert_eq!(snapshot.get(tips, b"c")?, None, "rows are applied in order");
    assert_eq!(snapshot.get(tips, b"")?, None, "another table's row");
    assert_eq!(snapshot.at_or_after(tips, b"")?, pair(b"a", b"3"), "the first");
    assert_eq!(snapshot.at_or_after(tips, b"a")?, pair(b"a", b"3"), "at");
    assert_eq!(snapshot.at_or_after(tips, b"a\0")?, pair(b"ab", b""), "keys are ordered as bytes");
    assert_eq!(snapshot.at_or_after(tips, b"b\0")?, None, "not the next table's");
    assert_eq!(snapshot.at_or_before(tips, &[0xff; 64])?, pair(b"b", b"1"), "the last");
    assert_eq!(snapshot.at_or_before(tips, b"ab")?, pair(b"ab", b""), "at");
    assert_eq!(snapshot.at_or_before(tips, b"aa")?, pair(b"a", b"3"), "before");
    assert_eq!(snapshot.at_or_before(tips, b"A")?, None, "not the table's before");
    let all = |prefix: &[u8]| -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys = Vec::new();
        snapshot.scan(tips, prefix, &mut |key, _| {
            keys.push(key.to_vec());
            Ok(())
        })?;
        Ok(keys)
    };
    assert_eq!(all(b"")?, [&b"a"[..], b"ab", b"b"], "a whole table");
    assert_eq!(all(b"a")?, [&b"a"[..], b"ab"], "what begins with a prefix");
    assert_eq!(all(b"c")?, [&b""[..]; 0], "nothing");
    for (most, keys) in [(usize::MAX, &[&b"ab"[..], b"b"][..]), (1, &[b"ab"])] {
        let mut walked = Vec::new();
        snapshot.walk(tips, b"aa", &mut |key, _| {
            walked.push(key.to_vec());
            Ok(walked.len() < most)
        })?;
        assert_eq!(walked, keys, "from a key on, as far as is wanted");
    }
    let stop = snapshot.scan(tips, b"", &mut |_, _| Err(StoreError::Missing));
    assert!(matches!(stop, Err(StoreError::Missing)), "a scan stops at a failure");
    Ok(())
}

fn keeps_large_values<K: Kv>(mut kv: K, reopen: &mut impl FnMut(K) -> K) -> Result<(), StoreError> {
    let large = vec![7; 3 << 20];
    kv.apply(&[row(Table::Records, b"large", Some(&large))])?;
    kv = reopen(kv);
    assert!(kv.snapshot()?.get(Table::Records, b"large")? == Some(large), "a large value");
    Ok(())
}
