//! The tasks of the house: `cargo xtask tidy` keeps its rules, `cargo xtask test` shows that it stands, `cargo xtask bench` measures it.

mod bench;
mod deny;
mod root;
mod test;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs the tasks of the house.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check the rules that no compiler knows: who leans on whom, sizes, names, first lines, documents.
    Tidy,
    /// Run every check and test, installing what they need; ends with one line of totals.
    Test(test::Options),
    /// Measure, each time beside a naive version or the bare minimum in the same run.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Tidy => tidy::run(),
        Task::Test(options) => test::run(&options),
        Task::Bench(options) => bench::run(&options),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
