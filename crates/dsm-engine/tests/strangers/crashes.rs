//! Every death and every broken line of every kind of dealing: value is conserved, nothing is repeated,
//! nothing that was promised is lost, nobody forks.
//!
//! An undisturbed run says how many durable steps each side makes and how many messages there are. Then
//! it is run once for each of them, disturbed there, and people go on as people do: they come back and
//! do what is left to do. Nobody begins a payment again by which somebody is bound.

mod kinds;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use dsm_session::{Goal, Ledger, Notice, SessionError};
use dsm_store::{FileKv, HistoryEntry, Kv};

use self::kinds::{CHIPPED, End, GIVEN_UP, KINDS, Kind};
use self::world::{Loss, World};
use crate::chips::Shared;
use crate::disk::{Death, Disk};
use crate::medium::{Disk as Platter, Medium};
use crate::person::{Person, UNITS};

/// Where a run is disturbed, and how.
#[derive(Clone, Copy, Debug)]
enum Point {
    /// Somebody's process dies, and those of all others with it, or not.
    Death { who: usize, death: Death, together: bool },
    /// The line breaks at a message.
    Break { at: usize, loss: Loss },
}

impl Point {
    /// Whether nobody lives on.
    fn is_of_all(self) -> bool {
        matches!(self, Self::Death { together: true, .. })
    }

    /// Whether it is the death of one, or the plainest broken line.
    fn is_of_one(self) -> bool {
        match self {
            Self::Death { together, .. } => !together,
            Self::Break { loss, .. } => loss == Loss::Everything,
        }
    }
}

/// Every point of a run that was not disturbed.
fn points(whole: &World) -> Vec<Point> {
    let mut points = Vec::new();
    for (who, one) in whole.people.iter().enumerate() {
        for step in 0..one.chip.as_ref().map_or(0, Shared::absorbed) {
            let death = Death::Absorbing(step);
            let point = |together| Point::Death { who, death, together };
            points.extend([point(false), point(true)]);
        }
        for step in 0..one.disk.writes() {
            for death in [Death::Before(step), Death::After(step)] {
                let point = |together| Point::Death { who, death, together };
                points.extend([point(false), point(true)]);
            }
        }
    }
    for at in 0..whole.passed() {
        for loss in [Loss::Everything, Loss::OneWay, Loss::Torn] {
            points.push(Point::Break { at, loss });
        }
    }
    points
}

/// A run that is disturbed at a point.
fn disturbed(start: &World, kind: &Kind, point: Point, cancel: Option<(usize, usize)>) -> World {
    let mut world = match point {
        Point::Death { who, death, .. } => {
            start.copied(|one| if one == who { death } else { Death::Never })
        }
        Point::Break { .. } => start.copied(|_| Death::Never),
    };
    match point {
        Point::Death { together, .. } => world.die_together = together,
        Point::Break { at, loss } => world.line.loss = Some((at, loss)),
    }
    world.cancel = cancel;
    (kind.play)(&mut world);
    world
}

/// The dead come back, or all do; what they were told is remembered.
fn revived(mut world: World, all: bool) -> World {
    for (who, one) in world.people.iter_mut().enumerate() {
        if all || world.dead.contains(&who) {
            *one = one.restarted(Death::Never);
        }
    }
    world.dead.clear();
    (world.die_together, world.cancel) = (false, None);
    world.line = Default::default();
    world
}

/// What somebody was told is so.
fn keeps_promises(world: &World, start: &World, place: &str) {
    let history: Vec<_> = world.people.iter().map(|one| one.history()).collect();
    let mut received = BTreeMap::new();
    for (who, notice) in &world.told {
        let me = world.id(*who);
        let has = |at: &usize, index: u64| {
            history[*at].iter().any(|one| (one.device, one.entry.index) == (me, index))
        };
        match notice {
            Notice::Bound { index } | Notice::TooLate { index } => {
                assert!(has(who, *index), "{place}")
            }
            Notice::Acknowledged { index } => {
                let others = (0..history.len()).filter(|other| other != who);
                assert!(others.clone().any(|other| has(&other, *index)), "{place}");
            }
            Notice::Received { amount, .. } => *received.entry(*who).or_insert(0) += amount,
            Notice::Forked { device } => assert!(world.people[*who].knows_fork(device), "{place}"),
            Notice::Met { .. } | Notice::Asked { .. } | Notice::Rejected { .. } => {}
        }
    }
    for (who, amount) in received {
        let lost = got(&start.people[who]) + amount > got(&world.people[who]);
        assert!(!lost, "{place}: what arrived is lost");
    }
}

/// How much somebody was ever paid.
fn got(person: &Person) -> u64 {
    let (me, mut sum) = (person.id(), 0);
    for one in person.history().iter().filter(|one| !one.own) {
        let outputs = one.entry.value.iter().flat_map(|value| value.outputs());
        let to_me = outputs.filter(|output| output.lock.device().is_some_and(|(id, _)| *id == me));
        sum += to_me.map(|output| output.amount).sum::<u64>();
    }
    sum
}

/// What everybody has and wrote in the end.
type Ending = (Vec<u64>, Vec<usize>, Vec<usize>);

fn ending(world: &World) -> Ending {
    let count = world.people.len();
    let pairs = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
    let said = pairs.map(|(one, other)| world.said(one, other)).collect();
    let books = |one: &Person| one.engine.wallet().books().expect("books").contacts().len();
    (world.balances(), said, world.people.iter().map(books).collect())
}

/// People go on, one way or another, until everything is done.
fn goes_on(world: &mut World, kind: &Kind, way: usize) {
    let (caller, called) = if way % 3 == 1 { (0, 1) } else { (1, 0) };
    if !way.is_multiple_of(3) || kind.end == End::DoneOrNot {
        world.call(caller, called, Goal::Sync { peer: world.id(called) });
    }
    if kind.end != End::DoneOrNot {
        (kind.play)(world);
    }
    if kind.end == End::Forked {
        // Whoever was told of it tells it as well, once.
        (kind.play)(world);
    }
    assert!(world.dead.is_empty());
}

/// Nothing is left to be said, and nobody has anything against anybody.
fn is_settled(world: &mut World, kind: &Kind, place: &str) {
    for other in (1..world.people.len()).filter(|_| kind.end != End::Old) {
        for (from, to) in [(0, other), (other, 0)] {
            world.line = Default::default();
            world.errors.clear();
            let books = [from, to].map(|who| world.people[who].disk.books());
            world.call(from, to, Goal::Sync { peer: world.id(to) });
            let quiet = |name: &&str| matches!(*name, "Hello" | "Ask" | "Sync" | "Behind" | "Done");
            assert!(world.line.names.iter().all(quiet), "{place}: {:?}", world.line);
            assert_eq!(world.errors, [], "{place}");
            let after = [from, to].map(|who| world.people[who].disk.books());
            assert_eq!(books, after, "{place}: something was left to do");
        }
    }
    if matches!(kind.end, End::Done | End::DoneOrNot) {
        assert_eq!(world.balances().iter().sum::<u64>(), UNITS, "{place}: value came or went");
    }
    let mut heads = BTreeMap::new();
    for (who, one) in world.people.iter().enumerate() {
        let old = one.engine.wallet().books().expect("books").is_old_copy();
        assert_eq!(old, who == 0 && kind.end == End::Old, "{place}");
        for one in world.people.iter().filter(|_| kind.end != End::Forked) {
            assert!(!world.people.iter().any(|other| one.knows_fork(&other.id())), "{place}");
        }
        // Of the fork of a third both branches are known.
        let forked = |entry: &HistoryEntry| kind.end == End::Forked && entry.device != one.id();
        for HistoryEntry { device, at, .. } in one.history().into_iter().filter(|one| !forked(one))
        {
            let head = *heads.entry((device, at.index)).or_insert(at.head);
            assert_eq!(head, at.head, "{place}: two histories");
        }
    }
    if kind.end != End::Old {
        agree(world, place);
    }
}

/// Whatever one wrote to another, the other has, and the writer knows that it has it.
fn agree(world: &World, place: &str) {
    for (one, other) in (0..world.people.len()).flat_map(|one| [(0, one), (one, 0)]) {
        let (from, to) = (world.id(one), world.id(other));
        let wrote = world.people[one].history().into_iter();
        let wrote: Vec<_> = wrote.filter(|entry| entry.own && entry.peer == Some(to)).collect();
        let has = world.people[other].history().into_iter().filter(|entry| entry.device == from);
        let at = |entry: &HistoryEntry| entry.at;
        let has: Vec<_> = has.map(|entry| at(&entry)).collect();
        if one != other {
            assert_eq!(wrote.iter().map(at).collect::<Vec<_>>(), has, "{place}");
        }
        let open = |entry: &HistoryEntry| entry.entry.value.is_some() && !entry.acknowledged;
        assert!(!wrote.iter().any(open), "{place}: nobody acknowledged it");
    }
}

/// After what happened at a point, people come back, go on, and come to the same end.
fn comes_to_its_end(
    mut world: World,
    start: &World,
    (kind, whole): (&Kind, &Ending),
    (way, place): (usize, &str),
) {
    keeps_promises(&world, start, place);
    let (told, errors) = (world.told.clone(), world.errors.clone());
    goes_on(&mut world, kind, way);
    let ended = ending(&world);
    if kind.end == End::DoneOrNot {
        let bound = told.iter().any(|(who, notice)| {
            *who == 0 && matches!(notice, Notice::Bound { .. } | Notice::TooLate { .. })
        });
        let begun = ending(start);
        assert!(ended == *whole || (ended == begun && !bound), "{place}: {ended:?}");
        let free = errors.contains(&(0, SessionError::Cancelled));
        assert!(!free || ended == begun, "{place}: it was told that nobody is bound");
    } else {
        assert_eq!(ended, *whole, "{place}");
    }
    if kind.end == End::Forked {
        assert!(world.people.iter().all(|one| proofs(one) == 1), "{place}");
    }
    is_settled(&mut world, kind, place);
    keeps_promises(&world, start, place);
}

fn proofs(person: &Person) -> usize {
    person.engine.wallet().books().expect("books").fork_proofs().len()
}

/// A run that nobody disturbs, and how it ends.
fn undisturbed(start: &World, kind: &Kind) -> (World, Ending) {
    let mut world = start.copied(|_| Death::Never);
    (kind.play)(&mut world);
    assert!(kind.says.is_empty() || world.line.names.contains(&kind.says), "{}", kind.name);
    let mut done = start.copied(|_| Death::Never);
    (kind.play)(&mut done);
    let whole = ending(&done);
    comes_to_its_end(done, start, (kind, &whole), (0, kind.name));
    (world, whole)
}

/// Tries every kind, as many at a time as there are processors, and adds up at how many points.
fn every_kind(kinds: &[Kind], tries: impl Fn(&Kind) -> usize + Sync) -> usize {
    let (next, all) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(kind) = kinds.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let points = tries(kind);
                    eprintln!("{points:5} points of {}", kind.name);
                    all.fetch_add(points, Ordering::SeqCst);
                }
            });
        }
    });
    let all = all.into_inner();
    eprintln!("{all:5} points");
    all
}

/// Tries every point of every kind.
fn every_point(kinds: &[Kind]) -> usize {
    every_kind(kinds, |kind| {
        let start = (kind.begin)();
        let (world, whole) = undisturbed(&start, kind);
        let points = points(&world);
        for (number, point) in points.iter().enumerate() {
            let place = format!("{}: {point:?}", kind.name);
            let world = revived(disturbed(&start, kind, *point, None), point.is_of_all());
            comes_to_its_end(world, &start, (kind, &whole), (number, &place));
        }
        assert!(points.len() >= 20, "{}", kind.name);
        points.len()
    })
}

#[test]
fn every_death_and_every_broken_line_of_every_kind_of_dealing_loses_and_repeats_nothing() {
    let all = every_point(&KINDS);
    assert!(all > 1_000, "only {all} points");
}

#[test]
fn every_death_and_every_broken_line_with_chips_loses_and_repeats_nothing_and_shows_no_head_bare() {
    let all = every_point(&CHIPPED);
    assert!(all > 500, "only {all} points");
}

#[test]
fn every_death_in_a_payment_that_is_given_up_after_any_message_loses_and_repeats_nothing() {
    let all = every_kind(&GIVEN_UP, |kind| {
        let start = (kind.begin)();
        let (world, whole) = undisturbed(&start, kind);
        let places = 0..=world.passed();
        let mut tried = 0;
        for cancel in places.flat_map(|after| [(0, after), (1, after)]) {
            let mut world = start.copied(|_| Death::Never);
            world.cancel = Some(cancel);
            (kind.play)(&mut world);
            let points = points(&world).into_iter().filter(|point| point.is_of_one());
            let name = format!("{}, given up {cancel:?}", kind.name);
            comes_to_its_end(revived(world, false), &start, (kind, &whole), (0, &name));
            for (number, point) in points.enumerate() {
                let place = format!("{name}: {point:?}");
                let world = revived(disturbed(&start, kind, point, Some(cancel)), false);
                comes_to_its_end(world, &start, (kind, &whole), (number, &place));
                tried += 1;
            }
        }
        assert!(tried > 200, "{}: {tried}", kind.name);
        tried
    });
    assert!(all > 500, "only {all} points");
}

/// The deaths of one right after a durable step.
fn deaths(whole: &World) -> impl Iterator<Item = (usize, Death)> {
    points(whole).into_iter().filter_map(|point| match point {
        Point::Death { who, death: death @ Death::After(_), together: false } => Some((who, death)),
        _ => None,
    })
}

#[test]
fn every_second_death_while_people_go_on_after_a_first_loses_and_repeats_nothing() {
    let all = every_kind(&KINDS, |kind| {
        let start = (kind.begin)();
        let (world, whole) = undisturbed(&start, kind);
        let play = |from: &World, (who, death): (usize, Death)| {
            let mut world = from.copied(|one| if one == who { death } else { Death::Never });
            (kind.play)(&mut world);
            revived(world, false)
        };
        let mut tried = 0;
        for first in deaths(&world) {
            let once = play(&start, first);
            let mut going_on = once.copied(|_| Death::Never);
            (kind.play)(&mut going_on);
            for second in deaths(&going_on) {
                let place = format!("{}: {first:?}, then {second:?}", kind.name);
                let twice = play(&once, second);
                comes_to_its_end(twice, &start, (kind, &whole), (tried, &place));
                tried += 1;
            }
        }
        tried
    });
    assert!(all > 100, "only {all} points");
}

/// The disk of somebody, on a medium.
fn platter(person: &Person) -> Platter {
    let medium = Medium::new(Platter::default(), u64::MAX);
    let mut kv = FileKv::on(medium.clone()).expect("power");
    kv.apply(&person.disk.rows()).expect("power");
    drop(kv);
    medium.disk().after_cut(1)
}

/// Somebody whose medium has power for so many operations.
fn on_medium(person: &Person, platter: &Platter, left: u64) -> (Person, Medium) {
    let medium = Medium::new(platter.clone(), u64::MAX);
    let person = person.on(Disk::on(medium.clone()).expect("power"));
    medium.disk().left = left;
    (person, medium)
}

/// Cuts the power of somebody at every operation of its medium.
fn loses_power(start: &World, (kind, whole): (&Kind, &Ending), who: usize) -> usize {
    let platter = platter(&start.people[who]);
    let mut ends = BTreeSet::new();
    for cut in 0..10_000 {
        let mut world = start.copied(|_| Death::Never);
        let (person, medium) = on_medium(&world.people[who], &platter, cut);
        world.people[who] = person;
        (kind.play)(&mut world);
        let died = !world.lives(who);
        for luck in [0, 1, 2 * cut + 2, 2 * cut + 3] {
            let place = format!("{}: {who} loses power at {cut}, luck {luck}", kind.name);
            let mut world = world.copied(|_| Death::Never);
            let left = medium.disk().after_cut(luck);
            world.people[who] = on_medium(&world.people[who], &left, u64::MAX).0;
            keeps_promises(&world, start, &place);
            // What comes of the same disks is known.
            let disks: Vec<_> = world.people.iter().map(|one| one.disk.everything()).collect();
            if ends.insert(disks) {
                comes_to_its_end(world, start, (kind, whole), (ends.len(), &place));
            }
        }
        if !died && medium.disk().left > 0 {
            return usize::try_from(cut).expect("few");
        }
    }
    panic!("{}: it never ends", kind.name)
}

#[test]
fn a_cut_of_power_at_any_operation_in_every_kind_of_dealing_loses_and_repeats_nothing() {
    let all = every_kind(&KINDS, |kind| {
        let start = (kind.begin)();
        let (world, whole) = undisturbed(&start, kind);
        let writes = |who: &usize| world.people[*who].disk.writes() > 0;
        let writers = (0..world.people.len()).filter(writes);
        writers.map(|who| loses_power(&start, (kind, &whole), who)).sum()
    });
    assert!(all > 1_000, "only {all} points");
}

#[test]
fn a_cut_of_power_at_any_operation_with_chips_loses_and_repeats_nothing() {
    let all = every_kind(&CHIPPED, |kind| {
        let start = (kind.begin)();
        let (_, whole) = undisturbed(&start, kind);
        (0..start.people.len()).map(|who| loses_power(&start, (kind, &whole), who)).sum()
    });
    assert!(all > 500, "only {all} points");
}
