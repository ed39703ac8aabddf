//! Guides bytes into [`dsm_fuzz::digest_text`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::digest_text(bytes));
