//! The small model that `tla/Meeting.tla` states anew: a cheat deals, two victims meet.
//!
//! A step is a whole conversation: the cheat deals one entry to one victim, or the victims meet, and the
//! line may break after any message. What is counted is the projection that the module names: of each victim
//! the last known entry of the cheat, which entries it accepted, and whether it holds a proof.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use stateright::{Model, Property};

use crate::cheat::{Cheat, Does, Node};
use crate::device::Person;
use crate::disk::Disk;
use crate::step::{Cast, Voice};
use dsm_session::Goal;

/// Of one victim: the number of the last known entry (0 for none), those that it accepted, whether it
/// holds a proof.
pub type Seen = (usize, BTreeSet<usize>, bool);

/// The histories of the module, by its numbers less one.
pub const HISTORIES: [Node; 10] = [
    Node { parent: None, does: Does::Pays { to: 0, note: 0 } },
    Node { parent: None, does: Does::Pays { to: 1, note: 0 } },
    Node { parent: None, does: Does::Idles },
    Node { parent: Some(0), does: Does::Pays { to: 1, note: 0 } },
    Node { parent: Some(0), does: Does::Pays { to: 1, note: 1 } },
    Node { parent: Some(1), does: Does::Pays { to: 0, note: 1 } },
    Node { parent: Some(2), does: Does::Pays { to: 1, note: 0 } },
    Node { parent: Some(4), does: Does::Pays { to: 0, note: 1 } },
    Node { parent: Some(0), does: Does::Pays { to: 0, note: 1 } },
    Node { parent: Some(0), does: Does::Pays { to: 0, note: 0 } },
];

/// Two victims.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Victims(pub [Disk; 2]);

/// A conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// The cheat shows an entry.
    Deal {
        /// The number of the showing.
        showing: usize,
    },
    /// The victims meet.
    Meet {
        /// Who is heard first.
        eager: usize,
        /// After so many messages the line breaks.
        most: usize,
    },
}

/// The model.
pub struct Meeting {
    /// The victims.
    pub cast: Cast,
    /// The cheat.
    pub cheat: Cheat,
    /// Its device.
    pub payer: Person,
    start: Victims,
    projected: Mutex<BTreeSet<[Seen; 2]>>,
}

/// The most messages that a meeting of the victims may have.
const LONGEST: usize = 16;

impl Meeting {
    /// The model over the histories of the module.
    #[must_use]
    pub fn new() -> Self {
        Self::over(&HISTORIES)
    }

    /// The same over other histories.
    #[must_use]
    pub fn over(histories: &[Node]) -> Self {
        let payer = Person::new("payer");
        let victims = vec![Person::new("ann"), Person::new("ben")];
        let cheat = Cheat::new(&payer, &victims, &[], 2, histories);
        let [ann, ben] = [(0, 1), (1, 0)].map(|(me, other)| {
            let wallet = victims[me].wallet(&[&victims[other], &payer]);
            Disk::new(wallet.into_kv(), Vec::new())
        });
        let start = Victims([ann, ben]);
        let cast = Cast::new(victims, None);
        Self { cast, cheat, payer, start, projected: Mutex::default() }
    }

    /// Every projected state that was visited.
    #[must_use]
    pub fn projected(&self) -> BTreeSet<[Seen; 2]> {
        self.projected.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What of a disk is compared with the module.
    #[must_use]
    pub fn project(&self, disk: &Disk) -> Seen {
        let number = |head| self.cheat.heads.get(head).map_or(0, |node| node + 1);
        let summary = disk.summary();
        let known = summary.latest.get(&self.payer.id()).map_or(0, number);
        let accepted = disk.deeds().iter().map(|deed| number(&deed.head)).collect();
        (known, accepted, summary.forks.contains(&self.payer.id()))
    }

    /// A whole conversation with the cheat.
    #[must_use]
    pub fn deal(&self, disk: &Disk, showing: usize) -> (Disk, Option<&'static str>) {
        let showing = &self.cheat.showings[showing];
        let says = self.cheat.greeting.iter().chain([&showing.announced, &showing.paid]);
        let (mut disk, mut refused) = (disk.clone(), None);
        let mut voice = Some(Voice::new(Goal::Receive { ask: None }));
        for came in std::iter::once(None).chain(says.map(Some)) {
            let Some(now) = voice.take() else { break };
            let outcome = self.cast.step(showing.to, &disk, &now, came);
            disk = outcome.disk.clone();
            refused = outcome.refused;
            voice = outcome.voice.clone();
        }
        (disk, refused)
    }
}

impl Default for Meeting {
    fn default() -> Self {
        Self::new()
    }
}

impl Model for Meeting {
    type State = Victims;
    type Action = Talk;

    fn init_states(&self) -> Vec<Victims> {
        vec![self.start.clone()]
    }

    fn actions(&self, _: &Victims, actions: &mut Vec<Talk>) {
        actions.extend((0..self.cheat.showings.len()).map(|showing| Talk::Deal { showing }));
        let cuts =
            (0..2).flat_map(|eager| (1..=LONGEST).map(move |most| Talk::Meet { eager, most }));
        actions.extend(cuts);
    }

    fn next_state(&self, last: &Victims, action: Talk) -> Option<Victims> {
        let mut disks = last.0.clone();
        match action {
            Talk::Deal { showing } => {
                let to = self.cheat.showings[showing].to;
                (disks[to], _) = self.deal(&disks[to], showing);
            }
            Talk::Meet { eager, most } => {
                disks = self.cast.meet([0, 1], [&disks[0], &disks[1]], eager, most).disks;
            }
        }
        Some(Victims(disks)).filter(|next| next != last)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            // Notes what is visited, and holds always.
            Property::always("every state is projected", |model: &Self, state: &Victims| {
                let seen = [&state.0[0], &state.0[1]].map(|disk| model.project(disk));
                model.projected.lock().unwrap_or_else(PoisonError::into_inner).insert(seen);
                true
            }),
        ]
    }
}
