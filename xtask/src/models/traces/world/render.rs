//! Worlds as the module `TraceWorlds`, in TLA+: notes and entries get numbers, over all worlds.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::forgery::Forgery;
use super::{Entry, Event, HONEST, Note, World};

/// The most outputs of an entry, as `tla/TraceSpend.tla` counts them.
const MOST: usize = 16;
/// What puts other events in the place of one, and perhaps of all behind it.
const PUT: &str = "\
    Put(log, at, es) == SubSeq(log, 1, at - 1) \\o es \\o SubSeq(log, at + 1, Len(log))\n\
    End(log, at, es) == SubSeq(log, 1, at - 1) \\o es";

/// Numbers of notes and entries. Those of no world are nobody's.
#[derive(Default)]
struct Numbers {
    given: Vec<(u64, Note)>,
    notes: BTreeMap<(u64, String), usize>,
    entries: BTreeMap<(u64, String), usize>,
    /// In each world, an entry that is on nobody's log.
    nowhere: BTreeMap<u64, usize>,
}

/// A world with the name of its seed, and what is forged in it.
pub(in super::super) struct Page {
    pub(in super::super) seed: u64,
    pub(in super::super) world: World,
    pub(in super::super) forged: Vec<Forgery>,
}

impl Page {
    /// Its entries, those that are forged last.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let forged = self.forged.iter().filter_map(|one| one.entry.as_ref());
        self.world.entries.iter().chain(forged)
    }
}

/// What stands before the logs, and for each world what its logs are: the one as it is, and those with a
/// fault.
pub(in super::super) fn render(pages: &[Page]) -> (String, Vec<(String, Vec<String>)>) {
    let numbers = Numbers::of(pages);
    let mut text = format!("{PUT}\n");
    let given = numbers.given.iter().map(|(seed, one)| numbers.note(*seed, one));
    list(&mut text, "Given", given);
    let entries = pages.iter().flat_map(|page| {
        let nowhere = "[dev |-> \"-\", prev |-> 0, ids |-> {}, outs |-> <<>>]".to_owned();
        std::iter::once(nowhere).chain(page.entries().map(|one| numbers.entry(page.seed, one)))
    });
    list(&mut text, "Written", entries);
    let worlds = pages
        .iter()
        .flat_map(|page| std::iter::repeat_n(page.seed.to_string(), page.entries().count() + 1));
    list(&mut text, "WorldOf", worlds);
    for (name, whose) in [("People", 0..HONEST), ("Others", HONEST..HONEST + 3)] {
        let all = pages.iter().flat_map(|page| whose.clone().map(|of| device(page.seed, Some(of))));
        let all: Vec<String> = all.collect();
        writeln!(text, "{name} == {{{}}}", all.join(", ")).ok();
    }
    let base = pages.iter().map(|page| {
        let events = page.world.events.iter().map(|one| numbers.event(page.seed, one));
        format!("<<{}>>", events.collect::<Vec<_>>().join(",\n  "))
    });
    list(&mut text, "Base", base);
    let logs = (1..).zip(pages).map(|(number, page)| {
        let faulty = page.forged.iter().map(|forgery| {
            let put = forgery.put.iter().map(|one| numbers.event(page.seed, one));
            let put: Vec<String> = put.collect();
            let by = if forgery.goes_on { "Put" } else { "End" };
            format!("{by}(Base[{number}], {}, <<{}>>)", forgery.at, put.join(", "))
        });
        (format!("Base[{number}]"), faulty.collect())
    });
    (text, logs.collect())
}

fn list(text: &mut String, name: &str, elements: impl Iterator<Item = String>) {
    let elements: Vec<String> = elements.collect();
    writeln!(text, "{name} == <<{}>>", elements.join(",\n  ")).ok();
}

fn device(seed: u64, of: Option<u64>) -> String {
    of.map_or_else(|| "\"-\"".to_owned(), |of| format!("\"{of}w{seed}\""))
}

impl Numbers {
    fn of(pages: &[Page]) -> Self {
        let mut numbers = Self::default();
        for page in pages {
            let made: Vec<&String> =
                page.entries().flat_map(|one| one.makes.iter().map(|note| &note.id)).collect();
            let spent = page.entries().flat_map(|one| &one.spends);
            let known = page.world.given.iter().map(|note| &note.id);
            let known: Vec<&String> = known.chain(made).collect();
            let strange = spent.filter(|id| !known.contains(id));
            let strange = strange.map(|id| Note { id: id.clone(), ..Note::default() });
            for note in page.world.given.iter().cloned().chain(strange) {
                let number = numbers.given.len();
                numbers.notes.insert((page.seed, note.id.clone()), number);
                numbers.given.push((page.seed, note));
            }
        }
        let mut number = 0;
        for page in pages {
            number += 1;
            numbers.nowhere.insert(page.seed, number);
            for entry in page.entries() {
                number += 1;
                numbers.entries.insert((page.seed, entry.head.clone()), number);
                let first = numbers.given.len() + MOST * (number - 1);
                for (at, note) in entry.makes.iter().enumerate().take(MOST) {
                    numbers.notes.insert((page.seed, note.id.clone()), first + at);
                }
            }
        }
        numbers
    }

    fn place(&self, seed: u64, index: u64, head: &str) -> usize {
        if index == 0 {
            return 0;
        }
        let known = self.entries.get(&(seed, head.to_owned()));
        *known.or_else(|| self.nowhere.get(&seed)).unwrap_or(&0)
    }

    fn note(&self, seed: u64, note: &Note) -> String {
        let Note { owner, amount, floor: (index, head), .. } = note;
        let (to, at) = (device(seed, *owner), self.place(seed, *index, head));
        format!("[to |-> {to}, fi |-> {index}, fh |-> {at}, amount |-> {amount}]")
    }

    fn entry(&self, seed: u64, entry: &Entry) -> String {
        let prev = self.place(seed, entry.index - 1, &entry.before);
        let ids = entry.spends.iter().filter_map(|id| self.notes.get(&(seed, id.clone())));
        let ids: Vec<String> = ids.map(ToString::to_string).collect();
        let outs: Vec<String> = entry.makes.iter().map(|note| self.note(seed, note)).collect();
        format!(
            "[dev |-> {}, prev |-> {prev}, ids |-> {{{}}}, outs |-> <<{}>>]",
            device(seed, Some(entry.of)),
            ids.join(", "),
            outs.join(", ")
        )
    }

    fn event(&self, seed: u64, event: &Event) -> String {
        let person = |of: u64| device(seed, Some(of));
        match event {
            Event::Wrote { head } => {
                format!("[e |-> \"wrote\", u |-> {}]", self.place(seed, 1, head))
            }
            Event::Took { who, head, class } => {
                let class = match class.as_str() {
                    "exposed" => 1,
                    "anchored" => 2,
                    "registered" => 3,
                    _ => 0,
                };
                let (who, at) = (person(*who), self.place(seed, 1, head));
                format!("[e |-> \"took\", p |-> {who}, u |-> {at}, class |-> {class}]")
            }
            Event::Found { who, of } => {
                format!("[e |-> \"found\", p |-> {}, of |-> {}]", person(*who), person(*of))
            }
            Event::Met { one, other } => {
                format!("[e |-> \"met\", p |-> {}, q |-> {}]", person(*one), person(*other))
            }
        }
    }
}
