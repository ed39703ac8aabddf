//! Guides bytes into [`dsm_fuzz::descriptor`].
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dsm_fuzz::descriptor(bytes));
