//! Guides bytes into [`dsm_fuzz::letter`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::letter(bytes));
