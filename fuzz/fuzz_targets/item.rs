//! Guides bytes into [`dsm_fuzz::item`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::item(bytes));
