//! Guides bytes into [`dsm_fuzz::op`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::op(bytes));
