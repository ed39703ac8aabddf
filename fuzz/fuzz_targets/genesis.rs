//! Guides bytes into [`dsm_fuzz::genesis`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::genesis(bytes));
