//! Guides bytes into [`dsm_fuzz::dealt`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::dealt(bytes));
