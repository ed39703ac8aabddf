//! The writer's side of `accept`: puts together what its peer will judge (`spec/packs.md`).

use dsm_encoding::record;
use dsm_merkle::TipProof;

use crate::accept::Dealt;
use crate::entry::{Before, Entry};
use crate::pack::{Plan, Wanted, build, plan};
use crate::view::View;

/// An entry of one's own log, ready to be dealt to its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dealing {
    /// The entry.
    pub entry: Entry,
    /// Opens the entry before; none exactly for the first.
    pub before: Option<Before>,
    /// Index of the peer's entry that the stitch names.
    pub stitch: Option<u64>,
    /// Shows that one leaf of the tip tree changed.
    pub tip_proof: TipProof,
}

record! { Dealing { entry, before, stitch, tip_proof } }

impl Dealing {
    /// Index of the floor of the Ask that it answers; none if it answers none.
    #[must_use]
    pub fn floor(&self) -> Option<u64> {
        self.entry.nonce?;
        let peer = self.entry.peer?;
        let outputs = self.entry.value.as_ref()?.outputs();
        let to = outputs.iter().filter_map(|output| output.lock.device());
        to.filter(|(owner, _)| **owner == peer).map(|(_, floor)| floor.index).next()
    }

    /// What the peer needs to judge it, if `known` is the greatest index of this log that the peer
    /// knows. The entry need not be in the view yet. None if the view lacks a part of the lineage.
    ///
    /// A peer that is further behind than the longest run that it asks for (rule R-37; all use the
    /// same default) is shown no more than a stranger.
    pub fn plan<V: View + ?Sized>(&self, view: &V, known: Option<u64>) -> Option<Plan> {
        self.plan_to(view, known, self.entry.index)
    }

    /// The same with the log shown up to `last` at least: the peer may know heads up to there.
    pub fn plan_to<V: View + ?Sized>(
        &self,
        view: &V,
        known: Option<u64>,
        last: u64,
    ) -> Option<Plan> {
        let me = view.me();
        let index = self.entry.index;
        let opening = index.saturating_sub(2);
        let gap = view.settings().max_gap;
        let joined = known.filter(|known| index.saturating_sub(*known) <= gap);
        let from = joined.map_or(opening, |known| known.min(opening));
        let to = last.max(index).max(known.unwrap_or(0));
        plan(view, (me, &self.entry), (from, to))
    }
}

/// Puts together what is wanted of a plan. None if the view lacks a part of it.
pub fn deal<V: View + ?Sized>(
    view: &V,
    dealing: &Dealing,
    plan: &Plan,
    wanted: &Wanted,
) -> Option<Dealt> {
    let pack = build(view, plan, wanted)?;
    let me = view.me();
    let writer = pack.devices.iter().position(|device| device.id() == me)?;
    let Dealing { entry, before, stitch, tip_proof } = dealing.clone();
    Some(Dealt {
        network: view.network(),
        writer: u32::try_from(writer).ok()?,
        index: entry.index,
        stitch,
        tips: entry.tips,
        ops: entry.ops,
        nonce: entry.nonce,
        before,
        tip_proof,
        pack,
    })
}
