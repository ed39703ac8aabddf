//! Starts other programs and says which one failed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::problem::Problem;

/// The cargo that started us.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// Runs to the end, output shown.
pub(crate) fn run(command: &mut Command) -> Result<(), Problem> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Problem::new(format!("`{}` failed with {status}", line(command))))
    }
}

/// Runs to the end and returns what it wrote to its standard output; its errors are shown.
pub(crate) fn output(command: &mut Command) -> Result<String, Problem> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(Problem::new(format!("`{}` failed with {}", line(command), output.status)));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Problem::new(format!("`{}` wrote something that is not text", line(command))))
}

/// Runs to the end, output shown line by line and given to `see`; true if it succeeded.
pub(crate) fn watch(command: &mut Command, mut see: impl FnMut(&str)) -> Result<bool, Problem> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    if let Some(stdout) = child.stdout.take() {
        let mut ours = std::io::stdout().lock();
        for text in BufReader::new(stdout).lines().map_while(Result::ok) {
            // A closed pipe at our end must not stop the child.
            writeln!(ours, "{text}").ok();
            see(&text);
        }
    }
    let status = child.wait().map_err(|error| not_started(command, &error))?;
    Ok(status.success())
}

fn not_started(command: &Command, error: &std::io::Error) -> Problem {
    Problem::new(format!("`{}` could not be started: {error}", line(command)))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
