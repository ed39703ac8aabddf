//! Worlds of a few devices, and how much may happen in each.

use dsm_session::Goal;

use crate::cheat::{Cheat, Does, Node};
use crate::device::Person;
use crate::disk::Disk;
use crate::flaw::Flaw;
use crate::step::{Cast, Shelf, Voice};
use crate::world::{Left, Plan, World, Worlds};

/// How much may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// What names the world in tables.
    pub name: &'static str,
    /// Who is there.
    pub scene: Scene,
    /// How much.
    pub left: Left,
}

/// Who is there, and what they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Ann holds two notes; she and Ben pay each other.
    Pair,
    /// A cheat pays Ann and Ben with the same notes; they meet and pay each other.
    Cheated,
}

/// Histories of the cheat of a larger world: two notes, two forks, an Ask, two lies.
const HISTORIES: [Node; 10] = [
    Node { parent: None, does: Does::Pays { to: 0, note: 0 } },
    Node { parent: None, does: Does::Answers { to: 1, note: 0 } },
    Node { parent: Some(0), does: Does::Pays { to: 1, note: 0 } },
    Node { parent: Some(0), does: Does::Pays { to: 1, note: 1 } },
    Node { parent: Some(1), does: Does::Pays { to: 0, note: 1 } },
    Node { parent: None, does: Does::Floats { to: 0, note: 1 } },
    Node { parent: Some(3), does: Does::Pays { to: 0, note: 1 } },
    Node { parent: None, does: Does::Inflates { to: 1, note: 1 } },
    Node { parent: Some(0), does: Does::Idles },
    Node { parent: Some(8), does: Does::Pays { to: 1, note: 0 } },
];

impl std::fmt::Display for Bounds {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = match self.scene {
            Scene::Pair => "2 honest devices, 2 notes",
            Scene::Cheated => "1 cheat with 10 entries in 6 histories, 2 victims, 2 notes",
        };
        let Left { calls, says, faults, crashes } = self.left;
        write!(to, "{who}; {calls} conversations, {says} messages of the cheat, ")?;
        write!(to, "{faults} faults of the network, {crashes} crashes")
    }
}

impl Bounds {
    /// What the gate explores of two honest devices.
    pub const PAIR: Self = Self {
        name: "Pair",
        scene: Scene::Pair,
        left: Left { calls: 2, says: 0, faults: 1, crashes: 1 },
    };
    /// What the gate explores of a cheat and two victims.
    pub const CHEATED: Self = Self {
        name: "Cheated",
        scene: Scene::Cheated,
        left: Left { calls: 3, says: 4, faults: 0, crashes: 1 },
    };
    /// What a campaign explores of two honest devices.
    pub const LARGE_PAIR: Self =
        Self { left: Left { calls: 5, says: 0, faults: 3, crashes: 2 }, ..Self::PAIR };
    /// What a campaign explores of a cheat and two victims.
    pub const LARGE_CHEATED: Self =
        Self { left: Left { calls: 3, says: 6, faults: 1, crashes: 1 }, ..Self::CHEATED };
}

impl Worlds {
    /// The worlds within bounds, of shipped devices or of such as have a flaw.
    ///
    /// # Panics
    /// Never: the people have different names.
    #[must_use]
    pub fn new(bounds: Bounds, flaw: Option<Flaw>) -> Self {
        let worlds = match bounds.scene {
            Scene::Pair => Self::pair(bounds, flaw),
            Scene::Cheated => Self::cheated(bounds, flaw),
        };
        worlds.prepared()
    }

    fn pair(bounds: Bounds, flaw: Option<Flaw>) -> Self {
        let people = vec![Person::new("ann"), Person::new("ben")];
        let (ann, ben) = (&people[0], &people[1]);
        let mut wallet = ann.wallet(&[ben]);
        let token = ann.issue(&mut wallet, &[60, 40]);
        let shelves = [wallet, ben.wallet(&[ann])]
            .map(|wallet| Shelf::new(Disk::new(wallet.into_kv(), Vec::new())));
        let pay = |from: usize, to: usize, amount| Plan {
            from,
            to,
            goal: Goal::Pay { peer: people[to].id(), token, amount },
        };
        let sync = Plan { from: 1, to: 0, goal: Goal::Sync { peer: ann.id() } };
        let plans = vec![pay(0, 1, 50), pay(1, 0, 30), sync];
        Self { start: world(shelves, bounds), plans, cheat: None, ..Self::of(people, bounds, flaw) }
    }

    fn cheated(bounds: Bounds, flaw: Option<Flaw>) -> Self {
        let payer = Person::new("payer");
        let people = vec![Person::new("ann"), Person::new("ben")];
        let shelves = [(0, 1), (1, 0)].map(|(me, other): (usize, usize)| {
            let wallet = people[me].wallet(&[&people[other], &payer]);
            Shelf::new(Disk::new(wallet.into_kv(), Vec::new()))
        });
        let cast = Cast::new(people.clone(), None);
        let strange = Cheat::new(&payer, &people, &[], 1, &[]);
        let asked = [0, 1].map(|who| {
            let voice = Voice::new(Goal::Receive { ask: None });
            strange.asked(&cast, who, &shelves[who].now, &voice)
        });
        let cheat = Cheat::new(&payer, &people, &asked, 2, &HISTORIES);
        let token = cheat.token;
        let sync = Plan { from: 0, to: 1, goal: Goal::Sync { peer: people[1].id() } };
        let pay =
            Plan { from: 1, to: 0, goal: Goal::Pay { peer: people[0].id(), token, amount: 70 } };
        let plans = vec![sync, pay];
        let cheat = Some((payer, cheat));
        Self { start: world(shelves, bounds), plans, cheat, ..Self::of(people, bounds, flaw) }
    }
}

fn world(shelves: [Shelf; 2], bounds: Bounds) -> World {
    World { shelves: shelves.to_vec(), talks: Vec::new(), left: bounds.left }
}
