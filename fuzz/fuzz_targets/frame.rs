//! Guides bytes into [`dsm_fuzz::frame`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::frame(bytes));
