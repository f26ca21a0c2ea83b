//! `portcullis gaps`: who gets a token without something.

use owo_colors::OwoColorize as _;
use portcullis_analysis::analysis::Analysis;
use portcullis_analysis::gap::{Gaps, Without};
use portcullis_analysis::invariant::file::without;
use portcullis_analysis::region::End;
use portcullis_analysis::selection::{Interest, Reaching, Selection};
use portcullis_analysis::target::Reached;
use portcullis_analysis::told::{Names, kind};
use portcullis_analysis::who::{Home, SubjectKind};
use portcullis_model::conditional_access::GrantControl;
use portcullis_model::id::{AgreementId, AuthenticationStrengthId};
use portcullis_whatif::directory::DirectoryTenant;
use serde_json::json;
use uuid::Uuid;

use super::force::Force;
use super::options::GapsOptions;
use super::{Opened, Told, print};
use crate::output::{self, OutputFormat};

/// Some sign-ins, and how they are called.
struct Population {
    name: String,
    /// One kind, where it is one.
    kind: Option<SubjectKind>,
    selection: Selection,
}

/// What is found of one.
struct Covered {
    name: String,
    end: End,
    is_open: bool,
    /// Registers something without what is asked for; not looked at where applications are named.
    registers: bool,
    /// The directory lists nobody who could.
    has_nobody: bool,
}

/// All that is found.
struct Answer {
    covered: Vec<Covered>,
    people: Gaps,
    /// What people do to their own account; not looked at where applications are named.
    registering: Option<Gaps>,
    /// Only asked for any policy: nothing that a person proves is proven by an application.
    workloads: Option<Gaps>,
}

impl Answer {
    fn told(&self) -> Told {
        let is_open = |gaps: &Gaps| !gaps.gaps.is_empty() || gaps.end == End::Unknown;
        let mut others = self.registering.iter().chain(&self.workloads);
        if is_open(&self.people) || others.any(is_open) {
            Told::Something
        } else {
            Told::Nothing
        }
    }
}

pub(super) async fn run(options: &GapsOptions) -> anyhow::Result<Told> {
    let opened = Opened::open(&options.of).await?;
    let tenant = opened.tenant()?;
    let wanted = without(&options.without.clone().into(), tenant).map_err(anyhow::Error::msg)?;
    let reaching = reaching(options, &opened)?;
    let interest = Interest::of([&Selection::people().reaching(reaching.clone())]);
    let mut analysis = opened.analysis(options.of.counted(), &interest)?;
    let answer = ask(options, &opened, (&mut analysis, &wanted), &reaching)?;
    let names = Names::new(tenant).with(&opened.directory);
    match options.of.output {
        OutputFormat::Text => {
            print::unknown(analysis.unknown());
            Force::of(tenant, options.of.counted()).tell();
            let what = wanted_words(&options.without, tenant);
            coverage(&answer.covered, &what);
            tell(&format!("People without {what}"), &answer.people, &names);
            if let Some(registering) = &answer.registering {
                let heading = format!("Registering something without {what}");
                tell(&heading, registering, &names);
            }
            if let Some(workloads) = &answer.workloads {
                tell("Workload identities without any policy", workloads, &names);
            }
        }
        OutputFormat::Json => {
            let gaps = |gaps: &Gaps| {
                let all = gaps.gaps.iter();
                let all: Vec<_> = all.map(|gap| print::gap_json(gap, &names)).collect();
                json!({ "end": print::end_word(gaps.end), "classes": all })
            };
            let populations: Vec<_> = answer
                .covered
                .iter()
                .map(|one| {
                    json!({
                        "name": one.name, "isOpen": one.is_open, "registers": one.registers,
                        "end": print::end_word(one.end), "hasNobody": one.has_nobody,
                    })
                })
                .collect();
            output::json(&json!({
                "tenant": tenant.name(), "without": options.without, "populations": populations,
                "people": gaps(&answer.people), "registering": answer.registering.as_ref().map(gaps),
                "workloadIdentities": answer.workloads.as_ref().map(gaps),
                "unknown": analysis.unknown(), "policies": Force::of(tenant, options.of.counted()).json(),
            }))?;
        }
    }
    Ok(answer.told())
}

fn ask(
    options: &GapsOptions,
    opened: &Opened,
    (analysis, wanted): (&mut Analysis, &Without),
    reaching: &Reaching,
) -> anyhow::Result<Answer> {
    let actions = Reaching::actions();
    let asks_actions = *reaching == Reaching::Applications;
    let mut covered = Vec::new();
    for population in populations(opened, reaching)? {
        let found = analysis.gaps(wanted, &population.selection, 1)?;
        let registering = if asks_actions && found.gaps.is_empty() {
            let selection = population.selection.reaching(actions.clone());
            Some(analysis.gaps(wanted, &selection, 1)?)
        } else {
            None
        };
        let is_unknown = |gaps: &Gaps| gaps.end == End::Unknown;
        covered.push(Covered {
            name: population.name,
            is_open: !found.gaps.is_empty(),
            registers: registering.as_ref().is_some_and(|one| !one.gaps.is_empty()),
            has_nobody: population.kind.is_some_and(|one| analysis.has_nobody(one)),
            end: if registering.as_ref().is_some_and(is_unknown) {
                End::Unknown
            } else {
                found.end
            },
        });
    }
    let limit = options.of.limit();
    let people = Selection::people();
    let registering = people.clone().reaching(actions);
    let workloads = Selection::workload_identities().reaching(reaching.clone());
    Ok(Answer {
        covered,
        people: analysis.gaps(wanted, &people.reaching(reaching.clone()), limit)?,
        registering: if asks_actions {
            Some(analysis.gaps(wanted, &registering, limit)?)
        } else {
            None
        },
        workloads: match wanted {
            Without::AnyPolicy => Some(analysis.gaps(wanted, &workloads, limit)?),
            Without::Controls(_) => None,
        },
    })
}

/// As it was asked for; what was asked for by id, by its name.
fn wanted_words(without: &[String], tenant: &DirectoryTenant) -> String {
    let words = without.iter().map(|word| {
        let Ok(id) = word.parse::<Uuid>() else {
            return word.clone();
        };
        let strength = GrantControl::AuthenticationStrength(AuthenticationStrengthId::new(id));
        let terms = GrantControl::TermsOfUse(AgreementId::new(id));
        let mut named = [strength, terms].into_iter();
        let named = named.find_map(|control| print::name_of(&control, &[tenant]));
        named.map_or_else(|| word.clone(), |name| format!("`{name}`"))
    });
    words.collect::<Vec<String>>().join(" or ")
}

fn reaching(options: &GapsOptions, opened: &Opened) -> anyhow::Result<Reaching> {
    if options.app.is_empty() {
        return Ok(Reaching::Applications);
    }
    let tenant = opened.tenant()?;
    let named = options.app.iter().map(|name| {
        let id = tenant.find_application(name)?;
        Ok(Reached::Application(id))
    });
    Ok(Reaching::Any(named.collect::<anyhow::Result<_>>()?))
}

/// Members, each type of external user, and the users of each partner.
fn populations(opened: &Opened, reaching: &Reaching) -> anyhow::Result<Vec<Population>> {
    let tenant = opened.tenant()?;
    let people = SubjectKind::ALL.into_iter().filter(|one| one.is_person());
    let mut all: Vec<Population> = people
        .map(|one| Population {
            name: kind(one).to_owned(),
            kind: Some(one),
            selection: Selection::of_kinds([one]).reaching(reaching.clone()),
        })
        .collect();
    let names = Names::new(tenant).with(&opened.directory);
    for partner in &tenant.configuration().cross_tenant_access_policy.partners {
        let home = Home::Tenant(partner.tenant_id);
        let mut selection = Selection::people().reaching(reaching.clone());
        selection.homes.insert(home);
        all.push(Population {
            name: format!("users of {}", names.home(home)),
            kind: None,
            selection,
        });
    }
    Ok(all)
}

fn coverage(covered: &[Covered], what: &str) {
    output::line(format_args!(
        "{}",
        format!("Who can get in without {what}").bold()
    ));
    for one in covered {
        let verdict = match (one.is_open, one.end) {
            (false, End::Complete | End::Limit) if one.has_nobody => {
                "nobody today".dimmed().to_string()
            }
            (true, _) => "can".red().to_string(),
            _ if one.registers => "can register something only".red().to_string(),
            (false, End::Unknown) => "not known".yellow().to_string(),
            (false, End::Complete | End::Limit) => "cannot".green().to_string(),
        };
        output::line(format_args!("  {:<40} {verdict}", one.name));
    }
    output::line("");
}

fn tell(heading: &str, gaps: &Gaps, names: &Names<'_>) {
    if gaps.gaps.is_empty() && gaps.end == End::Complete {
        output::line(format_args!("{}: {}", heading.bold(), "nobody".green()));
        return;
    }
    output::line(format_args!("{}", heading.bold()));
    for one in &gaps.gaps {
        print::gap(one, names);
    }
    print::end(gaps.end);
}
