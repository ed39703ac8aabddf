//! The files of `vectors/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Problem, Vector, all, vector};

/// Writes every vector to its file and removes the JSON files that are none; gives their number.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path) -> Result<usize, Problem> {
    let vectors = all();
    let mut old = read(folder)?;
    for one in &vectors {
        let path = folder.join(&one.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| Problem::file(parent, &error))?;
        }
        if old.remove(&one.path).as_deref() != Some(&text(one)) {
            fs::write(&path, text(one)).map_err(|error| Problem::file(&path, &error))?;
        }
    }
    for path in old.keys().map(|path| folder.join(path)) {
        fs::remove_file(&path).map_err(|error| Problem::file(&path, &error))?;
    }
    Ok(vectors.len())
}

/// Compares every file with what would be written, byte for byte, and runs each from its text
/// alone; gives their number.
///
/// # Errors
/// The first difference.
pub fn check(folder: &Path) -> Result<usize, Problem> {
    let mut files = read(folder)?;
    let vectors = all();
    for one in &vectors {
        let wrong = |text: &str| Problem::new(text).at(&one.path);
        let found = files.remove(&one.path).ok_or_else(|| wrong("the file is missing"))?;
        if found != text(one) {
            return Err(wrong("the file is not what `dsm-vectors write` writes"));
        }
        let value: Value =
            serde_json::from_str(&found).map_err(|error| wrong(&error.to_string()))?;
        vector::run(&value).map_err(|problem| problem.at(&one.path))?;
    }
    match files.keys().next() {
        Some(path) => Err(Problem::new("nobody writes this file").at(path)),
        None => Ok(vectors.len()),
    }
}

fn text(vector: &Vector) -> String {
    format!("{:#}\n", vector.value)
}

/// The JSON files under a folder, by their place in it.
fn read(folder: &Path) -> Result<BTreeMap<String, String>, Problem> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).map_err(|error| Problem::file(&path, &error))?;
            for entry in entries {
                open.push(entry.map_err(|error| Problem::file(&path, &error))?.path());
            }
        } else if path.extension().is_some_and(|end| end == "json") {
            let text = fs::read_to_string(&path).map_err(|error| Problem::file(&path, &error))?;
            let place = path.strip_prefix(folder).unwrap_or(&path);
            found.insert(place.to_string_lossy().replace('\\', "/"), text);
        }
    }
    Ok(found)
}
