//! Guides bytes into [`dsm_fuzz::message`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::message(bytes));
