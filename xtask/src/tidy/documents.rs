//! What the documents name exists: linked files, tests of requirements, and the test that answers each threat.

use std::collections::BTreeSet;

use super::Finding;
use super::table::Table;
use crate::tree::{File, Tree};

pub(super) fn check(tree: &Tree, _table: &Table) -> Vec<Finding> {
    let tests = tests(tree);
    let mut findings = Vec::new();
    for document in tree.with_extension("md") {
        findings.extend(dead_links(tree, document));
        let named = named_tests(document);
        for name in named.difference(&tests) {
            findings.push(Finding::new(
                &document.path,
                format!("names the test `{name}`, which does not exist"),
            ));
        }
        let is_threat =
            document.path.starts_with("docs/threats/") && document.name() != "README.md";
        if is_threat && named.is_empty() {
            let message = "names no test that answers the threat; each page of docs/threats must";
            findings.push(Finding::new(&document.path, message));
        }
    }
    findings
}

/// The names of all test functions of the house, and the titles of its browser and client tests.
fn tests(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in tree.with_extension("rs") {
        let functions = file.text.lines().filter_map(|line| {
            // A suite that runs on several engines keeps its cases as functions that other files call.
            let line = line.trim_start();
            let visible = ["pub(crate) ", "pub(super) ", "pub "];
            let line = visible
                .iter()
                .find_map(|word| line.strip_prefix(word))
                .unwrap_or(line);
            let line = line.strip_prefix("async ").unwrap_or(line);
            let name = line.strip_prefix("fn ")?;
            Some(
                name.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .next()?
                    .to_owned(),
            )
        });
        names.extend(functions.filter(|name| is_requirement(name) || name.contains('_')));
    }
    for extension in ["mjs", "py"] {
        for file in tree.with_extension(extension) {
            let words = file
                .text
                .split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let words = words.map(|word| word.strip_prefix("test_").unwrap_or(word));
            names.extend(words.filter(|word| is_requirement(word)).map(str::to_owned));
        }
    }
    names
}

/// The test names in backticks that a document mentions: those that begin with a requirement's id, and in
/// docs/threats also every other name with three underscores or more.
fn named_tests(document: &File) -> BTreeSet<String> {
    let in_threats = document.path.starts_with("docs/threats/");
    document
        .text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .filter(|code| is_requirement(code) || (in_threats && code.matches('_').count() >= 3))
        .map(str::to_owned)
        .collect()
}

/// Whether a name begins with a requirement's id, as `b07_64_concurrent_redemptions` does.
fn is_requirement(name: &str) -> bool {
    let mut parts = name.splitn(2, '_');
    let (Some(id), Some(rest)) = (parts.next(), parts.next()) else {
        return false;
    };
    let mut characters = id.chars();
    let letter = characters.next().is_some_and(|c| c.is_ascii_lowercase());
    letter && id.len() == 3 && characters.all(|c| c.is_ascii_digit()) && !rest.is_empty()
}

/// Links to files of the house that are not there.
fn dead_links(tree: &Tree, document: &File) -> Vec<Finding> {
    let folder = document
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    for (_, after) in document
        .text
        .match_indices("](")
        .map(|(at, _)| document.text.split_at(at + 2))
    {
        let target = after.split([')', ' ', '\n']).next().unwrap_or("");
        let target = target.split('#').next().unwrap_or("");
        if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let path = resolve(folder, target.trim_end_matches('/'));
        let inside = format!("{path}/");
        let is_text = tree
            .files
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&inside));
        // Pictures are no text, so the tree does not hold them.
        let is_picture = std::path::Path::new(&path)
            .extension()
            .is_some_and(|e| e == "png")
            && crate::root::workspace().join(&path).is_file();
        if !is_text && !is_picture {
            findings.push(Finding::new(
                &document.path,
                format!("links to `{target}`, which does not exist"),
            ));
        }
    }
    findings
}

/// The path that `target` means when it is written in a file of `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(document: (&str, &str), test: &str) -> Vec<String> {
        let tree = Tree::planted([
            document,
            ("crates/low/tests/a.rs", test),
            ("docs/README.md", "# x"),
        ]);
        check(&tree, &Table::sample())
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    const TEST: &str =
        "#[tokio::test]\nasync fn b07_a_code_is_spent_once() {}\nfn a_code_is_spent_once() {}\n";

    #[test]
    fn a_threat_that_names_an_existing_test_passes() {
        let page = (
            "docs/threats/code.md",
            "# Codes\n`b07_a_code_is_spent_once`\n",
        );
        assert_eq!(found(page, TEST), [""; 0]);
        let page = ("docs/threats/code.md", "# Codes\n`a_code_is_spent_once`\n");
        assert_eq!(found(page, TEST), [""; 0]);
        let case = "pub(crate) async fn a_code_is_spent_once(store: &dyn Store) {}";
        assert_eq!(found(page, case), [""; 0]);
    }

    #[test]
    fn a_threat_without_a_test_is_found() {
        let page = ("docs/threats/code.md", "# Codes\n");
        assert!(found(page, TEST)[0].contains("names no test"));
    }

    #[test]
    fn a_test_that_does_not_exist_is_found_in_any_document() {
        let page = ("README.md", "see `b08_a_code_is_for_one_client`");
        assert_eq!(
            found(page, TEST),
            ["names the test `b08_a_code_is_for_one_client`, which does not exist"]
        );
        let page = ("docs/threats/code.md", "`a_code_is_never_spent`");
        assert!(found(page, TEST)[0].contains("does not exist"));
    }

    #[test]
    fn a_link_into_nothing_is_found() {
        assert_eq!(
            found(
                (
                    "docs/a.md",
                    "[x](README.md#top) [y](https://example.org/) [z](../crates/low)"
                ),
                ""
            ),
            [""; 0]
        );
        assert_eq!(
            found(("docs/a.md", "[x](gone.md)"), ""),
            ["links to `gone.md`, which does not exist"]
        );
    }

    #[test]
    fn a_requirement_is_known_by_its_id() {
        assert!(is_requirement("b07_x"));
        assert!(!is_requirement("b7_x"));
        assert!(!is_requirement("b07"));
        assert!(!is_requirement("abc_x"));
    }
}
