//! Reads how many tests passed, failed and were skipped out of what each test runner prints at its end.

use std::ops::AddAssign;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Count {
    /// How many tests were run at all.
    pub(crate) fn ran(self) -> usize {
        self.passed + self.failed
    }

    /// Reads the output of cargo-nextest, `cargo test`, `node --test` and Python's unittest alike: each has lines of its
    /// own form, and a run that printed several of them (one per crate) is added up.
    pub(crate) fn read(output: &str) -> Self {
        let mut count = Self::default();
        let mut python_ran = 0;
        for line in output.lines() {
            let line = line.trim();
            if let Some(rest) = line.strip_prefix("test result:") {
                count += Self::named(rest, ["passed", "failed", "ignored"]);
            } else if line.starts_with("Summary [") {
                let (_, rest) = line.split_once(':').unwrap_or(("", ""));
                let mut nextest = Self::named(rest, ["passed", "failed", "skipped"]);
                nextest.failed +=
                    number_before(rest, "timed out") + number_before(rest, "exec failed");
                count += nextest;
            } else if let Some(rest) = line.strip_prefix("# ") {
                count += Self::tap(rest);
            } else if let Some(rest) = line.strip_prefix("Ran ") {
                python_ran = rest
                    .split(' ')
                    .next()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0);
            } else if line == "OK" || line.starts_with("OK (") || line.starts_with("FAILED (") {
                count += Self::python(line, std::mem::take(&mut python_ran));
            }
        }
        count
    }

    fn named(text: &str, [passed, failed, skipped]: [&str; 3]) -> Self {
        Self {
            passed: number_before(text, passed),
            failed: number_before(text, failed),
            skipped: number_before(text, skipped),
        }
    }

    fn tap(rest: &str) -> Self {
        let Some((word, number)) = rest.split_once(' ') else {
            return Self::default();
        };
        let number = number.parse().unwrap_or(0);
        match word {
            "pass" => Self {
                passed: number,
                ..Self::default()
            },
            "fail" | "cancelled" => Self {
                failed: number,
                ..Self::default()
            },
            "skipped" | "todo" => Self {
                skipped: number,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn python(line: &str, ran: usize) -> Self {
        let value = |key: &str| {
            let (_, after) = line.split_once(key)?;
            after.split([',', ')']).next()?.parse::<usize>().ok()
        };
        let failed = value("failures=").unwrap_or(0) + value("errors=").unwrap_or(0);
        let skipped = value("skipped=").unwrap_or(0);
        Self {
            passed: ran.saturating_sub(failed + skipped),
            failed,
            skipped,
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The number that stands before `word`: 5 in `5 passed, 1 failed` for `passed`; 0 when the word is not there.
fn number_before(text: &str, word: &str) -> usize {
    let Some((before, _)) = text.split_once(word) else {
        return 0;
    };
    before
        .split_whitespace()
        .next_back()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(output: &str, expect: [usize; 3]) {
        let Count {
            passed,
            failed,
            skipped,
        } = Count::read(output);
        assert_eq!([passed, failed, skipped], expect, "{output}");
    }

    #[test]
    fn nextest() {
        check(
            "     Summary [   0.012s] 5 tests run: 5 passed, 0 skipped",
            [5, 0, 0],
        );
        check(
            "     Summary [   1.2s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 3 skipped",
            [6, 3, 3],
        );
    }

    #[test]
    fn cargo_test_adds_up_its_crates() {
        let one = "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
        check(&format!("{one}noise\n{one}"), [10, 0, 2]);
        check(
            "test result: FAILED. 1 passed; 2 failed; 0 ignored",
            [1, 2, 0],
        );
    }

    #[test]
    fn node() {
        check(
            "# tests 4\n# suites 0\n# pass 2\n# fail 1\n# cancelled 1\n# skipped 3\n# todo 0\n",
            [2, 2, 3],
        );
    }

    #[test]
    fn python() {
        check("Ran 7 tests in 0.1s\n\nOK\n", [7, 0, 0]);
        check("Ran 7 tests in 0.1s\n\nOK (skipped=2)\n", [5, 0, 2]);
        check(
            "Ran 7 tests in 0.1s\n\nFAILED (failures=1, errors=2, skipped=1)\n",
            [3, 3, 1],
        );
    }

    #[test]
    fn nothing() {
        check("", [0, 0, 0]);
    }
}
