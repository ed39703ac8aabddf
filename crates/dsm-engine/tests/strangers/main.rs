//! Real engines that meet strangers: peers that say anything, at any time, and lines that break.
#![expect(clippy::panic, reason = "a script that is lost says what it heard")]

mod boxes;
mod calls;
mod chips;
mod copies;
mod crashes;
mod crowd;
mod cuts;
mod disk;
mod errands;
mod exchange;
mod heavy;
mod interleaved;
mod letters;
mod lost;
mod meanwhile;
#[path = "../../../dsm-store/tests/power/medium.rs"]
mod medium;
mod meetings;
mod names;
mod news;
mod payee;
mod payer;
mod person;
mod power;
mod raw;
mod rooms;
mod sharing;
mod states;
mod twice;
mod wire;
