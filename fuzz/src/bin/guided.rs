//! Guides bytes into the target that the environment variable `TARGET` names, by libFuzzer.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("TARGET").expect("the environment variable TARGET names a target");
    let found = dsm_fuzz::TARGETS.iter().find(|(known, _)| *known == name);
    found.expect("a target of the list in fuzz/src/lib.rs").1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| TARGET(bytes));
