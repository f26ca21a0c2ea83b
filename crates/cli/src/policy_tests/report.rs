//! What `portcullis test` prints: failures where they happen, totals at the end; JSON and XML for machines.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize as _;
use portcullis_scenario::compare::Difference;
use portcullis_scenario::fault::Fault;
use portcullis_scenario::junit::{self, Suite};
use portcullis_scenario::run::Verdict;
use serde_json::{Value, json};

use super::FileResult;
use crate::output;

/// All files together.
pub(super) struct Summary {
    pub(super) files: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) faulty: usize,
    pub(super) skipped: usize,
    pub(super) took: Duration,
}

impl Summary {
    /// How many tests gave an answer.
    pub(super) fn run(&self) -> usize {
        self.passed.saturating_add(self.failed)
    }

    pub(super) fn exit_code(&self) -> u8 {
        match (self.faulty, self.failed) {
            (0, 0) => 0,
            (0, _) => 1,
            (_, _) => 2,
        }
    }
}

/// How far the files are, on terminals only.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn start(files: usize) -> Self {
        let bar = ProgressBar::new(u64::try_from(files).unwrap_or(u64::MAX));
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Says something above the bar, and moves it on.
    pub(super) fn tell(&self, what: impl FnOnce()) {
        self.0.suspend(what);
        self.0.inc(1);
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// One file, for people.
pub(super) fn file(result: &FileResult, verbose: bool) {
    let passed = |verdict: &Verdict| matches!(verdict, Verdict::Passed);
    let all_passed = result.results.iter().all(|(test, _)| passed(&test.verdict));
    let number = result.results.len();
    let head = format!("{} ({})", result.name, result.file);
    if all_passed && result.faults.is_empty() {
        if number > 0 {
            let tests = count(number, "sign-in");
            output::line(format_args!("{}  {head}, {tests}", "ok".green().bold()));
        }
        if !verbose {
            return;
        }
    } else {
        output::line(format_args!("{}  {head}", "not ok".red().bold()));
    }
    for fault in &result.faults {
        output::line(format_args!("  {} {fault}", "cannot run".red()));
    }
    let mut told: Vec<&Fault> = Vec::new();
    for (test, _) in &result.results {
        let place = format!("{}:{}", result.file, test.position.line);
        match &test.verdict {
            Verdict::Passed if verbose => {
                output::line(format_args!("  {}  {}", "pass".green(), test.name));
            }
            Verdict::Passed => {}
            Verdict::Failed { differences, trace } => {
                let name = test.name.bold();
                output::line(format_args!(
                    "  {}  {name}  {}",
                    "fail".red(),
                    place.dimmed()
                ));
                differences.iter().for_each(difference);
                output::line(format_args!("      {}", "how it came about:".dimmed()));
                for line in trace {
                    output::line(format_args!("        {line}"));
                }
            }
            Verdict::Faulty { faults } => {
                for fault in faults {
                    // What is wrong with the defaults is wrong with many sign-ins, and told once.
                    if !told.contains(&fault) {
                        output::line(format_args!("  {} {fault}", "cannot run".red()));
                        told.push(fault);
                    }
                }
            }
        }
    }
}

fn difference(difference: &Difference) {
    output::line(format_args!("      {}", difference.member));
    output::line(format_args!(
        "        expected  {}",
        difference.expected.green()
    ));
    output::line(format_args!("        found     {}", difference.found.red()));
    if let Some(why) = &difference.why {
        output::line(format_args!("        because   {why}"));
    }
}

/// All files, for people.
pub(super) fn summary(summary: &Summary) {
    let passed = format!("{} passed", summary.passed);
    let mut told = vec![if summary.exit_code() == 0 {
        passed.green().to_string()
    } else {
        passed
    }];
    if summary.failed > 0 {
        told.push(format!("{} failed", summary.failed).red().to_string());
    }
    if summary.faulty > 0 {
        told.push(
            format!("{} cannot be run", summary.faulty)
                .red()
                .to_string(),
        );
    }
    if summary.skipped > 0 {
        told.push(format!("{} left out by --filter", summary.skipped));
    }
    output::line(format_args!(
        "\n{} in {} ({:.3} s)",
        told.join(", "),
        count(summary.files, "file"),
        summary.took.as_secs_f64()
    ));
}

fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// Everything, for machines.
pub(super) fn json(results: &[FileResult], summary: &Summary) -> Value {
    let files: Vec<Value> = results
        .iter()
        .map(|result| {
            let tests: Vec<_> = result.results.iter().map(|(test, _)| test).collect();
            json!({
                "file": result.file, "name": result.name, "faults": result.faults, "signIns": tests,
                "leftOut": result.skipped,
            })
        })
        .collect();
    json!({
        "passed": summary.passed, "failed": summary.failed, "cannotBeRun": summary.faulty, "leftOut": summary.skipped,
        "seconds": summary.took.as_secs_f64(), "files": files,
    })
}

/// Everything, for build servers.
pub(super) fn junit(results: &[FileResult]) -> String {
    let suites: Vec<Suite<'_>> = results
        .iter()
        .map(|result| Suite {
            file: &result.file,
            name: &result.name,
            results: &result.results,
            faults: &result.faults,
        })
        .collect();
    junit::report(&suites)
}
