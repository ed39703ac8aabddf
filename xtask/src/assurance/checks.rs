//! What shows a claim: one line of `docs/assurance.toml`, a kind and names.

use crate::steps::STEPS;
use crate::tree;
use crate::workspace::Workspace;

/// One thing that shows a claim.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Check<'a> {
    /// `test FILE NAME`: a function of a test.
    Test { file: &'a str, name: &'a str },
    /// `vectors FOLDER`.
    Vectors { folder: &'a str },
    /// `rule R-NN`: its vectors, which `cargo xtask rules` demands.
    Rule { id: &'a str },
    /// `model MODULE NAME`: an invariant or property of `tla/MODULE.tla`.
    Model { module: &'a str, name: &'a str },
    /// `fuzz TARGET`.
    Fuzz { target: &'a str },
    /// `step NAME`: of the gate.
    Step { name: &'a str },
    /// `result NAME`: a campaign; it may not have run yet.
    Result { name: &'a str },
}

impl<'a> Check<'a> {
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["test", file, name] => Some(Self::Test { file, name }),
            ["vectors", folder] => Some(Self::Vectors { folder }),
            ["rule", id] => Some(Self::Rule { id }),
            ["model", module, name] => Some(Self::Model { module, name }),
            ["fuzz", target] => Some(Self::Fuzz { target }),
            ["step", name] => Some(Self::Step { name }),
            ["result", name] => Some(Self::Result { name }),
            _ => None,
        }
    }

    /// What is wrong, if it does not exist.
    pub(super) fn missing(&self, workspace: &Workspace) -> Option<String> {
        let root = &workspace.root;
        let text = |file: &str| tree::read(&root.join(file)).unwrap_or_default();
        let exists = match self {
            Self::Test { file, name } => {
                let text = text(file);
                ["(", "<"].iter().any(|next| text.contains(&format!("fn {name}{next}")))
            }
            Self::Vectors { folder } => root.join("vectors").join(folder).exists(),
            Self::Rule { id } => {
                text("crates/dsm-core/src/reject.rs").contains(&format!("\"{id}\""))
            }
            Self::Model { module, name } => {
                text(&format!("tla/{module}.tla")).contains(&format!("\n{name} =="))
            }
            Self::Fuzz { target } => root.join("fuzz/corpus").join(target).is_dir(),
            Self::Step { name } => STEPS.iter().any(|step| step.name == *name),
            Self::Result { .. } => true,
        };
        (!exists).then(|| format!("docs/assurance.toml names what does not exist: {self:?}"))
    }

    /// Its line of the page.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Test { file, name } => {
                format!("test [{}](../{file})", name.replace('_', " "))
            }
            Self::Vectors { folder } => format!("vectors [{folder}](../vectors/{folder})"),
            Self::Rule { id } => format!("rule {id}, in [spec/](../spec/), with vectors"),
            Self::Model { module, name } => {
                format!(
                    "model [{module}](../tla/{module}.tla), `{name}`, within [its bounds](models.md)"
                )
            }
            Self::Fuzz { target } => format!("fuzz target [{target}](../fuzz/corpus/{target})"),
            Self::Step { name } => format!("step `{name}` of the gate"),
            Self::Result { name } => format!("campaign `{name}`, figures above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_kind_and_its_names() {
        let read = Check::read("test a/b.rs c_d");
        assert_eq!(read, Some(Check::Test { file: "a/b.rs", name: "c_d" }));
        assert_eq!(Check::read("test a/b.rs"), None);
        assert_eq!(Check::read("hope much"), None);
        assert_eq!(read.map(|one| one.line()), Some("test [c d](../a/b.rs)".to_owned()));
    }
}
