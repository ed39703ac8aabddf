//! A wallet that goes on while something becomes durable.

use std::sync::{Arc, Mutex};

use dsm_crypto::SecretKey;
use dsm_session::Ledger;
use dsm_store::{Changes, Contact, Done, Kv, MemoryKv, Row, Rows, StoreError, Wallet};

use crate::person::{founding, seeded};

type Begun = Arc<Mutex<Option<(Arc<Rows>, Done)>>>;

/// A store that does what was begun when it is told to.
#[derive(Default)]
struct Late {
    kv: Arc<Mutex<MemoryKv>>,
    begun: Begun,
}

impl Late {
    fn take(begun: &Begun) -> (Arc<Rows>, Done) {
        begun.lock().expect("sound").take().expect("something begun")
    }
}

impl Kv for Late {
    type Snapshot<'a> = Copy;

    fn snapshot(&self) -> Result<Copy, StoreError> {
        Ok(Copy(self.kv.lock().expect("sound").clone()))
    }

    fn apply(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.kv.lock().expect("sound").apply(rows)
    }

    fn begin(&mut self, rows: Arc<Rows>, done: Done) {
        *self.begun.lock().expect("sound") = Some((rows, done));
    }
}

/// What was in it at one moment.
struct Copy(MemoryKv);

impl dsm_store::Snapshot for Copy {
    fn get(&self, table: dsm_store::Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (&self.0).get(table, key)
    }

    fn at_or_after(
        &self,
        table: dsm_store::Table,
        key: &[u8],
    ) -> Result<Option<dsm_store::Pair>, StoreError> {
        (&self.0).at_or_after(table, key)
    }

    fn at_or_before(
        &self,
        table: dsm_store::Table,
        key: &[u8],
    ) -> Result<Option<dsm_store::Pair>, StoreError> {
        (&self.0).at_or_before(table, key)
    }
}

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(seeded(name, "device"))
}

fn wallet(name: &str) -> (Wallet<Late>, Late) {
    let kv = Late::default();
    let same = Late { kv: Arc::clone(&kv.kv), begun: Arc::clone(&kv.begun) };
    (Wallet::create(kv, founding(name, &key(name))).expect("a new wallet"), same)
}

/// Pins somebody; not durable yet.
fn pin(wallet: &mut Wallet<Late>, name: &str) {
    let kv = MemoryKv::default();
    let other = Wallet::create(kv, founding(name, &key(name))).expect("a new wallet");
    let card = other.books().expect("books").card();
    let contacts = vec![Contact { name: name.into(), card }];
    wallet.stage(&Changes { contacts, ..Changes::default() }).expect("staged");
}

fn shows(wallet: &Wallet<Late>, name: &str) -> (bool, bool) {
    let books = wallet.books().expect("books");
    let durable = wallet.durable_books().expect("books");
    (books.contact_named(name).is_some(), durable.contact_named(name).is_some())
}

#[test]
fn books_show_what_becomes_durable_and_durable_books_what_is() {
    let (mut wallet, store) = wallet("ada");
    pin(&mut wallet, "ben");
    assert_eq!(shows(&wallet, "ben"), (true, false));
    let (to, woken) = std::sync::mpsc::channel();
    wallet.begin(move || to.send(()).expect("somebody waits")).expect("begun");
    pin(&mut wallet, "cleo");
    assert!(!wallet.has_landed() && woken.try_recv().is_err());
    assert_eq!(shows(&wallet, "ben"), (true, false));
    assert_eq!(shows(&wallet, "cleo"), (true, false));
    let (rows, done) = Late::take(&store.begun);
    done(store.kv.lock().expect("sound").apply(&rows.list()));
    woken.recv().expect("woken");
    assert!(wallet.has_landed());
    wallet.land().expect("durable");
    assert_eq!(shows(&wallet, "ben"), (true, true));
    assert_eq!(shows(&wallet, "cleo"), (true, false));
    wallet.flush().expect("durable");
    assert_eq!(shows(&wallet, "cleo"), (true, true));
    assert_eq!(wallet.books().expect("books").own_log().at.index, 0);
}

#[test]
fn a_wallet_whose_store_fails_meanwhile_or_never_says_does_nothing_more() {
    for says in [true, false] {
        let (mut wallet, store) = wallet("ada");
        pin(&mut wallet, "ben");
        let (to, woken) = std::sync::mpsc::channel();
        wallet.begin(move || to.send(()).expect("somebody waits")).expect("begun");
        let (_, done) = Late::take(&store.begun);
        if says {
            done(Err(std::io::Error::other("no room").into()));
        } else {
            drop(done);
        }
        woken.recv().expect("woken");
        assert!(wallet.has_landed());
        assert!(wallet.land().is_err());
        assert!(matches!(wallet.books().err(), Some(StoreError::Reopen)));
        assert!(matches!(wallet.durable_books().err(), Some(StoreError::Reopen)));
        assert!(matches!(wallet.flush(), Err(StoreError::Reopen)));
    }
}

#[test]
fn a_store_is_given_back_only_when_nothing_is_written_to_it_any_more() {
    let (mut wallet, store) = wallet("ada");
    pin(&mut wallet, "ben");
    wallet.begin(|| {}).expect("begun");
    wallet.give_up();
    let late = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(200));
        let (rows, done) = Late::take(&store.begun);
        done(store.kv.lock().expect("sound").apply(&rows.list()));
    });
    // What is opened now must show all that this store will ever show of it.
    let again = Wallet::open(wallet.into_kv()).expect("a wallet");
    let ben = again.books().expect("books").contact_named("ben");
    late.join().expect("no panic");
    assert_eq!(ben, again.books().expect("books").contact_named("ben"));
    assert!(ben.is_some());
}
