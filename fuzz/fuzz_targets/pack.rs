//! Guides bytes into [`dsm_fuzz::pack`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::pack(bytes));
