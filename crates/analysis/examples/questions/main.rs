//! How long each question takes, on generated tenants and on exported policies:
//! `cargo run --release -p portcullis-analysis --example questions -- [FOLDER…]`.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "a bench reads the clock and files, and prints; the crate itself does neither"
)]

mod naive;
mod world;

use std::path::Path;
use std::time::{Duration, Instant};

use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::gap::{Anybody, Without};
use portcullis_analysis::lint::{Administrators, Lockout};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Reaching, Selection};
use portcullis_analysis::side::Counted;
use portcullis_analysis::target::{ANY_OTHER_APPLICATION, Reached};
use portcullis_analysis::witness::Disagreement;
use portcullis_model::credential::AuthenticationMethod;
use portcullis_whatif::directory::{Directory, DirectoryTenant};

fn main() {
    println!(
        "{:<38} {:<44} {:>11} {:>11}  answer",
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

/// What a run answers, in words.
type Answered = Result<String, Disagreement>;

/// Median and worst of several runs, and what the last one answered.
fn measure(runs: usize, mut run: impl FnMut() -> Answered) -> (Duration, Duration, String) {
    let mut times = Vec::new();
    let mut answer = String::new();
    for _ in 0..runs {
        let begun = Instant::now();
        answer = run().unwrap_or_else(|error| error.to_string());
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    (median, times.last().copied().unwrap_or_default(), answer)
}

fn told(tenant: &str, question: &str, (median, worst, answer): (Duration, Duration, String)) {
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let (median, worst) = (ms(median), ms(worst));
    println!("{tenant:<38} {question:<44} {median:>11} {worst:>11}  {answer}");
}

fn ask(name: &str, tenant: &DirectoryTenant, after: Option<&DirectoryTenant>) {
    let directory = Directory::new([tenant.clone()]);
    let counted = Counted::ReportOnlyToo;
    let administrators = Administrators::default();
    let interest = administrators.interest();
    let build = || Analysis::new(&directory, tenant, counted, &interest);
    let times = measure(3, || Ok(format!("{} unknown", build().unknown().len())));
    told(name, "build", times);
    let mut analysis = build();
    ask_gaps(name, &mut analysis);
    if after.is_some() {
        ask_naively(name, tenant, &mut analysis);
    }
    let lockout = measure(5, || {
        Ok(match analysis.lockout(&administrators)? {
            Lockout::Open(_) => "open",
            Lockout::LockedOut(_) => "locked out",
            Lockout::NoAdministrator => "no administrator",
            Lockout::Unknown => "given up",
        }
        .to_owned())
    });
    told(name, "lockout", lockout);
    let lint = measure(1, || {
        let found = build().lint(&administrators)?;
        Ok(format!("{} findings", found.len()))
    });
    told(name, "lint, with building", lint);
    for (what, after) in after
        .map(|after| ("5 edits", after))
        .into_iter()
        .chain([("itself", tenant)])
    {
        let diff = measure(1, || {
            let mut analysis =
                Analysis::of_change(&directory, tenant, after, counted, &Interest::default());
            let changes = analysis.differences(&Selection::default(), 3)?;
            Ok(format!("{} kinds of change", changes.len()))
        });
        told(name, &format!("diff with {what}, with building"), diff);
    }
}

fn ask_gaps(name: &str, analysis: &mut Analysis) {
    for (what, without) in [
        ("mfa", Without::mfa()),
        ("phishing-resistant mfa", Without::phishing_resistant_mfa()),
        ("managed device", Without::managed_device()),
        ("any policy", Without::AnyPolicy),
    ] {
        let anybody = measure(9, || {
            let anybody = analysis.anybody(&without, &Selection::people())?;
            Ok(whether(&anybody).to_owned())
        });
        told(name, &format!("anybody without {what}?"), anybody);
        let one = [Reached::Application(ANY_OTHER_APPLICATION)].into();
        let one = Selection::people().reaching(Reaching::Any(one));
        let one = measure(9, || {
            let anybody = analysis.anybody(&without, &one)?;
            Ok(whether(&anybody).to_owned())
        });
        told(name, &format!("one application without {what}?"), one);
        let classes = measure(3, || {
            let gaps = analysis.gaps(&without, &Selection::people(), 6)?;
            Ok(format!("{} classes, {}", gaps.gaps.len(), word(gaps.end)))
        });
        told(name, &format!("6 classes without {what}"), classes);
    }
}

/// The same questions put to random sign-ins of a generated tenant, and how many times as long that takes.
fn ask_naively(name: &str, tenant: &DirectoryTenant, analysis: &mut Analysis) {
    use AuthenticationMethod as M;
    let without_keys = [M::Password, M::SoftwareOath, M::MicrosoftAuthenticatorPush];
    for (what, without, proven) in [
        ("mfa", Without::mfa(), &without_keys[..1]),
        (
            "phishing-resistant mfa",
            Without::phishing_resistant_mfa(),
            &without_keys[..],
        ),
    ] {
        let looked = naive::look(tenant, proven);
        let begun = Instant::now();
        let answer = match analysis.anybody(&without, &Selection::people()) {
            Ok(anybody) => whether(&anybody).to_owned(),
            Err(error) => error.to_string(),
        };
        let ours = begun.elapsed().as_secs_f64();
        let found = if looked.is_found {
            "somebody"
        } else {
            "nothing, which says nothing"
        };
        println!(
            "{name:<38} {:<44} {:>8.2} ms {:>11}  {found}, {} sign-ins, {:.2} times as long as the analyser, which says: {answer}",
            format!("random sign-ins without {what}"),
            looked.time.as_secs_f64() * 1e3,
            "",
            looked.sign_ins,
            looked.time.as_secs_f64() / ours,
        );
    }
}

const fn whether(anybody: &Anybody) -> &'static str {
    match anybody {
        Anybody::Somebody(_) => "somebody",
        Anybody::Nobody => "nobody",
        Anybody::Unknown => "unknown",
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
