//! What a wallet says and does not say while something becomes durable.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use dsm_core::TokenId;
use dsm_core::identity::Card;
use dsm_engine::Secure;
use dsm_link::Link;
use dsm_session::{Goal, Notice};

use crate::crowd::{Served, crowd, secrets, settles};
use crate::disk::Death;
use crate::person::Person;
use crate::raw::hello;
use crate::wire::{Wire, fresh, wire};

const MOMENT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(60);

fn call(served: &Served, payer: &Person, payee: &Card) -> Secure<Wire> {
    let (near, far) = wire();
    served.admit(far);
    payer.engine.call(near, &payee.kem, secrets().0).expect("a channel")
}

/// Pays, and tells what the payer is told.
fn pay(
    served: &Served,
    payee: &Card,
    (mut payer, token): (Person, TokenId),
) -> (Receiver<Notice>, thread::JoinHandle<(Person, TokenId)>) {
    let mut link = call(served, &payer, payee);
    let (to, told): (Sender<Notice>, _) = channel();
    let goal = Goal::Pay { peer: payee.descriptor.id(), token, amount: 50 };
    let paying = thread::spawn(move || {
        let mut tell = |notice: &Notice| drop(to.send(notice.clone()));
        payer.engine.converse(&mut link, goal, fresh(), &mut tell).expect("a payment");
        (payer, token)
    });
    (told, paying)
}

fn hears(told: &Receiver<Notice>, is: impl Fn(&Notice) -> bool) {
    while !is(&told.recv_timeout(LONG).expect("a notice")) {}
}

fn is_bound(notice: &Notice) -> bool {
    matches!(notice, Notice::Bound { .. })
}

fn is_acknowledged(notice: &Notice) -> bool {
    matches!(notice, Notice::Acknowledged { .. })
}

#[test]
fn what_rests_on_nothing_that_could_be_lost_waits_for_nothing_and_the_rest_does() {
    let (ben, mut payers) = crowd(3);
    let (card, disk) = (ben.card(), ben.disk.clone());
    let served = Served::new(ben, 4);
    // Somebody else is there, so that it is worth while to go on meanwhile.
    let (silent, _) = payers.pop().expect("three");
    let mut silent_link = call(&served, &silent, &card);
    let word = dsm_encoding::to_vec(&hello(silent.id(), 0, None));
    silent_link.send(&word).expect("a hello");
    silent_link.receive(1 << 10).expect("an answer").expect("a hello");
    disk.gate.shut(true);
    let before = disk.books();
    let (first_told, first) = pay(&served, &card, payers.remove(0));
    hears(&first_told, is_bound);
    disk.gate.wait_for(1);
    // The first payment is on its way to be durable. Who calls now is greeted, and its offer answered.
    let (second_told, second) = pay(&served, &card, payers.remove(0));
    hears(&second_told, is_bound);
    // Nobody is told that it was paid before that can no more be lost.
    for told in [&first_told, &second_told] {
        assert!(!told.recv_timeout(MOMENT).is_ok_and(|notice| is_acknowledged(&notice)));
    }
    assert_eq!(disk.books(), before);
    disk.gate.shut(false);
    for told in [&first_told, &second_told] {
        hears(told, is_acknowledged);
    }
    let payers = [first, second].map(|paying| paying.join().expect("no panic"));
    drop(silent_link);
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok(), "{stopped:?}");
    assert_eq!(settles(&ben, &payers, "meanwhile"), 2);
}

#[test]
fn a_wallet_that_stops_says_what_becomes_durable_meanwhile() {
    let (ben, mut payers) = crowd(2);
    let (card, disk) = (ben.card(), ben.disk.clone());
    let served = Served::new(ben, 4);
    let (silent, _) = payers.pop().expect("two");
    let mut silent_link = call(&served, &silent, &card);
    let word = dsm_encoding::to_vec(&hello(silent.id(), 0, None));
    silent_link.send(&word).expect("a hello");
    silent_link.receive(1 << 10).expect("an answer").expect("a hello");
    disk.gate.shut(true);
    let (payer, token) = payers.remove(0);
    let mut link = call(&served, &payer, &card);
    let paying = thread::spawn(move || {
        let mut payer = payer;
        let goal = Goal::Pay { peer: card.descriptor.id(), token, amount: 50 };
        // It may be told that the wallet closes.
        let _ = payer.engine.converse(&mut link, goal, fresh(), &mut |_| {});
        (payer, token)
    });
    disk.gate.wait_for(1);
    served.inbox.stop();
    thread::sleep(MOMENT);
    disk.gate.shut(false);
    let payers = [paying.join().expect("no panic")];
    drop(silent_link);
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok(), "{stopped:?}");
    assert_eq!(ben.restarted(Death::Never).balance(&token), 50);
    assert_eq!(settles(&ben, &payers, "stopped"), 1);
}
