//! How long something takes: CPU time of this thread, so that other load on the machine does not count as ours.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use cpu_time::ThreadTime;

/// Fewer passes than this have no median to speak of.
const PASSES_MIN: usize = 5;
const PASSES_MAX: usize = 2_001;

/// The median over passes of the mean nanoseconds of one call; a pass calls once for each of `count` questions.
pub fn nanoseconds<R>(
    count: usize,
    budget: Duration,
    mut call: impl FnMut(usize) -> R,
) -> Result<f64> {
    for number in 0..count.min(50) {
        black_box(call(number));
    }
    let started = Instant::now();
    let mut means = Vec::new();
    while means.len() < PASSES_MIN || (started.elapsed() < budget && means.len() < PASSES_MAX) {
        let pass = ThreadTime::now();
        for number in 0..count {
            black_box(call(number));
        }
        means.push(pass.elapsed().as_nanos() as f64 / count as f64);
    }
    median(means)
}

/// The median milliseconds of doing something whole, so many times; what it makes is dropped outside of the time.
pub fn milliseconds<R>(times: usize, mut make: impl FnMut() -> R) -> Result<(f64, R)> {
    let mut taken = Vec::new();
    let mut last = None;
    for _ in 0..times {
        drop(last.take());
        let begun = ThreadTime::now();
        last = Some(black_box(make()));
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok((median(taken)?, last.context("made nothing")?))
}

fn median(mut values: Vec<f64>) -> Result<f64> {
    values.sort_by(f64::total_cmp);
    values
        .get(values.len() / 2)
        .copied()
        .context("measured nothing")
}
