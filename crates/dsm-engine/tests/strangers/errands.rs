//! What is done with a running engine beside its conversations.

use std::thread;
use std::time::Duration;

use dsm_engine::ConverseError;

use crate::crowd::{Served, all_pay, crowd, settles};
use crate::person::UNITS;

#[test]
fn payments_are_written_between_the_turns_of_a_crowd() {
    const COUNT: usize = 6;
    const ERRANDS: u64 = 8;
    let (mut ben, mut payers) = crowd(COUNT);
    let token = ben.issue("mint");
    let (card, away) = (ben.card(), payers[0].0.id());
    let served = Served::new(ben.slow(Duration::from_millis(10)), COUNT);
    let inbox = served.inbox.clone();
    let errands = thread::spawn(move || {
        (0..ERRANDS)
            .map(|_| {
                let paid = inbox.errand(move |engine| engine.pay_by_letter(&away, token, 1));
                let paid = paid.expect("the engine runs").expect("a payment");
                // What an errand did is durable, and so the next one sees it.
                let seen = inbox.errand(|engine| {
                    let books = engine.wallet().books().expect("books");
                    books
                        .history(None)
                        .iter()
                        .rev()
                        .find(|one| one.own && one.entry.value.is_some())
                        .map(|one| one.at.index)
                });
                assert_eq!(seen.expect("the engine runs"), Some(paid));
            })
            .count()
    });
    all_pay(&served, &card, &mut payers);
    assert_eq!(errands.join().expect("no panic"), 8);
    let (ben, stopped) = served.stop();
    assert!(stopped.is_ok(), "{stopped:?}");
    assert_eq!(ben.balance(&token), UNITS - ERRANDS);
    // Whoever paid meanwhile paid once.
    settles(&ben, &payers, "errands");
}

#[test]
fn whoever_comes_after_the_end_hears_so() {
    let (ben, _) = crowd(0);
    let served = Served::new(ben, 1);
    let inbox = served.inbox.clone();
    assert!(served.stop().1.is_ok());
    let late = inbox.errand(|engine| engine.wallet().me());
    assert!(matches!(late, Err(ConverseError::Stopped)), "{late:?}");
}
