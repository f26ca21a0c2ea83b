//! No module has a name that says nothing of what is in it.

use super::Finding;
use super::table::Table;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let folders = file.path.split('/').rev().skip(1);
        for part in folders.chain([file.stem()]) {
            if table
                .names
                .forbidden
                .iter()
                .any(|forbidden| forbidden == part)
            {
                let message =
                    format!("`{part}` says nothing of what is in it; name it after what it does");
                findings.push(Finding::new(&file.path, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_says_nothing_is_found_as_file_and_as_folder() {
        let tree = Tree::planted([("crates/low/src/utils.rs", ""), ("e2e/utils/page.mjs", "")]);
        assert_eq!(check(&tree, &Table::sample()).len(), 2);
    }

    #[test]
    fn a_name_that_contains_the_word_is_a_name() {
        let tree = Tree::planted([
            ("crates/low/src/utils_of_smith.rs", ""),
            ("docs/service-principal.md", ""),
        ]);
        assert_eq!(check(&tree, &Table::sample()), []);
    }
}
