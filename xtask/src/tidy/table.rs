//! The table in xtask/tidy.toml: who may lean on whom, and how large things may grow.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) limits: Limits,
    pub(crate) names: Names,
    pub(crate) crates: BTreeMap<String, Crate>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) file_lines: usize,
    pub(crate) share_percent: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) forbidden: Vec<String>,
}

/// One crate's row.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Crate {
    pub(crate) may_use: Vec<String>,
    pub(crate) kept_out: Vec<String>,
    /// Our own crates that its tests may use on top: never what it is built from.
    #[serde(default)]
    pub(crate) tests_may_use: Vec<String>,
    #[serde(default)]
    pub(crate) own_clippy: bool,
    /// It stands outside of the house's workspace, with a lock file of its own: what it brings in reaches nobody else.
    #[serde(default)]
    pub(crate) own_workspace: bool,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("xtask/tidy.toml")
    }

    /// A small table for the rules' tests: `low` leans on nothing, `high` on `low` and has rules of its own.
    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self::parse(
            r#"
            limits = { file_lines = 10, share_percent = 40 }
            names = { forbidden = ["utils"] }
            [crates.low]
            may_use = []
            kept_out = ["tokio"]
            [crates.high]
            may_use = ["low"]
            kept_out = []
            tests_may_use = ["beside"]
            own_clippy = true
            [crates."benches/policy"]
            may_use = ["low"]
            kept_out = []
            own_workspace = true
            "#,
        )
        .unwrap()
    }
}

/// The crate's short name when the path is that of a crate's own folder: `model` for `crates/model/…`.
pub(crate) fn crate_of(path: &str) -> Option<&str> {
    match path.strip_prefix("crates/") {
        Some(rest) => rest.split_once('/').map(|(name, _)| name),
        None => ["xtask", "benches/policy", "benches"]
            .into_iter()
            .find(|name| {
                path.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('/'))
            }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_crate() {
        assert_eq!(crate_of("crates/model/src/id.rs"), Some("model"));
        assert_eq!(crate_of("xtask/src/main.rs"), Some("xtask"));
        assert_eq!(crate_of("benches/src/main.rs"), Some("benches"));
        assert_eq!(
            crate_of("benches/policy/src/main.rs"),
            Some("benches/policy")
        );
        assert_eq!(crate_of("docs/model/x.md"), None);
        assert_eq!(crate_of("crates/README.md"), None);
    }

    #[test]
    fn a_word_the_table_does_not_know_is_refused() {
        let text = "limits = { file_lines = 1, share_percent = 1 }\nnames = { forbidden = [] }\n[crates.a]\nmay_use = []\nkept_out = []\nmay_see = []";
        assert!(Table::parse(text).is_err());
    }
}
