//! Guides bytes into [`dsm_fuzz::plan`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::plan(bytes));
