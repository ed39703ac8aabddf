//! Guides bytes into [`dsm_fuzz::policy`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::policy(bytes));
