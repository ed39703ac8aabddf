//! The command `dsm-vectors`: `write` writes every vector, `check` compares and runs them.

use std::path::Path;
use std::process::ExitCode;

use dsm_vectors::Problem;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let result = match std::env::args().nth(1).as_deref() {
        Some("write") => dsm_vectors::write(&folder),
        Some("check") => dsm_vectors::check(&folder),
        _ => Err(Problem::new("say `dsm-vectors write` or `dsm-vectors check`")),
    };
    match result {
        Ok(count) => {
            say(&format!("{count} vectors"));
            ExitCode::SUCCESS
        }
        Err(problem) => {
            say(&problem.to_string());
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn say(line: &str) {
    println!("{line}");
}
