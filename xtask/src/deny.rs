//! Reads deny.toml against the graph of other people's crates: licences, banned crates, sources.
//!
//! Advisories need a database, which cargo-deny fetches; `cargo xtask test` asks it where it is installed.
//! The rest is checked here, so that it is checked everywhere and in a second.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::root;

/// The parts of deny.toml that are read here; cargo-deny reads the others.
#[derive(Debug, Deserialize)]
struct Rules {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Graph {
    targets: Vec<String>,
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

/// What `cargo metadata` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// Where it came from; nothing for a crate of the house.
    source: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// The answer: what is wrong, and how many crates were looked at.
pub(crate) struct Answer {
    pub(crate) findings: Vec<String>,
    pub(crate) crates: usize,
}

/// Reads deny.toml and asks cargo for the graph of the targets it names.
pub(crate) fn check() -> Result<Answer> {
    let text = std::fs::read_to_string(root::workspace().join("deny.toml")).context("deny.toml")?;
    let rules: Rules = toml::from_str(&text).context("deny.toml")?;
    let mut command = root::cargo();
    command.args(["metadata", "--format-version", "1"]);
    for target in &rules.graph.targets {
        command.args(["--filter-platform", target]);
    }
    let output = command.output().context("`cargo metadata`")?;
    if !output.status.success() {
        bail!(
            "`cargo metadata` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("`cargo metadata`")?;
    Ok(judge(&rules, &metadata))
}

fn judge(rules: &Rules, metadata: &Metadata) -> Answer {
    let reached = reached(metadata);
    let outside =
        |package: &&Package| package.source.is_some() && reached.contains(package.id.as_str());
    let packages: Vec<&Package> = metadata.packages.iter().filter(outside).collect();
    let mut findings: Vec<String> = packages
        .iter()
        .flat_map(|package| judge_one(rules, package))
        .collect();
    if packages.is_empty() {
        findings.push(
            "the graph holds no crate of other people; the check looked at nothing".to_owned(),
        );
    }
    Answer {
        findings,
        crates: packages.len(),
    }
}

/// The ids of everything that the workspace's members lead to.
fn reached(metadata: &Metadata) -> BTreeSet<&str> {
    let edges: BTreeMap<&str, &[String]> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (node.id.as_str(), node.dependencies.as_slice()))
        .collect();
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&str> = metadata
        .workspace_members
        .iter()
        .map(String::as_str)
        .collect();
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            waiting.extend(
                edges
                    .get(id)
                    .copied()
                    .unwrap_or_default()
                    .iter()
                    .map(String::as_str),
            );
        }
    }
    reached
}

fn judge_one(rules: &Rules, package: &Package) -> Vec<String> {
    let who = format!("{} {}", package.name, package.version);
    let mut findings = Vec::new();
    if let Some(ban) = rules.bans.deny.iter().find(|ban| ban.name == package.name) {
        findings.push(format!("{who} is banned: {}", ban.reason));
    }
    let source = package.source.as_deref().unwrap_or_default();
    let registry = source.strip_prefix("registry+").unwrap_or_default();
    if !rules
        .sources
        .allow_registry
        .iter()
        .any(|allowed| allowed == registry)
    {
        findings.push(format!(
            "{who} comes from `{source}`, which deny.toml does not allow"
        ));
    }
    match package.license.as_deref() {
        None => findings.push(format!("{who} states no licence")),
        Some(license) => match is_allowed(license, &rules.licenses.allow) {
            Ok(true) => {}
            Ok(false) => findings.push(format!(
                "{who} is licensed `{license}`, which deny.toml does not allow"
            )),
            Err(error) => findings.push(format!(
                "{who}: licence `{license}` cannot be read: {error}"
            )),
        },
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
            graph.targets = []
            licenses.allow = ["MIT", "Apache-2.0"]
            bans.deny = [{ crate = "ring", reason = "a second crypto stack" }]
            sources.allow-registry = ["https://good"]
            "#,
        )
        .unwrap()
    }

    /// A workspace `us` that leads to one crate `it`; a third crate is in the list but nothing leads to it.
    fn findings(name: &str, license: &str, source: &str) -> Vec<String> {
        let metadata = serde_json::from_value(serde_json::json!({
            "packages": [
                {"id": "us", "name": "us", "version": "1", "license": null, "source": null},
                {"id": "it", "name": name, "version": "1", "license": license, "source": source},
                {"id": "far", "name": "ring", "version": "1", "license": null, "source": "registry+https://bad"},
            ],
            "workspace_members": ["us"],
            "resolve": {"nodes": [{"id": "us", "dependencies": ["it"]}, {"id": "far", "dependencies": []}]},
        }));
        judge(&rules(), &metadata.unwrap()).findings
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
            ["ring 1 is banned: a second crypto stack"]
        );
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_found() {
        assert!(findings("x", "GPL-3.0-only", GOOD)[0].contains("does not allow"));
        assert!(findings("x", "MIT AND GPL-3.0-only", GOOD)[0].contains("does not allow"));
        assert!(findings("x", "nonsense of mine", GOOD)[0].contains("cannot be read"));
    }

    #[test]
    fn another_source_is_found() {
        assert!(findings("x", "MIT", "registry+https://bad")[0].contains("does not allow"));
        assert!(findings("x", "MIT", "git+https://good")[0].contains("does not allow"));
    }

    #[test]
    fn looking_at_nothing_is_a_finding() {
        let metadata: Metadata = serde_json::from_value(serde_json::json!({
            "packages": [], "workspace_members": [], "resolve": {"nodes": []},
        }))
        .unwrap();
        assert_eq!(judge(&rules(), &metadata).findings.len(), 1);
    }
}
