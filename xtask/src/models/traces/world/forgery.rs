//! Logs of worlds with one fault that Spend must refuse: what no honest device may accept, say or miss.

use super::{Entry, Event, HONEST, Note, World};

/// A fault of a log.
#[derive(Clone, Debug)]
pub(in super::super) struct Forgery {
    pub(in super::super) kind: &'static str,
    /// Which event it replaces, counted from 1.
    pub(in super::super) at: usize,
    pub(in super::super) put: Vec<Event>,
    /// Whether the log goes on behind it. Where it does not, nothing else can be refused.
    pub(in super::super) goes_on: bool,
    /// The guard of Spend that stands against it alone, if one does.
    pub(in super::super) guard: Option<&'static str>,
    /// An entry that nobody wrote.
    pub(in super::super) entry: Option<Entry>,
}

/// Every fault of a log. Heads of entries that nobody wrote begin with `name`.
pub(in super::super) fn all(world: &World, name: &str) -> Vec<Forgery> {
    let mut all = Vec::new();
    for (at, event) in (1..).zip(&world.events) {
        let later = world.events.get(at..).unwrap_or_default();
        match event {
            Event::Wrote { head } => all.extend(unwritten(world, at, head, later)),
            Event::Took { who, head, class } => {
                all.extend(accepted(world, (at, event), (*who, head), class));
                all.extend(forged(world, (at, event), (*who, head, class), name));
                if is_spent(world, *who, head, later) {
                    all.push(plain("what was consumed was never accepted", at, Vec::new()));
                }
            }
            Event::Found { who, of } => all.extend(found(world, (at, event), (*who, *of), name)),
            Event::Met { .. } => {}
        }
    }
    all.extend(accused(world));
    all
}

/// What the rest of the log denies.
fn plain(kind: &'static str, at: usize, put: Vec<Event>) -> Forgery {
    Forgery { kind, at, put, goes_on: true, guard: None, entry: None }
}

/// What is denied at once.
fn last(kind: &'static str, at: usize, put: Vec<Event>) -> Forgery {
    Forgery { goes_on: false, ..plain(kind, at, put) }
}

/// An entry is left out that another one goes on from, or that is accepted later.
fn unwritten(world: &World, at: usize, head: &str, later: &[Event]) -> Option<Forgery> {
    let needs = |event: &Event| match event {
        Event::Wrote { head: other } => world.entry(other).is_some_and(|one| one.before == head),
        Event::Took { head: other, .. } => world.lineage(other).contains(head),
        _ => false,
    };
    later.iter().any(needs).then(|| plain("what was accepted was never written", at, Vec::new()))
}

/// What an acceptance may not be.
fn accepted(
    world: &World,
    (at, event): (usize, &Event),
    (who, head): (u64, &str),
    class: &str,
) -> Vec<Forgery> {
    let mut all = vec![last("accepted twice", at, vec![event.clone(), event.clone()])];
    for stronger in ["anchored", "registered"].into_iter().filter(|stronger| *stronger != class) {
        let took = Event::Took { who, head: head.to_owned(), class: stronger.to_owned() };
        all.push(last("a stronger class", at, vec![took]));
    }
    let is_writing = |one: &Event| matches!(one, Event::Wrote { head: other } if other == head);
    if let Some(written) = world.events.iter().position(is_writing) {
        all.push(last("accepted before it was written", written + 1, vec![event.clone()]));
    }
    all
}

/// Entries that its writer could have signed, or that somebody forged for it, in place of what was
/// accepted or beside it.
fn forged(
    world: &World,
    (at, event): (usize, &Event),
    (who, head, class): (u64, &str, &str),
    name: &str,
) -> Vec<Forgery> {
    let Some(entry) = world.entry(head) else { return Vec::new() };
    let mut all = Vec::new();
    let mut put = |kind: &'static str, guard, beside: bool, change: &dyn Fn(&mut Entry)| {
        let mut other = entry.clone();
        change(&mut other);
        let head = format!("{name}{at}.{}", all.len());
        rename(&mut other, &head);
        let writing = Event::Wrote { head: head.clone() };
        let taking = Event::Took { who, head, class: class.to_owned() };
        let kept = beside.then(|| event.clone());
        // Nobody else can sign for an honest device, and it wrote no such thing.
        let wrote = (other.of >= HONEST).then_some(writing);
        let put = kept.into_iter().chain(wrote).chain([taking]).collect();
        all.push(Forgery { guard: Some(guard), entry: Some(other), ..last(kind, at, put) });
    };
    if entry.of < HONEST {
        put("forged for an honest device", "signed", false, &|_| {});
        return all;
    }
    put("the same value, in another history", "tripwire", true, &|_| {});
    put("the same value, further on", "first", true, &|other| {
        other.index += 1;
        other.before.clone_from(&entry.head);
    });
    put("more than was consumed", "conserve", false, &|other| {
        other.makes.iter_mut().for_each(|note| note.amount += 1);
    });
    put("a note of somebody else", "owner", false, &|other| {
        let note = world.given.iter().find(|note| note.owner.is_some_and(|owner| owner < HONEST));
        other.spends = note.iter().map(|note| note.id.clone()).collect();
        other.makes.truncate(1);
        other.makes.iter_mut().for_each(|made| made.amount = note.map_or(0, |note| note.amount));
    });
    put("a floor that is not on the log", "own_floor", false, &|other| {
        other.makes.iter_mut().for_each(|note| note.floor = (1, "nowhere".to_owned()));
    });
    all
}

fn rename(entry: &mut Entry, head: &str) {
    head.clone_into(&mut entry.head);
    for (number, note) in entry.makes.iter_mut().enumerate() {
        note.id = format!("{head}.{number}");
    }
}

/// Whether somebody consumes, later, what an entry made.
fn is_spent(world: &World, who: u64, head: &str, later: &[Event]) -> bool {
    let made = world.entry(head).map_or(&[][..], |entry| &entry.makes);
    let spends =
        |entry: &Entry| entry.of == who && made.iter().any(|note| entry.spends.contains(&note.id));
    later.iter().any(|event| match event {
        Event::Wrote { head } => world.entry(head).is_some_and(spends),
        _ => false,
    })
}

/// Evidence that is missed, and what is accepted in spite of it.
fn found(
    world: &World,
    (at, event): (usize, &Event),
    (who, of): (u64, u64),
    name: &str,
) -> Vec<Forgery> {
    let mut all = Vec::new();
    let same = world.events.iter().filter(|other| *other == event).count();
    if same == 1 && is_victim(world, who, of) {
        all.push(plain("missed evidence", at, Vec::new()));
    }
    let is_good =
        |entry: &&Entry| entry.of == of && took(world).any(|(_, head)| head == entry.head);
    if let Some(entry) = world.entries.iter().find(is_good) {
        let mut other = entry.clone();
        let amount = other.makes.iter().map(|note| note.amount).sum();
        other.makes = vec![Note { owner: Some(who), amount, ..Note::default() }];
        let head = format!("{name}{at}");
        rename(&mut other, &head);
        let class = "exposed".to_owned();
        let writing = Event::Wrote { head: head.clone() };
        let put = vec![event.clone(), writing, Event::Took { who, head, class }];
        let kind = "of a device that is known to have forked";
        let guard = Some("tripwire");
        all.push(Forgery { guard, entry: Some(other), ..last(kind, at, put) });
    }
    all
}

fn took(world: &World) -> impl Iterator<Item = (u64, &str)> {
    world.events.iter().filter_map(|event| match event {
        Event::Took { who, head, .. } => Some((*who, head.as_str())),
        _ => None,
    })
}

/// Whether somebody accepted what a device spent in another way for another honest one.
fn is_victim(world: &World, who: u64, of: u64) -> bool {
    let spends = |whose: bool| {
        took(world)
            .filter(move |(taker, _)| (*taker == who) == whose)
            .flat_map(|(_, head)| world.lineage(head))
            .filter_map(|head| world.entry(head).filter(|entry| entry.of == of))
    };
    spends(true).any(|mine| {
        spends(false).any(|theirs| {
            mine.head != theirs.head && mine.spends.iter().any(|id| theirs.spends.contains(id))
        })
    })
}

/// Accusations of those who showed one history only.
fn accused(world: &World) -> Vec<Forgery> {
    let at = world.events.len();
    let Some(event) = world.events.last() else { return Vec::new() };
    let forked = |of: u64| {
        world.entries.iter().any(|one| {
            let rival = |other: &Entry| {
                (other.of, other.index) == (of, one.index) && other.head != one.head
            };
            one.of == of && world.entries.iter().any(rival)
        })
    };
    let people = (0..HONEST).map(|of| (of, "an honest device is accused"));
    let cheats = (HONEST..HONEST + 3).filter(|of| !forked(*of));
    let cheats = cheats.map(|of| (of, "who did not fork is accused"));
    let accuse = |(of, kind)| {
        let who = (of + 1) % HONEST;
        last(kind, at, vec![event.clone(), Event::Found { who, of }])
    };
    people.chain(cheats).map(accuse).collect()
}
