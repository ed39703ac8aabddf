//! GLOSSARY.md: one line for each word, `- **word**: meaning.`, in order.

use crate::tree::File;

const PATH: &str = "GLOSSARY.md";

pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(file) = files.iter().find(|file| file.path == PATH) else {
        return vec![format!("there is no {PATH}")];
    };
    let mut findings = Vec::new();
    let mut before = String::new();
    for line in file.text.lines().filter(|line| line.starts_with("- ")) {
        let Some(word) = word(line) else {
            findings.push(format!("{PATH}: `{line}` is not `- **word**: meaning.`"));
            continue;
        };
        if word <= before {
            findings.push(format!("{PATH}: `{word}` stands after `{before}`"));
        }
        before = word;
    }
    findings
}

fn word(line: &str) -> Option<String> {
    let (word, meaning) = line.strip_prefix("- **")?.split_once("**: ")?;
    (!meaning.is_empty() && meaning.ends_with('.')).then(|| word.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_words_out_of_order_twice_or_without_a_meaning() {
        let text = "# Words\n- **a**: first.\n- **C**: third.\n- **b**: late.\n- **b**: again.\n\
                    - **d**:\n";
        let file = File { path: PATH.to_owned(), text: text.to_owned() };
        assert_eq!(check(&[file]).len(), 3);
        assert_eq!(check(&[]).len(), 1);
    }
}
