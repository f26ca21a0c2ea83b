//! How long each question takes, on generated tenants and on exported policies:
//! `cargo run --release -p portcullis-analysis --example questions -- [FOLDER…]`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "a bench reads the clock and files, and prints; the crate itself does neither"
)]

mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::gap::Without;
use portcullis_analysis::lint::Administrators;
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Reaching, Selection};
use portcullis_analysis::side::Counted;
use portcullis_analysis::target::{ANY_OTHER_APPLICATION, Reached};
use portcullis_whatif::directory::{Directory, DirectoryTenant};

fn main() {
    println!(
        "{:<38} {:<34} {:>9} {:>9}  answer",
        "tenant", "question", "median", "worst"
    );
    for policies in [20, 200, 2000] {
        let tenant = world::generated(policies, 1000, 1);
        let after = world::edited(&tenant, 5);
        ask(
            &format!("{policies} policies, 1000 groups"),
            &tenant,
            Some(&after),
        );
    }
    for folder in std::env::args().skip(1) {
        let path = Path::new(&folder);
        let name = path
            .file_name()
            .map_or(folder.clone(), |name| name.to_string_lossy().into_owned());
        match world::exported(path) {
            Ok(tenant) => ask(&name, &tenant, None),
            Err(error) => println!("{name}: {error}"),
        }
    }
    println!("peak memory {} MiB", peak_memory_mib());
}

/// Median and worst of several runs, and what the last one answered.
fn measure(runs: usize, mut run: impl FnMut() -> String) -> (Duration, Duration, String) {
    let mut times = Vec::new();
    let mut answer = String::new();
    for _ in 0..runs {
        let begun = Instant::now();
        answer = run();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    (median, times.last().copied().unwrap_or_default(), answer)
}

fn told(tenant: &str, question: &str, (median, worst, answer): (Duration, Duration, String)) {
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    println!(
        "{tenant:<38} {question:<34} {:>9} {:>9}  {answer}",
        ms(median),
        ms(worst)
    );
}

fn ask(name: &str, tenant: &DirectoryTenant, after: Option<&DirectoryTenant>) {
    let directory = Directory::new([tenant.clone()]);
    let counted = Counted::ReportOnlyToo;
    let administrators = Administrators::default();
    let interest = administrators.interest();
    let build = || Analysis::new(&directory, tenant, counted, &interest);
    told(
        name,
        "build",
        measure(3, || {
            let analysis = build();
            format!("{} unknown", analysis.unknown().len())
        }),
    );
    let mut analysis = build();
    for (what, without) in [
        ("mfa", Without::mfa()),
        ("phishing-resistant mfa", Without::phishing_resistant_mfa()),
        ("managed device", Without::managed_device()),
        ("any policy", Without::AnyPolicy),
    ] {
        told(
            name,
            &format!("anybody without {what}?"),
            measure(9, || {
                let (end, witness) = analysis.gap(&without, &Selection::people()).unwrap();
                format!("{end:?}, {}", witness.is_some())
            }),
        );
        let one = Selection::people().reaching(Reaching::Any(
            [Reached::Application(ANY_OTHER_APPLICATION)].into(),
        ));
        told(
            name,
            &format!("one application without {what}?"),
            measure(9, || {
                let (_, witness) = analysis.gap(&without, &one).unwrap();
                format!("{}", witness.is_some())
            }),
        );
        told(
            name,
            &format!("6 classes without {what}"),
            measure(3, || {
                let gaps = analysis.gaps(&without, &Selection::people(), 6).unwrap();
                format!("{} classes, {}", gaps.gaps.len(), word(gaps.end))
            }),
        );
    }
    told(
        name,
        "lockout",
        measure(5, || {
            let found = analysis.lockout(&administrators).unwrap();
            format!("{found:?}").chars().take(12).collect()
        }),
    );
    told(
        name,
        "lint",
        measure(1, || {
            let found = build().lint(&administrators).unwrap();
            format!("{} findings", found.len())
        }),
    );
    if let Some(after) = after {
        told(
            name,
            "diff, 5 edits (3 classes of each)",
            measure(1, || {
                let mut analysis =
                    Analysis::of_change(&directory, tenant, after, counted, &Interest::default());
                let changes = analysis.differences(&Selection::default(), 3).unwrap();
                format!("{} kinds of change", changes.len())
            }),
        );
        told(
            name,
            "diff with itself",
            measure(1, || {
                let mut analysis =
                    Analysis::of_change(&directory, tenant, tenant, counted, &Interest::default());
                let changes = analysis.differences(&Selection::default(), 3).unwrap();
                format!("{} kinds of change", changes.len())
            }),
        );
    }
}

const fn word(end: End) -> &'static str {
    match end {
        End::Complete => "complete",
        End::Limit => "there is more",
        End::Unknown => "given up",
    }
}

fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
