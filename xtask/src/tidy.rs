//! Reads the whole house and names each place that breaks one of its rules.
//!
//! A rule is a function from the tree of files to findings: no rule touches the disk, so each has tests that plant a
//! violation and see it found.

mod clippy_files;
mod dead_files;
mod dependencies;
mod documents;
mod first_lines;
mod loose_ends;
mod names;
mod sizes;
mod table;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::tree::Tree;
use table::Table;

/// One place that breaks a rule: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    place: String,
    message: String,
}

impl Finding {
    fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }
}

/// What the rules say about a tree.
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    /// The last two lines: how the house is divided, and the count.
    pub(crate) summary: [String; 2],
}

type Rule = fn(&Tree, &Table) -> Vec<Finding>;

const RULES: [Rule; 8] = [
    clippy_files::check,
    dead_files::check,
    dependencies::check,
    documents::check,
    first_lines::check,
    loose_ends::check,
    names::check,
    sizes::check,
];

/// Applies every rule to the house on disk.
pub(crate) fn inspect() -> Result<Report> {
    let tree = Tree::from_disk()?;
    let table = tree
        .get("xtask/tidy.toml")
        .context("xtask/tidy.toml is missing")?;
    let table = Table::parse(&table.text)?;
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree, &table)).collect();
    let count = format!(
        "{} rules over {} files, {} findings",
        RULES.len(),
        tree.files.len(),
        findings.len()
    );
    Ok(Report {
        summary: [sizes::shares(&tree, &table), count],
        findings,
    })
}

impl Report {
    /// What `cargo xtask tidy` prints.
    pub(crate) fn lines(&self) -> Vec<String> {
        let findings = self.findings.iter();
        let findings = findings.map(|finding| format!("{}: {}", finding.place, finding.message));
        findings.chain(self.summary.clone()).collect()
    }
}

/// The task itself: prints what was found and fails when there is anything.
pub(crate) fn run() -> Result<ExitCode> {
    let report = inspect()?;
    for line in report.lines() {
        println!("{line}");
    }
    Ok(if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
