//! The reference of Conditional Access has a tested example of everything that it says policies may hold.

#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the files of the repository; the crate reads none"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const REFERENCE: &str = include_str!("../../../../docs/reference/conditional-access.md");
const CONTENTS: &str = include_str!("../../../../scenarios/policy-tests/README.md");

/// Values of conditions, of which examples are there without being named one by one.
const OF_NAMED_CONDITIONS: [&str; 3] = ["users", "clientApplications", "applications"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/policy-tests")
}

/// The rows of the table under a heading, cell by cell.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let begin = format!("\n## {heading}\n");
    let (_, section) = REFERENCE.split_once(&begin).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

/// What stands between backticks.
fn words(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Each word with the files that show it.
fn examples() -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut examples = BTreeMap::new();
    for row in table("Tested examples") {
        let links = row[1].split("](../../scenarios/policy-tests/").skip(1);
        let files: Vec<&str> = links.map(|rest| rest.split(')').next().unwrap()).collect();
        for word in words(row[0]) {
            examples.insert(word, files.clone());
        }
    }
    examples
}

/// The files of the folder are those that `every_policy_test_of_the_repository_passes` runs.
#[test]
fn every_example_is_a_policy_test_that_runs_and_holds_what_it_is_an_example_of() {
    let examples = examples();
    assert!(examples.len() > 40, "{examples:?}");
    for (word, files) in examples {
        assert!(!files.is_empty(), "`{word}` has no example");
        let texts: Vec<String> = files
            .iter()
            .map(|name| {
                assert!(name.ends_with(".test.yaml"), "{name} is none that is run");
                fs::read_to_string(folder().join(name)).unwrap_or_else(|_| panic!("no {name}"))
            })
            .collect();
        let is_there = texts.iter().any(|text| text.contains(word));
        assert!(is_there, "`{word}` is in none of {files:?}");
    }
}

#[test]
fn every_condition_and_control_has_an_example() {
    let examples = examples();
    let conditions = table("Conditions");
    let controls = table("Controls");
    let locations = table("What policies refer to");
    let mut wanted = BTreeSet::new();
    for row in &conditions {
        for member in words(row[0]) {
            if OF_NAMED_CONDITIONS.contains(&member) {
                wanted.extend(
                    words(row[1])
                        .into_iter()
                        .filter(|word| word.starts_with("include") || word.ends_with("Filter")),
                );
            } else if member != "devices" {
                wanted.insert(member);
            }
        }
    }
    for row in &controls {
        match row[0] {
            "`builtInControls`" | "`sessionControls`" => wanted.extend(words(row[1])),
            member => wanted.extend(words(member)),
        }
    }
    let named = |row: &&Vec<&str>| row[0] == "`namedLocation`";
    let kinds = words(locations.iter().find(named).unwrap()[1]);
    wanted.extend(kinds.into_iter().filter(|kind| kind.ends_with("Location")));
    assert!(wanted.len() > 35, "{wanted:?}");
    let missing: Vec<_> = wanted
        .iter()
        .filter(|word| !examples.contains_key(*word))
        .collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
}

#[test]
fn the_excerpt_is_what_is_tested() {
    let (_, excerpt) = REFERENCE.split_once("```yaml\n").unwrap();
    let (excerpt, _) = excerpt.split_once("```").unwrap();
    let tested = fs::read_to_string(folder().join("3-rules-of-writing.test.yaml")).unwrap();
    let mut entries = excerpt.split("  - name: ").skip(1);
    assert!(entries.all(|entry| tested.contains(&format!("  - name: {entry}"))));
}

#[test]
fn every_policy_test_is_in_the_list_of_contents() {
    let listed = words(CONTENTS);
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".test.yaml") else {
            continue;
        };
        let is_article = name.starts_with("article-");
        assert!(is_article || listed.contains(name), "{name} is not listed");
    }
}
