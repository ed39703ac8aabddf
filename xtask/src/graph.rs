//! The crate graph as ARCHITECTURE.md draws it.
//!
//! It stands in one fenced block named `crate-graph`. A line `# pure` opens a layer; a line
//! `a -> b, c` says that a uses b and c and nothing else of ours (`none` for nothing); a line
//! `a -/> b, c` says that a must not reach b or c by any path.

use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::Problem;
use crate::tree;

/// What may depend on whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `no_std`, no clock, no randomness, no I/O.
    Pure,
    /// Touches the world.
    Shell,
    /// Chooses the parts; nobody depends on it.
    Leaf,
    /// Proves the others; nobody depends on it.
    Proof,
}

/// The drawn graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Each crate with its layer and what it uses, sorted.
    pub(crate) crates: BTreeMap<String, (Layer, Vec<String>)>,
    /// Pairs that must not be joined by any path.
    pub(crate) absences: Vec<(String, String)>,
}

impl Graph {
    /// Reads ARCHITECTURE.md.
    pub(crate) fn load(root: &Path) -> Result<Self, Problem> {
        Self::parse(&tree::read(&root.join("ARCHITECTURE.md"))?)
    }

    pub(crate) fn parse(document: &str) -> Result<Self, Problem> {
        let wrong = |line: &str| Problem::new(format!("ARCHITECTURE.md, crate graph: `{line}`"));
        let mut graph = Self::default();
        let mut layer = None;
        let block = document.lines().skip_while(|line| line.trim() != "```crate-graph").skip(1);
        for line in block.map(str::trim).take_while(|line| *line != "```") {
            if let Some(name) = line.strip_prefix("# ") {
                layer = Some(Layer::named(name).ok_or_else(|| wrong(line))?);
            } else if let Some((from, to)) = line.split_once(" -/> ") {
                let pairs = names(to).into_iter().map(|to| (from.trim().to_owned(), to));
                graph.absences.extend(pairs);
            } else if let Some((from, to)) = line.split_once(" -> ") {
                let layer = layer.ok_or_else(|| wrong(line))?;
                graph.crates.insert(from.trim().to_owned(), (layer, names(to)));
            } else if !line.is_empty() {
                return Err(wrong(line));
            }
        }
        if graph.crates.is_empty() {
            return Err(Problem::new("ARCHITECTURE.md has no block named crate-graph"));
        }
        Ok(graph)
    }

    /// The crates of a layer, by name.
    pub(crate) fn layer(&self, layer: Layer) -> Vec<&str> {
        let members = self.crates.iter().filter(|(_, (of, _))| *of == layer);
        members.map(|(name, _)| name.as_str()).collect()
    }

    /// True if `from` uses `to`, directly or through others.
    pub(crate) fn reaches(&self, from: &str, to: &str) -> bool {
        let mut open = vec![from];
        let mut seen = Vec::new();
        while let Some(name) = open.pop() {
            let Some((_, uses)) = self.crates.get(name) else { continue };
            for used in uses {
                if used == to {
                    return true;
                }
                if !seen.contains(&used.as_str()) {
                    seen.push(used);
                    open.push(used);
                }
            }
        }
        false
    }
}

impl Layer {
    fn named(name: &str) -> Option<Self> {
        match name {
            "pure" => Some(Self::Pure),
            "shell" => Some(Self::Shell),
            "leaf" => Some(Self::Leaf),
            "proof" => Some(Self::Proof),
            _ => None,
        }
    }
}

fn names(list: &str) -> Vec<String> {
    let mut names: Vec<String> = list
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| name != "none" && !name.is_empty())
        .collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: &str = "text\n```crate-graph\n# pure\na -> none\nb -> a\n# leaf\nc -> b\n\
                         a -/> c\n```\nmore -> text\n";

    #[test]
    fn reads_layers_uses_and_absences_of_the_block_alone() {
        let graph = Graph::parse(DRAWN).unwrap();
        assert_eq!(graph.crates.len(), 3);
        assert_eq!(graph.layer(Layer::Pure), ["a", "b"]);
        assert_eq!(graph.crates["c"], (Layer::Leaf, vec!["b".to_owned()]));
        assert_eq!(graph.absences, [("a".to_owned(), "c".to_owned())]);
    }

    #[test]
    fn reaches_through_others_but_not_backwards() {
        let graph = Graph::parse(DRAWN).unwrap();
        assert!(graph.reaches("c", "a"));
        assert!(!graph.reaches("a", "c"));
    }

    #[test]
    fn refuses_a_line_that_is_neither_layer_nor_edge() {
        assert!(Graph::parse("```crate-graph\n# pure\na => b\n```").is_err());
        assert!(Graph::parse("```crate-graph\na -> b\n```").is_err());
        assert!(Graph::parse("no block").is_err());
    }
}
