//! What is wrong with a change, for people and for machines.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Breach, Broken, Standing, held_back};
use crate::gap::Gap;
use crate::region::End;
use crate::told::Names;
use crate::witness::Witness;

/// So many people are named.
const PEOPLE_MAX: usize = 5;

impl Breach {
    /// What is broken and how it shows, in lines: the first is the sentence, the others belong to it.
    pub fn told(&self, names: &Names<'_>) -> Vec<String> {
        let mut lines = vec![self.sentence()];
        match &self.broken {
            Broken::Invariant {
                invariant,
                violations,
                end,
            } => {
                lines.extend(invariant.why.iter().map(|why| format!("why: {why}")));
                for gap in violations {
                    lines.push(format!("• {}{}", gap.class, today(gap, names)));
                    lines.push(format!("  for instance {}", gap.witness.told(names)));
                    lines.extend(behind(&gap.witness, names).map(|line| format!("  {line}")));
                }
                match end {
                    End::Complete => {}
                    End::Limit => lines.push("… and there is more".to_owned()),
                    End::Unknown => lines.push("… and there may be more".to_owned()),
                }
            }
            Broken::Lockout(witness) => {
                lines.push(format!("for instance {}", witness.told(names)));
                lines.extend(behind(witness, names));
                lines.push("exclude an account for emergencies from every policy".to_owned());
            }
            Broken::NoAdministrator => lines
                .push("give an account that is enabled the role `Global Administrator`".to_owned()),
            Broken::NobodyCouldAdminister => lines.push(
                "exclude an account for emergencies from every policy, and give it the role `Global Administrator`"
                    .to_owned(),
            ),
            Broken::Undecided(_) | Broken::LockoutUndecided => {}
        }
        lines
    }

    /// What is broken, without a full stop.
    fn sentence(&self) -> String {
        let before = match self.standing {
            Standing::Breaks => "",
            Standing::BrokenBefore => " (it was so before, and is no worse)",
        };
        match &self.broken {
            Broken::Invariant { invariant, .. } => {
                format!("the invariant `{}` does not hold{before}", invariant.name)
            }
            Broken::Undecided(invariant) => format!(
                "whether the invariant `{}` holds could not be found out: the search was given up{before}",
                invariant.name
            ),
            Broken::Lockout(_) => format!(
                "no administrator gets in, whatever they show and wherever they come from{before}"
            ),
            Broken::NoAdministrator => format!(
                "no administrator is left: nobody whose account is enabled holds the role `Global Administrator`{before}"
            ),
            Broken::NobodyCouldAdminister => format!(
                "nobody is a Global Administrator, and whoever became one would not get in{before}"
            ),
            Broken::LockoutUndecided => format!(
                "whether an administrator gets in could not be found out: the search was given up{before}"
            ),
        }
    }

    /// The same for machines; witnesses as What If and policy tests write sign-ins.
    pub fn json(&self, names: &Names<'_>) -> Value {
        let (kind, invariant) = match &self.broken {
            Broken::Invariant { invariant, .. } => ("invariant", Some(&invariant.name)),
            Broken::Undecided(invariant) => ("undecidedInvariant", Some(&invariant.name)),
            Broken::Lockout(_) => ("lockout", None),
            Broken::NoAdministrator => ("noAdministrator", None),
            Broken::NobodyCouldAdminister => ("nobodyCouldAdminister", None),
            Broken::LockoutUndecided => ("undecidedLockout", None),
        };
        let classes = match &self.broken {
            Broken::Invariant { violations, .. } => violations.as_slice(),
            Broken::Undecided(_)
            | Broken::Lockout(_)
            | Broken::NoAdministrator
            | Broken::NobodyCouldAdminister
            | Broken::LockoutUndecided => &[],
        };
        let classes = classes.iter().map(|gap| gap.class.to_string());
        let witnesses = self.broken.witnesses().map(|witness| {
            let (policies, _) = held_back(&witness.outcome);
            let policies = policies
                .iter()
                .map(|id| json!({ "id": id, "displayName": names.policy(*id) }));
            json!({
                "text": witness.told(names),
                "signIn": witness.situation(),
                "heldBackBy": policies.collect::<Vec<_>>(),
            })
        });
        json!({
            "kind": kind,
            "invariant": invariant,
            "brokenBefore": self.standing == Standing::BrokenBefore,
            "text": self.sentence(),
            "classes": classes.collect::<Vec<_>>(),
            "witnesses": witnesses.collect::<Vec<_>>(),
        })
    }
}

/// What keeps a witness out, if anything does.
fn behind(witness: &Witness, names: &Names<'_>) -> impl Iterator<Item = String> {
    let (policies, is_held_at_the_border) = held_back(&witness.outcome);
    let policies: BTreeSet<String> = policies.iter().map(|id| names.policy(*id)).collect();
    let policies: Vec<String> = policies.into_iter().collect();
    let by_policies =
        (!policies.is_empty()).then(|| format!("held back by {}", policies.join(", ")));
    let border =
        is_held_at_the_border.then(|| "held back by the cross-tenant access settings".to_owned());
    by_policies.into_iter().chain(border)
}

fn today(gap: &Gap, names: &Names<'_>) -> String {
    let people = &gap.class.people;
    if people.is_empty() {
        return String::new();
    }
    let shown = people.iter().take(PEOPLE_MAX).map(|id| names.user(*id));
    let mut shown: Vec<String> = shown.collect();
    let more = people.len().saturating_sub(PEOPLE_MAX);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    format!(" (today: {})", shown.join(", "))
}
