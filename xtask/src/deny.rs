//! Reads deny.toml against the graph of other people's crates: licences, banned crates, sources.
//!
//! Advisories need a database, which cargo-deny fetches; `cargo xtask test` asks it where it is installed.
//! The rest is checked here, so that it is checked everywhere and in a second.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::root;

/// The parts of deny.toml that are read here; cargo-deny reads the others.
#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// A crate of other people that the house is built from.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    license: String,
}

/// What is read of Cargo.lock: where each crate comes from.
#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// Nothing for a crate of the house.
    source: Option<String>,
}

/// The answer: what is wrong, and how many crates were looked at.
pub(crate) struct Answer {
    pub(crate) findings: Vec<String>,
    pub(crate) crates: usize,
}

/// Reads deny.toml, asks cargo which crates are really built, and Cargo.lock where they come from.
pub(crate) fn check() -> Result<Answer> {
    let read =
        |name: &str| std::fs::read_to_string(root::workspace().join(name)).context(name.to_owned());
    let rules: Rules = toml::from_str(&read("deny.toml")?).context("deny.toml")?;
    let lock: Lock = toml::from_str(&read("Cargo.lock")?).context("Cargo.lock")?;
    // `cargo metadata` would list crates behind features that nobody switched on; the tree does not.
    let arguments = [
        "tree",
        "--workspace",
        "--target=all",
        "--edges=normal,build,dev",
    ];
    let mut command = root::cargo();
    command
        .args(arguments)
        .args(["--prefix=none", "--format={p}|{l}"]);
    let output = command.output().context("`cargo tree`")?;
    if !output.status.success() {
        bail!(
            "`cargo tree` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(judge(
        &rules,
        &packages(&String::from_utf8_lossy(&output.stdout)),
        &lock,
    ))
}

/// The crates of other people in the output of `cargo tree`: a line `name v1.2.3|MIT` each, ours with their folder.
fn packages(tree: &str) -> BTreeSet<Package> {
    let package = |line: &str| {
        // A crate that was listed before carries a star.
        let (package, license) = line.trim_end_matches(" (*)").split_once('|')?;
        let (name, rest) = package.split_once(" v")?;
        let version = rest.split(' ').next()?.to_owned();
        let is_ours = rest.contains("(/") || rest.contains(":\\");
        (!is_ours).then(|| Package {
            name: name.to_owned(),
            version,
            license: license.to_owned(),
        })
    };
    tree.lines().filter_map(package).collect()
}

fn judge(rules: &Rules, packages: &BTreeSet<Package>, lock: &Lock) -> Answer {
    let mut findings: Vec<String> = packages
        .iter()
        .flat_map(|package| judge_one(rules, package))
        .collect();
    for locked in &lock.package {
        let Some(source) = &locked.source else {
            continue;
        };
        let registry = source.strip_prefix("registry+").unwrap_or_default();
        if !rules
            .sources
            .allow_registry
            .iter()
            .any(|allowed| allowed == registry)
        {
            let who = format!("{} {}", locked.name, locked.version);
            findings.push(format!(
                "{who} comes from `{source}`, which deny.toml does not allow"
            ));
        }
    }
    if packages.is_empty() {
        findings.push(
            "the tree holds no crate of other people; the check looked at nothing".to_owned(),
        );
    }
    Answer {
        findings,
        crates: packages.len(),
    }
}

fn judge_one(rules: &Rules, package: &Package) -> Vec<String> {
    let Package {
        name,
        version,
        license,
    } = package;
    let who = format!("{name} {version}");
    let mut findings = Vec::new();
    if let Some(ban) = rules.bans.deny.iter().find(|ban| ban.name == *name) {
        findings.push(format!("{who} is banned: {}", ban.reason));
    }
    if license.is_empty() {
        findings.push(format!("{who} states no licence"));
        return findings;
    }
    match is_allowed(license, &rules.licenses.allow) {
        Ok(true) => {}
        Ok(false) => findings.push(format!(
            "{who} is licensed `{license}`, which deny.toml does not allow"
        )),
        Err(error) => findings.push(format!(
            "{who}: licence `{license}` cannot be read: {error}"
        )),
    }
    findings
}

/// Whether a licence expression can be satisfied with what is allowed. Older crates write `/` for `OR`.
fn is_allowed(license: &str, allowed: &[String]) -> Result<bool, String> {
    let expression = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX);
    let expression = expression.map_err(|error| error.reason.to_string())?;
    Ok(expression.evaluate(|requirement| {
        let name = requirement.license.id().map(|id| id.name);
        let plain = requirement.addition.is_none();
        plain && name.is_some_and(|name| allowed.iter().any(|license| license == name))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        toml::from_str(
            r#"
            licenses.allow = ["MIT", "Apache-2.0"]
            bans.deny = [{ crate = "ring", reason = "a second crypto stack" }]
            sources.allow-registry = ["https://good"]
            "#,
        )
        .unwrap()
    }

    /// The findings of a tree in which one crate of ours leads to one crate of others.
    fn findings(name: &str, license: &str, source: &str) -> Vec<String> {
        let tree =
            format!("portcullis-cli v0.1.0 (/home/us)|Apache-2.0\n{name} v1.0.0|{license}\n");
        let ours = Locked {
            name: "us".to_owned(),
            version: "1".to_owned(),
            source: None,
        };
        let its = Locked {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            source: Some(source.to_owned()),
        };
        judge(
            &rules(),
            &packages(&tree),
            &Lock {
                package: vec![ours, its],
            },
        )
        .findings
    }

    const GOOD: &str = "registry+https://good";

    #[test]
    fn what_deny_toml_allows_passes() {
        assert_eq!(findings("serde", "MIT/Apache-2.0", GOOD), [""; 0]);
        assert_eq!(
            findings("serde", "(GPL-3.0-only OR MIT) AND Apache-2.0", GOOD),
            [""; 0]
        );
    }

    #[test]
    fn a_banned_crate_is_found() {
        assert_eq!(
            findings("ring", "MIT", GOOD),
            ["ring 1.0.0 is banned: a second crypto stack"]
        );
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_found() {
        assert!(findings("x", "GPL-3.0-only", GOOD)[0].contains("does not allow"));
        assert!(findings("x", "MIT AND GPL-3.0-only", GOOD)[0].contains("does not allow"));
        assert!(findings("x", "", GOOD)[0].contains("states no licence"));
        assert!(findings("x", "nonsense of mine", GOOD)[0].contains("cannot be read"));
    }

    #[test]
    fn another_source_is_found() {
        assert!(findings("x", "MIT", "registry+https://bad")[0].contains("does not allow"));
        assert!(findings("x", "MIT", "git+https://good")[0].contains("does not allow"));
    }

    #[test]
    fn looking_at_nothing_is_a_finding() {
        let answer = judge(
            &rules(),
            &packages(""),
            &Lock {
                package: Vec::new(),
            },
        );
        assert_eq!(answer.findings.len(), 1);
    }
}
