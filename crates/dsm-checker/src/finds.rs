//! Which property each flaw breaks, and in which world it is found first.

use stateright::{Checker, HasDiscoveries, Model};

use crate::bounds::Bounds;
use crate::flaw::Flaw;
use crate::world::{Left, Worlds};

/// A flaw, where it is looked for, and what it must break.
#[derive(Clone, Copy, Debug)]
pub struct Hunt {
    /// What is wrong.
    pub flaw: Flaw,
    /// Where it is looked for.
    pub bounds: Bounds,
    /// What it breaks.
    pub breaks: &'static str,
}

const PROVEN: &str = "what two accepted is proven";
const ONCE: &str = "nothing is accepted twice";
const TRUE: &str = "a receipt is true";

impl Hunt {
    /// One for each flaw.
    pub const ALL: [Self; 8] = [
        Self { flaw: Flaw::ForgetsHeads, bounds: Bounds::CHEATED, breaks: PROVEN },
        Self { flaw: Flaw::SkipsRuns, bounds: Bounds::CHEATED, breaks: PROVEN },
        Self {
            flaw: Flaw::IgnoresForks,
            bounds: Bounds {
                left: Left { calls: 3, says: 4, faults: 0, crashes: 0 },
                ..Bounds::CHEATED
            },
            breaks: "nothing is accepted of a known cheat",
        },
        Self { flaw: Flaw::DropsEvidence, bounds: Bounds::CHEATED, breaks: PROVEN },
        Self { flaw: Flaw::TellsNothing, bounds: Bounds::CHEATED, breaks: PROVEN },
        Self { flaw: Flaw::TakesTwice, bounds: Bounds::PAIR, breaks: ONCE },
        Self { flaw: Flaw::SpeaksFirst, bounds: Bounds::PAIR, breaks: TRUE },
        Self { flaw: Flaw::RestoresCopies, bounds: Bounds::PAIR, breaks: TRUE },
    ];

    /// Looks for it; the events that lead to what it breaks, if it is found.
    #[must_use]
    pub fn run(&self) -> Option<usize> {
        let worlds = Worlds::new(self.bounds, Some(self.flaw));
        let finish = HasDiscoveries::AnyOf([self.breaks].into());
        let checker = worlds.checker().finish_when(finish).spawn_bfs().join();
        let path = checker.discovery(self.breaks)?;
        Some(path.into_actions().len())
    }
}
