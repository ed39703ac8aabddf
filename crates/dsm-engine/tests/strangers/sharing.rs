//! Application state over a relationship, between real engines (`spec/state.md`).

use dsm_core::data::{Author, Reducer, Turn};
use dsm_core::value::MAX_DATA;
use dsm_engine::ShareError;
use dsm_session::Goal;

use crate::disk::Death;
use crate::person::{Person, introduce};
use crate::wire::between;

/// Each says a byte in turn; the first begins.
struct Game;

impl Reducer for Game {
    type State = Vec<u8>;
    const SCHEMA: &'static str = "a game";

    fn start(&self) -> Self::State {
        Vec::new()
    }

    fn turn(&self, said: &Self::State) -> Turn {
        match said.len() {
            4 => Turn::Nobody,
            even if even % 2 == 0 => Turn::Only(Author::First),
            _ => Turn::Only(Author::Second),
        }
    }

    fn apply(&self, said: &Self::State, _: Author, bytes: &[u8]) -> Option<Self::State> {
        let [byte] = bytes else { return None };
        Some([&said[..], &[*byte]].concat())
    }
}

/// The program of a cheat: the same schema, and no rules.
struct Rogue;

impl Reducer for Rogue {
    type State = usize;
    const SCHEMA: &'static str = Game::SCHEMA;

    fn start(&self) -> usize {
        0
    }

    fn apply(&self, sum: &usize, _: Author, bytes: &[u8]) -> Option<usize> {
        Some(sum + bytes.len())
    }
}

/// The first and the second side of a game.
fn players() -> (Person, Person) {
    let (mut ada, mut ben) = (Person::new("ada"), Person::new("ben"));
    introduce(&mut ada, &mut ben);
    if ada.engine.author(&ben.id()) == Author::First { (ada, ben) } else { (ben, ada) }
}

fn sync(one: &mut Person, other: &mut Person) {
    let goals = (Goal::Sync { peer: other.id() }, Goal::Receive { ask: None });
    let (one, other) = between(one, other, goals, |_, _, frame| Some(vec![frame]));
    assert!(one.result.is_ok() && other.result.is_ok(), "{one:?} {other:?}");
}

fn said(person: &Person, peer: &Person) -> Vec<u8> {
    person.engine.state(&peer.id(), &Game).expect("a store").state
}

#[test]
fn two_play_over_their_relationship() {
    let (mut one, mut two) = players();
    for round in 0..2_u8 {
        let turn = one.engine.share(&two.id(), &Game, &[round]);
        turn.expect("its turn");
        let early = one.engine.share(&two.id(), &Game, &[9]);
        assert!(matches!(early, Err(ShareError::NotYourTurn)), "{early:?}");
        sync(&mut one, &mut two);
        two.engine.share(&one.id(), &Game, &[round + 10]).expect("its turn");
        sync(&mut two, &mut one);
    }
    assert_eq!(said(&one, &two), [0, 10, 1, 11]);
    assert_eq!(said(&two, &one), [0, 10, 1, 11]);
    let over = one.engine.share(&two.id(), &Game, &[1]);
    assert!(matches!(over, Err(ShareError::Over)), "{over:?}");
}

#[test]
fn what_a_cheat_forces_is_void_and_the_relationship_goes_on() {
    let (mut one, mut two) = players();
    two.engine.share(&one.id(), &Rogue, &[66]).expect("no rules");
    one.engine.share(&two.id(), &Game, &[1]).expect("its turn");
    one.engine.share(&two.id(), &Rogue, &[67]).expect("no rules");
    sync(&mut one, &mut two);
    assert_eq!((said(&one, &two), said(&two, &one)), (vec![1], vec![1]));
    let reduced = one.engine.state(&two.id(), &Game).expect("a store");
    assert_eq!(reduced.void.len(), 2);
    two.engine.share(&one.id(), &Game, &[2]).expect("its turn, after its own cheat too");
    sync(&mut one, &mut two);
    assert_eq!(said(&one, &two), [1, 2]);
}

#[test]
fn what_would_be_void_is_not_written() {
    let (mut one, mut two) = players();
    let before = one.engine.wallet().books().expect("books").card().at;
    let early = two.engine.share(&one.id(), &Game, &[1]);
    assert!(matches!(early, Err(ShareError::NotYourTurn)));
    let wrong = one.engine.share(&two.id(), &Game, &[1, 2]);
    assert!(matches!(wrong, Err(ShareError::Void)));
    let long = one.engine.share(&two.id(), &Rogue, &vec![0; MAX_DATA + 1]);
    assert!(matches!(long, Err(ShareError::TooLong { most: MAX_DATA })));
    let stranger = Person::new("eve").id();
    let nobody = one.engine.share(&stranger, &Game, &[1]);
    assert!(matches!(nobody, Err(ShareError::NoContact)));
    assert_eq!(one.engine.wallet().books().expect("books").card().at, before);
}

#[test]
fn whoever_knows_of_a_fork_shares_nothing_with_the_forked() {
    let (mut one, mut two) = players();
    one.engine.share(&two.id(), &Game, &[1]).expect("its turn");
    let mut copy = two.copied();
    for byte in [1, 3] {
        copy.engine.share(&one.id(), &Rogue, &[byte]).expect("no rules");
    }
    two.engine.share(&one.id(), &Rogue, &[2]).expect("no rules");
    sync(&mut two, &mut one);
    let goals = (Goal::Sync { peer: one.id() }, Goal::Receive { ask: None });
    let _ = between(&mut copy, &mut one, goals, |_, _, frame| Some(vec![frame]));
    assert!(one.knows_fork(&two.id()));
    let forked = one.engine.share(&two.id(), &Rogue, &[3]);
    assert!(matches!(forked, Err(ShareError::Forked)), "{forked:?}");
}

#[test]
fn what_is_contributed_is_durable_and_more_than_a_session_takes_at_once() {
    let (mut one, mut two) = players();
    let piece = vec![7; MAX_DATA];
    for _ in 0..80 {
        one.engine.share(&two.id(), &Rogue, &piece).expect("no rules");
    }
    let mut one = one.restarted(Death::Never);
    sync(&mut one, &mut two);
    for (side, other) in [(&one, &two), (&two, &one)] {
        let state = side.engine.state(&other.id(), &Rogue).expect("a store").state;
        assert_eq!(state, 80 * MAX_DATA);
    }
}
