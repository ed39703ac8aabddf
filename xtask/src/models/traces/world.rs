//! What happened to the notes of a world of the simulator, as events that `tla/TraceSpend.tla` can explain.

pub(super) mod forgery;
pub(super) mod render;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::problem::Problem;

/// The honest people of every world.
pub(super) const HONEST: u64 = 3;
/// How many people there are before anybody's disk is copied, and which of them copy.
const PEOPLE: u64 = 6;
const COPIERS: [u64; 2] = [3, 4];
const MOST_COPIES: usize = 3;

/// A note: who may spend it, and the place of its log that it names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) id: String,
    pub(super) owner: Option<u64>,
    pub(super) amount: u64,
    /// An index and the head there.
    pub(super) floor: (u64, String),
}

/// An entry of somebody's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) of: u64,
    pub(super) index: u64,
    pub(super) before: String,
    pub(super) head: String,
    pub(super) spends: Vec<String>,
    pub(super) makes: Vec<Note>,
}

/// One event. Entries are named by their heads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Wrote { head: String },
    Took { who: u64, head: String, class: String },
    Found { who: u64, of: u64 },
    Met { one: u64, other: u64 },
}

/// What is known of a world.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) given: Vec<Note>,
    /// Each after those that it names.
    pub(super) entries: Vec<Entry>,
    pub(super) events: Vec<Event>,
}

impl World {
    /// Reads a log.
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let mut world = Self::default();
        let mut copies = Vec::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line)
                .map_err(|error| Problem::new(format!("a log of the simulator: {error}")))?;
            if line["do"] == "copy" && copies.len() < MOST_COPIES {
                copies.extend(line["who"].as_u64().filter(|who| COPIERS.contains(who)));
            }
            let who = line["who"].as_u64().unwrap_or_default();
            let copied = who.checked_sub(PEOPLE).and_then(|copy| usize::try_from(copy).ok());
            let of = copied.map_or(who, |copy| copies.get(copy).copied().unwrap_or(who));
            match line["saw"].as_str() {
                Some("given") => world.given = list(&line, "notes").iter().map(note).collect(),
                Some("durable") => {
                    world.learned(who, &line);
                    world.wrote(of, &line);
                }
                Some("forged") => world.wrote(of, &line),
                _ => {}
            }
        }
        for one in 0..HONEST {
            world.events.extend((one + 1..HONEST).map(|other| Event::Met { one, other }));
        }
        world.sort();
        Ok(world)
    }

    fn learned(&mut self, who: u64, line: &Value) {
        if who >= HONEST {
            return;
        }
        let forks = list(line, "forks");
        let forks: BTreeSet<u64> = forks.iter().filter_map(Value::as_u64).collect();
        self.events.extend(forks.into_iter().map(|of| Event::Found { who, of }));
        let took = list(line, "accepted");
        let took = took.iter().filter(|took| !list(took, "notes").is_empty());
        self.events.extend(took.map(|took| Event::Took {
            who,
            head: text(&took["head"]),
            class: without_chips(&took["class"]),
        }));
    }

    fn wrote(&mut self, of: u64, line: &Value) {
        for wrote in list(line, "wrote") {
            let entry = Entry {
                of,
                index: wrote["index"].as_u64().unwrap_or_default(),
                before: text(&wrote["before"]),
                head: text(&wrote["head"]),
                spends: list(&wrote, "spends").iter().map(text).collect(),
                makes: list(&wrote, "makes").iter().map(note).collect(),
            };
            self.events.push(Event::Wrote { head: entry.head.clone() });
            self.entries.push(entry);
        }
    }

    /// Entries stand behind those that they go on from, consume of, and name as floors. What goes on from
    /// a place that nothing leads to is left out.
    fn sort(&mut self) {
        let mut rest = std::mem::take(&mut self.entries);
        let all: BTreeSet<String> = rest.iter().map(|entry| entry.head.clone()).collect();
        let notes: Vec<(String, String)> = rest
            .iter()
            .flat_map(|one| one.makes.iter().map(|n| (n.id.clone(), one.head.clone())))
            .collect();
        let made: BTreeMap<String, String> = notes.into_iter().collect();
        let mut placed = BTreeSet::new();
        loop {
            let is_ready = |entry: &Entry| {
                let follows = entry.index == 1 || placed.contains(&entry.before);
                let has = |head: &String| placed.contains(head) || !all.contains(head);
                let owned = entry.spends.iter().filter_map(|id| made.get(id)).all(has);
                let floors = entry.makes.iter().filter(|note| note.floor.0 > 0);
                follows && owned && floors.map(|note| &note.floor.1).all(has)
            };
            let (ready, later): (Vec<Entry>, Vec<Entry>) = rest.into_iter().partition(is_ready);
            if ready.is_empty() {
                break;
            }
            placed.extend(ready.iter().map(|entry| entry.head.clone()));
            self.entries.extend(ready);
            rest = later;
        }
        self.events.retain(|event| match event {
            Event::Wrote { head } => placed.contains(head),
            _ => true,
        });
    }

    /// An entry by its head.
    pub(super) fn entry(&self, head: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.head == head)
    }

    /// Whether all that somebody honest accepted rests on what there was at first, and on what was written here.
    pub(super) fn is_whole(&self) -> bool {
        let made = self.entries.iter().flat_map(|entry| &entry.makes);
        let known: BTreeSet<&String> = self.given.iter().chain(made).map(|note| &note.id).collect();
        let rests = |head: &str| {
            let lineage = self.lineage(head);
            let entries: Vec<&Entry> = lineage.iter().filter_map(|head| self.entry(head)).collect();
            let spends = entries.iter().flat_map(|entry| &entry.spends);
            !lineage.is_empty() && spends.into_iter().all(|id| known.contains(id))
        };
        self.events.iter().all(|event| match event {
            Event::Took { head, .. } => rests(head),
            _ => true,
        })
    }

    /// Everything that an entry rests on, itself too.
    pub(super) fn lineage(&self, head: &str) -> BTreeSet<&str> {
        let mut lineage = BTreeSet::new();
        let mut open: Vec<&Entry> = self.entry(head).into_iter().collect();
        while let Some(entry) = open.pop() {
            if lineage.insert(entry.head.as_str()) {
                let makes =
                    |one: &&Entry| one.makes.iter().any(|note| entry.spends.contains(&note.id));
                open.extend(self.entries.iter().filter(makes));
            }
        }
        lineage
    }
}

fn list(value: &Value, name: &str) -> Vec<Value> {
    value[name].as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A class for whoever counts no chip, as TraceSpend does.
fn without_chips(class: &Value) -> String {
    let class = text(class);
    if class == "anchored" { "exposed".to_owned() } else { class }
}

fn note(value: &Value) -> Note {
    let floor = &value["floor"];
    Note {
        id: text(&value["id"]),
        owner: value["owner"].as_u64(),
        amount: value["amount"].as_u64().unwrap_or_default(),
        floor: (floor[0].as_u64().unwrap_or_default(), text(&floor[1])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{"saw":"given","notes":[{"id":"n1","owner":3,"amount":500,"floor":[0,"s3"]}]}
{"do":"copy","who":3}
{"saw":"durable","who":6,"wrote":[{"index":1,"before":"s3","head":"h1","to":0,"spends":["n1"],"makes":[{"id":"n2","owner":0,"amount":500,"floor":[1,"a1"]}]}]}
{"saw":"durable","who":0,"wrote":[{"index":1,"before":"s0","head":"a1","to":1}]}
{"saw":"durable","who":0,"accepted":[{"from":3,"index":1,"head":"h1","spends":["n1"],"notes":[{"id":"n2","owner":0,"amount":500}],"class":"anchored"}],"wrote":[{"index":2,"before":"a1","head":"a2","to":3,"receive":true}]}
{"saw":"durable","who":5,"wrote":[{"index":4,"before":"nowhere","head":"x","to":0}]}
{"saw":"durable","who":1,"forks":[3,3]}
"#;

    #[test]
    fn reads_entries_in_their_order_and_what_the_honest_accepted_and_found() {
        let world = World::read(LOG).expect("lines of a log");
        let heads: Vec<&str> = world.entries.iter().map(|entry| entry.head.as_str()).collect();
        assert_eq!(heads, ["a1", "h1", "a2"]);
        assert_eq!(world.entry("h1").map(|entry| entry.of), Some(3));
        assert_eq!(world.lineage("h1"), BTreeSet::from(["h1"]));
        let took = Event::Took { who: 0, head: "h1".into(), class: "exposed".into() };
        assert_eq!(world.events[2], took);
        assert_eq!(world.events[4], Event::Found { who: 1, of: 3 });
        assert_eq!(world.events.len(), 5 + 3);
        assert!(World::read("no JSON").is_err());
    }

    #[test]
    fn faults_are_planted_where_the_rest_of_the_log_denies_them() {
        let mut world = World::read(LOG).expect("lines of a log");
        assert!(world.is_whole());
        let kinds = |world: &World| {
            let all = forgery::all(world, "forged ").into_iter();
            all.map(|forgery| forgery.kind).collect::<BTreeSet<_>>()
        };
        let some = kinds(&world);
        for kind in ["accepted twice", "more than was consumed", "the same value, further on"] {
            assert!(some.contains(kind), "{kind}");
        }
        assert!(!some.contains("missed evidence"));
        // Ben was paid with the same note.
        let other = Entry { head: "h2".into(), ..world.entries[1].clone() };
        world.entries.push(other);
        let took = Event::Took { who: 1, head: "h2".into(), class: "exposed".into() };
        world.events.insert(0, took);
        assert!(kinds(&world).contains("missed evidence"));
        world.given.clear();
        assert!(!world.is_whole());
    }
}
