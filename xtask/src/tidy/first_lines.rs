//! The first line of every file says what the file is for, so that a listing of first lines is a map.

use super::Finding;
use super::table::Table;
use crate::tree::{File, Tree};

/// Shorter than this is no sentence.
const SENTENCE: usize = 12;

pub(super) fn check(tree: &Tree, _table: &Table) -> Vec<Finding> {
    tree.files.iter().filter_map(finding).collect()
}

fn finding(file: &File) -> Option<Finding> {
    let marks = marks(file)?;
    let mut lines = file.text.lines();
    let mut first = lines.next().unwrap_or("");
    if first.starts_with("#!/") || first.eq_ignore_ascii_case("<!doctype html>") {
        first = lines.next().unwrap_or("");
    }
    let sentence = marks.iter().find_map(|mark| first.strip_prefix(mark));
    if sentence.is_some_and(|sentence| sentence.trim().len() >= SENTENCE) {
        return None;
    }
    let mark = marks.first()?.trim();
    Some(Finding::new(
        &file.path,
        format!(
            "the first line does not say what the file is for; begin it with `{mark}` and a sentence"
        ),
    ))
}

/// How a comment begins in a file of this kind; nothing for kinds that have no comments or whose form is not ours.
fn marks(file: &File) -> Option<&'static [&'static str]> {
    // A crate's manifest is described by its lib.rs, and the lock file is cargo's own.
    if file.name() == "Cargo.toml" && file.path != "Cargo.toml" {
        return None;
    }
    match file.extension() {
        "rs" => Some(&["//! "]),
        "toml" | "sh" | "py" | "yml" | "yaml" => Some(&["# ", "\"\"\""]),
        "mjs" | "js" | "ts" => Some(&["// ", "/* ", "/** "]),
        "css" => Some(&["/* "]),
        "html" => Some(&["{# ", "{#- ", "<!-- "]),
        "sql" => Some(&["-- "]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(path: &str, text: &str) -> bool {
        !check(&Tree::planted([(path, text)]), &Table::sample()).is_empty()
    }

    #[test]
    fn a_sentence_in_the_files_own_comment_passes() {
        assert!(!is_found("a.rs", "//! Says what it is for, once.\n"));
        assert!(!is_found(
            "a.sh",
            "#!/bin/bash\n# Says what it is for, once.\n"
        ));
        assert!(!is_found(
            "a.html",
            "{# The page that asks for a password. #}\n"
        ));
        assert!(!is_found(
            "a.py",
            "\"\"\"Says what it is for, once.\"\"\"\n"
        ));
    }

    #[test]
    fn a_file_without_a_sentence_is_found() {
        assert!(is_found("a.rs", "use std::fs;\n"));
        assert!(is_found("a.rs", "//! x\n"));
        assert!(is_found("a.rs", ""));
        assert!(is_found("a.rs", "\n//! Says what it is for, once.\n"));
        assert!(is_found("a.css", "body { color: black }\n"));
        assert!(is_found("a.sh", "#!/bin/bash\nset -e\n"));
    }

    #[test]
    fn kinds_without_comments_are_left_alone() {
        assert!(!is_found("a.json", "{}"));
        assert!(!is_found("crates/low/Cargo.toml", "[package]\n"));
        assert!(is_found("Cargo.toml", "[workspace]\n"));
    }
}
