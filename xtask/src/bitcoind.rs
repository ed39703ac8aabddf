//! A real Bitcoin Core for tests: the one that `BITCOIND_EXE` names, or one that is built here once.
//!
//! The sources come with a crate from the registry, whose hash is pinned below: it vendors the whole tree. Only the
//! daemon is built, without a wallet, and kept in the target directory under the version of the crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::debian;
use crate::problem::Problem;
use crate::process;
use crate::tree;
use crate::workspace::Workspace;

/// The variable that names a program, and by which tests learn of it.
pub(crate) const VARIABLE: &str = "BITCOIND_EXE";

const CRATE: &str = "libbitcoinkernel-sys";
const VERSION: &str = "0.4.1";
const HASH: &str = "345d18a1ce19a1becfcaaa066e3a60e9c7813ef5c23ea8c20704ca4ba1a46339";

/// Nothing that a test does not ask for; `-O1` is a quarter of the work of the usual build.
const OPTIONS: &[&str] = &[
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1",
    "-DCMAKE_C_FLAGS_RELEASE=-O1",
    "-DBUILD_DAEMON=ON",
    "-DBUILD_CLI=OFF",
    "-DBUILD_BITCOIN_BIN=OFF",
    "-DBUILD_TESTS=OFF",
    "-DBUILD_TX=OFF",
    "-DBUILD_UTIL=OFF",
    "-DENABLE_WALLET=OFF",
    "-DENABLE_IPC=OFF",
    "-DENABLE_EXTERNAL_SIGNER=OFF",
    "-DINSTALL_MAN=OFF",
    "-DWITH_EMBEDDED_ASMAP=OFF",
    "-DWITH_CCACHE=OFF",
];

/// What the build needs: a file that is there if the package is, and the package.
const TOOLS: &[(&str, &str)] = &[
    ("/usr/bin/cmake", "cmake"),
    ("/usr/bin/g++", "g++"),
    ("/usr/bin/make", "make"),
    ("/usr/bin/pkg-config", "pkg-config"),
    ("/usr/include/boost/version.hpp", "libboost-dev"),
    ("/usr/include/event2/event.h", "libevent-dev"),
];

/// Where the program is; builds it if there is none.
pub(crate) fn path(workspace: &Workspace) -> Result<PathBuf, Problem> {
    if let Some(named) = std::env::var_os(VARIABLE).map(PathBuf::from) {
        if named.is_file() {
            return Ok(named);
        }
        let named = named.display();
        return Err(Problem::new(format!("{VARIABLE} names {named}, which is no file")));
    }
    let home = workspace.target.join("bitcoind").join(VERSION);
    let program = home.join("bitcoind");
    if !program.is_file() {
        let build = configure(&home)?;
        compile(&build)?;
        keep(&build, &program)?;
    }
    Ok(program)
}

/// Prints the path.
#[expect(clippy::print_stdout, reason = "the path is the output of the command")]
pub(crate) fn print(workspace: &Workspace) -> Result<(), Problem> {
    println!("{}", path(workspace)?.display());
    Ok(())
}

/// Gets the sources and lets cmake look at them; gives the directory of the build.
fn configure(home: &Path) -> Result<PathBuf, Problem> {
    for (probe, package) in TOOLS {
        debian::ensure(Path::new(probe), &[package])?;
    }
    let (source, build) = (home.join("source"), home.join("build"));
    if !source.join("CMakeLists.txt").is_file() {
        let vendored = fetch(&home.join("fetch"))?;
        // A copy, since the registry is not ours to build in; whole or not there.
        let part = home.join("source.part");
        if part.exists() {
            fs::remove_dir_all(&part).map_err(|error| Problem::file(&part, &error))?;
        }
        process::run(Command::new("cp").arg("-r").arg(&vendored).arg(&part))?;
        fs::rename(&part, &source).map_err(|error| Problem::file(&source, &error))?;
    }
    let mut cmake = Command::new("cmake");
    cmake.stdout(std::io::stderr()).arg("-S").arg(&source).arg("-B").arg(&build).args(OPTIONS);
    process::run(&mut cmake)?;
    Ok(build)
}

/// Fetches the crate by cargo, and gives the tree of Bitcoin Core in it.
fn fetch(scratch: &Path) -> Result<PathBuf, Problem> {
    let write = |path: PathBuf, text: &str| {
        fs::write(&path, text).map_err(|error| Problem::file(&path, &error))
    };
    let sources = scratch.join("src");
    fs::create_dir_all(&sources).map_err(|error| Problem::file(&sources, &error))?;
    let manifest = format!(
        "[workspace]\n[package]\nname = \"fetch\"\nedition = \"2024\"\n\
         [dependencies]\n{CRATE} = \"={VERSION}\"\n"
    );
    write(scratch.join("Cargo.toml"), &manifest)?;
    write(sources.join("lib.rs"), "")?;
    process::run(process::cargo(scratch).stdout(std::io::stderr()).arg("fetch"))?;
    if !tree::read(&scratch.join("Cargo.lock"))?.contains(&format!("checksum = \"{HASH}\"")) {
        return Err(Problem::new(format!("{CRATE} {VERSION} is not the one that we know")));
    }
    let words = ["metadata", "--format-version", "1", "--locked", "--offline"];
    let text = process::output(process::cargo(scratch).args(words))?;
    let unknown = || Problem::new(format!("cargo metadata names no {CRATE}"));
    let value: Value = serde_json::from_str(&text).map_err(|_| unknown())?;
    let packages = value["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = packages.iter().find(|package| package["name"] == CRATE).ok_or_else(unknown)?;
    let manifest = found["manifest_path"].as_str().map(Path::new).ok_or_else(unknown)?;
    Ok(manifest.with_file_name("bitcoin"))
}

fn compile(build: &Path) -> Result<(), Problem> {
    eprintln!("building Bitcoin Core once: some 20 minutes of a processor");
    let mut cmake = Command::new("cmake");
    cmake.stdout(std::io::stderr()).arg("--build").arg(build);
    process::run(cmake.args(["--target", "bitcoind", "--parallel", "2"]))
}

/// Keeps the program, which is there whole or not at all, and lets go of what it was made of.
fn keep(build: &Path, program: &Path) -> Result<(), Problem> {
    let part = program.with_extension("part");
    process::run(Command::new("strip").arg("-o").arg(&part).arg(build.join("bin/bitcoind")))?;
    fs::rename(&part, program).map_err(|error| Problem::file(program, &error))?;
    for left in [build.to_path_buf(), build.with_file_name("source")] {
        fs::remove_dir_all(&left).map_err(|error| Problem::file(&left, &error))?;
    }
    Ok(())
}
