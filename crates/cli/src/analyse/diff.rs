//! `portcullis diff`: what changes between two sets of policies, for whom.

use owo_colors::OwoColorize as _;
use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::difference::{Change, Changed, Changes, ProofPlace};
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Selection};
use portcullis_analysis::told::Names;
use portcullis_model::conditional_access::GrantControl;
use portcullis_policy::decision::{Outcome, SessionDecision};
use portcullis_whatif::directory::{Directory, DirectoryTenant};
use portcullis_whatif::prose::session_words;
use serde_json::{Value, json};

use super::options::DiffOptions;
use super::{Told, one_tenant, print};
use crate::output::{self, OutputFormat};
use crate::whatif::world;

pub(super) async fn run(options: &DiffOptions) -> anyhow::Result<Told> {
    let of = &options.of;
    anyhow::ensure!(
        options.after.is_some() || !of.policies.is_empty(),
        "there is nothing to compare with: name a second set of policies, or drafts with --policies"
    );
    let directory = world::open(of.world.as_deref(), &of.data, of.unreadable()).await?;
    let before = one_tenant(&directory, of.tenant.as_deref())?.clone();
    let after = after(options, &before).await?;
    let interest = Interest::default();
    let mut analysis = Analysis::of_change(&directory, &before, &after, of.counted(), &interest);
    let changes = analysis.differences(&Selection::default(), of.limit())?;
    let names = Names::new(&before).with(&directory);
    let naming = Naming {
        names,
        before: &before,
        after: &after,
    };
    match of.output {
        OutputFormat::Text => {
            print::unknown(analysis.unknown());
            tell(&changes, &naming, analysis.unknown().is_empty());
        }
        OutputFormat::Json => {
            let all: Vec<Value> = changes.iter().map(|one| naming.changes_json(one)).collect();
            output::json(&json!({ "changes": all, "unknown": analysis.unknown() }))?;
        }
    }
    Ok(if changes.is_empty() {
        Told::Nothing
    } else {
        Told::Something
    })
}

/// The later version; what stands beside its policies counts too. Its people do not: they are those of before.
async fn after(options: &DiffOptions, before: &DirectoryTenant) -> anyhow::Result<DirectoryTenant> {
    let of = &options.of;
    let Some(path) = &options.after else {
        let mut after = before.clone();
        for path in &of.policies {
            after = world::with_drafts(&after, path)?;
        }
        return Ok(after);
    };
    let other: Directory = world::open(Some(path), &of.data, of.unreadable()).await?;
    let found = match other.tenant(before.id()) {
        Some(same) => same,
        None => one_tenant(&other, of.tenant.as_deref())?,
    };
    Ok(found.clone())
}

/// What things are called on both sides.
struct Naming<'a> {
    names: Names<'a>,
    before: &'a DirectoryTenant,
    after: &'a DirectoryTenant,
}

fn tell(changes: &[Changes], naming: &Naming<'_>, is_all_known: bool) {
    if changes.is_empty() && is_all_known {
        output::line(format_args!(
            "{}",
            "Both decide alike about every possible sign-in.".green()
        ));
        return;
    }
    if changes.is_empty() {
        output::line("Nothing else differs.");
        return;
    }
    for one in changes {
        output::line(format_args!("{}", naming.heading(&one.change).bold()));
        let policies = naming.policies(one);
        if !policies.is_empty() {
            output::line(format_args!("  {} {}", "by".dimmed(), policies.join(", ")));
        }
        for changed in &one.classes {
            print::class(&changed.class, &naming.names);
            print::witness(&changed.before, &naming.names);
            output::line(format_args!(
                "      {} {}  {} {}",
                "before".dimmed(),
                outcome(&changed.before.outcome),
                "after".dimmed(),
                outcome(&changed.after)
            ));
            if matches!(one.change, Change::Session(_)) {
                sessions(changed);
            }
        }
        print::end(one.end);
        output::line("");
    }
}

fn sessions(changed: &Changed) {
    let [before, after] = &changed.sessions;
    let words = |session: &SessionDecision| {
        let all = session_words(session);
        let all: Vec<String> = all
            .into_iter()
            .map(|(what, how, _)| format!("{what}: {how}"))
            .collect();
        if all.is_empty() {
            "nothing is said of the session".to_owned()
        } else {
            all.join("; ")
        }
    };
    output::line(format_args!(
        "      {} {}",
        "before".dimmed(),
        words(before)
    ));
    output::line(format_args!("      {} {}", "after".dimmed(), words(after)));
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Granted => "gets in".green().to_string(),
        Outcome::Blocked(block) => {
            let number = block.reason.error_code();
            format!("is blocked ({number})").red().to_string()
        }
        Outcome::Open(_) => "is asked for more".yellow().to_string(),
    }
}

impl Naming<'_> {
    fn heading(&self, change: &Change) -> String {
        match change {
            Change::LetIn => "Gets in who could not".to_owned(),
            Change::ShutOut => "Gets in no more".to_owned(),
            Change::NoLongerAsked(controls) => {
                format!("Is no longer asked for {}", self.controls(controls))
            }
            Change::NewlyAsked(controls) => {
                format!("Is newly asked for {}", self.controls(controls))
            }
            Change::CountsNow(place, controls) => {
                let (place, controls) = (place_words(*place), self.controls(controls));
                format!("What is proven {place} now counts for {controls}")
            }
            Change::CountsNoMore(place, controls) => {
                let (place, controls) = (place_words(*place), self.controls(controls));
                format!("What is proven {place} no longer counts for {controls}")
            }
            Change::Session(part) => format!("Another session: {}", part.name()),
        }
    }

    fn controls(&self, controls: &[GrantControl]) -> String {
        let words: Vec<String> = controls.iter().map(|one| self.control(one)).collect();
        words.join(" or ")
    }

    fn control(&self, control: &GrantControl) -> String {
        let name = print::name_of(control, &[self.before, self.after]);
        let named = |what: &str, id: String| {
            name.as_ref()
                .map_or_else(|| format!("{what} {id}"), |name| format!("{what} `{name}`"))
        };
        match control {
            GrantControl::AuthenticationStrength(id) => named("strength", id.to_string()),
            GrantControl::TermsOfUse(id) => named("terms", id.to_string()),
            GrantControl::Block
            | GrantControl::Mfa
            | GrantControl::CompliantDevice
            | GrantControl::DomainJoinedDevice
            | GrantControl::ApprovedApplication
            | GrantControl::CompliantApplication
            | GrantControl::PasswordChange
            | GrantControl::RiskRemediation
            | GrantControl::CustomAuthenticationFactor(_) => control.name().to_owned(),
        }
    }

    fn policies(&self, changes: &Changes) -> Vec<String> {
        let side = match changes.change {
            Change::NoLongerAsked(_) | Change::CountsNow(..) => self.before,
            Change::LetIn
            | Change::ShutOut
            | Change::NewlyAsked(_)
            | Change::CountsNoMore(..)
            | Change::Session(_) => self.after,
        };
        let names = Names::new(side);
        changes
            .policies
            .iter()
            .map(|id| format!("`{}`", names.policy(*id)))
            .collect()
    }

    fn changes_json(&self, changes: &Changes) -> Value {
        let kind = match &changes.change {
            Change::LetIn => "letIn",
            Change::ShutOut => "shutOut",
            Change::NoLongerAsked(_) => "noLongerAsked",
            Change::NewlyAsked(_) => "newlyAsked",
            Change::CountsNow(..) => "countsNow",
            Change::CountsNoMore(..) => "countsNoMore",
            Change::Session(_) => "session",
        };
        let classes: Vec<Value> = changes
            .classes
            .iter()
            .map(|one| {
                json!({
                    "class": print::class_json(&one.class, &self.names),
                    "witness": print::witness_json(&one.before, &self.names),
                    "before": outcome_word(&one.before.outcome),
                    "after": outcome_word(&one.after),
                })
            })
            .collect();
        json!({
            "kind": kind, "text": self.heading(&changes.change), "policies": changes.policies,
            "classes": classes, "end": print::end_word(changes.end),
            "isComplete": changes.end == End::Complete,
        })
    }
}

/// As the reader of a tenant sees it; `home` and `resource` in a policy test.
const fn place_words(place: ProofPlace) -> &'static str {
    match place {
        ProofPlace::Home => "at home",
        ProofPlace::Here => "here",
    }
}

fn outcome_word(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Granted => json!({ "outcome": "granted" }),
        Outcome::Blocked(block) => {
            json!({ "outcome": "blocked", "errorCode": block.reason.error_code() })
        }
        Outcome::Open(_) => json!({ "outcome": "asked" }),
    }
}
