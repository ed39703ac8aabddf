//! Tells the world of a seed, tells it again from its log, and finds a short log that breaks the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::World;
use super::event::{Action, Invariant};
use super::plant::Plant;
use super::story::Story;
use super::watch::{Counts, Line, Violation};

/// What happened in a world.
#[derive(Clone, Debug)]
pub struct Tale {
    /// What was done.
    pub actions: Vec<Action>,
    /// The log, if it was recorded.
    pub lines: Vec<Line>,
    /// The first invariant that did not hold.
    pub violation: Option<Violation>,
    /// What was counted.
    pub counts: Counts,
}

/// The world of a seed, until an invariant does not hold, or to its end.
#[must_use]
pub fn tell(seed: u64, plant: Plant, recording: bool) -> Tale {
    let mut story = Story::new(seed);
    run(plant, recording, |world| story.next(world))
}

/// A world in which just this is done.
#[must_use]
pub fn replay(actions: &[Action], plant: Plant, recording: bool) -> Tale {
    let mut rest = actions.iter();
    // The end comes by itself.
    run(plant, recording, |_| rest.find(|one| **one != Action::Settle {}).cloned())
}

fn run(plant: Plant, recording: bool, mut next: impl FnMut(&World) -> Option<Action>) -> Tale {
    let mut world = World::new(plant, recording);
    let mut actions = Vec::new();
    let ran = catch_unwind(AssertUnwindSafe(|| {
        while world.watch.violation.is_none() {
            let Some(action) = next(&world) else {
                world.finish();
                break;
            };
            actions.push(action.clone());
            world.act(&action);
        }
    }));
    if ran.is_err() {
        world.watch.broken(Invariant::Soundness, || "a panic".into());
    }
    let watch = world.watch;
    Tale { actions, lines: watch.lines, violation: watch.violation, counts: watch.counts }
}

/// As few of these actions as can be found that break the same invariant: no single one of them, and
/// no stretch that was tried, can be left out. All of them, if they break none.
#[must_use]
pub fn shrink(actions: &[Action], plant: Plant) -> Vec<Action> {
    let breaks = |actions: &[Action]| {
        replay(actions, plant, false).violation.map(|violation| violation.invariant)
    };
    let mut least = actions.to_vec();
    let Some(invariant) = breaks(&least) else { return least };
    let mut size = least.len() / 2;
    while size > 0 {
        let mut at = 0;
        let mut shorter = false;
        while at < least.len() {
            let mut fewer = least.clone();
            fewer.drain(at..least.len().min(at + size));
            if breaks(&fewer) == Some(invariant) {
                least = fewer;
                shorter = true;
            } else {
                at += size;
            }
        }
        size = if shorter && size == 1 { 1 } else { size / 2 };
    }
    least
}

/// What is done in a log: its lines that have `do`.
///
/// # Errors
/// A line is none of a log.
pub fn actions(log: &str) -> Result<Vec<Action>, String> {
    let mut all = Vec::new();
    for line in log.lines().filter(|line| !line.is_empty()) {
        match serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))? {
            Line::Done(action) => all.push(action),
            Line::Seen(_) => {}
        }
    }
    Ok(all)
}
