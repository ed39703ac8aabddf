//! Guides bytes into [`dsm_fuzz::stream`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::stream(bytes));
