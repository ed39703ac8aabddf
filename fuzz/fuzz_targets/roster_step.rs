//! Guides bytes into [`dsm_fuzz::roster_step`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::roster_step(bytes));
