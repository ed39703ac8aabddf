//! The picture in DOT, the language of Graphviz.

use std::fmt::Write;

use super::Picture;

/// A text inside of quotes and of a label: a backslash and an ampersand mean themselves there.
fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"")
}

impl Picture {
    /// A directed graph.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut dot = String::from(
            "digraph lineage {\n  rankdir=TB;\n  node [shape=box, fontname=\"sans-serif\"];\n  \
             edge [fontname=\"sans-serif\"];\n",
        );
        for (number, step) in self.steps.iter().enumerate() {
            let lane = self.lanes.get(step.lane).map_or("", |lane| &lane.called);
            let (lane, title) = (quoted(lane), quoted(&step.title));
            let (subtitle, what) = (quoted(&step.subtitle), quoted(&step.what));
            let _ = writeln!(
                dot,
                "  s{number} [label=\"{lane}\\n{title}\\n{subtitle}\", tooltip=\"{what}\"];",
            );
        }
        for (number, step) in self.steps.iter().enumerate() {
            for (from, by) in &step.from {
                let _ = writeln!(dot, "  s{from} -> s{number} [label=\"{}\"];", quoted(by));
            }
        }
        dot.push_str("}\n");
        dot
    }
}
