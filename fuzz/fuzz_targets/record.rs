//! Guides bytes into [`dsm_fuzz::record`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::record(bytes));
