//! Cheats: a copy of the files and the keys writes another history.

use dsm_core::{Draft, Op, TokenId, View, Written, write};
use dsm_encoding::List;
use dsm_session::{Batch, Ledger, Notice, SessionError};
use dsm_store::{Changes, StoreError};

use crate::home::Home;
use crate::person::{NETWORK, Person};
use crate::talk::{Cut, pay, sync};

/// Ada, a copy of her, and two who know her and each other.
struct World<'h, H: Home> {
    ada: Person<'h, H>,
    copy: Person<'h, H>,
    ben: Person<'h, H>,
    cleo: Person<'h, H>,
    token: TokenId,
}

fn world<H: Home>(home: &H) -> World<'_, H> {
    let [mut ada, mut ben, mut cleo] = ["ada", "ben", "cleo"].map(|name| Person::new(home, name));
    ada.meet(&ben);
    ada.meet(&cleo);
    ben.meet(&ada);
    ben.meet(&cleo);
    cleo.meet(&ada);
    cleo.meet(&ben);
    let token = ada.issue(1_000);
    let copy = ada.copy("copy");
    World { ada, copy, ben, cleo, token }
}

/// Both know the fork, and one has a proof that it found itself.
fn know_the_fork<H: Home>(world: &World<'_, H>) {
    let ada = world.ada.id();
    for person in [&world.ben, &world.cleo] {
        let books = person.books();
        assert!(books.is_forked(&ada), "{} does not know", person.name);
        let proofs = books.fork_proofs();
        assert_eq!(proofs.len(), 1);
        assert_eq!(proofs[0].device(), ada);
        assert!(proofs[0].clone().verify().is_ok());
        books.check().expect("sound books");
    }
}

pub(crate) fn two_payees_who_meet_find_the_fork_and_keep_the_proof<H: Home>(home: &H) {
    let mut world = world(home);
    let World { ada, copy, ben, cleo, token } = &mut world;
    assert!(pay(ada, ben, (*token, 300), Cut::Never).over);
    assert!(pay(copy, cleo, (*token, 300), Cut::Never).over);
    let met = sync(ben, cleo);
    assert!(met.over, "{met:?}");
    let found = met.notices.iter().flatten();
    assert!(found.clone().any(|one| matches!(one, Notice::Forked { .. })));
    ben.restart();
    cleo.restart();
    know_the_fork(&world);
    let World { ada, ben, token, .. } = &mut world;
    let refused = pay(ada, ben, (*token, 1), Cut::Never);
    assert_eq!(ben.balance(token), 0);
    let by_rule = matches!(&refused.failures[0], Some(SessionError::Refused { .. }));
    assert!(by_rule, "{refused:?}");
}

pub(crate) fn a_fork_is_found_although_one_side_knows_more<H: Home>(home: &H) {
    let mut world = world(home);
    let World { ada, copy, ben, cleo, token } = &mut world;
    assert!(pay(ada, ben, (*token, 300), Cut::Never).over);
    // Ben tells Cleo of a log of which she knows nothing.
    assert!(sync(ben, cleo).over);
    for _ in 0..3 {
        assert!(pay(copy, cleo, (*token, 100), Cut::Never).over);
    }
    let met = sync(cleo, ben);
    assert!(met.over, "{met:?}");
    know_the_fork(&world);
}

pub(crate) fn a_fork_freezes_what_rests_on_it<H: Home>(home: &H) {
    let mut world = world(home);
    let World { ada, copy, ben, cleo, token } = &mut world;
    assert!(pay(ada, ben, (*token, 300), Cut::Never).over);
    assert!(pay(copy, cleo, (*token, 300), Cut::Never).over);
    assert_eq!((ben.balance(token), cleo.balance(token)), (300, 300));
    // A note that rests on nobody else stays as it was.
    let other = ben.issue(50);
    assert!(sync(cleo, ben).over);
    for person in [&*ben, &*cleo] {
        assert_eq!(person.balance(token), 0);
        let held = person.books().all_held();
        let frozen: Vec<_> = held.iter().filter(|(_, frozen)| *frozen).collect();
        assert_eq!(frozen.len(), 1);
        assert_eq!(frozen[0].0.note.output.amount, 300);
    }
    assert_eq!(ben.balance(&other), 50);
    let refused = pay(ben, cleo, (*token, 300), Cut::Never);
    let short = matches!(refused.failures[0], Some(SessionError::Select(_)));
    assert!(short, "{refused:?}");
}

pub(crate) fn an_old_copy_that_hears_of_its_future_signs_nothing<H: Home>(home: &H) {
    let mut world = world(home);
    let World { ada, copy, ben, cleo, token } = &mut world;
    assert!(pay(ada, ben, (*token, 300), Cut::Never).over);
    let before = copy.books().own_log();
    // Ben shows it once. Cleo knows nothing of it, and Ada's copy may not pay her either, for ever.
    let shown = sync(ben, copy);
    assert_eq!(shown.failures[1], Some(SessionError::OldCopy));
    for other in [&mut *cleo, ben] {
        copy.restart();
        let refused = pay(copy, other, (*token, 300), Cut::Never);
        assert_eq!(refused.failures[0], Some(SessionError::OldCopy));
    }
    assert_eq!(copy.books().own_log(), before);
    assert!(copy.books().is_old_copy());
}

pub(crate) fn an_old_copy_hears_of_its_future_from_whoever_holds_its_money<H: Home>(home: &H) {
    let mut world = world(home);
    let World { ada, copy, ben, cleo, token } = &mut world;
    assert!(pay(ada, ben, (*token, 300), Cut::Never).over);
    // Cleo accepted nothing of Ada; but the money that she got from Ben came from there.
    assert!(pay(ben, cleo, (*token, 300), Cut::Never).over);
    let before = copy.books().own_log();
    let refused = pay(copy, cleo, (*token, 300), Cut::Never);
    assert_eq!(refused.failures[0], Some(SessionError::OldCopy));
    assert_eq!(copy.books().own_log(), before);
}

/// An entry that concerns nobody.
fn idle<H: Home>(person: &Person<'_, H>, ops: Vec<Op>) -> Written {
    let ops = List::try_from(ops).expect("few operations");
    let log = person.books().own_log();
    write(&log, Draft { ops, ..Draft::default() }, NETWORK, &person.key).expect("an entry")
}

fn of(written: &Written) -> Changes {
    let batch = Batch { written: vec![written.clone()], ..Batch::default() };
    Changes { batch, ..Changes::default() }
}

pub(crate) fn two_entries_are_never_made_from_one_place<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let one = idle(&ada, vec![Op::Checkpoint {}]);
    let other = idle(&ada, Vec::new());
    let ops = List::try_from(vec![Op::Checkpoint {}]).expect("one operation");
    let later = write(&one.log, Draft { ops, ..Draft::default() }, NETWORK, &ada.key);
    let early = ada.commit(&of(&later.expect("an entry")));
    assert!(matches!(early, Err(StoreError::Stale { .. })), "{early:?}");
    ada.commit(&of(&one)).expect("the first");
    for again in [&one, &other] {
        let refused = ada.commit(&of(again));
        assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
    }
    assert_eq!(ada.books().own_log(), one.log);
    assert_eq!(ada.books().history(None).len(), 1);
}

pub(crate) fn a_copy_behind_its_log_cannot_write_what_was_written<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let mut copy = ada.copy("copy");
    let written = idle(&ada, vec![Op::Checkpoint {}]);
    ada.commit(&of(&written)).expect("the original goes on");
    // The copy hears of its own future.
    let facts = vec![written.facts.clone()];
    copy.commit(&Changes { facts, ..Changes::default() }).expect("facts");
    let refused = copy.commit(&of(&idle(&copy, Vec::new())));
    assert!(matches!(refused, Err(StoreError::Stale { .. })), "{refused:?}");
    assert!(copy.books().history(None).is_empty());
}
