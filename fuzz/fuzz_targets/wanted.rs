//! Guides bytes into [`dsm_fuzz::wanted`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::wanted(bytes));
