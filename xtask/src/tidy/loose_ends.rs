//! Nothing half done stays unnamed: no note without an issue, no switched-off test, no path of somebody's machine.

use super::Finding;
use super::table::Table;
use crate::tree::{File, Tree};

/// A text that must not stand in a file, and why. Split in two so that this file does not find itself.
struct Forbidden {
    text: [&'static str; 2],
    only_rust: bool,
    why: &'static str,
}

const FORBIDDEN: [Forbidden; 5] = [
    Forbidden {
        text: ["#[igno", "re"],
        only_rust: true,
        why: "a test that is switched off shows nothing; delete it or make it run",
    },
    Forbidden {
        text: ["#[should_", "panic"],
        only_rust: true,
        why: "assert on the error instead of a panic",
    },
    Forbidden {
        text: ["/wor", "k/"],
        only_rust: false,
        why: "a path of one machine; the house must stand anywhere",
    },
    Forbidden {
        text: ["/ro", "ot/"],
        only_rust: false,
        why: "a path of one machine; the house must stand anywhere",
    },
    Forbidden {
        text: ["<<<<<", "<< "],
        only_rust: false,
        why: "a merge that was not finished",
    },
];

const NOTES: [[&str; 2]; 3] = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]];

pub(super) fn check(tree: &Tree, _table: &Table) -> Vec<Finding> {
    tree.files
        .iter()
        .filter(|file| file.extension() != "lock")
        .flat_map(file_findings)
        .collect()
}

fn file_findings(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let mut found = |message: &str| {
            findings.push(Finding::new(
                format!("{}:{}", file.path, number + 1),
                message,
            ));
        };
        for forbidden in &FORBIDDEN {
            let applies = !forbidden.only_rust || file.extension() == "rs";
            if applies && line.contains(&forbidden.text.concat()) {
                found(forbidden.why);
            }
        }
        if NOTES.iter().any(|note| has_word(line, &note.concat())) && !line.contains("issue ") {
            found("a note without an issue is forgotten; name it, as in `issue 7`, or do it");
        }
    }
    findings
}

/// Whether `word` stands in `line` with no letter, digit or underscore beside it.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start + word.len()..)
            .and_then(|text| text.chars().next());
        let beside =
            |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '-');
        !beside(before) && !beside(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(&Tree::planted([(path, text)]), &Table::sample()).len()
    }

    #[test]
    fn each_forbidden_text_is_found() {
        for forbidden in &FORBIDDEN {
            assert_eq!(count("a.rs", &format!("x {}y", forbidden.text.concat())), 1);
        }
    }

    #[test]
    fn a_note_needs_an_issue() {
        let note = NOTES[0].concat();
        assert_eq!(count("a.rs", &format!("// {note}: later")), 1);
        assert_eq!(count("a.rs", &format!("// {note}(issue 3): later")), 0);
        assert_eq!(
            count("a.rs", &format!("let METHODO{note} = 1; // {note}LIST")),
            0
        );
    }
}
