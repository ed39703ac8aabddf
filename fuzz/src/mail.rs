//! Letters: those that Ada wrote, lost, doubled, changed and in any order, and what is none.
//!
//! What holds: a letter is read if Ada wrote it, unchanged, and no later one was read; the books stay sound; and
//! when her last letter comes, Ben has what she paid, once.

use std::sync::OnceLock;

use dsm_crypto::Secret;
use dsm_session::{Ledger, Notice, Reading, pay_away, write_letter};
use dsm_store::{Changes, MemoryKv};

use crate::people::{PRICE, Person, people};
use crate::words::Words;

/// How many times Ada pays.
const TIMES: u64 = 2;

/// Ben's disk, and the letters to him: of two who never dealt, and of two who did.
struct Post {
    disk: MemoryKv,
    letters: Vec<Vec<u8>>,
}

fn post() -> &'static [Post; 2] {
    static POST: OnceLock<[Post; 2]> = OnceLock::new();
    POST.get_or_init(|| [&people().strangers, &people().disks].map(written))
}

/// Ada pays, writes, writes again, pays and writes.
fn written([ada, ben]: &[MemoryKv; 2]) -> Post {
    let all = people();
    let mut writer = Person::of(&all.keys[0], ada);
    let mut letters = Vec::new();
    for number in [1, 2, 3] {
        if number != 2 {
            let (batch, _) = {
                let books = writer.books();
                let key = &writer.keys.device;
                pay_away(&books, key, all.ids[1], all.token, PRICE).expect("enough money")
            };
            writer.commit(&Changes { batch, ..Changes::default() });
        }
        letters.push(letter(&mut writer, 1, number));
    }
    Post { disk: ben.clone(), letters }
}

/// Somebody's next letter.
fn letter(writer: &mut Person, to: usize, fresh: u8) -> Vec<u8> {
    let fresh = Secret::from_bytes([fresh; 32]);
    let posting = {
        let (books, key) = (writer.books(), &writer.keys.device);
        write_letter(&books, key, &people().ids[to], None, &fresh).expect("a letter")
    };
    let persisted = posting.persist(|batch| {
        writer.commit(&Changes::from(batch));
        Ok::<(), core::convert::Infallible>(())
    });
    let Ok((_, letter)) = persisted;
    letter
}

/// Reads a letter as an engine does: all of it at once. Gives what was received, if it was read.
fn read(reader: &mut Person, bytes: &[u8]) -> Option<u64> {
    let mut reading = {
        let books = reader.books();
        let reading = Reading::open(&books, &reader.keys.kem, bytes, None);
        books.check().expect("sound books");
        reading.ok()?
    };
    assert_eq!(reading.from(), people().ids[0], "nobody else writes");
    let mut received = 0;
    loop {
        let effects = {
            let books = reader.books();
            let effects = reading.step(&books, &reader.keys.device);
            books.check().expect("sound books");
            effects
        };
        let Some(effects) = effects else { break };
        let then = effects.persist(|batch| reader.wallet.stage(&Changes::from(batch)));
        for notice in then.expect("a change that goes on from these books").notices {
            match notice {
                Notice::Received { amount, .. } => received += amount,
                Notice::Forked { .. } => panic!("nobody forked"),
                _ => {}
            }
        }
    }
    reader.wallet.flush().expect("a store in memory");
    Some(received)
}

/// Which post, and then what comes.
pub fn mail(bytes: &[u8]) {
    let mut words = Words(bytes);
    let Some(post) = words.pick(post()) else { return };
    let mut ben = Person::of(&people().keys[1], &post.disk);
    let before = ben.balance();
    let mut received = 0;
    for _ in 0..12 {
        if words.is_over() {
            break;
        }
        let word = words.byte();
        let Some(letter) = words.pick(&post.letters) else { return };
        let came = match word % 8 {
            0 => {
                let len = usize::from(words.number() % 512);
                words.take(len).to_vec()
            }
            1..=3 => words.change(letter),
            4 => {
                let disk = core::mem::replace(&mut ben, Person::of(&people().keys[1], &post.disk));
                ben = Person::of(&people().keys[1], &disk.disk());
                continue;
            }
            5 => {
                self::letter(&mut ben, 0, word);
                continue;
            }
            _ => letter.clone(),
        };
        if let Some(sum) = read(&mut ben, &came) {
            assert!(post.letters.contains(&came), "a letter that nobody wrote is read");
            received += sum;
        }
        assert_eq!(ben.balance(), before + received, "what arrives is told");
    }
    if let Some(last) = post.letters.last() {
        received += read(&mut ben, last).unwrap_or(0);
    }
    assert_eq!(received, TIMES * PRICE, "every payment arrives, once");
    let books = ben.books();
    assert_eq!(books.accepted(&people().ids[0]).map(|at| at.index), last_paid(post));
    books.check().expect("sound books");
}

/// The index of Ada's last payment.
fn last_paid(post: &Post) -> Option<u64> {
    let mut ben = Person::of(&people().keys[1], &post.disk);
    read(&mut ben, post.letters.last()?)?;
    let books = ben.books();
    books.accepted(&people().ids[0]).map(|at| at.index)
}

/// Inputs: everything in order, the other way round, twice, and with answers between.
pub(crate) fn deliveries() -> Vec<(String, Vec<u8>)> {
    let orders: [&[u8]; 4] = [&[0, 1, 2], &[2, 1, 0], &[0, 0, 2, 2], &[1, 2, 0]];
    let mut all = Vec::new();
    for post in 0..2_u8 {
        for (number, order) in orders.iter().enumerate() {
            let plain = order.iter().flat_map(|letter| [7, *letter]);
            let answered =
                order.iter().flat_map(|letter| [1, *letter, 0, 60, 3, 1, 7, *letter, 5, 0, 4, 0]);
            all.push((format!("{post}_{number}"), [post].into_iter().chain(plain).collect()));
            all.push((
                format!("{post}_{number}_answered"),
                [post].into_iter().chain(answered).collect(),
            ));
        }
    }
    all
}
