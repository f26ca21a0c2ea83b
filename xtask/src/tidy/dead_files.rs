//! Every Rust file is reached from its crate: a file that no `mod` names is compiled by nobody and rots.

use super::Finding;
use super::table::Table;
use crate::tree::{File, Tree};

pub(super) fn check(tree: &Tree, _table: &Table) -> Vec<Finding> {
    tree.with_extension("rs")
        .filter(|file| is_module(file) && !is_declared(tree, file))
        .map(|file| {
            let message = format!(
                "no `mod {};` reaches this file; declare it or delete it",
                module(file)
            );
            Finding::new(&file.path, message)
        })
        .collect()
}

/// Roots of a crate, of a test, a benchmark or an example need no `mod`.
fn is_module(file: &File) -> bool {
    let Some((_, inside)) = file.path.split_once("/src/") else {
        return false;
    };
    !matches!(inside, "lib.rs" | "main.rs") && !inside.starts_with("bin/")
}

/// The module's name: the folder's, when the file is a `mod.rs`.
fn module(file: &File) -> &str {
    if file.name() == "mod.rs" {
        return file.path.rsplit('/').nth(1).unwrap_or("");
    }
    file.stem()
}

fn is_declared(tree: &Tree, file: &File) -> bool {
    let mut folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if file.name() == "mod.rs" {
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    }
    let parents = [
        format!("{folder}.rs"),
        format!("{folder}/mod.rs"),
        format!("{folder}/lib.rs"),
        format!("{folder}/main.rs"),
    ];
    let declaration = format!("mod {};", module(file));
    parents
        .iter()
        .filter_map(|path| tree.get(path))
        .any(|parent| {
            parent.text.lines().any(|line| {
                let line = line.trim_start();
                line == declaration
                    || (line.starts_with("pub") && line.ends_with(&format!(" {declaration}")))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let tree = Tree::planted([
            (
                "crates/low/src/lib.rs",
                "pub mod used;\npub(crate) mod folder;\n",
            ),
            (
                "crates/low/src/used.rs",
                "mod inner;\n#[cfg(test)]\nmod tests;\n",
            ),
            ("crates/low/src/used/inner.rs", ""),
            ("crates/low/src/used/tests.rs", ""),
            ("crates/low/src/used/orphan.rs", ""),
            ("crates/low/src/folder/mod.rs", ""),
            ("crates/low/src/left_over.rs", ""),
            ("crates/low/tests/contract.rs", ""),
        ]);
        let places: Vec<String> = check(&tree, &Table::sample())
            .into_iter()
            .map(|f| f.place)
            .collect();
        assert_eq!(
            places,
            [
                "crates/low/src/used/orphan.rs",
                "crates/low/src/left_over.rs"
            ]
        );
    }
}
