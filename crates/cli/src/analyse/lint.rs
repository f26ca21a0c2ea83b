//! `portcullis lint`: what is wrong, pointless or dangerous in a tenant's policies.

use std::collections::BTreeSet;

use owo_colors::OwoColorize as _;
use portcullis_analysis::lint::{Administrators, Finding, Rule, Severity};
use portcullis_analysis::told::Names;
use serde_json::json;

use super::force::Force;
use super::options::{FailOn, LintOptions};
use super::{Opened, Told, print};
use crate::output::{self, OutputFormat};

pub(super) async fn run(options: &LintOptions) -> anyhow::Result<Told> {
    let excepted = excepted(&options.except)?;
    let opened = Opened::open(&options.of).await?;
    let tenant = opened.tenant()?;
    let administrators = Administrators::default();
    let mut analysis = opened.analysis(options.of.counted(), &administrators.interest())?;
    let mut found = analysis.lint(&administrators)?;
    found.retain(|one| !excepted.contains(&one.rule));
    let names = Names::new(tenant).with(&opened.directory);
    let force = Force::of(tenant, options.of.counted());
    match options.of.output {
        OutputFormat::Text => {
            print::unknown(analysis.not_looked_at());
            force.tell();
            for one in &found {
                tell(one, &names);
            }
            summary(&found);
        }
        OutputFormat::Json => {
            let findings: Vec<_> = found
                .iter()
                .map(|one| {
                    json!({
                        "rule": one.rule.name(), "severity": one.rule.severity().name(),
                        "what": one.what, "why": one.rule.why(), "cure": one.cure,
                        "policies": one.policies,
                        "class": one.class.as_ref().map(|class| print::class_json(class, &names)),
                        "witness": one.witness.as_ref().map(|one| print::witness_json(one, &names)),
                    })
                })
                .collect();
            output::json(&json!({
                "tenant": tenant.name(), "findings": findings, "unknown": analysis.not_looked_at(),
                "policies": force.json(),
            }))?;
        }
    }
    let fails = |one: &Finding| match options.fail_on {
        FailOn::Error => one.rule.severity() == Severity::Error,
        FailOn::Warning => one.rule.severity() <= Severity::Warning,
        FailOn::Note => true,
    };
    Ok(if found.iter().any(fails) {
        Told::Something
    } else {
        Told::Nothing
    })
}

fn excepted(names: &[String]) -> anyhow::Result<BTreeSet<Rule>> {
    let rule = |name: &String| {
        let mut rules = Rule::ALL.iter();
        rules
            .find(|rule| rule.name() == name)
            .copied()
            .ok_or_else(|| {
                let all: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
                anyhow::anyhow!("there is no rule `{name}`; rules are: {}", all.join(", "))
            })
    };
    names.iter().map(rule).collect()
}

fn tell(finding: &Finding, names: &Names<'_>) {
    let severity = finding.rule.severity();
    let word = match severity {
        Severity::Error => severity.name().red().bold().to_string(),
        Severity::Warning => severity.name().yellow().bold().to_string(),
        Severity::Note => severity.name().cyan().to_string(),
    };
    let rule = finding.rule.name();
    output::line(format_args!(
        "{word} {}  {}",
        rule.dimmed(),
        finding.what.bold()
    ));
    output::line(format_args!("  {} {}", "why:".dimmed(), finding.rule.why()));
    output::line(format_args!("  {} {}", "do:".dimmed(), finding.cure));
    if let Some(class) = &finding.class {
        print::class(class, names);
    }
    if let Some(witness) = &finding.witness {
        print::witness(witness, names);
    }
}

fn summary(found: &[Finding]) {
    let count = |severity: Severity| {
        let of = found.iter().filter(|one| one.rule.severity() == severity);
        match of.count() {
            1 => format!("1 {}", severity.name()),
            many => format!("{many} {}s", severity.name()),
        }
    };
    if found.is_empty() {
        output::line(format_args!("{}", "nothing found".green()));
        return;
    }
    output::line(format_args!(
        "\n{}, {}, {}",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note)
    ));
}
