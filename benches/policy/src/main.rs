//! `cargo xtask bench policy`: one decision by our engine, by a plain loop, by bare bitmaps, by Cedar and by Rego, in one run.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use mimalloc::MiMalloc;
use portcullis_bench_policy::answer::{Answer, Verdict};
use portcullis_bench_policy::bitmap::{self, Bitmaps};
use portcullis_bench_policy::naive::Naive;
use portcullis_bench_policy::report::{Engine, Measured, Report};
use portcullis_bench_policy::world::World;
use portcullis_bench_policy::{measure, memory, ours};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decide::decide;
use portcullis_policy::decision::Outcome;
use portcullis_policy::facts::SignIn;

// The same for every engine.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const NAIVE: &str = "naive loop over structs";
const BITMAPS: &str = "bare bitmaps, nothing told (reference point)";

/// Decides the same generated sign-ins by several engines, checks that all answer the same, and tells how long each takes.
#[derive(Parser)]
#[command(name = "cargo xtask bench policy --")]
struct Options {
    /// Policies of a tenant, one run for each.
    #[arg(default_values_t = [20, 200, 2_000])]
    policies: Vec<usize>,
    /// Sign-ins to decide.
    #[arg(long, default_value_t = 1_000)]
    sign_ins: usize,
    /// The same seed makes the same worlds.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds for each engine in each world, at least.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Leave Cedar and Rego out.
    #[arg(long)]
    without_others: bool,
    /// One JSON document instead of tables.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(options.sign_ins > 0, "`--sign-ins` must be at least 1");
    let engines = if has_others(&options) { 7 } else { 4 };
    let progress = Progress::new(engines * options.policies.len() + 1);
    let mut worlds = Vec::new();
    for policies in &options.policies {
        worlds.push(measure_world(&options, *policies, &progress)?);
    }
    progress.next("counting allocations");
    let memory = memory::count(options.seed, &options.policies, options.sign_ins)?;
    progress.bar.finish_and_clear();
    let report = Report {
        seed: options.seed,
        sign_ins: options.sign_ins,
        worlds,
        memory,
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", report.text(NAIVE, BITMAPS));
    }
    Ok(())
}

/// A bar in a terminal, else a line for each step.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new(steps: usize) -> Self {
        let bar = ProgressBar::new(steps as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }

    fn next(&self, message: &str) {
        self.bar.inc(1);
        self.bar.set_message(message.to_owned());
        if self.bar.is_hidden() {
            eprintln!("{message} …");
        }
    }
}

const fn has_others(options: &Options) -> bool {
    cfg!(feature = "others") && !options.without_others
}

/// What is given to every engine.
struct Run<'a> {
    world: World,
    truth: Vec<Answer>,
    budget: Duration,
    progress: &'a Progress,
}

impl Run<'_> {
    fn step(&self, name: &str) {
        self.progress
            .next(&format!("{} policies: {name}", self.world.policies.len()));
    }

    /// Compares the answers to the first so many sign-ins with the naive ones.
    fn check(
        &self,
        name: &str,
        count: usize,
        mut answer: impl FnMut(usize) -> Result<Answer>,
        agrees: fn(&Answer, &Answer) -> bool,
    ) -> Result<usize> {
        let count = count.min(self.truth.len());
        for (number, truth) in self.truth.iter().take(count).enumerate() {
            let answer = answer(number).with_context(|| format!("{name}: sign-in {number}"))?;
            ensure!(
                agrees(&answer, truth),
                "{name} answers {answer:?} and the naive loop {truth:?} to sign-in {number}, {:?}",
                self.world.sign_ins.get(number)
            );
        }
        Ok(count)
    }
}

fn measure_world(options: &Options, policies: usize, progress: &Progress) -> Result<Measured> {
    let world = World::generate(options.seed, policies, options.sign_ins);
    let budget = Duration::from_secs_f64(options.seconds);
    let (set_up, naive) = measure::milliseconds(5, || Naive::new(&world))?;
    let asked: Vec<_> = world.sign_ins.iter().map(Naive::sign_in).collect();
    let truth: Vec<Answer> = asked.iter().map(|one| naive.decide(one)).collect();
    let run = Run {
        world,
        truth,
        budget,
        progress,
    };
    run.step(NAIVE);
    let mut engines = vec![Engine {
        name: NAIVE,
        checked: run.truth.len(),
        nanoseconds: measure::nanoseconds(asked.len(), budget, |one| naive.decide(&asked[one]))?,
        set_up_milliseconds: set_up,
    }];
    engines.push(bare_bitmaps(&run)?);
    engines.extend(portcullis(&run)?);
    if has_others(options) {
        engines.extend(others::measure(&run)?);
    }
    let outcomes = |verdict| {
        run.truth
            .iter()
            .filter(|one| one.outcome == verdict)
            .count()
    };
    let applied: usize = run.truth.iter().map(|answer| answer.results.len()).sum();
    Ok(Measured {
        policies,
        policies_that_apply: applied as f64 / run.truth.len() as f64,
        granted: outcomes(Verdict::Granted),
        open: outcomes(Verdict::Open),
        blocked: outcomes(Verdict::Blocked),
        engines,
    })
}

fn bare_bitmaps(run: &Run<'_>) -> Result<Engine> {
    run.step(BITMAPS);
    let (set_up_milliseconds, bitmaps) = measure::milliseconds(5, || Bitmaps::new(&run.world))?;
    let sign_ins = &run.world.sign_ins;
    let mut found = Bitmaps::scratch();
    for (sign_in, truth) in sign_ins.iter().zip(&run.truth) {
        let outcome = bitmaps.decide(sign_in, &mut found);
        let numbers = truth.results.iter().map(|(number, _)| *number);
        ensure!(
            outcome == truth.outcome,
            "{BITMAPS} answers {outcome:?}: {truth:?}"
        );
        ensure!(
            bitmap::numbers(&found).eq(numbers),
            "{BITMAPS} finds other policies: {truth:?}"
        );
    }
    let nanoseconds = measure::nanoseconds(sign_ins.len(), run.budget, |one| {
        bitmaps.decide(&sign_ins[one], &mut found)
    })?;
    Ok(Engine {
        name: BITMAPS,
        checked: run.truth.len(),
        nanoseconds,
        set_up_milliseconds,
    })
}

fn portcullis(run: &Run<'_>) -> Result<[Engine; 2]> {
    const NAME: &str = "Portcullis, with the result of each policy";
    const TOLD: &str = "Portcullis, and the log's rows in words";
    run.step(NAME);
    let configuration = ours::configuration(&run.world)?;
    let (set_up_milliseconds, tenant) =
        measure::milliseconds(15, || CompiledTenant::compile(&configuration))?;
    let facts: Vec<Arc<SignIn>> = run.world.sign_ins.iter().map(ours::sign_in).collect();
    let checked = run.check(
        NAME,
        facts.len(),
        |one| ours::answer(&decide(&tenant, Arc::clone(&facts[one]))),
        ours::agrees,
    )?;
    let nanoseconds = measure::nanoseconds(facts.len(), run.budget, |one| {
        let decision = decide(&tenant, Arc::clone(&facts[one]));
        // Each result with the id of its policy, as a log would read them; and what holds of the session, once granted.
        decision.results().for_each(|result| {
            black_box(result);
        });
        let session = (decision.outcome == Outcome::Granted).then(|| decision.session_controls());
        (decision, session)
    })?;
    run.step(TOLD);
    let some = facts.len().min(100);
    let told = measure::nanoseconds(some, run.budget, |one| {
        decide(&tenant, Arc::clone(&facts[one])).policies()
    })?;
    Ok([
        Engine {
            name: NAME,
            checked,
            nanoseconds,
            set_up_milliseconds,
        },
        Engine {
            name: TOLD,
            checked,
            nanoseconds: told,
            set_up_milliseconds,
        },
    ])
}

#[cfg(not(feature = "others"))]
mod others {
    //! Built without them.

    pub(super) fn measure(_: &super::Run<'_>) -> anyhow::Result<Vec<super::Engine>> {
        Ok(Vec::new())
    }
}

#[cfg(feature = "others")]
mod others {
    //! Cedar and Rego.

    use anyhow::{Context as _, Result};
    use portcullis_bench_policy::answer::Answer;
    use portcullis_bench_policy::cedar::Cedar;
    use portcullis_bench_policy::measure::{milliseconds, nanoseconds};
    use portcullis_bench_policy::rego::{Machine, Rego};

    use super::{Engine, Run};

    /// Slow engines answer fewer of the sign-ins: all, or so many that one pass takes a second or two.
    fn patience(run: &Run<'_>) -> (usize, usize) {
        let all = run.truth.len();
        match run.world.policies.len() {
            0..=50 => (all, all),
            51..=500 => (all.min(300), all.min(300)),
            _ => (all.min(100), all.min(50)),
        }
    }

    pub(super) fn measure(run: &Run<'_>) -> Result<Vec<Engine>> {
        Ok(vec![
            cedar(run)?,
            rego(run, "regorus, interpreter", Machine::Interpreter)?,
            rego(run, "regorus, bytecode machine", Machine::Bytecode)?,
        ])
    }

    fn equal(one: &Answer, other: &Answer) -> bool {
        one == other
    }

    fn cedar(run: &Run<'_>) -> Result<Engine> {
        const NAME: &str = "cedar-policy";
        run.step(NAME);
        let (set_up_milliseconds, cedar) = milliseconds(1, || Cedar::new(&run.world))?;
        let cedar = cedar?;
        let (checked, timed) = patience(run);
        let sign_ins = run.world.sign_ins.iter().take(checked.max(timed));
        let questions: Result<Vec<_>> = sign_ins
            .map(|sign_in| Cedar::question(&run.world, sign_in))
            .collect();
        let questions = questions.context(NAME)?;
        let checked = run.check(NAME, checked, |one| cedar.decide(&questions[one]), equal)?;
        let nanoseconds = nanoseconds(timed, run.budget, |one| cedar.decide(&questions[one]))?;
        Ok(Engine {
            name: NAME,
            checked,
            nanoseconds,
            set_up_milliseconds,
        })
    }

    fn rego(run: &Run<'_>, name: &'static str, machine: Machine) -> Result<Engine> {
        run.step(name);
        let (set_up_milliseconds, rego) = milliseconds(1, || Rego::new(&run.world, machine))?;
        let mut rego = rego.context(name)?;
        let (checked, timed) = patience(run);
        let sign_ins = run.world.sign_ins.iter().take(checked.max(timed));
        let questions: Result<Vec<_>> = sign_ins
            .map(|sign_in| Rego::question(&run.world, sign_in))
            .collect();
        let questions = questions.context(name)?;
        let checked = run.check(name, checked, |one| rego.decide(&questions[one]), equal)?;
        let nanoseconds = nanoseconds(timed, run.budget, |one| rego.decide(&questions[one]))?;
        Ok(Engine {
            name,
            checked,
            nanoseconds,
            set_up_milliseconds,
        })
    }
}
