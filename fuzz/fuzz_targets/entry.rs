//! Guides bytes into [`dsm_fuzz::entry`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::entry(bytes));
