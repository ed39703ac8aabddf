//! Guides bytes into [`dsm_fuzz::line`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::line(bytes));
