//! Guides bytes into [`dsm_fuzz::introduction`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::introduction(bytes));
