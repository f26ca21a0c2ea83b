//! `portcullis check`: whether what must hold does hold of every possible sign-in.

use std::path::Path;

use anyhow::Context as _;
use owo_colors::OwoColorize as _;
use portcullis_analysis::invariant::file::InvariantFile;
use portcullis_analysis::invariant::{Invariant, Verdict};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::Interest;
use portcullis_analysis::told::Names;
use portcullis_scenario::junit::{Case, CaseOutcome, cases_report};
use serde_json::{Value, json};

use super::options::CheckOptions;
use super::{Opened, Told, print};
use crate::output::{self, OutputFormat};

/// The starter set: what public baselines agree on, each rule in our own words with its source.
const STARTER: &str = include_str!("../../../../scenarios/invariants/starter.yaml");
/// A file of invariants is small.
const SIZE_BYTES_MAX: u64 = 1024 * 1024;

/// One invariant and what it comes to.
struct Checked {
    file: String,
    invariant: Invariant,
    verdict: Verdict,
}

pub(super) async fn run(options: &CheckOptions) -> anyhow::Result<Told> {
    let opened = Opened::open(&options.of).await?;
    let tenant = opened.tenant()?;
    let mut all: Vec<(String, Invariant)> = Vec::new();
    let mut files: Vec<(String, InvariantFile)> = Vec::new();
    if options.starter {
        files.push((
            "the starter set".to_owned(),
            read("the starter set", STARTER)?,
        ));
    }
    for path in &options.invariants {
        files.push((path.display().to_string(), read_file(path)?));
    }
    for (name, file) in &files {
        let resolved = file.resolve(&opened.directory, tenant);
        let resolved = resolved.with_context(|| format!("cannot use `{name}`"))?;
        all.extend(resolved.into_iter().map(|one| (name.clone(), one)));
    }
    let selections = all.iter().map(|(_, invariant)| &invariant.selection);
    let mut analysis = opened.analysis(options.of.counted(), &Interest::of(selections))?;
    let mut checked = Vec::new();
    for (file, invariant) in all {
        let verdict = analysis.check(&invariant, options.of.limit())?;
        checked.push(Checked {
            file,
            invariant,
            verdict,
        });
    }
    let names = Names::new(tenant).with(&opened.directory);
    if let Some(path) = &options.junit {
        output::report(path, &junit(&checked, &names))?;
    }
    match options.of.output {
        OutputFormat::Text => {
            print::unknown(analysis.unknown());
            tell(&checked, &names);
        }
        OutputFormat::Json => output::json(&json!({
            "tenant": tenant.name(),
            "invariants": checked.iter().map(|one| one_json(one, &names)).collect::<Vec<_>>(),
            "unknown": analysis.unknown(),
        }))?,
    }
    let holds = |one: &Checked| match one.verdict {
        Verdict::Holds | Verdict::Vacuous => true,
        Verdict::Violated { .. } | Verdict::Unknown => false,
    };
    Ok(if checked.iter().all(holds) {
        Told::Nothing
    } else {
        Told::Something
    })
}

fn read_file(path: &Path) -> anyhow::Result<InvariantFile> {
    let name = path.display().to_string();
    let cannot = || format!("cannot read `{name}`");
    let size = std::fs::metadata(path).with_context(cannot)?.len();
    anyhow::ensure!(
        size <= SIZE_BYTES_MAX,
        "`{name}` has {size} bytes; a file of invariants has at most {SIZE_BYTES_MAX}"
    );
    read(&name, &std::fs::read_to_string(path).with_context(cannot)?)
}

/// YAML, of which JSON is a part.
fn read(name: &str, text: &str) -> anyhow::Result<InvariantFile> {
    serde_saphyr::from_str(text).with_context(|| {
        format!("`{name}` is no file of invariants (docs/reference/invariants.md says what is)")
    })
}

fn tell(checked: &[Checked], names: &Names<'_>) {
    let (mut held, mut broken, mut unknown, mut vacuous) = (0usize, 0usize, 0usize, 0usize);
    for one in checked {
        let name = &one.invariant.name;
        match &one.verdict {
            Verdict::Holds => {
                held += 1;
                output::line(format_args!("{}  {name}", "holds".green()));
            }
            Verdict::Vacuous => {
                vacuous += 1;
                output::line(format_args!(
                    "{}  {name}: there is no such sign-in, so it says nothing",
                    "empty".yellow()
                ));
            }
            Verdict::Unknown => {
                unknown += 1;
                output::line(format_args!(
                    "{}  {name}: the search was given up, or policies cannot be evaluated",
                    "unknown".yellow()
                ));
            }
            Verdict::Violated { violations, end } => {
                broken += 1;
                output::line(format_args!("{}  {}", "broken".red().bold(), name.bold()));
                if let Some(why) = &one.invariant.why {
                    output::line(format_args!("  {}", why.dimmed()));
                }
                if let Some(source) = &one.invariant.source {
                    output::line(format_args!("  {} {source}", "source:".dimmed()));
                }
                for violation in violations {
                    print::gap(violation, names);
                }
                print::end(*end);
            }
        }
    }
    output::line(format_args!(
        "\n{held} hold, {broken} are broken, {unknown} are not known, {vacuous} are about nobody"
    ));
}

fn one_json(checked: &Checked, names: &Names<'_>) -> Value {
    let (verdict, violations, end) = match &checked.verdict {
        Verdict::Holds => ("holds", Vec::new(), End::Complete),
        Verdict::Vacuous => ("vacuous", Vec::new(), End::Complete),
        Verdict::Unknown => ("unknown", Vec::new(), End::Unknown),
        Verdict::Violated { violations, end } => {
            let all = violations.iter().map(|gap| print::gap_json(gap, names));
            ("violated", all.collect(), *end)
        }
    };
    json!({
        "file": checked.file, "name": checked.invariant.name, "why": checked.invariant.why,
        "source": checked.invariant.source, "verdict": verdict, "violations": violations,
        "end": print::end_word(end),
    })
}

fn junit(checked: &[Checked], names: &Names<'_>) -> String {
    let cases = checked.iter().map(|one| Case {
        suite: one.file.clone(),
        name: one.invariant.name.clone(),
        outcome: match &one.verdict {
            Verdict::Holds => CaseOutcome::Passed,
            Verdict::Vacuous => CaseOutcome::Skipped("there is no such sign-in".to_owned()),
            Verdict::Unknown => CaseOutcome::Error(
                "not known: the search was given up, or policies cannot be evaluated".to_owned(),
            ),
            Verdict::Violated { violations, .. } => {
                let lines = violations.iter().map(|gap| {
                    format!("{}\n  for instance {}", gap.class, gap.witness.told(names))
                });
                CaseOutcome::Failed(lines.collect::<Vec<_>>().join("\n"))
            }
        },
    });
    cases_report("portcullis check", &cases.collect::<Vec<_>>())
}
