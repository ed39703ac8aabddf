//! Guides bytes into [`dsm_fuzz::value`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::value(bytes));
