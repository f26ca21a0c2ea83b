//! The stages of `cargo xtask test`, in the order in which they are run: the cheap ones first.

use std::process::Command;

use anyhow::Result;

use super::child;
use super::count::Count;
use super::tools::{self, Tool};
use crate::{deny, root, tidy};

/// One stage: its name for `--only`, what it shows, and what it needs that is not Rust.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Whether it belongs to the inner loop.
    pub(super) fast: bool,
    pub(super) needs: &'static [Tool],
    pub(super) run: fn() -> Result<Outcome>,
}

/// How a stage went: the tests it counted, and the text to show when it failed.
pub(super) struct Outcome {
    pub(super) count: Count,
    pub(super) problem: Option<String>,
    pub(super) notes: Vec<String>,
}

/// The stage that the clients and the browser stand on.
pub(super) const BUILD: &str = "build";

/// The tests that take minutes; run when asked for.
pub(super) const LONG: &str = "long";

pub(super) const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        what: "rustfmt would change nothing",
        fast: true,
        needs: &[],
        run: format,
    },
    Stage {
        name: "tidy",
        what: "the rules that no compiler knows",
        fast: true,
        needs: &[],
        run: tidy,
    },
    Stage {
        name: "lint",
        what: "clippy has nothing to say",
        fast: true,
        needs: &[],
        run: lint,
    },
    Stage {
        name: "deny",
        what: "licences, bans and sources of other people's crates",
        fast: false,
        needs: &[],
        run: deny,
    },
    Stage {
        name: "unit",
        what: "the tests beside the code",
        fast: true,
        needs: &[],
        run: unit,
    },
    Stage {
        name: "doc",
        what: "the examples in the documentation",
        fast: false,
        needs: &[],
        run: doc,
    },
    Stage {
        name: "contract",
        what: "the store keeps its contract",
        fast: false,
        needs: &[],
        run: contract,
    },
    Stage {
        name: "http",
        what: "the server over HTTP, requirement by requirement",
        fast: false,
        needs: &[],
        run: http,
    },
    Stage {
        name: "scenario",
        what: "whole sign-ins, and the binary under kill -9",
        fast: false,
        needs: &[],
        run: scenario,
    },
    Stage {
        name: LONG,
        what: "races over a thousand rounds; only with --long",
        fast: false,
        needs: &[],
        run: long,
    },
    Stage {
        name: BUILD,
        what: "the binary that the clients and the browser talk to",
        fast: false,
        needs: &[],
        run: build,
    },
    Stage {
        name: "msal",
        what: "MSAL for Python signs in",
        fast: false,
        needs: &[Tool::Python],
        run: msal,
    },
    Stage {
        name: "openid",
        what: "openid-client for Node signs in",
        fast: false,
        needs: &[Tool::Node],
        run: openid,
    },
    Stage {
        name: "browser",
        what: "Chromium walks the stories of the demo, axe looks at each page",
        fast: false,
        needs: &[Tool::Node, Tool::Chromium],
        run: browser,
    },
];

/// The crates whose integration tests have a stage of their own; the others' are the `scenario` stage.
const CONTRACT: &str = "store";
const HTTP: &str = "server";

fn format() -> Result<Outcome> {
    plain("format", root::cargo().args(["fmt", "--all", "--check"]))
}

fn lint() -> Result<Outcome> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ];
    plain("lint", root::cargo().args(arguments))
}

fn tidy() -> Result<Outcome> {
    let report = tidy::inspect()?;
    let problem = (!report.findings.is_empty()).then(|| report.lines().join("\n"));
    Ok(Outcome {
        count: Count::default(),
        problem,
        notes: Vec::new(),
    })
}

fn deny() -> Result<Outcome> {
    let answer = deny::check()?;
    let mut notes = vec![format!("{} crates of other people", answer.crates)];
    let mut problem = (!answer.findings.is_empty()).then(|| answer.findings.join("\n"));
    if root::on_path("cargo-deny").is_some() {
        let ran = child::run(
            "advisories",
            root::cargo().args(["deny", "check", "advisories"]),
        )?;
        let unreachable = ran.output.contains("failed to fetch advisory database");
        if unreachable {
            notes.push(
                "advisories were not checked: the RustSec database cannot be reached".to_owned(),
            );
        } else if !ran.success {
            problem.get_or_insert_default().push_str(&ran.last_lines());
        }
    } else {
        let how = "`cargo install --locked cargo-deny`";
        notes.push(format!(
            "advisories were not checked: cargo-deny is not installed ({how})"
        ));
    }
    Ok(Outcome {
        count: Count::default(),
        problem,
        notes,
    })
}

fn unit() -> Result<Outcome> {
    rust_tests("unit", &["--workspace", "--lib", "--bins"])
}

fn doc() -> Result<Outcome> {
    let ran = child::run("doc", root::cargo().args(["test", "--workspace", "--doc"]))?;
    let problem = (!ran.success).then(|| ran.last_lines());
    Ok(Outcome {
        count: Count::read(&ran.output),
        problem,
        notes: Vec::new(),
    })
}

fn contract() -> Result<Outcome> {
    integration_tests("contract", |name| name == CONTRACT)
}

fn http() -> Result<Outcome> {
    integration_tests("http", |name| name == HTTP)
}

fn scenario() -> Result<Outcome> {
    integration_tests("scenario", |name| name != CONTRACT && name != HTTP)
}

fn build() -> Result<Outcome> {
    plain(
        "build",
        root::cargo().args(["build", "--package", "portcullis-cli"]),
    )
}

fn msal() -> Result<Outcome> {
    let python = root::workspace().join("e2e/.venv/bin/python");
    let mut command = root::command(&python.to_string_lossy());
    command.current_dir(root::workspace().join("e2e"));
    command.args([
        "-m",
        "unittest",
        "discover",
        "--start-directory",
        "msal",
        "--pattern",
        "test_*.py",
        "--verbose",
    ]);
    tests("msal", with_binary(&mut command))
}

fn openid() -> Result<Outcome> {
    tests("openid", with_binary(&mut node_tests(&["openid"])))
}

fn browser() -> Result<Outcome> {
    let mut command = node_tests(&["harness", "browser"]);
    if let Some(browser) = tools::browser() {
        command.env("CHROMIUM", browser);
    }
    tests("browser", with_binary(&mut command))
}

/// Node's own test runner over the files of some folders, one after the other: each starts a server of its own.
fn node_tests(folders: &[&str]) -> Command {
    let mut command = root::command("node");
    command.current_dir(root::workspace().join("e2e"));
    command.args(["--test", "--test-concurrency=1", "--test-reporter=tap"]);
    command.args(folders.iter().flat_map(|folder| test_files(folder)));
    command
}

fn test_files(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root::workspace().join("e2e").join(folder)) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut files: Vec<String> = names
        .filter(|name| name.ends_with(".test.mjs"))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    files
}

/// Tells the tests where the binary of the `build` stage is.
fn with_binary(command: &mut Command) -> &mut Command {
    command.env("PORTCULLIS", root::target().join("debug/portcullis"))
}

/// The races whose rounds are cut elsewhere, with all of them.
fn long() -> Result<Outcome> {
    rust_tests(
        LONG,
        &[
            "--package=portcullis-signin",
            "--features=long-races",
            "--test=token",
            "b07_",
        ],
    )
}

/// The integration tests of the crates that `is_chosen` picks out of those that have any.
fn integration_tests(stage: &str, is_chosen: impl Fn(&str) -> bool) -> Result<Outcome> {
    let mut packages = Vec::new();
    for entry in std::fs::read_dir(root::workspace().join("crates"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_chosen(&name) && entry.path().join("tests").is_dir() {
            packages.push(format!("--package=portcullis-{name}"));
        }
    }
    packages.sort();
    if packages.is_empty() {
        return Ok(failed("no crate has tests for this stage"));
    }
    let mut arguments: Vec<&str> = packages.iter().map(String::as_str).collect();
    arguments.extend(["--test", "*"]);
    rust_tests(stage, &arguments)
}

/// Rust tests, by cargo-nextest where it is installed.
fn rust_tests(stage: &str, arguments: &[&str]) -> Result<Outcome> {
    let mut command = root::cargo();
    if root::on_path("cargo-nextest").is_some() {
        command
            .args(["nextest", "run", "--no-fail-fast"])
            .args(arguments);
    } else {
        command.args(["test", "--no-fail-fast"]).args(arguments);
    }
    tests(stage, &mut command)
}

/// A test runner: it must succeed, and it must have run something.
fn tests(stage: &str, command: &mut Command) -> Result<Outcome> {
    let ran = child::run(stage, command)?;
    let count = Count::read(&ran.output);
    let problem = if !ran.success || count.failed > 0 {
        Some(ran.last_lines())
    } else if count.ran() == 0 {
        Some(format!(
            "        no test was run; a stage that shows nothing fails\n{}",
            ran.last_lines()
        ))
    } else {
        None
    };
    Ok(Outcome {
        count,
        problem,
        notes: Vec::new(),
    })
}

/// A program that only succeeds or fails.
fn plain(stage: &str, command: &mut Command) -> Result<Outcome> {
    let ran = child::run(stage, command)?;
    let problem = (!ran.success).then(|| ran.last_lines());
    Ok(Outcome {
        count: Count::default(),
        problem,
        notes: Vec::new(),
    })
}

fn failed(why: &str) -> Outcome {
    Outcome {
        count: Count::default(),
        problem: Some(format!("        {why}")),
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_loop_installs_nothing() {
        assert!(
            STAGES
                .iter()
                .all(|stage| !stage.fast || stage.needs.is_empty())
        );
        let fast: Vec<&str> = STAGES
            .iter()
            .filter(|stage| stage.fast)
            .map(|stage| stage.name)
            .collect();
        assert_eq!(fast, ["format", "tidy", "lint", "unit"]);
    }

    #[test]
    fn a_runner_that_ran_nothing_fails() {
        let outcome = super::tests(
            "test-of-nothing",
            root::command("sh").args(["-c", "exit 0"]),
        )
        .unwrap();
        assert!(outcome.problem.unwrap().contains("no test was run"));
    }

    #[test]
    fn a_runner_that_exits_well_with_failed_tests_fails() {
        let mut command = root::command("sh");
        command.args(["-c", "echo '# pass 3'; echo '# fail 1'"]);
        let outcome = super::tests("test-of-failures", &mut command).unwrap();
        assert_eq!((outcome.count.passed, outcome.count.failed), (3, 1));
        assert!(outcome.problem.is_some());
    }

    #[test]
    fn a_runner_that_crashes_after_good_tests_fails() {
        let mut command = root::command("sh");
        command.args(["-c", "echo '# pass 3'; exit 1"]);
        assert!(
            super::tests("test-of-crash", &mut command)
                .unwrap()
                .problem
                .is_some()
        );
    }
}
