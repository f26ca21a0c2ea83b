//! Results as `JUnit` XML, which every build server reads.

use std::time::Duration;

use crate::fault::Fault;
use crate::run::{TestResult, Verdict};

/// The results of one file.
#[derive(Debug, Clone, Copy)]
pub struct Suite<'s> {
    /// The file.
    pub file: &'s str,
    /// What it is about; the file again, if it could not be read.
    pub name: &'s str,
    /// The tests that were run, and how long each took.
    pub results: &'s [(TestResult, Duration)],
    /// Why the file could not be run.
    pub faults: &'s [Fault],
}

/// The whole report.
pub fn report(suites: &[Suite<'_>]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let cases: usize = suites.iter().map(cases).sum();
    let failures: usize = suites.iter().map(failures).sum();
    let errors: usize = suites.iter().map(errors).sum();
    let seconds: f64 = suites.iter().map(seconds).sum();
    line(
        &mut xml,
        format_args!(
            "<testsuites name=\"portcullis test\" tests=\"{cases}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{seconds:.6}\">"
        ),
    );
    for suite in suites {
        write_suite(&mut xml, suite);
    }
    line(&mut xml, format_args!("</testsuites>"));
    xml
}

fn write_suite(xml: &mut String, suite: &Suite<'_>) {
    line(
        xml,
        format_args!(
            "  <testsuite name=\"{}\" file=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.6}\">",
            escaped(suite.name),
            escaped(suite.file),
            cases(suite),
            failures(suite),
            errors(suite),
            seconds(suite)
        ),
    );
    for (result, took) in suite.results {
        let case = format!(
            "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.6}\"",
            escaped(&result.name),
            escaped(suite.name),
            escaped(suite.file),
            result.position.line,
            took.as_secs_f64()
        );
        match &result.verdict {
            Verdict::Passed => line(xml, format_args!("{case}/>")),
            Verdict::Failed { differences, trace } => {
                let told = differences.iter().map(|one| {
                    format!(
                        "{}: expected {}, found {}",
                        one.member, one.expected, one.found
                    )
                });
                let told: Vec<String> = told.collect();
                let body = [told.clone(), trace.clone()].concat().join("\n");
                line(
                    xml,
                    format_args!(
                        "{case}>\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                        escaped(&told.join("; ")),
                        escaped(&body)
                    ),
                );
            }
            Verdict::Faulty { faults } => write_error(xml, &case, faults),
        }
    }
    for fault in suite.faults {
        let case = format!(
            "    <testcase name=\"the file can be run\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"0\"",
            escaped(suite.name),
            escaped(suite.file),
            fault.position.line
        );
        write_error(xml, &case, std::slice::from_ref(fault));
    }
    line(xml, format_args!("  </testsuite>"));
}

fn write_error(xml: &mut String, case: &str, faults: &[Fault]) {
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    line(
        xml,
        format_args!(
            "{case}>\n      <error message=\"{}\"/>\n    </testcase>",
            escaped(&told.join("\n"))
        ),
    );
}

/// Something else that was checked, for the same build servers.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it belongs to; cases of one suite stand together.
    pub suite: String,
    /// What was checked.
    pub name: String,
    /// What came of it.
    pub outcome: CaseOutcome,
}

/// What came of a check.
#[derive(Debug, Clone)]
pub enum CaseOutcome {
    /// It is as it should be.
    Passed,
    /// There was nothing to check, for this reason.
    Skipped(String),
    /// It is not, as this says.
    Failed(String),
    /// It could not be checked, as this says.
    Error(String),
}

/// A report of checks that are no policy tests.
pub fn cases_report(name: &str, cases: &[Case]) -> String {
    let count = |is: fn(&CaseOutcome) -> bool, suite: Option<&str>| {
        let of = cases
            .iter()
            .filter(|case| suite.is_none_or(|suite| case.suite == suite));
        of.filter(|case| is(&case.outcome)).count()
    };
    let counts = |suite: Option<&str>| {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"",
            count(|_| true, suite),
            count(|one| matches!(one, CaseOutcome::Failed(_)), suite),
            count(|one| matches!(one, CaseOutcome::Error(_)), suite),
            count(|one| matches!(one, CaseOutcome::Skipped(_)), suite)
        )
    };
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (name, all) = (escaped(name), counts(None));
    line(&mut xml, format_args!("<testsuites name=\"{name}\" {all}>"));
    let mut suites: Vec<&str> = cases.iter().map(|case| case.suite.as_str()).collect();
    suites.dedup();
    for suite in suites {
        let (name, counts) = (escaped(suite), counts(Some(suite)));
        line(
            &mut xml,
            format_args!("  <testsuite name=\"{name}\" {counts}>"),
        );
        for case in cases.iter().filter(|case| case.suite == suite) {
            let head = format!(
                "    <testcase name=\"{}\" classname=\"{name}\"",
                escaped(&case.name)
            );
            let (tag, told) = match &case.outcome {
                CaseOutcome::Passed => {
                    line(&mut xml, format_args!("{head}/>"));
                    continue;
                }
                CaseOutcome::Skipped(told) => ("skipped", told),
                CaseOutcome::Failed(told) => ("failure", told),
                CaseOutcome::Error(told) => ("error", told),
            };
            let told = escaped(told);
            line(
                &mut xml,
                format_args!("{head}>\n      <{tag} message=\"{told}\"/>\n    </testcase>"),
            );
        }
        line(&mut xml, format_args!("  </testsuite>"));
    }
    line(&mut xml, format_args!("</testsuites>"));
    xml
}

fn line(xml: &mut String, text: std::fmt::Arguments<'_>) {
    xml.push_str(&text.to_string());
    xml.push('\n');
}

fn cases(suite: &Suite<'_>) -> usize {
    suite.results.len().saturating_add(suite.faults.len())
}

fn failures(suite: &Suite<'_>) -> usize {
    let failed =
        |result: &&(TestResult, Duration)| matches!(result.0.verdict, Verdict::Failed { .. });
    suite.results.iter().filter(failed).count()
}

fn errors(suite: &Suite<'_>) -> usize {
    let faulty =
        |result: &&(TestResult, Duration)| matches!(result.0.verdict, Verdict::Faulty { .. });
    let faulty = suite.results.iter().filter(faulty).count();
    faulty.saturating_add(suite.faults.len())
}

fn seconds(suite: &Suite<'_>) -> f64 {
    suite
        .results
        .iter()
        .map(|(_, took)| took.as_secs_f64())
        .sum()
}

/// Text for an attribute or an element: XML has no way to say most control characters, so they become a replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
