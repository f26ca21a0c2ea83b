//! Arrows between crates only point where the table says, and every outside crate is pinned once, with its reason.

use toml::Value;

use super::Finding;
use super::table::{Table, crate_of};
use crate::tree::{File, Tree};

const OURS: &str = "portcullis-";

pub(super) fn check(tree: &Tree, table: &Table) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|file| file.name() == "Cargo.toml");
    let mut findings: Vec<Finding> = manifests
        .filter_map(|file| Some((file, crate_of(&file.path)?)))
        .flat_map(|(file, name)| manifest(file, name, table))
        .collect();
    if let Some(root) = tree.get("Cargo.toml") {
        findings.extend(reasons(root));
    }
    findings
}

/// The findings of one crate's manifest.
fn manifest(file: &File, name: &str, table: &Table) -> Vec<Finding> {
    let finding = |message: String| Finding::new(&file.path, message);
    let Ok(manifest) = file.text.parse::<toml::Table>() else {
        return vec![finding("is no TOML".to_owned())];
    };
    let Some(row) = table.crates.get(name) else {
        return vec![finding(format!(
            "crate `{name}` has no row in xtask/tidy.toml; say there what it may use"
        ))];
    };
    let mut findings: Vec<Finding> = membership(&manifest, row.own_workspace)
        .into_iter()
        .map(|message| finding(message.to_owned()))
        .collect();
    for (section, dependency, value) in dependencies(&manifest) {
        let for_tests = section == "dev-dependencies";
        if let Some(ours) = dependency.strip_prefix(OURS) {
            let listed = |list: &[String]| list.iter().any(|may| may == ours);
            let for_tests_only = for_tests && (ours == "testkit" || listed(&row.tests_may_use));
            let allowed = listed(&row.may_use) || for_tests_only;
            if !allowed {
                let message = format!(
                    "`{name}` may not lean on `{ours}`: xtask/tidy.toml says whom it may use"
                );
                findings.push(finding(message));
            }
        }
        if !for_tests && row.kept_out.iter().any(|out| out == dependency) {
            findings.push(finding(format!(
                "`{dependency}` is kept out of `{name}` by xtask/tidy.toml"
            )));
        }
        if !row.own_workspace && value.get("workspace") != Some(&Value::Boolean(true)) {
            let message = format!(
                "`{dependency}` is not pinned in the root Cargo.toml; write `{dependency}.workspace = true`"
            );
            findings.push(finding(message));
        }
    }
    findings
}

/// A crate takes the workspace's lints; one that stands outside says so and forbids unsafe code by itself.
fn membership(manifest: &toml::Table, own_workspace: bool) -> Option<&'static str> {
    let lints = |name: &str| manifest.get("lints").and_then(|lints| lints.get(name));
    if !own_workspace {
        let taken = lints("workspace") == Some(&Value::Boolean(true));
        return (!taken)
            .then_some("does not take the workspace's lints; add `[lints] workspace = true`");
    }
    if !manifest.contains_key("workspace") {
        return Some("is no workspace of its own, as xtask/tidy.toml says; add `[workspace]`");
    }
    let unsafe_code = lints("rust").and_then(|rust| rust.get("unsafe_code"));
    let forbidden = unsafe_code.and_then(Value::as_str) == Some("forbid");
    (!forbidden).then_some("allows unsafe code; add `unsafe_code = \"forbid\"` to `[lints.rust]`")
}

/// Every dependency of a manifest, whichever section and target it stands under.
fn dependencies(manifest: &toml::Table) -> Vec<(&'static str, &str, &Value)> {
    const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets
        .into_iter()
        .flat_map(toml::Table::values)
        .filter_map(Value::as_table);
    let mut all = Vec::new();
    for table in std::iter::once(manifest).chain(targets) {
        for section in SECTIONS {
            let Some(entries) = table.get(section).and_then(Value::as_table) else {
                continue;
            };
            all.extend(
                entries
                    .iter()
                    .map(|(name, value)| (section, name.as_str(), value)),
            );
        }
    }
    all
}

/// Every outside crate in the root manifest says why it is there.
fn reasons(root: &File) -> Vec<Finding> {
    root.text
        .lines()
        .skip_while(|line| *line != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains('=') && !line.starts_with('#') && !line.starts_with(OURS))
        .filter(|line| !line.contains(" # "))
        .map(|line| {
            let name = line.split_once('=').map_or(line, |(name, _)| name.trim());
            Finding::new(
                &root.path,
                format!("`{name}` has no reason; say in a comment on its line what it is for"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::planted([(path, text)]);
        check(&tree, &Table::sample())
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn an_arrow_in_the_table_is_allowed() {
        let text = format!(
            "{LINTS}[dependencies]\nportcullis-low.workspace = true\nserde.workspace = true"
        );
        assert_eq!(found("crates/high/Cargo.toml", &text), [""; 0]);
    }

    #[test]
    fn an_arrow_against_the_table_is_found() {
        let text = format!("{LINTS}[dependencies]\nportcullis-high.workspace = true");
        assert!(found("crates/low/Cargo.toml", &text)[0].contains("may not lean on `high`"));
    }

    #[test]
    fn an_arrow_hidden_under_a_target_or_among_tests_is_found() {
        let text =
            format!("{LINTS}[target.'cfg(unix)'.dependencies]\nportcullis-high.workspace = true");
        assert!(found("crates/low/Cargo.toml", &text)[0].contains("may not lean on `high`"));
        let text = format!("{LINTS}[dev-dependencies]\nportcullis-high.workspace = true");
        assert!(found("crates/low/Cargo.toml", &text)[0].contains("may not lean on `high`"));
    }

    #[test]
    fn tests_of_any_crate_may_use_the_test_kit_but_the_crate_may_not() {
        let text = format!("{LINTS}[dev-dependencies]\nportcullis-testkit.workspace = true");
        assert_eq!(found("crates/low/Cargo.toml", &text), [""; 0]);
        let text = format!("{LINTS}[dependencies]\nportcullis-testkit.workspace = true");
        assert!(found("crates/low/Cargo.toml", &text)[0].contains("may not lean on `testkit`"));
    }

    #[test]
    fn what_only_tests_may_use_is_found_outside_of_them() {
        let text = format!("{LINTS}[dev-dependencies]\nportcullis-beside.workspace = true");
        assert_eq!(found("crates/high/Cargo.toml", &text), [""; 0]);
        let text = format!("{LINTS}[dependencies]\nportcullis-beside.workspace = true");
        assert!(found("crates/high/Cargo.toml", &text)[0].contains("may not lean on `beside`"));
    }

    #[test]
    fn a_crate_outside_of_the_workspace_pins_by_itself_but_keeps_to_the_table() {
        let outside =
            "[workspace]\n[lints.rust]\nunsafe_code = \"forbid\"\n[dependencies]\nserde = \"1\"\n";
        let path = "benches/policy/Cargo.toml";
        assert_eq!(found(path, outside), [""; 0]);
        let text = format!("{outside}portcullis-high = {{ path = \"x\" }}");
        assert!(found(path, &text)[0].contains("may not lean on `high`"));
        let inside = outside.replace("[workspace]\n", "");
        assert!(found(path, &inside)[0].contains("is no workspace of its own"));
        assert!(found(path, "[workspace]\n")[0].contains("allows unsafe code"));
    }

    #[test]
    fn a_crate_that_is_kept_out_is_found() {
        let text = format!("{LINTS}[dependencies]\ntokio.workspace = true");
        assert_eq!(
            found("crates/low/Cargo.toml", &text),
            ["`tokio` is kept out of `low` by xtask/tidy.toml"]
        );
        assert_eq!(found("crates/high/Cargo.toml", &text), [""; 0]);
    }

    #[test]
    fn a_version_of_its_own_is_found() {
        let text = format!("{LINTS}[dependencies]\nserde = \"1\"");
        assert!(found("crates/high/Cargo.toml", &text)[0].contains("not pinned in the root"));
    }

    #[test]
    fn a_crate_without_a_row_or_without_the_lints_is_found() {
        assert!(found("crates/new/Cargo.toml", LINTS)[0].contains("no row"));
        assert!(found("crates/low/Cargo.toml", "")[0].contains("lints"));
    }

    #[test]
    fn an_outside_crate_without_a_reason_is_found() {
        let text = "[workspace.dependencies]\nportcullis-low = { path = \"x\" }\na = \"1\" # why\nb = \"1\"\n\n[other]\nc = 1\n";
        assert_eq!(
            found("Cargo.toml", text),
            ["`b` has no reason; say in a comment on its line what it is for"]
        );
    }
}
