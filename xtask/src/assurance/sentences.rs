//! The sentences of a page: its prose, without headings, tables, pictures and code.

/// The sentences of a page in Markdown, each on one line.
pub(super) fn of(page: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut code = false;
    for line in page.lines().map(str::trim) {
        if line.starts_with("```") {
            code = !code;
        }
        let prose = !code && !["```", "#", "|", "!["].iter().any(|mark| line.starts_with(mark));
        let item = line.strip_prefix("- ");
        if line.is_empty() || !prose || item.is_some() {
            paragraphs.push(String::new());
        }
        if let Some(paragraph) = paragraphs.last_mut().filter(|_| prose && !line.is_empty()) {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(item.unwrap_or(line));
        }
    }
    paragraphs.iter().flat_map(|paragraph| split(paragraph)).collect()
}

/// A sentence ends with a full stop before a space and a capital or a backquote.
fn split(paragraph: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut rest = paragraph.trim();
    while !rest.is_empty() {
        let begins = |at: usize| {
            let next = rest.get(at + 2..).and_then(|text| text.chars().next());
            next.is_some_and(|next| next.is_uppercase() || next == '`')
        };
        let end = rest.match_indices(". ").map(|(at, _)| at).find(|at| begins(*at));
        let (sentence, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
        sentences.push(sentence.to_owned());
        rest = after.trim_start();
    }
    sentences
}

/// A sentence with the texts of its links: they lead elsewhere from another page.
pub(super) fn without_links(sentence: &str) -> String {
    let mut plain = String::new();
    let mut rest = sentence;
    while let Some((before, link)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((text, after)) = link.split_once("](") else {
            plain.push('[');
            rest = link;
            continue;
        };
        plain.push_str(text);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_prose_only() {
        let page = "# A b\n\nOne is\nhere. `Two` is e.g. there.\n\n```sh\nNot. This.\n```\n- Three.\n- Four\n  goes on.\n| a | b |\n";
        let said = ["One is here.", "`Two` is e.g. there.", "Three.", "Four goes on."];
        assert_eq!(of(page), said);
    }

    #[test]
    fn leaves_the_texts_of_links() {
        assert_eq!(without_links("See [a b](c/d.md) and [1] now."), "See a b and [1] now.");
    }
}
