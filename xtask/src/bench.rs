//! `cargo xtask bench`: builds what is measured in release mode and runs the benchmark against it.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
pub(crate) struct Options {
    #[command(subcommand)]
    which: Which,
}

#[derive(Subcommand)]
enum Which {
    /// Whole sign-ins against a running server, beside a bare signature and a bare durable commit.
    Signin(Rest),
    /// Decisions per second against a naive evaluator.
    Decide(Rest),
    /// Commits per second with group commit and without.
    Commit(Rest),
}

#[derive(Parser)]
struct Rest {
    /// Handed to the benchmark; `-- --help` lists what it takes.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let (run, rest): (&[&str], &Rest) = match &options.which {
        Which::Signin(rest) => {
            cargo(&["build", "--release", "--package", "portcullis-cli"], &[])?;
            (
                &["run", "--release", "--package", "portcullis-benches"],
                rest,
            )
        }
        Which::Decide(rest) => (
            &[
                "run",
                "--release",
                "--package",
                "portcullis-policy",
                "--example",
                "decide_speed",
            ],
            rest,
        ),
        Which::Commit(rest) => (
            &[
                "run",
                "--release",
                "--package",
                "portcullis-store",
                "--example",
                "commit_rate",
            ],
            rest,
        ),
    };
    cargo(run, &rest.arguments)
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
