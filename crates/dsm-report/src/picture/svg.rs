//! The picture in SVG: a list of tabs, one for each step.

use std::fmt::Write;

use super::{Picture, Shown};
use crate::page::escaped;

/// How high the row of a step is.
const ROW: usize = 84;
/// How high a step is.
const STEP: usize = 48;
/// What stands above the first step.
const TOP: usize = 44;
/// With more lanes than these they are narrow.
const FEW: usize = 6;

/// The beginning of a text, so that it fits so many pixels.
fn cut(text: &str, pixels: usize) -> String {
    let most = pixels / 8;
    if text.chars().count() <= most {
        return escaped(text);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", escaped(&kept))
}

struct Grid {
    /// How wide a lane is.
    lane: usize,
}

impl Grid {
    fn x(&self, lane: usize) -> usize {
        lane * self.lane + self.lane / 2
    }

    fn y(&self, step: usize) -> usize {
        TOP + step * ROW
    }

    fn edge(&self, picture: &Picture, (from, to): (usize, usize), by: &str) -> Option<String> {
        let (x1, y1) = (self.x(picture.steps.get(from)?.lane), self.y(from) + STEP);
        let (x2, y2) = (self.x(picture.steps.get(to)?.lane), self.y(to));
        // Past the steps in between, if it is of one lane.
        let aside = if x1 == x2 && to > from + 1 { self.lane / 2 } else { 0 };
        let (c1, c2) = (y1 + ROW / 3, y2.saturating_sub(ROW / 3));
        let (a1, a2) = (x1 + aside, x2 + aside);
        let (x, y) = ((x1 + x2) / 2 + aside / 2 + 6, (y1 + y2) / 2);
        let by = cut(by, self.lane / 2);
        Some(format!(
            "<path class=\"edge\" data-from=\"{from}\" data-to=\"{to}\" marker-end=\"url(#tip)\" \
             d=\"M{x1} {y1}C{a1} {c1} {a2} {c2} {x2} {y2}\"/><text class=\"by\" x=\"{x}\" y=\"{y}\">{by}</text>",
        ))
    }

    fn step(&self, number: usize, step: &Shown, chosen: bool) -> String {
        let wide = self.lane - 16;
        let (x, y) = (self.x(step.lane), self.y(number));
        let (left, first, second) = (x - wide / 2, y + 20, y + 38);
        let (label, shown) = (escaped(&step.what), number + 1);
        format!(
            "<a class=\"step\" id=\"tab-{shown}\" href=\"#step-{shown}\" role=\"tab\" \
             aria-controls=\"step-{shown}\" aria-selected=\"{chosen}\" \
             aria-label=\"Step {shown}: {label}\"><rect x=\"{left}\" y=\"{y}\" width=\"{wide}\" \
             height=\"{STEP}\" rx=\"8\"/><text text-anchor=\"middle\" x=\"{x}\" y=\"{first}\">{}</text>\
             <text class=\"small\" text-anchor=\"middle\" x=\"{x}\" y=\"{second}\">{}</text></a>",
            cut(&step.title, wide),
            cut(&step.subtitle, wide),
        )
    }
}

pub(crate) fn svg(picture: &Picture, title: &str) -> String {
    let grid = Grid { lane: if picture.lanes.len() > FEW { 112 } else { 176 } };
    let (wide, high) = (picture.lanes.len() * grid.lane, TOP + picture.steps.len() * ROW);
    let mut drawn = format!(
        "<svg role=\"tablist\" aria-orientation=\"vertical\" aria-label=\"{title}\" width=\"{wide}\" \
         height=\"{high}\" viewBox=\"0 0 {wide} {high}\"><g aria-hidden=\"true\"><defs><marker id=\"tip\" \
         viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"edge\" d=\"M0 0L8 4L0 8\"/></marker></defs>",
    );
    for (number, lane) in picture.lanes.iter().enumerate() {
        let (x, called, device) =
            (grid.x(number), cut(&lane.called, grid.lane), escaped(&lane.device));
        let _ = write!(
            drawn,
            "<line class=\"lane\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{high}\"/>\
             <text text-anchor=\"middle\" x=\"{x}\" y=\"20\">{called}<title>{device}</title></text>",
            TOP - 14,
        );
    }
    for (to, step) in picture.steps.iter().enumerate() {
        let edges = step.from.iter().filter_map(|(from, by)| grid.edge(picture, (*from, to), by));
        drawn.extend(edges);
    }
    drawn.push_str("</g>");
    let last = picture.steps.len();
    let steps = picture.steps.iter().enumerate();
    drawn.extend(steps.map(|(number, step)| grid.step(number, step, number + 1 == last)));
    drawn.push_str("</svg>");
    drawn
}
