//! The demo as a picture: what it told, as a terminal would show it, in an SVG.

use std::fmt::Write;

const LINE: usize = 17;
const CHAR: usize = 8;
const EDGE: usize = 16;
/// Longer lines are cut: ids are long and say nothing in a picture.
const WIDTH: usize = 104;

/// The picture of a text.
pub(super) fn svg(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(cut).collect();
    let (width, height) = (WIDTH * CHAR + 2 * EDGE, (lines.len() + 1) * LINE + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"What cargo xtask demo prints\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#11161d\"/>\n\
         <g font-family=\"ui-monospace, monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
    );
    let prompt = "$ cargo xtask demo".to_owned();
    for (number, line) in std::iter::once(&prompt).chain(&lines).enumerate() {
        let (x, y) = (EDGE, EDGE + (number + 1) * LINE - 4);
        let colour = colour(line);
        // Writing to a string does not fail.
        let _ =
            writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{}</text>", escape(line));
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

fn colour(line: &str) -> &'static str {
    let bad = ["cheat", "forked", "histories", "refused", "frozen", "files back"];
    if line.starts_with('$') {
        "#7ee787"
    } else if bad.iter().any(|word| line.contains(word)) {
        "#ffa657"
    } else if line.contains("accepted") || line.trim_start().starts_with("proven") {
        "#7ee787"
    } else {
        "#d0d7de"
    }
}

fn escape(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
