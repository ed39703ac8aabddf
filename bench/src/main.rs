//! Measures, side by side in one run.
fn main() {}
