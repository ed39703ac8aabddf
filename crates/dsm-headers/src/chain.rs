//! The chain with the most work among all headers that one was given (`spec/headers.md`, the chain).
//!
//! A value: a step takes it and gives the next one, and a copy costs little, since copies share what they remember.
//! It keeps the id, time and target of each of its blocks, 40 bytes; the headers themselves are the caller's to keep.
//! Headers that branch off are held whole, and bounded, until their branch has more work or is dropped.

use alloc::vec::Vec;

use crate::network::{PERIOD, Rules};
use crate::segments::{Node, Segments};
use crate::waypoint::{Read, Times, Waypoint};
use crate::{BadHeader, BitcoinNetwork, BlockHash, Header, HeaderReject, Target, Work};

/// How many headers all branches together hold at most: 12 MB. A branch that needs more to get more work than the
/// chain is forgotten; then one begins anew at the checkpoint.
pub const MAX_BRANCH_HEADERS: usize = 100_000;
/// How many branches are held.
const MAX_BRANCHES: usize = 8;

/// The chain with the most work, from a base on.
#[derive(Clone, Debug)]
pub struct HeaderChain {
    network: BitcoinNetwork,
    rules: Rules,
    base: Waypoint,
    nodes: Segments,
    tip: Waypoint,
    branches: Vec<Branch>,
}

/// Headers that leave the chain at a height and do not have more work than it.
#[derive(Clone, Debug)]
struct Branch {
    fork: u32,
    headers: Vec<Header>,
    nodes: Vec<Node>,
    tip: Waypoint,
}

/// What a step did to the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The height of the last block that stayed.
    pub fork: u32,
    /// How many blocks above it left: a reorganisation if not 0.
    pub dropped: u32,
    /// The headers that came, from the height `fork + 1` on.
    pub added: Vec<Header>,
}

impl HeaderChain {
    /// A chain of one waypoint that is believed.
    #[must_use]
    pub fn new(network: BitcoinNetwork, base: Waypoint) -> Self {
        Self::under(network, network.rules(), base)
    }

    fn under(network: BitcoinNetwork, rules: Rules, base: Waypoint) -> Self {
        Self { network, rules, base, nodes: Segments::default(), tip: base, branches: Vec::new() }
    }

    /// Whose chain it is.
    #[must_use]
    pub fn network(&self) -> BitcoinNetwork {
        self.network
    }

    /// The oldest waypoint, which is believed.
    #[must_use]
    pub fn base(&self) -> &Waypoint {
        &self.base
    }

    /// The newest waypoint.
    #[must_use]
    pub fn tip(&self) -> &Waypoint {
        &self.tip
    }

    /// Judges headers, each of which follows the one before it and the first one any block that is known.
    ///
    /// What is known already is skipped. `latest` is the latest time of a block that is taken, two hours from now by
    /// the caller's clock (`u32::MAX` without one).
    ///
    /// # Errors
    /// The first header that breaks a rule; then nothing changed.
    pub fn step(mut self, headers: &[Header], latest: u32) -> Result<(Self, Change), BadHeader> {
        let none = |chain: Self| {
            let fork = chain.tip.height;
            Ok((chain, Change { fork, dropped: 0, added: Vec::new() }))
        };
        let Some(first) = headers.first() else { return none(self) };
        let parent = self.height_of(&first.previous);
        let known = parent.map_or(0, |parent| self.known(parent, headers));
        let new = headers.get(known..).unwrap_or_default();
        let fork =
            parent.map(|height| height.saturating_add(u32::try_from(known).unwrap_or(u32::MAX)));
        if new.is_empty() {
            return none(self);
        }
        if fork == Some(self.tip.height) {
            return self.extend(new, known, latest);
        }
        let Some((at, start, held)) = self.held(fork, new) else {
            let unconnected = BadHeader { at: 0, reject: HeaderReject::Unconnected };
            let fork = fork.ok_or(unconnected)?;
            return self.branch_off(fork, new, known, latest);
        };
        let (rest, end) = (new.get(held..).unwrap_or_default(), start.saturating_add(held));
        let skipped = known.saturating_add(held);
        if rest.is_empty() {
            return none(self);
        }
        let branch = self.branches.swap_remove(at);
        if end == branch.nodes.len() {
            return self.grow(branch, rest, skipped, latest);
        }
        // A branch off a branch is judged from the chain on; the other one stays.
        let fork = branch.fork;
        let mut all = branch.headers.get(..end).unwrap_or_default().to_vec();
        all.extend_from_slice(rest);
        self.branches.push(branch);
        let told = self.branch_off(fork, &all, 0, latest);
        told.map_err(|bad| BadHeader {
            at: bad.at.saturating_sub(end).saturating_add(skipped),
            ..bad
        })
    }

    /// The branch that these headers belong to, which leave the chain at `fork` or follow a header of a branch: which it
    /// is, how many of its headers lie before them, and how many of them it has. Of several that which has the most.
    fn held(&self, fork: Option<u32>, headers: &[Header]) -> Option<(usize, usize, usize)> {
        let first = headers.first()?;
        let found = self.branches.iter().enumerate().filter_map(|(at, branch)| {
            let start = match fork {
                Some(fork) => (branch.fork == fork).then_some(0)?,
                None => {
                    let parent =
                        branch.nodes.iter().position(|node| node.hash == first.previous)?;
                    parent.saturating_add(1)
                }
            };
            let nodes = branch.nodes.get(start..).unwrap_or_default();
            let same = |(node, header): &(&Node, &Header)| node.hash == header.hash();
            let held = nodes.iter().zip(headers).take_while(same).count();
            (fork.is_none() || held > 0).then_some((at, start, held))
        });
        found.max_by_key(|(_, _, held)| *held)
    }

    /// How many of these headers, the first of which follows the block at `parent`, are blocks of the chain.
    fn known(&self, parent: u32, headers: &[Header]) -> usize {
        let heights = (parent..u32::MAX).skip(1);
        let same = |(height, header): &(u32, &Header)| self.hash_at(*height) == Some(header.hash());
        heights.zip(headers).take_while(same).count()
    }

    fn extend(
        mut self,
        headers: &[Header],
        skipped: usize,
        latest: u32,
    ) -> Result<(Self, Change), BadHeader> {
        let fork = self.tip.height;
        let mut read = None;
        for (at, header) in headers.iter().enumerate() {
            self.tip = self
                .tip
                .after(&self.rules, header, latest, &mut read)
                .map_err(|reject| BadHeader { at: at.saturating_add(skipped), reject })?;
            self.nodes.push(Node::new(header, self.tip.hash));
        }
        Ok((self, Change { fork, dropped: 0, added: headers.to_vec() }))
    }

    fn branch_off(
        self,
        fork: u32,
        headers: &[Header],
        skipped: usize,
        latest: u32,
    ) -> Result<(Self, Change), BadHeader> {
        let Some(tip) = self.waypoint(fork) else {
            return Err(BadHeader { at: 0, reject: HeaderReject::Unconnected });
        };
        let branch = Branch { fork, headers: Vec::new(), nodes: Vec::new(), tip };
        self.grow(branch, headers, skipped, latest)
    }

    /// Takes the branch longer; if it has more work then, it is the chain; if it is too long, it is forgotten.
    fn grow(
        mut self,
        mut branch: Branch,
        headers: &[Header],
        skipped: usize,
        latest: u32,
    ) -> Result<(Self, Change), BadHeader> {
        let mut read: Option<Read> = None;
        for (at, header) in headers.iter().enumerate() {
            let bad = |reject| BadHeader { at: at.saturating_add(skipped), reject };
            branch.tip = branch.tip.after(&self.rules, header, latest, &mut read).map_err(bad)?;
            branch.headers.push(*header);
            branch.nodes.push(Node::new(header, branch.tip.hash));
        }
        if branch.tip.work > self.tip.work {
            return Ok(self.reorganize(branch));
        }
        self.branches.push(branch);
        self.drop_branches();
        let fork = self.tip.height;
        Ok((self, Change { fork, dropped: 0, added: Vec::new() }))
    }

    fn reorganize(mut self, branch: Branch) -> (Self, Change) {
        let Branch { fork, headers, nodes, tip } = branch;
        let dropped = self.tip.height.saturating_sub(fork);
        self.nodes.truncate(self.index(fork).map_or(0, |index| index.saturating_add(1)));
        nodes.into_iter().for_each(|node| self.nodes.push(node));
        self.tip = tip;
        // What left the chain above the fork is not held, so neither is what branches off it.
        let branches = core::mem::take(&mut self.branches).into_iter();
        let kept = branches.filter(|branch| branch.fork <= fork);
        self.branches = kept.filter_map(|branch| self.rebased(branch)).collect();
        (self, Change { fork, dropped, added: headers })
    }

    /// The branch from where it leaves the chain now; none if it became a part of it.
    fn rebased(&self, mut branch: Branch) -> Option<Branch> {
        let heights = (branch.fork..u32::MAX).skip(1);
        let same = |(height, node): &(u32, &Node)| self.hash_at(*height) == Some(node.hash);
        let shared = heights.zip(&branch.nodes).take_while(same).count();
        branch.fork = branch.fork.saturating_add(u32::try_from(shared).ok()?);
        branch.headers.drain(..shared);
        branch.nodes.drain(..shared);
        (!branch.nodes.is_empty()).then_some(branch)
    }

    /// Drops the branches with the least work until the rest is within the bounds.
    fn drop_branches(&mut self) {
        self.branches.sort_by_key(|branch| core::cmp::Reverse(branch.tip.work));
        self.branches.truncate(MAX_BRANCHES);
        let mut room = MAX_BRANCH_HEADERS;
        self.branches.retain(|branch| match room.checked_sub(branch.headers.len()) {
            Some(rest) => {
                room = rest;
                true
            }
            None => false,
        });
    }

    /// Where the block of a height above the base is remembered.
    fn index(&self, height: u32) -> Option<usize> {
        let above = height.checked_sub(self.base.height)?.checked_sub(1)?;
        usize::try_from(above).ok()
    }

    fn node(&self, height: u32) -> Option<&Node> {
        self.nodes.get(self.index(height)?)
    }

    /// The id of the block at a height from the base to the tip.
    #[must_use]
    pub fn hash_at(&self, height: u32) -> Option<BlockHash> {
        if height == self.base.height {
            return Some(self.base.hash);
        }
        self.node(height).map(|node| node.hash)
    }

    /// The height of a block of the chain.
    #[must_use]
    pub fn height_of(&self, hash: &BlockHash) -> Option<u32> {
        if *hash == self.base.hash {
            return Some(self.base.height);
        }
        let above = u32::try_from(self.nodes.position(hash)?).ok()?;
        self.base.height.checked_add(above)?.checked_add(1)
    }

    /// The ids by which somebody else finds where our chains part: the newest ten, then ever wider apart, the base.
    #[must_use]
    pub fn locator(&self) -> Vec<BlockHash> {
        let mut hashes = Vec::new();
        let (mut height, mut gap) = (self.tip.height, 1_u32);
        while height > self.base.height {
            hashes.extend(self.hash_at(height));
            if hashes.len() >= 10 {
                gap = gap.saturating_mul(2);
            }
            height = height.saturating_sub(gap);
        }
        hashes.push(self.base.hash);
        hashes
    }

    /// All that the rules need to know at a height from the base to the tip.
    #[must_use]
    pub fn waypoint(&self, height: u32) -> Option<Waypoint> {
        if height == self.tip.height {
            return Some(self.tip);
        }
        if height == self.base.height {
            return Some(self.base);
        }
        let node = self.node(height)?;
        let first = height.saturating_sub(height % PERIOD);
        let (period_time, period_bits) = match self.node(first) {
            Some(node) => (node.time, node.bits),
            None => (self.base.period_time, self.base.period_bits),
        };
        let heights = first.max(self.base.height.saturating_add(1))..=height;
        let mut bits = heights.rev().filter_map(|height| self.node(height).map(|node| node.bits));
        let hard_bits = match bits.find(|bits| *bits != self.rules.limit) {
            Some(bits) => bits,
            None if first > self.base.height => period_bits,
            None => self.base.hard_bits,
        };
        Some(Waypoint {
            height,
            hash: node.hash,
            bits: node.bits,
            times: self.times_at(height),
            period_time,
            period_bits,
            hard_bits,
            work: self.tip.work.minus(self.work_above(height)),
        })
    }

    fn times_at(&self, height: u32) -> Times {
        let above = self.base.height.saturating_add(1)..=height;
        let newest = above.rev().take(11).filter_map(|height| self.node(height));
        let mut times: Vec<u32> = newest.map(|node| node.time).collect();
        let older = self.base.times.as_slice().iter().rev().copied();
        times.extend(older.take(11_usize.saturating_sub(times.len())));
        let mut in_order = times.into_iter().rev();
        let first = Times::of(in_order.next().unwrap_or(0));
        in_order.fold(first, Times::then)
    }

    fn work_above(&self, height: u32) -> Work {
        let count = usize::try_from(self.tip.height.saturating_sub(height)).unwrap_or(usize::MAX);
        let mut known: Option<(u32, Work)> = None;
        self.nodes.rev().take(count).fold(Work::NONE, |sum, node| {
            let work = match known {
                Some((bits, work)) if bits == node.bits => work,
                _ => Target::from_compact(node.bits).map_or(Work::NONE, |target| target.work()),
            };
            known = Some((node.bits, work));
            sum.plus(work)
        })
    }

    /// Forgets all below a height, which becomes the base. Does nothing outside of the chain.
    ///
    /// Branches that leave the chain below are dropped too, and from now on unknown: who is shown a better chain that
    /// leaves this one below its base begins anew at the checkpoint and compares the work of both.
    #[must_use]
    pub fn pruned(self, height: u32) -> Self {
        let Some(base) =
            self.waypoint(height).filter(|waypoint| waypoint.height > self.base.height)
        else {
            return self;
        };
        let mut pruned = Self { base, nodes: Segments::default(), ..self };
        let kept = usize::try_from(pruned.tip.height.saturating_sub(height)).unwrap_or(0);
        let mut newest: Vec<Node> = self.nodes.rev().take(kept).copied().collect();
        newest.reverse();
        newest.into_iter().for_each(|node| pruned.nodes.push(node));
        pruned.branches.retain(|branch| branch.fork >= height);
        pruned
    }

    /// How many blocks lie on a block of the chain, and its height. 0 for the newest.
    #[must_use]
    pub fn depth(&self, hash: &BlockHash) -> Option<(u32, u32)> {
        let height = self.height_of(hash)?;
        Some((height, self.tip.height.saturating_sub(height)))
    }

    /// How many blocks are remembered, and how many headers of branches are held.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.nodes.len(), self.branches.iter().map(|branch| branch.headers.len()).sum())
    }
}

#[cfg(test)]
mod tests;
