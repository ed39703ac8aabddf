//! Fetches Bitcoin headers and filters, and believes none of them.
//!
//! A [`Feed`] is somebody who may lie, stall or show a chain of his own. What comes from one is bounded before it is
//! held, is there in time or not at all, and hangs together; whether it is true is judged by `dsm-headers`, from
//! the work that it shows. So a feed can cost time and nothing else (`docs/adr/0027-feeds.md`; `tests/hostile.rs` tries it).

mod carried;
mod clock;
mod error;
mod feed;
mod filter;
mod follow;
mod gather;
mod network;
mod peer;
mod rpc;
mod sources;
mod talk;
mod wire;

pub use carried::{Carried, MAX_CARRIED};
pub use error::FeedError;
pub use feed::{
    Feed, FilterFeed, Hash, MAX_BLOCK, MAX_FILTER, MAX_FILTERS, MAX_HEADERS, MAX_LOCATOR, Patience,
    RawHeader, hash_of, parent_of,
};
pub use filter::{Finding, MalformedBlock, MalformedFilter, filters_match, judge_filter, may_hold};
pub use follow::Follower;
pub use gather::{GatherError, Gathered};
pub use network::Magic;
pub use peer::Peer;
pub use rpc::{Access, Core};
pub use sources::{Judge, MAX_SOURCES, NoBlock, Source, Sources, Stance};
pub use talk::Talk;
pub use wire::Line;
