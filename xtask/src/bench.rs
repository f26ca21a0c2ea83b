//! `cargo xtask bench`: builds what is measured in release mode and runs the benchmark against it.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::root;

#[derive(Parser)]
pub(crate) struct Options {
    #[command(subcommand)]
    which: Which,
}

#[derive(Subcommand)]
enum Which {
    /// Whole sign-ins against a running server, beside a bare signature and a bare durable commit.
    Signin(Rest),
    /// One decision by our engine, by a plain loop, by bare bitmaps, by Cedar and by Rego, on the same generated worlds.
    Policy(Policy),
    /// Decisions per second against a naive evaluator.
    Decide(Rest),
    /// Commits per second with group commit and without.
    Commit(Rest),
    /// Questions over all possible sign-ins, on generated tenants and on the exports in the folders that are named.
    Analysis(Rest),
    /// A million past sign-ins decided again.
    Replay(Rest),
}

#[derive(Parser)]
struct Rest {
    /// Handed to the benchmark; `-- --help` lists what it takes.
    #[arg(last = true)]
    arguments: Vec<String>,
}

#[derive(Parser)]
struct Policy {
    /// Build without Cedar and Rego: seconds instead of minutes, for whoever works on our engine.
    #[arg(long)]
    only_ours: bool,
    #[command(flatten)]
    rest: Rest,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let (run, rest): (&[&str], &Rest) = match &options.which {
        Which::Policy(policy) => return compare_engines(policy),
        Which::Signin(rest) => {
            cargo(&["build", "--release", "--package", "portcullis-cli"], &[])?;
            (
                &["run", "--release", "--package", "portcullis-benches"],
                rest,
            )
        }
        Which::Decide(rest) => return example("portcullis-policy", "decide_speed", rest),
        Which::Commit(rest) => return example("portcullis-store", "commit_rate", rest),
        Which::Analysis(rest) => return example("portcullis-analysis", "questions", rest),
        Which::Replay(rest) => return example("portcullis-analysis", "replay_million", rest),
    };
    cargo(run, &rest.arguments)
}

fn example(package: &str, name: &str, rest: &Rest) -> Result<ExitCode> {
    let run = ["run", "--release", "--package", package, "--example", name];
    cargo(&run, &rest.arguments)
}

/// A workspace of its own, so that what we are compared with stays out of the product's lock file and of every other build.
fn compare_engines(options: &Policy) -> Result<ExitCode> {
    let manifest = root::workspace().join("benches/policy/Cargo.toml");
    let target = root::target().join("bench-policy");
    let (manifest, target) = (manifest.display().to_string(), target.display().to_string());
    let features: &[&str] = if options.only_ours {
        &["--no-default-features"]
    } else {
        &[]
    };
    let common = [
        "--release",
        "--locked",
        "--manifest-path",
        &manifest,
        "--target-dir",
        &target,
    ];
    // Both programs: the one that measures starts the one that counts.
    let build = [&["build"], &common[..], features].concat();
    cargo(&build, &[])?;
    let run = [&["run"], &common[..], &["--bin", "bench-policy"], features].concat();
    cargo(&run, &options.rest.arguments)
}

fn cargo(arguments: &[&str], rest: &[String]) -> Result<ExitCode> {
    let mut command = Command::new("cargo");
    command.args(arguments);
    if !rest.is_empty() {
        command.arg("--").args(rest);
    }
    let status = command.status().context("cannot run cargo")?;
    anyhow::ensure!(status.success(), "`cargo {}` failed", arguments.join(" "));
    Ok(ExitCode::SUCCESS)
}
