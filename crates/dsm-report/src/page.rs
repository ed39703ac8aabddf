//! An explanation as one page for a browser, with its picture to look into.
//!
//! Always true: the page asks no network for anything, and its policy forbids it; only the one script and
//! the one style of this crate run in it, named by their hashes; everything else in it is escaped text.

use std::fmt::Write;

use crate::picture::svg::svg;
use crate::{Check, Explanation, Party, Picture, Shown, Threat};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// What the browser may use: nothing but these two. The hashes are of the files; with a wrong one the
/// test with a real browser finds a page without style or script.
const POLICY: &str = concat!(
    "default-src 'none'; style-src 'sha256-",
    include_str!("page/page.css.sha256"),
    "'; script-src 'sha256-",
    include_str!("page/page.js.sha256"),
    "'; base-uri 'none'; form-action 'none'",
);

/// A text that means itself in HTML, between tags and inside of quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The page of an explanation.
#[must_use]
pub fn page(explanation: &Explanation) -> String {
    let picture = Picture::of(explanation);
    let (title, about) = heading(explanation);
    let title = escaped(&title);
    let body = match explanation {
        Explanation::Note(note) => {
            let mut body = tables(&note.proven, &note.assumed, &note.not_shown);
            let _ = write!(
                body,
                "<section><h2>Finality class</h2><p><strong class=\"class\">{}</strong>: {}</p></section>",
                note.class.name(),
                escaped(&note.why),
            );
            body + &threats(&note.threats)
        }
        Explanation::Receipt(receipt) => {
            tables(&receipt.proven, &receipt.assumed, &receipt.not_shown)
                + &threats(&receipt.threats)
        }
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<header><h1>{title}</h1>{about}</header>\n<main>\n{}\n{body}\n\
         </main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        looking(explanation, &picture),
    )
}

fn heading(explanation: &Explanation) -> (String, String) {
    let line = |label: &str, text: &str| format!("<p>{label} <bdi>{}</bdi></p>", escaped(text));
    match explanation {
        Explanation::Note(note) => {
            let owner = note.owner.as_ref().map_or("a vault".to_owned(), Party::to_string);
            let about = line("of class", note.class.name())
                + &line("owned by", &owner)
                + &line("token", &note.token_name)
                + &line("token id", &note.sum.token)
                + &line("note", &note.id);
            (format!("Note of {}", note.sum), about)
        }
        Explanation::Receipt(receipt) => {
            let about = receipt.entries.iter().map(|entry| line("", &entry.what)).collect();
            ("Receipt".to_owned(), about)
        }
    }
}

fn looking(explanation: &Explanation, picture: &Picture) -> String {
    let (title, hint) = match explanation {
        Explanation::Note(note) => {
            ("Lineage", format!("{} operations, from the issue at the top to the note", note.hops))
        }
        Explanation::Receipt(_) => {
            ("Both entries", "the payment, and its acknowledgement".to_owned())
        }
    };
    let panels: String =
        (1..).zip(&picture.steps).map(|(number, step)| panel(number, step)).collect();
    format!(
        "<section><h2>{title}</h2><p class=\"hint\">{hint}. Choose a step by a click or the arrow keys.</p>\
         <div class=\"look\"><div class=\"picture\">{}</div><div class=\"panels\">{panels}</div></div></section>",
        svg(picture, title),
    )
}

fn panel(number: usize, step: &Shown) -> String {
    let facts = step.facts.iter();
    let facts: String =
        facts.map(|(name, text)| format!("<dt>{name}</dt><dd>{}</dd>", escaped(text))).collect();
    format!(
        "<section class=\"panel\" role=\"tabpanel\" id=\"step-{number}\" aria-labelledby=\"tab-{number}\" \
         tabindex=\"0\"><h3>Step {number}: <bdi>{}</bdi></h3><dl>{facts}</dl></section>",
        escaped(&step.what),
    )
}

fn tables(proven: &[Check], assumed: &[String], not_shown: &[String]) -> String {
    let row = |check: &Check| {
        let rules = check.rules.join(" ");
        format!("<tr><td>{}</td><td class=\"rules\">{rules}</td></tr>", escaped(&check.what))
    };
    let rows: String = proven.iter().map(row).collect();
    let list = |texts: &[String]| -> String {
        texts.iter().map(|text| format!("<li>{}</li>", escaped(text))).collect()
    };
    format!(
        "<section><h2>What was proven</h2><table><thead><tr><th scope=\"col\">What</th>\
         <th scope=\"col\">Rules of spec/</th></tr></thead><tbody>{rows}</tbody></table></section>\
         <section><h2>What was assumed</h2><ul>{}</ul></section>\
         <section><h2>What this does not show</h2><ul>{}</ul></section>",
        list(assumed),
        list(not_shown),
    )
}

fn threats(threats: &[Threat]) -> String {
    let row = |threat: &Threat| {
        let who = escaped(&threat.who.to_string());
        format!("<tr><td><bdi>{who}</bdi></td><td>{}</td></tr>", escaped(&threat.how))
    };
    let rows: String = threats.iter().map(row).collect();
    format!(
        "<section><h2>Who could still cheat</h2><table><thead><tr><th scope=\"col\">Who</th>\
         <th scope=\"col\">How</th></tr></thead><tbody>{rows}</tbody></table></section>",
    )
}
