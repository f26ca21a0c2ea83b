//! `portcullis test`: runs policy tests and reports like a good test runner.
//!
//! Exit codes: 0 all passed, 1 something is not as expected, 2 something could not be run.

mod find;
mod report;
mod surroundings;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use portcullis_model::Timestamp;
use portcullis_scenario::fault::Fault;
use portcullis_scenario::load::load as load_tests;
use portcullis_scenario::prepare::Prepared;
use portcullis_scenario::run::{Runner, TestResult, Verdict};

use crate::command::TestOptions;
use crate::output::{self, OutputFormat};

use report::{Progress, Summary};
use surroundings::Folders;

/// What became of one file.
struct FileResult {
    file: String,
    name: String,
    results: Vec<(TestResult, Duration)>,
    /// Tests that `--filter` left out.
    skipped: usize,
    faults: Vec<Fault>,
}

pub(crate) fn run(options: &TestOptions) -> ExitCode {
    run_all(options).unwrap_or_else(|error| {
        output::failure(&error);
        ExitCode::from(2)
    })
}

fn run_all(options: &TestOptions) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let files = find::find(&options.paths)?;
    let folders = Folders::default();
    let progress = Progress::start(files.len());
    let mut results = Vec::new();
    for path in &files {
        let result = run_file(path, &folders, options);
        progress.tell(|| {
            if options.output == OutputFormat::Text {
                report::file(&result, options.verbose);
            }
        });
        results.push(result);
    }
    progress.finish();
    let summary = Summary::of(&results, began.elapsed());
    if let Some(file) = &options.junit {
        output::report(file, &report::junit(&results))?;
    }
    match options.output {
        OutputFormat::Text => report::summary(&summary),
        OutputFormat::Json => output::json(&report::json(&results, &summary))?,
    }
    if summary.run() == 0 && summary.faulty == 0 {
        anyhow::bail!(
            "no test was run: no sign-in's name has `{}` in it",
            options.filter.as_deref().unwrap_or_default()
        );
    }
    Ok(ExitCode::from(summary.exit_code()))
}

fn run_file(path: &Path, folders: &Folders, options: &TestOptions) -> FileResult {
    let file = path.display().to_string();
    let mut result = FileResult {
        name: file.clone(),
        file,
        results: Vec::new(),
        skipped: 0,
        faults: Vec::new(),
    };
    match load(path, &result.file, folders) {
        Ok(prepared) => {
            result.name.clone_from(&prepared.tests.name);
            run_prepared(&prepared, options.filter.as_deref(), &mut result);
        }
        Err(faults) => result.faults = faults,
    }
    result
}

fn load(path: &Path, file: &str, folders: &Folders) -> Result<Prepared, Vec<Fault>> {
    let bytes = find::read(path).map_err(|error| {
        vec![Fault {
            file: file.to_owned(),
            position: portcullis_scenario::fault::Position::default(),
            message: format!("cannot be read: {error}"),
        }]
    })?;
    load_tests(file, &bytes, folders)
}

fn run_prepared(prepared: &Prepared, filter: Option<&str>, result: &mut FileResult) {
    let filter = filter.map(str::to_lowercase);
    let mut runner = Runner::new(prepared, Timestamp::now());
    for test in &prepared.tests.sign_ins {
        let name = || test.name.to_lowercase();
        if filter
            .as_ref()
            .is_some_and(|wanted| !name().contains(wanted))
        {
            result.skipped = result.skipped.saturating_add(1);
            continue;
        }
        let began = Instant::now();
        let outcome = runner.run(test);
        result.results.push((outcome, began.elapsed()));
    }
}

impl Summary {
    fn of(results: &[FileResult], took: Duration) -> Self {
        let mut summary = Self {
            files: results.len(),
            passed: 0,
            failed: 0,
            faulty: 0,
            skipped: 0,
            took,
        };
        let one_more = |count: &mut usize| *count = count.saturating_add(1);
        for result in results {
            summary.skipped = summary.skipped.saturating_add(result.skipped);
            // A file is one thing that cannot be run, however much is wrong with it.
            if !result.faults.is_empty() {
                one_more(&mut summary.faulty);
            }
            for (test, _) in &result.results {
                match test.verdict {
                    Verdict::Passed => one_more(&mut summary.passed),
                    Verdict::Failed { .. } => one_more(&mut summary.failed),
                    Verdict::Faulty { .. } => one_more(&mut summary.faulty),
                }
            }
        }
        summary
    }
}
