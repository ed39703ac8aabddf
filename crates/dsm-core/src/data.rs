//! Application state that two devices share over a relationship (`spec/state.md`).
//!
//! Each side contributes `Data` operations of a schema in its entries. A [`Reducer`] makes a state of
//! them, the same on both sides whatever arrived first. What does not count is void: it has no effect
//! and harms nobody. It is never a reason to refuse an entry, because the tip binds every entry, so
//! that a refused one would end the relationship.

use alloc::vec::Vec;

use dsm_crypto::{Digest, Domain, hash};
use dsm_log::DeviceId;

use crate::{Entry, Op};

/// Who contributes: the device of the smaller DeviceId is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Author {
    /// The device of the smaller DeviceId.
    First,
    /// The other.
    Second,
}

impl Author {
    /// What `one` is in its relationship with `other`.
    #[must_use]
    pub fn of(one: &DeviceId, other: &DeviceId) -> Self {
        if one < other { Self::First } else { Self::Second }
    }

    /// The other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// Whose contribution counts next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Anybody's: the reducer is indifferent to the order of concurrent contributions.
    Anybody,
    /// Of this side only, and only if it has seen what counted last of the other.
    Only(Author),
    /// Nobody's: it is over.
    Nobody,
}

/// The rules of an application. Total and deterministic: any bytes, the same answer everywhere.
///
/// It declares turns in every state, or in none; in the latter case it is indifferent to the order
/// of concurrent contributions, which [`check_order`] tries.
pub trait Reducer {
    /// What contributions make.
    type State;

    /// Names the schema of the contributions. Two applications must not share a name.
    const SCHEMA: &'static str;

    /// The state before the first contribution.
    fn start(&self) -> Self::State;

    /// Whose turn it is.
    fn turn(&self, _state: &Self::State) -> Turn {
        Turn::Anybody
    }

    /// The state after a contribution; none if the rules do not allow it, which makes it void.
    fn apply(&self, state: &Self::State, author: Author, bytes: &[u8]) -> Option<Self::State>;
}

/// The digest that an operation names: `H("schema", name)`.
#[must_use]
pub fn schema(name: &str) -> Digest {
    hash(Domain::Schema, name)
}

/// One `Data` operation of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Index of the entry.
    pub index: u64,
    /// Index of the other side's entry that it is stitched to: everything up to there was seen.
    pub seen: Option<u64>,
    /// In the schema's form.
    pub bytes: Vec<u8>,
}

impl Contribution {
    /// What an entry contributes to a schema, if its stitch names that index.
    pub fn of<'a>(
        entry: &'a Entry,
        seen: Option<u64>,
        schema: &'a Digest,
    ) -> impl Iterator<Item = Self> + 'a {
        entry.ops.iter().filter_map(move |op| match op {
            Op::Data { schema: of, bytes } if of == schema => {
                Some(Self { index: entry.index, seen, bytes: bytes.to_vec() })
            }
            _ => None,
        })
    }
}

/// What contributions made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced<S> {
    /// The state.
    pub state: S,
    /// The entries whose contributions count, in the order in which they do.
    pub counted: Vec<(Author, u64)>,
    /// Those that have no effect.
    pub void: Vec<(Author, u64)>,
}

/// The contributions of one side that were not looked at yet.
struct Queue<'a> {
    author: Author,
    rest: &'a [Contribution],
    /// The last entry that counted.
    counted: Option<u64>,
}

impl<'a> Queue<'a> {
    fn next(&mut self) -> Option<&'a Contribution> {
        let (next, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(next)
    }

    /// Whether its next contribution saw nothing that is still before `other`.
    fn is_ready(&self, other: &Self) -> bool {
        let unseen = |next: &Contribution| other.rest.first().map(|one| one.index) > next.seen;
        self.rest.first().is_some_and(|next| other.rest.is_empty() || unseen(next))
    }
}

/// Makes the state of the contributions of both sides, each in the order of its log.
///
/// Where turns are declared, more contributions never change which of the earlier ones counted.
pub fn reduce<R: Reducer>(
    reducer: &R,
    first: &[Contribution],
    second: &[Contribution],
) -> Reduced<R::State> {
    let queue = |author, rest| Queue { author, rest, counted: None };
    let mut queues = (queue(Author::First, first), queue(Author::Second, second));
    let (mut counted, mut void) = (Vec::new(), Vec::new());
    let mut state = reducer.start();
    loop {
        let turn = reducer.turn(&state);
        let (one, other) = match turn {
            Turn::Nobody => break,
            Turn::Only(Author::First) => (&mut queues.0, &mut queues.1),
            Turn::Only(Author::Second) => (&mut queues.1, &mut queues.0),
            // An entry comes after those that it saw; of two that did not see each other, the first's.
            Turn::Anybody if queues.0.is_ready(&queues.1) || queues.1.rest.is_empty() => {
                (&mut queues.0, &mut queues.1)
            }
            Turn::Anybody => (&mut queues.1, &mut queues.0),
        };
        let Some(next) = one.next() else { break };
        let saw = turn == Turn::Anybody || next.seen >= other.counted;
        match saw.then(|| reducer.apply(&state, one.author, &next.bytes)).flatten() {
            Some(after) => {
                state = after;
                one.counted = Some(next.index);
                counted.push((one.author, next.index));
            }
            None => void.push((one.author, next.index)),
        }
    }
    for queue in [queues.0, queues.1] {
        void.extend(queue.rest.iter().map(|one| (queue.author, one.index)));
    }
    Reduced { state, counted, void }
}

/// For an application's tests: whether concurrent contributions make the same of a state in whatever
/// order they come, those of one side in theirs.
///
/// Tries the two orders in which one side comes first, and `orders` others.
///
/// # Errors
/// An order that makes another state.
pub fn check_order<R: Reducer>(
    reducer: &R,
    state: &R::State,
    first: &[&[u8]],
    second: &[&[u8]],
    orders: u32,
) -> Result<(), Vec<Author>>
where
    R::State: PartialEq + Clone,
{
    let run = |choose: &mut dyn FnMut() -> bool| {
        let (mut order, mut state) = (Vec::new(), state.clone());
        let (mut left, mut right) = (first.iter(), second.iter());
        while left.len() > 0 || right.len() > 0 {
            let is_first = right.len() == 0 || (left.len() > 0 && choose());
            let (author, next) = match is_first {
                true => (Author::First, left.next()),
                false => (Author::Second, right.next()),
            };
            order.push(author);
            let after = next.and_then(|bytes| reducer.apply(&state, author, bytes));
            state = after.unwrap_or(state);
        }
        (order, state)
    };
    let (_, wanted) = run(&mut || true);
    // Numbers that look random and are the same each time (xorshift).
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..=orders {
        let (order, state) = run(&mut || {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            number > 0 && dice & 1 == 0
        });
        if state != wanted {
            return Err(order);
        }
    }
    Ok(())
}
