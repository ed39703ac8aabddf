//! Guides bytes into [`dsm_fuzz::list_proof`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::list_proof(bytes));
