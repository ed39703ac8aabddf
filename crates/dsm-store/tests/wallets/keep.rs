//! What is kept, and what is not.

use dsm_core::{
    FinalityClass, Lineage, Lock, MakerId, Note, Op, Output, OwnLog, Peer, Settings, TokenId, View,
    Written, prove_fork,
};
use dsm_crypto::{Digest, SecretKey};
use dsm_log::{DeviceId, Position, Record, SpendId};
use dsm_session::{Batch, Held, Ledger};
use dsm_sim::Actor;
use dsm_store::{Changes, Contact, Kv, Row, StoreError, Table, Wallet};

use crate::home::Home;
use crate::person::{Person, founding};

fn learn<H: Home>(person: &mut Person<'_, H>, writer: &Actor, written: &Written) {
    let mut facts = written.facts.clone();
    facts.descriptors.push(writer.descriptor.clone());
    person.commit(&Changes { facts: vec![facts], ..Changes::default() }).expect("facts");
}

/// An entry that consumes an id, in a log that nobody judged.
fn entry(writer: &mut Actor, id: u8) -> Written {
    let id = SpendId(Digest::from_bytes([id; 32]));
    writer.write(None, vec![id], None, vec![Op::Checkpoint {}], None)
}

pub(crate) fn the_first_fact_wins<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let mut zoe = Actor::new("zoe");
    let mut copy = zoe.clone();
    let device = zoe.id();
    let known = [entry(&mut zoe, 1), entry(&mut zoe, 2)];
    for written in &known {
        learn(&mut ada, &zoe, written);
    }
    // Another history of the same log, and one that starts beyond and leads back to nothing known.
    for id in [3, 4, 5] {
        let written = entry(&mut copy, id);
        learn(&mut ada, &copy, &written);
    }
    let books = ada.books();
    for (index, written) in (1..).zip(&known) {
        assert_eq!(books.head(&device, index), Some(written.log.at.head));
        assert_eq!(books.record(&device, index), Some(written.entry.record()));
        let signed = books.signed(&device, index).expect("a signed head");
        assert_eq!(signed.at, written.log.at);
        assert!(signed.verify(&zoe.descriptor).is_some());
        assert_eq!(books.opened(&device, index).as_ref(), written.facts.opened.first());
    }
    assert_eq!(books.latest(&device), Some(known[1].log.at));
    for id in [3, 4, 5] {
        let id = SpendId(Digest::from_bytes([id; 32]));
        assert_eq!(books.first_spend(&device, &id, 0), None);
    }
    let id = SpendId(Digest::from_bytes([2; 32]));
    assert_eq!(books.first_spend(&device, &id, 0), Some(2));
    assert_eq!(books.first_spend(&device, &id, 2), None);
    assert_eq!(books.devices_like(&device.0.as_bytes()[..8].try_into().expect("8")), [device]);
    books.check().expect("sound books");
}

pub(crate) fn an_opening_of_another_record_is_not_kept<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let mut zoe = Actor::new("zoe");
    let mut written = entry(&mut zoe, 1);
    written.facts.opened[0].rest = Digest::from_bytes([7; 32]);
    learn(&mut ada, &zoe, &written);
    assert!(ada.books().has_record(&zoe.id(), 1));
    assert_eq!(ada.books().opened(&zoe.id(), 1), None);
}

pub(crate) fn of_a_forked_device_nothing_more_is_learned<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let mut zoe = Actor::new("zoe");
    let mut copy = zoe.clone();
    let known = entry(&mut zoe, 1);
    learn(&mut ada, &zoe, &known);
    let other = entry(&mut copy, 2);
    let proof = {
        let line = &other.facts.lines[0];
        let pairs: Vec<_> = line.records.iter().map(Record::pair).collect();
        let origin = Position::origin(&zoe.id());
        assert!(
            prove_fork(&ada.books(), &zoe.descriptor, origin, &pairs, &line.signature).is_none()
        );
        let books = ada.books();
        prove_fork(&books, &zoe.descriptor, line.end(), &[], &line.signature).expect("a proof")
    };
    let batch = Batch { forks: vec![proof.clone(), proof], ..Batch::default() };
    ada.commit(&Changes { batch, ..Changes::default() }).expect("a fork");
    let written = entry(&mut zoe, 3);
    learn(&mut ada, &zoe, &written);
    let books = ada.books();
    assert!(books.is_forked(&zoe.id()));
    assert_eq!(books.latest(&zoe.id()), Some(known.log.at));
    assert_eq!(books.fork_proofs().len(), 1);
    assert_eq!(books.news(&DeviceId(Digest::ZERO)).forks.len(), 1);
}

pub(crate) fn a_contact_is_pinned_and_its_place_is_not_known<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let ben = Person::new(home, "ben");
    assert_eq!(ada.books().peer(&ben.id()), None);
    ada.meet(&ben);
    let books = ada.books();
    assert_eq!(books.peer(&ben.id()), Some(Peer { active: true, tip: None, stitch: None }));
    assert_eq!(books.latest(&ben.id()), None);
    assert_eq!(books.accepted(&ben.id()), None);
    assert_eq!(books.name_of(&ben.id()).as_deref(), Some("ben"));
    let contact = books.contact_named("ben").expect("a contact");
    assert_eq!(contact.card, ben.books().card());
    assert_eq!(books.contacts(), [contact]);
    assert_eq!(books.contact_named("cleo"), None);
    drop(books);
    // Renamed, it is the same contact.
    let contacts = vec![Contact { name: "benjamin".into(), card: ben.books().card() }];
    ada.commit(&Changes { contacts, ..Changes::default() }).expect("a new name");
    let books = ada.books();
    assert_eq!(books.contact_named("ben"), None);
    assert_eq!(books.contacts().len(), 1);
    assert_eq!(books.name_of(&ben.id()).as_deref(), Some("benjamin"));
}

pub(crate) fn a_card_that_breaks_a_rule_is_refused<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let ben = Person::new(home, "ben");
    let mut card = ben.books().card();
    card.kem = ada.books().card().kem;
    let contacts = vec![Contact { name: "ben".into(), card }];
    let refused = ada.commit(&Changes { contacts, ..Changes::default() });
    assert!(matches!(refused, Err(StoreError::Card(_))), "{refused:?}");
    assert!(ada.books().contacts().is_empty());
}

pub(crate) fn two_contacts_cannot_have_one_name<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let [ben, cleo] = ["ben", "cleo"].map(|name| Person::new(home, name));
    ada.meet(&ben);
    let contacts = vec![Contact { name: "ben".into(), card: cleo.books().card() }];
    let refused = ada.commit(&Changes { contacts, ..Changes::default() });
    assert!(matches!(refused, Err(StoreError::NameTaken { .. })), "{refused:?}");
    assert_eq!(ada.books().peer(&cleo.id()), None, "nothing is kept of a refused change");
}

pub(crate) fn own_logs_begin_at_their_origin<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let (_, policy) = ada.found_token(10);
    ada.restart();
    for device in [ada.id(), policy.issuer] {
        let books = ada.books();
        let origin = Position::origin(&device);
        assert!(books.is_own(&device));
        assert_eq!(books.head(&device, 0), Some(origin.head));
        assert_eq!(books.latest(&device), Some(origin));
        assert_eq!(books.own_log_of(&device), Some(OwnLog::new(device)));
        assert!(books.descriptor(&device).is_some());
    }
    assert_eq!(ada.books().policies(), [policy]);
}

/// A note of anybody's, as if it were held.
fn held(amount: u64, token: TokenId, on: &[DeviceId]) -> Held {
    let floor = Position { index: amount, head: Digest::ZERO };
    let lock = Lock::Device { id: DeviceId(Digest::ZERO), floor };
    let note = Note { output: Output { token, amount, lock }, head: Digest::ZERO, number: 0 };
    let uncertified = on.iter().copied().collect();
    let lineage = Lineage { class: FinalityClass::Exposed, uncertified, hops: 1 };
    Held::new(note, &lineage).expect("a short lineage")
}

pub(crate) fn a_spent_note_is_never_held_again<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let note = held(5, TokenId(Digest::ZERO), &[]);
    let hold = Changes { held: vec![note.clone(), note.clone()], ..Changes::default() };
    ada.commit(&hold).expect("a note");
    ada.commit(&hold).expect("the same note");
    assert_eq!(ada.books().holdings(), std::slice::from_ref(&note));
    let batch = Batch { spent: vec![note.id()], ..Batch::default() };
    ada.commit(&Changes { batch, ..Changes::default() }).expect("a spend");
    ada.commit(&hold).expect("the same note again");
    assert!(ada.books().holdings().is_empty());
}

pub(crate) fn exposure_is_the_sum_of_what_is_held<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let (one, other) =
        (DeviceId(Digest::from_bytes([1; 32])), DeviceId(Digest::from_bytes([2; 32])));
    let (token, else_token) = (TokenId(Digest::ZERO), TokenId(Digest::from_bytes([9; 32])));
    let notes = vec![
        held(5, token, &[one]),
        held(7, token, &[one, other]),
        held(11, else_token, &[other]),
        held(13, token, &[]),
    ];
    let changes = Changes { held: notes.clone(), ..Changes::default() };
    ada.commit(&changes).expect("notes");
    ada.commit(&changes).expect("the same notes");
    let sums = |ada: &Person<'_, H>| {
        let books = ada.books();
        [(one, token), (other, token), (other, else_token), (one, else_token)]
            .map(|(device, token)| books.exposure(&device, &token))
    };
    assert_eq!(sums(&ada), [12, 7, 11, 0]);
    let batch = Batch { spent: vec![notes[1].id()], ..Batch::default() };
    let changes = Changes { batch, ..Changes::default() };
    ada.commit(&changes).expect("a spend");
    ada.commit(&changes).expect("the same spend");
    assert_eq!(sums(&ada), [5, 0, 11, 0]);
}

pub(crate) fn news_go_out_once_in_order<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let [mut zoe, mut yan] = ["zoe", "yan"].map(Actor::new);
    let peer = DeviceId(Digest::ZERO);
    assert_eq!(ada.books().news(&peer), dsm_session::News::default());
    for writer in [&mut zoe, &mut yan] {
        let written = entry(writer, 1);
        learn(&mut ada, writer, &written);
        learn(&mut ada, writer, &written);
    }
    let written = entry(&mut zoe, 2);
    learn(&mut ada, &zoe, &written);
    let news = ada.books().news(&peer);
    assert_eq!(news.heads, [(yan.id(), yan.at()), (zoe.id(), zoe.at())]);
    assert!(news.forks.is_empty());
    let of_itself = ada.books().news(&zoe.id());
    assert_eq!(of_itself.heads, [(yan.id(), yan.at())]);
    let batch = Batch { told: Some((peer, news.upto)), ..Batch::default() };
    ada.commit(&Changes { batch, ..Changes::default() }).expect("told");
    assert_eq!(ada.books().news(&peer), dsm_session::News::default());
    learn(&mut ada, &zoe, &written);
    assert_eq!(ada.books().news(&peer), dsm_session::News::default(), "known is no news");
    let written = entry(&mut yan, 3);
    learn(&mut ada, &yan, &written);
    let news = ada.books().news(&peer);
    assert_eq!(news.heads, [(yan.id(), yan.at())]);
    let own = ada.issue(5);
    assert_eq!(ada.books().news(&peer), news, "own heads are no news: {own}");
}

pub(crate) fn news_go_out_in_parts<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let peer = DeviceId(Digest::ZERO);
    let mut facts = Vec::new();
    let mut heads = Vec::new();
    for number in 0..70 {
        let mut writer = Actor::new(&format!("writer {number}"));
        facts.push(entry(&mut writer, 1).facts);
        heads.push((writer.id(), writer.at()));
    }
    ada.commit(&Changes { facts, ..Changes::default() }).expect("facts");
    let (first, rest) = heads.split_at(64);
    for part in [first, rest, &[]] {
        let news = ada.books().news(&peer);
        assert_eq!(news.heads, part);
        let batch = Batch { told: Some((peer, news.upto)), ..Batch::default() };
        ada.commit(&Changes { batch, ..Changes::default() }).expect("told");
    }
}

pub(crate) fn settings_are_kept<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let mut settings = Settings { enough: FinalityClass::Registered, ..Settings::default() };
    settings.exposed_caps.insert(TokenId(Digest::ZERO), 7);
    settings.makers.insert(MakerId(Digest::ZERO), 9);
    let changes = Changes { settings: Some(settings.clone()), ..Changes::default() };
    ada.commit(&changes).expect("settings");
    assert_eq!(ada.books().settings(), &settings);
    ada.restart();
    assert_eq!(ada.books().settings(), &settings);
}

pub(crate) fn there_is_one_wallet_in_a_store<H: Home>(home: &H) {
    let key = || SecretKey::from_seed(dsm_crypto::Secret::from_bytes([1; 64]));
    let missing = Wallet::open(home.make("empty"));
    assert!(matches!(missing, Err(StoreError::Missing)));
    let wallet = Wallet::create(home.make("wallet"), founding("ada", &key())).expect("a wallet");
    let again = Wallet::create(wallet.into_kv(), founding("ben", &key()));
    assert!(matches!(again, Err(StoreError::Exists)));
}

pub(crate) fn another_format_is_refused<H: Home>(home: &H) {
    let mut kv = home.make("newer");
    let value = Some(dsm_encoding::to_vec(&5_u64));
    kv.apply(&[Row { table: Table::Single, key: vec![0], value }]).expect("a row");
    let refused = Wallet::open(kv);
    assert!(matches!(refused, Err(StoreError::Format { found: 5, known: 4 })));
}

pub(crate) fn a_damaged_row_is_told_and_not_believed<H: Home>(home: &H) {
    let key = SecretKey::from_seed(dsm_crypto::Secret::from_bytes([1; 64]));
    let wallet = Wallet::create(home.make("damaged"), founding("ada", &key)).expect("a wallet");
    let (me, mut kv) = (wallet.me(), wallet.into_kv());
    let key = me.0.as_bytes().to_vec();
    kv.apply(&[Row { table: Table::Descriptors, key, value: Some(vec![0xff]) }]).expect("a row");
    let wallet = Wallet::open(kv).expect("a wallet");
    let books = wallet.books().expect("the books");
    assert!(books.check().is_ok());
    assert_eq!(books.descriptor(&me), None);
    assert_eq!(books.policy(&TokenId(Digest::ZERO)), None);
    for _ in 0..2 {
        let failure = books.check();
        assert!(matches!(failure, Err(StoreError::Damaged { table: Table::Descriptors })));
    }
}

pub(crate) fn a_tip_tree_of_another_root_is_told_and_not_believed<H: Home>(home: &H) {
    let key = SecretKey::from_seed(dsm_crypto::Secret::from_bytes([1; 64]));
    let wallet = Wallet::create(home.make("leaf"), founding("ada", &key)).expect("a wallet");
    let (me, mut kv) = (wallet.me(), wallet.into_kv());
    let key = [me.0.as_bytes().as_slice(), &[0; 8]].concat();
    let value = Some(dsm_encoding::to_vec(&(0_u64, Digest::ZERO, Digest::ZERO)));
    kv.apply(&[Row { table: Table::Tips, key, value }]).expect("a row");
    let refused = Wallet::open(kv);
    assert!(matches!(refused, Err(StoreError::Damaged { table: Table::Tips })));
}
