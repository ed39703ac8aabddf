//! The pure crates, built for a machine that has no operating system.
//!
//! thumbv7em has no standard library and no source of randomness or time, so what builds for it
//! needs none. `core` and `alloc` are compiled from source: from the toolchain in use if it brings
//! its sources, else from Debian's.

use std::path::Path;
use std::process::Command;

use crate::debian;
use crate::graph::{Graph, Layer};
use crate::problem::Problem;
use crate::process;
use crate::verdict::Verdict;
use crate::workspace::Workspace;

const TARGET: &str = "thumbv7em-none-eabihf";
const DEBIAN_COMPILER: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/core/src/lib.rs";

/// Builds every crate of the layer `pure` that exists.
pub(crate) fn check(workspace: &Workspace) -> Result<Verdict, Problem> {
    let graph = Graph::load(&workspace.root)?;
    let pure: Vec<&str> =
        graph.layer(Layer::Pure).into_iter().filter(|name| workspace.has(name)).collect();
    let mut command = process::cargo(&workspace.root);
    command
        .args(["build", "--locked", "-Zbuild-std=core,alloc", "--target", TARGET])
        .args(pure.iter().flat_map(|name| ["-p", name]))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", workspace.target.join("bare"));
    if !toolchain_has_sources(workspace) {
        debian::ensure(Path::new(DEBIAN_SOURCES), &["rustc-web", "rust-web-src"])?;
        command.env("RUSTC", DEBIAN_COMPILER);
    }
    process::run(&mut command)?;
    Ok(Verdict::Passed(format!("{} pure crates build for {TARGET}", pure.len())))
}

fn toolchain_has_sources(workspace: &Workspace) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.current_dir(&workspace.root).args(["--print", "sysroot"]);
    process::output(&mut rustc).is_ok_and(|sysroot| {
        Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core/src/lib.rs").exists()
    })
}
