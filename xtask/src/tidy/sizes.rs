//! No file outgrows a reader, and no crate the house. (Functions are measured by clippy's `too_many_lines`.)

use std::collections::BTreeMap;

use super::Finding;
use super::table::{Table, crate_of};
use crate::tree::{File, Tree};

const MEASURED: [&str; 7] = ["rs", "mjs", "js", "py", "css", "html", "sh"];

pub(super) fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let limit = table.limits.file_lines;
    let mut findings: Vec<Finding> = tree
        .files
        .iter()
        .filter(|file| MEASURED.contains(&file.extension()) && !file.is_test())
        .filter_map(|file| {
            let lines = file.lines_without_tests();
            let message = format!(
                "{lines} lines without tests, {limit} are allowed; is there a second room in there?"
            );
            (lines > limit).then(|| Finding::new(&file.path, message))
        })
        .collect();
    findings.extend(tree.with_extension("rs").filter_map(logic_at_the_door));
    findings
}

/// A `lib.rs` or `mod.rs` is a table of contents: it declares and re-exports.
fn logic_at_the_door(file: &File) -> Option<Finding> {
    if !matches!(file.name(), "lib.rs" | "mod.rs") || file.is_test() {
        return None;
    }
    let number = file.text.lines().position(|line| {
        let line = line.trim_start_matches("pub ").trim_start_matches("async ");
        ["fn ", "impl ", "impl<", "struct ", "enum "]
            .iter()
            .any(|word| line.starts_with(word))
    })?;
    let place = format!("{}:{}", file.path, number + 1);
    Some(Finding::new(
        place,
        "a lib.rs or mod.rs only declares and re-exports; move this into a module that has a name",
    ))
}

/// The line that shows how the house is divided, with a word to the crate that outgrows it.
pub(super) fn shares(tree: &Tree, table: &Table) -> String {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for file in tree.with_extension("rs") {
        let Some(name) = crate_of(&file.path) else {
            continue;
        };
        *lines.entry(name).or_default() += if file.is_test() {
            0
        } else {
            file.lines_without_tests()
        };
    }
    let total: usize = lines.values().sum();
    let mut shares: Vec<(&str, usize)> = lines.into_iter().collect();
    shares.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    let shares: Vec<String> = shares
        .into_iter()
        .map(|(name, lines)| {
            let share = lines * 100 / total.max(1);
            let warning = if share > table.limits.share_percent {
                " (more than its share)"
            } else {
                ""
            };
            format!("{name} {share} %{warning}")
        })
        .collect();
    format!("{total} lines of Rust without tests: {}", shares.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let table = Table::sample();
        let long = "fn a() {}\n".repeat(11);
        let found = check(&Tree::planted([("crates/low/src/a.rs", &long)]), &table);
        assert!(found[0].message.starts_with("11 lines"));
        let tested = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert_eq!(
            check(&Tree::planted([("crates/low/src/a.rs", &tested)]), &table),
            []
        );
        assert_eq!(
            check(&Tree::planted([("crates/low/tests/a.rs", &long)]), &table),
            []
        );
    }

    #[test]
    fn logic_in_a_lib_is_found_with_its_line() {
        let found = check(
            &Tree::planted([("crates/low/src/lib.rs", "//! x\n\npub fn a() {}\n")]),
            &Table::sample(),
        );
        assert_eq!(found[0].place, "crates/low/src/lib.rs:3");
        let found = check(
            &Tree::planted([("crates/low/src/lib.rs", "//! x\nmod a;\npub use a::A;\n")]),
            &Table::sample(),
        );
        assert_eq!(found, []);
    }

    #[test]
    fn the_shares_are_of_the_whole_house() {
        let tree = Tree::planted([
            ("crates/low/src/a.rs", "1\n2\n3\n"),
            ("crates/high/src/a.rs", "1\n"),
        ]);
        assert_eq!(
            shares(&tree, &Table::sample()),
            "4 lines of Rust without tests: low 75 % (more than its share), high 25 %"
        );
        assert_eq!(
            shares(&Tree::default(), &Table::sample()),
            "0 lines of Rust without tests: "
        );
    }
}
