//! Stores whose rows, or whose bytes on the medium, are not what was written: the wallet says so or goes on,
//! and never panics.

use std::sync::{Arc, Mutex, OnceLock};

use dsm_core::View;
use dsm_session::{Event, Goal, Ledger, Session};
use dsm_store::{Books, FileKv, Kv, MemoryKv, Row, Snapshot, Table, Wallet};

use crate::people::people;
use crate::words::Words;

/// Every row of a store.
fn rows(kv: &impl Kv) -> Vec<Row> {
    let snapshot = kv.snapshot().expect("a sound store");
    let mut rows = Vec::new();
    for table in Table::ALL {
        let read = snapshot.scan(table, &[], &mut |key, value| {
            rows.push(Row { table, key: key.to_vec(), value: Some(value.to_vec()) });
            Ok(())
        });
        read.expect("a sound store");
    }
    rows
}

fn sound() -> &'static [Vec<Row>; 2] {
    static ROWS: OnceLock<[Vec<Row>; 2]> = OnceLock::new();
    ROWS.get_or_init(|| [0, 1].map(|at| rows(&people().disks[at])))
}

/// Ada's or Ben's rows, some of them changed, gone, exchanged or new.
pub fn store(bytes: &[u8]) {
    let mut words = Words(bytes);
    let mut rows = sound()[words.below(2)].clone();
    for _ in 0..8 {
        if words.is_over() {
            break;
        }
        let word = words.byte();
        let (at, other) = (words.below(rows.len()), words.below(rows.len()));
        let (value, key) = (rows[other].value.clone(), rows[other].key.clone());
        let row = &mut rows[at];
        match word % 8 {
            0 => row.value = None,
            1 => row.value = value,
            2 => row.key = words.change(&row.key),
            3 => row.key = key,
            4 => {
                let len = usize::from(words.byte());
                row.value = Some(words.take(len).to_vec());
            }
            5 => {
                let table = words.pick(&Table::ALL).copied().unwrap_or(Table::Single);
                let copy = Row { table, ..row.clone() };
                rows.push(copy);
            }
            _ => row.value = row.value.as_deref().map(|value| words.change(value)),
        }
    }
    rows.retain(|row| row.value.is_some() && row.key.len() <= dsm_store::MAX_KEY);
    let mut kv = MemoryKv::default();
    kv.apply(&rows).expect("a store in memory");
    if let Ok(wallet) = Wallet::open(kv) {
        read(&wallet);
        talk(wallet);
    }
}

/// Reads whatever a person, a session or the core reads.
fn read<K: Kv>(wallet: &Wallet<K>) {
    let Ok(books) = wallet.books() else { return };
    let devices = [people().ids[0], people().ids[1], wallet.me()];
    drop((books.card(), books.contacts(), books.policies(), books.fork_proofs()));
    drop((books.history(None), books.all_held(), books.holdings(), books.contact_named("ben")));
    drop((books.correspondents(), books.own_devices(), books.own_log()));
    for device in &devices {
        drop((books.contact(device), books.descriptor(device), books.history(Some(device))));
        drop((books.mail(device), books.news(device), books.dealt_with(device)));
        drop((books.next_to(device, 0), books.accepted(device), books.card_place(device)));
        for index in 0..6 {
            drop((books.head(device, index), books.record(device, index)));
            drop((books.opened(device, index), books.signed(device, index)));
            drop((books.entry(device, index), books.before(device, index)));
        }
    }
    proofs(&books);
    // Whatever was damaged is told here, or was not looked at.
    let _ = books.check();
}

fn proofs<K: Kv>(books: &Books<'_, K>) {
    for (held, _) in books.all_held() {
        if let Ok(proof) = dsm_engine::note_proof(books, &held.id()) {
            // It rests on damaged rows: it may be refused.
            let _ = dsm_engine::examined(&proof, &|_| None);
        }
    }
}

/// Calls Ben, or is called: each step ends with a verdict, an error, or a store that says it is damaged.
fn talk<K: Kv>(mut wallet: Wallet<K>) {
    let peer = people().ids[usize::from(wallet.me() == people().ids[0])];
    let keys = &people().keys[usize::from(wallet.me() != people().ids[0])];
    let goal = Goal::Pay { peer, token: people().token, amount: 1 };
    let mut session = Session::new(goal, [9; 32]);
    let frames = crate::conversations::heard_by_payer();
    let events = frames.iter().map(|frame| Event::Message(frame));
    for event in [Event::Start].into_iter().chain(events) {
        let (next, effects) = {
            let Ok(books) = wallet.books() else { return };
            let stepped = session.step(&books, &keys.device, event);
            let (Ok(next), Ok(())) = (stepped, books.check()) else { return };
            next
        };
        let persisted = effects.persist(|batch| wallet.commit(&batch.into()));
        if persisted.is_err() || next.failure().is_some() {
            return;
        }
        session = next;
    }
}

/// A medium in memory that may be read while a store is on it.
#[derive(Clone, Debug, Default)]
struct Medium(Arc<Mutex<Vec<u8>>>);

impl redb::StorageBackend for Medium {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.0.lock().expect("one user").len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let bytes = self.0.lock().expect("one user");
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = from.checked_add(out.len()).and_then(|to| bytes.get(from..to));
        out.copy_from_slice(part.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        let len = usize::try_from(len).ok().filter(|len| *len < 64 << 20);
        let len = len.ok_or(std::io::ErrorKind::StorageFull)?;
        self.0.lock().expect("one user").resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        let mut bytes = self.0.lock().expect("one user");
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = from.checked_add(data.len()).and_then(|to| bytes.get_mut(from..to));
        part.ok_or(std::io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        Ok(())
    }
}

/// The bytes of Ada's store in a file that was closed.
fn image() -> &'static [u8] {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let medium = Medium::default();
        let mut kv = FileKv::on(medium.clone()).expect("a new store");
        kv.apply(&sound()[0]).expect("a sound medium");
        drop(kv);
        core::mem::take(&mut *medium.0.lock().expect("one user"))
    })
}

/// A file of which some bytes are others.
pub fn medium(bytes: &[u8]) {
    let mut words = Words(bytes);
    let mut image = image().to_vec();
    if words.byte() == 1 {
        image.truncate(usize::from(words.number()) * 16);
    }
    // Where something is written, not in the wide space between.
    let places: Vec<usize> = (0..image.len()).filter(|at| image[*at] != 0).collect();
    for _ in 0..16 {
        if words.is_over() {
            break;
        }
        let at = places.get(usize::from(words.number()) % places.len().max(1));
        let by = words.byte();
        at.and_then(|at| image.get_mut(*at)).into_iter().for_each(|byte| *byte ^= by);
    }
    let medium = Medium(Arc::new(Mutex::new(image)));
    let Ok(kv) = FileKv::on(medium) else { return };
    if let Ok(wallet) = Wallet::open(kv) {
        read(&wallet);
        talk(wallet);
    }
}

/// Inputs that change one row each, by each kind of change; and a few bytes of a file.
pub(crate) fn damages() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut store = vec![vec![0], vec![1]];
    for (who, rows) in (0_u8..).zip(sound()) {
        let tables =
            Table::ALL.iter().filter_map(|table| rows.iter().position(|row| row.table == *table));
        for (number, at) in (0_u8..).zip(tables) {
            let at = u8::try_from(at).unwrap_or(u8::MAX);
            let kinds =
                [vec![6, at, 0, 0, 0, 3, 9], vec![number % 6, at, at / 2, 3, 1, 2, 3, 4, 5, 6]];
            store.extend(kinds.into_iter().map(|kind| [vec![who], kind].concat()));
        }
    }
    let medium =
        vec![vec![0], vec![1, 4, 0], vec![0, 0, 9, 1, 0, 60, 255], vec![0, 3, 1, 7, 9, 9, 9]];
    (store, medium)
}
