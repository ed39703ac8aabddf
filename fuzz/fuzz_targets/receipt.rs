//! Guides bytes into [`dsm_fuzz::receipt`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::receipt(bytes));
