//! Guides bytes into [`dsm_fuzz::card`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::card(bytes));
