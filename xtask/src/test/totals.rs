//! Adds the stages up to the one line that `cargo xtask test` ends with.

use std::time::Duration;

use super::count::Count;

/// How a stage ended.
#[derive(Debug)]
pub(super) enum Ended {
    Passed(Count),
    Failed(Count),
    Skipped,
}

#[derive(Debug, Default)]
pub(super) struct Totals {
    stages: usize,
    count: Count,
    failed: Vec<&'static str>,
    skipped: Vec<&'static str>,
}

impl Totals {
    pub(super) fn add(&mut self, stage: &'static str, ended: &Ended) {
        self.stages += 1;
        match ended {
            Ended::Passed(count) => self.count += *count,
            Ended::Failed(count) => {
                self.count += *count;
                self.failed.push(stage);
            }
            Ended::Skipped => self.skipped.push(stage),
        }
    }

    /// Green is: something ran, and nothing of it failed.
    pub(super) fn is_green(&self) -> bool {
        self.stages > self.skipped.len() && self.failed.is_empty() && self.count.failed == 0
    }

    /// The last line of a run.
    pub(super) fn line(&self, took: Duration) -> String {
        let named = |word: &str, stages: &[&str]| match stages {
            [] => String::new(),
            stages => format!(" ({word}: {})", stages.join(", ")),
        };
        format!(
            "{} {}{}{}, {} tests passed, {} failed, {} skipped, {}",
            self.stages,
            if self.stages == 1 { "stage" } else { "stages" },
            named("failed", &self.failed),
            named("skipped", &self.skipped),
            self.count.passed,
            self.count.failed,
            self.count.skipped,
            duration(took),
        )
    }
}

/// `42s`, `7m31s`.
pub(super) fn duration(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds / 60 {
        0 if seconds < 10 => format!("{:.1}s", took.as_secs_f32()),
        0 => format!("{seconds}s"),
        minutes => format!("{minutes}m{:02}s", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Count = Count {
        passed: 5,
        failed: 0,
        skipped: 1,
    };

    #[test]
    fn a_green_run() {
        let mut totals = Totals::default();
        totals.add("unit", &Ended::Passed(FIVE));
        totals.add("http", &Ended::Passed(FIVE));
        assert_eq!(
            totals.line(Duration::from_secs(451)),
            "2 stages, 10 tests passed, 0 failed, 2 skipped, 7m31s"
        );
        assert!(totals.is_green());
    }

    #[test]
    fn a_failed_stage_is_named_and_turns_the_run_red_even_when_no_test_failed() {
        let mut totals = Totals::default();
        totals.add("lint", &Ended::Failed(Count::default()));
        totals.add("unit", &Ended::Passed(FIVE));
        totals.add("browser", &Ended::Skipped);
        assert_eq!(
            totals.line(Duration::from_secs(12)),
            "3 stages (failed: lint) (skipped: browser), 5 tests passed, 0 failed, 1 skipped, 12s"
        );
        assert!(!totals.is_green());
    }

    #[test]
    fn a_run_of_nothing_is_not_green() {
        assert!(!Totals::default().is_green());
        let mut totals = Totals::default();
        totals.add("browser", &Ended::Skipped);
        assert!(!totals.is_green());
    }
}
