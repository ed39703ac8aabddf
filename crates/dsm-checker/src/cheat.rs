//! A payer that signs anything: every history that it can choose among, and how it shows each.
//!
//! Its entries form a tree, because it can go on from any copy of its log. Each is signed once; the
//! cheat may show it whenever it likes, as often as it likes, on any run that ends in or after it.

use std::collections::{BTreeMap, BTreeSet};

use dsm_core::pack::Stretch;
use dsm_core::{Dealing, Lock, Note, Output, TokenId, Value};
use dsm_crypto::Digest;
use dsm_encoding::{List, from_slice, to_vec};
use dsm_log::{DeviceId, Nonce, Position, SpendId};
use dsm_session::Message;
use dsm_sim::{Actor, NETWORK, outputs, stretch};

use crate::device::Person;
use crate::disk::Disk;
use crate::step::{Cast, Frame, Voice};

/// What the cheat writes in one place of one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The entry before; none for the empty log.
    pub parent: Option<usize>,
    /// What it does.
    pub does: Does,
}

/// What an entry of the cheat does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Nothing that anybody is shown.
    Idles,
    /// Pays a victim with a note, whether or not it did so before.
    Pays {
        /// The number of the victim.
        to: usize,
        /// The number of the note.
        note: usize,
    },
    /// The same, as an answer to the victim's first Ask.
    Answers {
        /// The number of the victim.
        to: usize,
        /// The number of the note.
        note: usize,
    },
    /// The same, with a floor that is not on the victim's log.
    Floats {
        /// The number of the victim.
        to: usize,
        /// The number of the note.
        note: usize,
    },
    /// Pays itself with a note, whether or not it spent it before.
    Changes {
        /// The number of the note.
        note: usize,
    },
    /// Pays a victim with what an earlier entry of its log made, whomever that is locked to.
    Takes {
        /// The number of the victim.
        to: usize,
        /// The entry.
        from: usize,
    },
    /// The same as paying, with one unit more than there is.
    Inflates {
        /// The number of the victim.
        to: usize,
        /// The number of the note.
        note: usize,
    },
}

impl Does {
    /// Whom it is for.
    #[must_use]
    pub fn target(self) -> Option<usize> {
        match self {
            Self::Idles | Self::Changes { .. } => None,
            Self::Pays { to, .. }
            | Self::Answers { to, .. }
            | Self::Floats { to, .. }
            | Self::Takes { to, .. }
            | Self::Inflates { to, .. } => Some(to),
        }
    }

    /// What it consumes.
    fn source(self) -> Source {
        match self {
            Self::Idles => Source::Nothing,
            Self::Pays { note, .. }
            | Self::Answers { note, .. }
            | Self::Floats { note, .. }
            | Self::Changes { note }
            | Self::Inflates { note, .. } => Source::Note(note),
            Self::Takes { from, .. } => Source::Made(from),
        }
    }
}

/// Where what an entry consumes comes from.
#[derive(Clone, Copy)]
enum Source {
    Nothing,
    Note(usize),
    Made(usize),
}

/// An entry as it is shown: on which run.
#[derive(Clone, Debug)]
pub struct Showing {
    /// Which entry.
    pub node: usize,
    /// The last entry of the run.
    pub end: usize,
    /// The index after which the run begins.
    pub from: u64,
    /// To whom.
    pub to: usize,
    /// That the cheat is bound by it.
    pub announced: Frame,
    /// The entry itself.
    pub paid: Frame,
}

/// The cheat with all that it signed.
pub struct Cheat {
    /// The entries.
    pub nodes: Vec<Node>,
    /// Every way to show one.
    pub showings: Vec<Showing>,
    /// What it says first.
    pub greeting: Vec<Frame>,
    /// The token of its notes.
    pub token: TokenId,
    /// Which entry a head is of.
    pub heads: BTreeMap<Digest, usize>,
    /// Who issued its notes.
    pub mint: DeviceId,
}

/// What each of its notes is worth.
pub const WORTH: u64 = 100;

struct Written {
    actor: Actor,
    dealing: Option<Dealing>,
    /// What it makes.
    made: Option<SpendId>,
}

impl Cheat {
    /// Writes all histories. `asked` are the nonces of the victims' first Asks.
    ///
    /// # Panics
    /// If a node names a later parent, or a note that there is not.
    #[must_use]
    pub fn new(
        payer: &Person,
        victims: &[Person],
        asked: &[Nonce],
        notes: u64,
        nodes: &[Node],
    ) -> Self {
        let mut base = payer.actor.clone();
        for victim in victims {
            base.view.pin(&victim.actor.descriptor);
        }
        let mut mint = Actor::new("mint of the cheat");
        let policy = dsm_sim::free_policy(&mint, notes, WORTH);
        let token = policy.id();
        mint.learn_policy(&policy);
        let ids: Vec<_> = (0..notes)
            .map(|lot| {
                let (index, note) = mint.issue(token, lot, WORTH, base.lock());
                base.take_issue(&mint, index, note);
                note.id()
            })
            .collect();
        let mut written: Vec<Written> = Vec::new();
        for node in nodes {
            let mut actor = node.parent.map_or(&base, |at| &written[at].actor).clone();
            let spent = match node.does.source() {
                Source::Nothing => {
                    actor.idle();
                    written.push(Written { actor, dealing: None, made: None });
                    continue;
                }
                Source::Note(note) => ids[note],
                Source::Made(from) => written[from].made.expect("an entry that makes a note"),
            };
            let victim = node.does.target().map(|to| victims[to].id());
            let lock = match (victim, node.does) {
                (None, _) => actor.lock(),
                (Some(id), Does::Floats { .. }) => {
                    let head = Position::origin(&payer.id()).head;
                    Lock::Device { id, floor: Position { index: 0, head } }
                }
                (Some(id), _) => Lock::Device { id, floor: Position::origin(&id) },
            };
            let more = u64::from(matches!(node.does, Does::Inflates { .. }));
            let output = Output { token, amount: WORTH + more, lock };
            let value = Value::transfer(outputs([output]));
            let nonce = match node.does {
                Does::Answers { to, .. } => Some(asked[to]),
                _ => None,
            };
            let one = actor.write(victim, vec![spent], Some(value), Vec::new(), nonce);
            let made = Note { output, head: one.log.at.head, number: 0 }.id();
            written.push(Written { actor, dealing: one.dealing, made: Some(made) });
        }
        let showings = showings(nodes, &written, mint.id());
        let heads = written.iter().map(|one| one.actor.at().head).zip(0..).collect();
        let hello = Message::Hello {
            network: NETWORK,
            device: payer.id(),
            salt: [9; 32],
            accepted: 0,
            known: None,
        };
        let nothing = Message::Sync { hints: List::default() };
        let greeting = [hello, nothing].iter().map(|one| Frame::new(to_vec(one))).collect();
        Self { nodes: nodes.to_vec(), showings, greeting, token, heads, mint: mint.id() }
    }

    /// The nonce of the Ask with which a device answers the greeting.
    ///
    /// # Panics
    /// If it does not answer so.
    #[must_use]
    pub(crate) fn asked(&self, cast: &Cast, who: usize, disk: &Disk, voice: &Voice) -> Nonce {
        let hello = self.greeting.first().expect("a greeting");
        let outcome = cast.step(who, disk, voice, Some(hello));
        let mut asks = outcome.frames.iter().filter_map(|frame| match from_slice(frame.bytes()) {
            Ok(Message::Ask { ask }) => Some(ask.nonce),
            _ => None,
        });
        asks.next().expect("an Ask")
    }

    /// The entries from the first one to a node.
    #[must_use]
    pub fn path(&self, node: usize) -> Vec<usize> {
        path(&self.nodes, node)
    }
}

fn path(nodes: &[Node], node: usize) -> Vec<usize> {
    let mut path: Vec<usize> = std::iter::successors(Some(node), |at| nodes[*at].parent).collect();
    path.reverse();
    path
}

/// The entries to open so that the lineage of one is shown, and the note that it begins with.
fn lineage(nodes: &[Node], line: &[usize], node: usize) -> (Vec<u64>, usize) {
    let place = |node: usize| line.iter().position(|one| *one == node);
    let mut opened: Vec<u64> = Vec::new();
    let mut at = node;
    loop {
        opened.extend(place(at).map(|index| index as u64 + 1));
        match nodes[at].does.source() {
            Source::Made(from) => at = from,
            Source::Note(note) => {
                opened.sort_unstable();
                return (opened, note);
            }
            Source::Nothing => return (opened, 0),
        }
    }
}

/// Every entry on every run that ends in or after it: whole, or with as much as opens the entry before,
/// or with nothing before it.
fn showings(nodes: &[Node], written: &[Written], mint: DeviceId) -> Vec<Showing> {
    let mut all = Vec::new();
    for (end, last) in written.iter().enumerate() {
        let line = path(nodes, end);
        let length = line.len() as u64;
        for (index, node) in (1_u64..).zip(&line) {
            let Some(dealing) = &written[*node].dealing else { continue };
            let Some(to) = nodes[*node].does.target() else { continue };
            let (opened, note) = lineage(nodes, &line, *node);
            let floor = matches!(nodes[*node].does, Does::Answers { .. }).then_some(0);
            let first = opened.first().copied().unwrap_or(index);
            for from in BTreeSet::from([0, index.saturating_sub(2), index - 1]) {
                if from >= first {
                    continue;
                }
                let me = last.actor.id();
                let issue = note as u64 + 1;
                let parts: [Stretch; 2] =
                    [stretch(me, from, length, &opened), stretch(mint, 0, issue, &[issue])];
                let dealt = last.actor.show(dealing, &parts);
                let resume = Message::Resume { index, floor, plan: Default::default() };
                let announced = Frame::new(to_vec(&resume));
                let paid = Frame::new(to_vec(&Message::Pay { dealt: Box::new(dealt) }));
                all.push(Showing { node: *node, end, from, to, announced, paid });
            }
        }
    }
    all
}
