//! Chains entries into a log, proves runs of it and forks of it.
#![no_std]
