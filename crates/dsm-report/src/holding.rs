//! What a wallet holds, and how final it is.

use std::collections::BTreeMap;

use dsm_core::{FinalityClass, TokenId};
use dsm_session::Held;
use dsm_store::{Books, Kv};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Sum;

/// How final a holding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It rests on a device that showed two histories, and cannot be spent.
    Frozen,
    /// Of class exposed: a cheat leaves evidence and is not prevented.
    Exposed,
    /// Of class anchored.
    Anchored,
    /// Of class registered.
    Registered,
    /// Of class purse.
    Purse,
    /// Nobody else has a hop in it.
    Own,
}

impl Standing {
    /// Of a note that is held.
    #[must_use]
    pub fn of(held: &Held, frozen: bool) -> Self {
        match held.class {
            _ if frozen => Self::Frozen,
            // Nobody else has a hop in it: there is nothing to register.
            _ if held.uncertified.is_empty() => Self::Own,
            FinalityClass::Exposed => Self::Exposed,
            FinalityClass::Anchored => Self::Anchored,
            FinalityClass::Registered => Self::Registered,
            FinalityClass::Purse => Self::Purse,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Exposed => "exposed",
            Self::Anchored => "anchored",
            Self::Registered => "registered",
            Self::Purse => "purse",
            Self::Own => "own",
        }
    }
}

/// All that is held of one token and in one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Balance {
    /// How much.
    #[serde(flatten)]
    pub sum: Sum,
    /// How final it is.
    pub class: Standing,
}

/// Everything that is held, by token and class.
#[must_use]
pub fn balances<K: Kv>(books: &Books<'_, K>) -> Vec<Balance> {
    let mut sums: BTreeMap<(TokenId, Standing), u64> = BTreeMap::new();
    for (held, frozen) in books.all_held() {
        let output = &held.note.output;
        let sum = sums.entry((output.token, Standing::of(&held, frozen))).or_insert(0);
        *sum = sum.saturating_add(output.amount);
    }
    let balance = |((token, class), units)| Balance { sum: Sum::new(books, &token, units), class };
    sums.into_iter().map(balance).collect()
}
