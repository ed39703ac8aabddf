//! Guides bytes into [`dsm_fuzz::signed_head`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::signed_head(bytes));
