//! The real binary in real directories: what it says, what it refuses, and what survives its death.

mod backup;
mod browser;
mod cards;
mod clients;
mod commands;
mod contacts;
mod crowd;
mod daemon;
mod death;
mod exits;
mod explain;
mod imposter;
mod interrupt;
mod keys;
mod mail;
mod manual;
mod meet;
mod old;
mod pages;
mod places;
mod progress;
mod refusals;
mod resume;
mod stage;
mod tokens;
mod verify;
