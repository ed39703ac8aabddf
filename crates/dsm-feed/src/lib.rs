//! Fetches Bitcoin headers and filters, and believes none of them.
//!
//! A [`Feed`] is somebody who may lie, stall or show a chain of his own. What comes from one is bounded before it is
//! held, is there in time or not at all, and hangs together; whether it is true is judged by `dsm-headers`, from
//! the work that it shows. So a feed can cost time and nothing else.

mod clock;
mod error;
mod feed;
mod rpc;

pub use error::FeedError;
pub use feed::{
    Feed, FilterFeed, Hash, MAX_BLOCK, MAX_FILTER, MAX_FILTERS, MAX_HEADERS, MAX_LOCATOR, Patience,
    RawHeader, hash_of, parent_of,
};
pub use rpc::{Access, Core};
