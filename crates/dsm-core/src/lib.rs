//! Decides whether an entry is valid.
#![no_std]
