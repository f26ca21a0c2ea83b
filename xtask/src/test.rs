//! Runs every check and test of the house, one stage after the other, and ends with one line of totals.

mod child;
mod count;
mod stages;
mod tools;
mod totals;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use stages::{STAGES, Stage};
use tools::Tools;
use totals::{Ended, Totals};

/// What `cargo xtask test` is told.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Options {
    /// The inner loop: format, lint, tidy and unit tests; installs nothing.
    #[arg(long, conflicts_with = "long")]
    fast: bool,
    /// Run the tests that take minutes as well.
    #[arg(long)]
    long: bool,
    /// Run this stage only; may be given several times.
    #[arg(long, value_name = "STAGE", conflicts_with_all = ["fast", "long"])]
    only: Vec<String>,
    /// Leave out a stage whose tools cannot be installed here, instead of failing it.
    #[arg(long)]
    skip_missing: bool,
    /// List the stages and run nothing.
    #[arg(long)]
    list: bool,
}

/// Runs the chosen stages. A stage that fails does not stop the ones after it: one run shows all there is to mend.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if options.list {
        for stage in STAGES {
            println!("{:10} {}", stage.name, stage.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = choose(options)?;
    let started = Instant::now();
    let mut totals = Totals::default();
    let mut tools = Tools::default();
    for (number, stage) in chosen.iter().enumerate() {
        println!(
            "[{:>2}/{}] {}: {}",
            number + 1,
            chosen.len(),
            stage.name,
            stage.what
        );
        let begun = Instant::now();
        let ended = run_stage(stage, &mut tools, options.skip_missing);
        let shown = totals::duration(begun.elapsed());
        match &ended {
            Ended::Passed(count) if count.ran() == 0 => println!("        ok, {shown}"),
            Ended::Passed(count) => println!("        ok, {} tests, {shown}", count.passed),
            Ended::Failed(_) => println!("        FAILED, {shown}"),
            Ended::Skipped => println!("        skipped, {shown}"),
        }
        totals.add(stage.name, &ended);
    }
    println!("{}", totals.line(started.elapsed()));
    Ok(if totals.is_green() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn choose(options: &Options) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = options
        .only
        .iter()
        .find(|name| STAGES.iter().all(|stage| stage.name != name.as_str()))
    {
        bail!("there is no stage `{unknown}`; `cargo xtask test --list` shows them");
    }
    let is_chosen = |stage: &&Stage| {
        if options.only.is_empty() {
            let is_wanted = options.long || stage.name != stages::LONG;
            is_wanted && (stage.fast || !options.fast)
        } else {
            options.only.iter().any(|name| name == stage.name) || is_built_for(stage, &options.only)
        }
    };
    Ok(STAGES.iter().filter(is_chosen).collect())
}

/// The clients and the browser talk to the binary, so choosing one of them chooses the stage that builds it as well.
fn is_built_for(stage: &Stage, chosen: &[String]) -> bool {
    let is_chosen_client =
        |client: &Stage| !client.needs.is_empty() && chosen.iter().any(|name| name == client.name);
    stage.name == stages::BUILD && STAGES.iter().any(is_chosen_client)
}

fn run_stage(stage: &Stage, tools: &mut Tools, skip_missing: bool) -> Ended {
    for tool in stage.needs {
        if let Err(missing) = tools.ensure(*tool) {
            println!("        missing: {missing}");
            return if skip_missing {
                Ended::Skipped
            } else {
                Ended::Failed(count::Count::default())
            };
        }
    }
    let outcome = match (stage.run)() {
        Ok(outcome) => outcome,
        Err(error) => {
            println!("        {error:#}");
            return Ended::Failed(count::Count::default());
        }
    };
    for note in &outcome.notes {
        println!("        note: {note}");
    }
    match outcome.problem {
        None => Ended::Passed(outcome.count),
        Some(problem) => {
            println!("{problem}");
            Ended::Failed(outcome.count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choosing_a_client_builds_the_binary_it_talks_to() {
        let names = |only: &[&str]| {
            let options = Options {
                fast: false,
                long: false,
                only: only.iter().map(|name| (*name).to_owned()).collect(),
                skip_missing: false,
                list: false,
            };
            let chosen = choose(&options).unwrap();
            chosen.iter().map(|stage| stage.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&["msal"]), ["build", "msal"]);
        assert_eq!(names(&["browser", "tidy"]), ["tidy", "build", "browser"]);
        assert_eq!(names(&["unit"]), ["unit"]);
        assert_eq!(names(&["long"]), ["long"]);
    }

    #[test]
    fn what_takes_minutes_is_run_only_when_it_is_asked_for() {
        let runs_long = |fast, long| {
            let options = Options {
                fast,
                long,
                only: Vec::new(),
                skip_missing: false,
                list: false,
            };
            let chosen = choose(&options).unwrap();
            chosen.iter().any(|stage| stage.name == stages::LONG)
        };
        assert!(!runs_long(false, false) && !runs_long(true, false));
        assert!(runs_long(false, true));
    }
}
