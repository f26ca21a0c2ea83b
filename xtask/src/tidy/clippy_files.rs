//! The bans on ambient time, chance and environment bite in the pure crates, and stay that way.

use super::Finding;
use super::table::{Table, crate_of};
use crate::tree::Tree;

/// What the root's clippy.toml must ban: each of these would make a pure crate depend on when and where it runs.
const BANNED: [&str; 9] = [
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "uuid::Uuid::new_v4",
    "rand::random",
    "std::env::var",
    "std::fs::read",
    "reqwest::Client::new",
];

/// The keys that every clippy.toml shares with the root's.
const SHARED: [&str; 6] = [
    "too-many-lines-threshold",
    "allow-unwrap-in-tests",
    "allow-expect-in-tests",
    "allow-panic-in-tests",
    "allow-indexing-slicing-in-tests",
    "doc-valid-idents",
];

const ROOT: &str = "clippy.toml";

pub(super) fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let Some(root) = tree
        .get(ROOT)
        .and_then(|file| file.text.parse::<toml::Table>().ok())
    else {
        return vec![Finding::new(
            ROOT,
            "is missing or no TOML; the pure crates are kept pure by it",
        )];
    };
    let mut findings = bans(&root);
    for file in tree
        .files
        .iter()
        .filter(|file| file.name() == ROOT && file.path != ROOT)
    {
        let own = crate_of(&file.path)
            .and_then(|name| table.crates.get(name))
            .is_some_and(|row| row.own_clippy);
        if !own {
            let message = "this crate is pure: it takes the root's clippy.toml, and xtask/tidy.toml gives it none of its own";
            findings.push(Finding::new(&file.path, message));
        }
        let text = file.text.parse::<toml::Table>().unwrap_or_default();
        for key in SHARED
            .into_iter()
            .filter(|key| text.get(*key) != root.get(*key))
        {
            findings.push(Finding::new(
                &file.path,
                format!("`{key}` differs from the root's clippy.toml"),
            ));
        }
    }
    findings
}

/// The root bans what it must, and every ban has a reason.
fn bans(root: &toml::Table) -> Vec<Finding> {
    let methods: &[toml::Value] = root
        .get("disallowed-methods")
        .and_then(|list| list.as_array())
        .map_or(&[], Vec::as_slice);
    let text = |ban: &toml::Value, key: &str| {
        ban.get(key)
            .and_then(|value| value.as_str())
            .map(str::to_owned)
    };
    let missing = BANNED
        .iter()
        .filter(|path| {
            !methods
                .iter()
                .any(|ban| text(ban, "path").as_deref() == Some(**path))
        })
        .map(|path| {
            Finding::new(
                ROOT,
                format!("does not ban `{path}`, which no pure crate may call"),
            )
        });
    let unreasoned = methods
        .iter()
        .filter(|ban| text(ban, "reason").is_none_or(|reason| reason.is_empty()))
        .map(|ban| {
            Finding::new(
                ROOT,
                format!(
                    "bans `{}` without a reason",
                    text(ban, "path").unwrap_or_default()
                ),
            )
        });
    missing.chain(unreasoned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> String {
        let bans: Vec<String> = BANNED
            .iter()
            .map(|path| format!("{{ path = \"{path}\", reason = \"because\" }}"))
            .collect();
        format!(
            "too-many-lines-threshold = 70\ndisallowed-methods = [{}]\n",
            bans.join(",\n")
        )
    }

    fn found(root: &str, path: &str, text: &str) -> Vec<String> {
        let tree = Tree::planted([(ROOT, root), (path, text)]);
        check(&tree, &Table::sample())
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn a_crate_that_touches_the_world_may_have_its_own() {
        assert_eq!(
            found(
                &root(),
                "crates/high/clippy.toml",
                "too-many-lines-threshold = 70"
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_pure_crate_may_not() {
        let found = found(
            &root(),
            "crates/low/clippy.toml",
            "too-many-lines-threshold = 70",
        );
        assert!(found[0].contains("this crate is pure"));
    }

    #[test]
    fn a_limit_that_differs_is_found() {
        let found = found(
            &root(),
            "crates/high/clippy.toml",
            "too-many-lines-threshold = 700",
        );
        assert_eq!(
            found,
            ["`too-many-lines-threshold` differs from the root's clippy.toml"]
        );
    }

    #[test]
    fn a_lifted_ban_or_a_ban_without_reason_is_found() {
        let lifted = root().replace("std::env::var", "std::env::other");
        assert!(found(&lifted, "x", "")[0].contains("does not ban `std::env::var`"));
        let unreasoned = root().replacen("because", "", 1);
        assert!(found(&unreasoned, "x", "")[0].contains("without a reason"));
        assert!(!check(&Tree::default(), &Table::sample()).is_empty());
    }
}
