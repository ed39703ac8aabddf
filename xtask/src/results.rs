//! The committed results of campaigns: `bench/results/NAME`, a list of flat objects.

use std::path::PathBuf;

use serde_json::Value;

use crate::problem::Problem;
use crate::tree;
use crate::workspace::Workspace;

/// Where a result lies.
pub(crate) fn path(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root.join("bench/results").join(name)
}

/// The rows of a result; none if it was never written.
pub(crate) fn rows(workspace: &Workspace, name: &str) -> Result<Vec<Value>, Problem> {
    let path = path(workspace, name);
    if !path.exists() {
        return Ok(Vec::new());
    }
    match serde_json::from_str(&tree::read(&path)?) {
        Ok(Value::Array(rows)) => Ok(rows),
        Ok(_) => Err(Problem::new(format!("{} is not a list", path.display()))),
        Err(error) => Err(Problem::new(format!("{}: {error}", path.display()))),
    }
}

/// Puts a row in the place of the one with the same `key`, or behind all.
pub(crate) fn put(rows: &mut Vec<Value>, key: &str, row: Value) {
    match rows.iter_mut().find(|have| have.get(key) == row.get(key)) {
        Some(have) => *have = row,
        None => rows.push(row),
    }
}

/// Writes all rows, one a line.
pub(crate) fn write(workspace: &Workspace, name: &str, rows: &[Value]) -> Result<(), Problem> {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let path = path(workspace, name);
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    std::fs::write(&path, text).map_err(|error| Problem::file(&path, &error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_takes_the_place_of_its_older_self() {
        let mut rows = vec![json!({"a": 1, "b": 2}), json!({"a": 2, "b": 2})];
        put(&mut rows, "a", json!({"a": 1, "b": 3}));
        put(&mut rows, "a", json!({"a": 3, "b": 3}));
        assert_eq!(
            rows,
            [json!({"a": 1, "b": 3}), json!({"a": 2, "b": 2}), json!({"a": 3, "b": 3})]
        );
    }
}
