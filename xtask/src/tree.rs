//! The text files of the repository.

use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// One text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// What was built or found, not written; `.git` is a file where a work tree is another one's.
const NOT_OURS: &[&str] = &["target", "artifacts", "corpus", ".git", ".cache", ".venv"];

/// Every text file, sorted. What is not UTF-8 is not text.
pub(crate) fn files(root: &Path) -> Result<Vec<File>, Problem> {
    let mut files = Vec::new();
    for path in walk(root)? {
        let bytes = std::fs::read(&path).map_err(|error| Problem::file(&path, &error))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        files.push(File { path, text });
    }
    Ok(files)
}

/// Reads one file.
pub(crate) fn read(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| Problem::file(path, &error))
}

/// The files under a folder whose name ends so, at any depth, sorted; none if there is no folder.
pub(crate) fn under(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Problem> {
    let mut found = if folder.is_dir() { walk(folder)? } else { Vec::new() };
    found.retain(|path| path.extension().is_some_and(|have| have == extension));
    Ok(found)
}

fn walk(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| Problem::file(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| Problem::file(&folder, &error))?;
            let path = entry.path();
            if NOT_OURS.iter().any(|name| entry.file_name() == **name) {
                continue;
            }
            if path.is_file() {
                found.push(path);
            } else if path.is_dir() {
                open.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
