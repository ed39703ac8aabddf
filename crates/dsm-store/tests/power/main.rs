//! A store whose medium loses its power at any operation holds what was acknowledged, whole.

mod medium;

use std::sync::Arc;
use std::sync::mpsc::channel;

use dsm_store::{FileKv, Kv, Row, Rows, Snapshot, StoreError, Table};
use medium::{Disk, Medium};

const BATCHES: u64 = 6;

/// A change of many rows, large and small, new and old, that all say its number.
fn batch(number: u64) -> Vec<Row> {
    let value = number.to_be_bytes().to_vec();
    let mut rows: Vec<Row> = Table::ALL
        .into_iter()
        .map(|table| Row { table, key: vec![1], value: Some(value.clone()) })
        .collect();
    let own = |number: u64, value| Row { table: Table::Records, key: vec![2, number as u8], value };
    rows.push(own(number, Some(value.repeat(700))));
    rows.push(own(number.saturating_sub(1), None));
    rows
}

/// The number of the batch of which everything is there and nothing of any other.
fn whole(kv: &FileKv) -> Result<u64, StoreError> {
    let snapshot = kv.snapshot()?;
    let value = snapshot.get(Table::Single, &[1])?.expect("a batch");
    for table in Table::ALL {
        assert_eq!(snapshot.get(table, &[1])?, Some(value.clone()), "half a batch");
    }
    let number = u64::from_be_bytes(value.as_slice().try_into().expect("a number"));
    let mut large = Vec::new();
    snapshot.scan(Table::Records, &[2], &mut |key, value| {
        large.push((key.to_vec(), value.to_vec()));
        Ok(())
    })?;
    assert_eq!(large, [(vec![2, number as u8], value.repeat(700))], "half a batch");
    Ok(number)
}

/// Makes a change beside this thread, while what was there before is read whole.
fn beside(kv: &mut FileKv, number: u64) -> bool {
    let mut rows = Rows::default();
    for Row { table, key, value } in batch(number) {
        rows.set(table, key, value);
    }
    let (to, done) = channel();
    kv.begin(Arc::new(rows), Box::new(move |result| drop(to.send(result))));
    loop {
        let said = done.try_recv();
        // Without power there is nothing to be read.
        let found = whole(kv).unwrap_or(number);
        match said {
            Ok(Ok(())) => return whole(kv).is_ok_and(|found| found == number),
            Err(std::sync::mpsc::TryRecvError::Empty) => {
                assert!(found == number || found == number - 1, "{found}, not {number}");
            }
            _ => return false,
        }
    }
}

#[test]
fn a_cut_of_power_at_any_operation_leaves_whole_changes() {
    cuts(|kv, number| kv.apply(&batch(number)).is_ok(), false);
}

#[test]
fn a_cut_of_power_at_any_operation_of_a_writer_beside_leaves_whole_changes() {
    cuts(beside, true);
}

fn cuts(change: impl Fn(&mut FileKv, u64) -> bool, is_beside: bool) {
    let medium = Medium::new(Disk::default(), u64::MAX);
    let mut kv = FileKv::on(medium.clone()).expect("a store");
    kv.apply(&batch(1)).expect("a first batch");
    drop(kv);
    let begun = medium.disk().after_cut(1);
    for cut in 0.. {
        let medium = Medium::new(begun.clone(), cut);
        let mut acknowledged = 1;
        if let Ok(mut kv) = FileKv::on(medium.clone()) {
            let done = |number: &u64| change(&mut kv, *number);
            acknowledged = (2..=BATCHES).take_while(done).last().unwrap_or(1);
        }
        for luck in 0..5 {
            let disk = medium.disk().after_cut(luck);
            let kv = FileKv::on(Medium::new(disk, u64::MAX)).expect("a store");
            let found = whole(&kv).expect("sound rows");
            let next = acknowledged..=acknowledged + 1;
            assert!(next.contains(&found), "cut {cut}, luck {luck}: {found}, not {acknowledged}");
        }
        if acknowledged == BATCHES && medium.disk().left > 0 {
            assert!(cut > 20, "the cut came nowhere");
            assert_eq!(medium.disk().beside > 0, is_beside);
            return;
        }
    }
}
