//! An overlay reads as the store does once its rows are applied.

use dsm_store::{Kv, MemoryKv, Overlay, Pair, Row, Rows, Snapshot, StoreError, Table};
use proptest::collection::vec;
use proptest::prelude::*;

const TABLES: [Table; 3] = [Table::OwnLogs, Table::Tips, Table::Descriptors];

/// Keys so short that they meet often, and begin with each other.
fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0_u8), Just(1), Just(0x7f), Just(0xfe), Just(0xff)], 0..4)
}

fn row() -> impl Strategy<Value = Row> {
    let table = (0..TABLES.len()).prop_map(|number| TABLES[number]);
    let value = prop_oneof![Just(None), vec(any::<u8>(), 0..3).prop_map(Some)];
    (table, key(), value).prop_map(|(table, key, value)| Row { table, key, value })
}

fn scanned<S: Snapshot>(from: &S, table: Table, prefix: &[u8], most: usize) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let done = from.scan(table, prefix, &mut |key, value| {
        if pairs.len() == most {
            return Err(StoreError::Missing);
        }
        pairs.push((key.to_vec(), value.to_vec()));
        Ok(())
    });
    assert!(matches!(done, Ok(()) | Err(StoreError::Missing)));
    pairs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn an_overlay_reads_as_the_store_with_its_rows(
        kept in vec(row(), 0..30),
        staged in vec(row(), 0..30),
        later in vec(row(), 0..10),
        asked in vec(key(), 1..8),
    ) {
        let mut kv = MemoryKv::default();
        kv.apply(&kept).expect("memory never fails");
        let mut applied = kv.clone();
        applied.apply(&staged).expect("memory never fails");
        applied.apply(&later).expect("memory never fails");
        let rows = |from: &[Row]| {
            let mut rows = Rows::default();
            for Row { table, key, value } in from {
                rows.set(*table, key.clone(), value.clone());
            }
            rows
        };
        // Once as one overlay of all rows, and once as an overlay over an overlay.
        let (first, second, mut all) = (rows(&staged), rows(&later), rows(&staged));
        all.extend(rows(&later));
        let nested = Overlay::new(Overlay::new(&kv, &first), &second);
        let merged = Overlay::new(&kv, &all);
        let after = &applied;
        for table in TABLES {
            for key in &asked {
                let get = after.get(table, key).expect("memory");
                prop_assert_eq!(&merged.get(table, key).expect("memory"), &get);
                prop_assert_eq!(&nested.get(table, key).expect("memory"), &get);
                let next = after.at_or_after(table, key).expect("memory");
                prop_assert_eq!(&merged.at_or_after(table, key).expect("memory"), &next);
                prop_assert_eq!(&nested.at_or_after(table, key).expect("memory"), &next);
                let last = after.at_or_before(table, key).expect("memory");
                prop_assert_eq!(&merged.at_or_before(table, key).expect("memory"), &last);
                prop_assert_eq!(&nested.at_or_before(table, key).expect("memory"), &last);
                for most in [1, usize::MAX] {
                    let all = scanned(&after, table, key, most);
                    prop_assert_eq!(&scanned(&merged, table, key, most), &all);
                    prop_assert_eq!(&scanned(&nested, table, key, most), &all);
                }
            }
        }
        let mut flushed = kv.clone();
        flushed.apply(&all.into_list()).expect("memory never fails");
        for table in TABLES {
            let all = scanned(&after, table, &[], usize::MAX);
            prop_assert_eq!(scanned(&&flushed, table, &[], usize::MAX), all);
        }
    }
}
