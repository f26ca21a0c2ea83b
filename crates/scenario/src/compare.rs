//! An answer beside what was expected: what differs, in words that show both.

mod policies;
mod session;

use std::collections::BTreeSet;

use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::Challenge;
use portcullis_whatif::evaluate::{Answer, AnswerOutcome, Asked, PolicyAnswer, Verdict};
use portcullis_whatif::situation::{OneOrMany, PlaceWord};
use serde::Serialize;

use crate::expectation::{Ask, ControlWord, DetailedAsk, Expectation, OutcomeWord, word};
use crate::names;

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The member of `expect`, such as `outcome` or `policies.MFA for guests`.
    pub member: String,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub found: String,
    /// Why it came out so, if there is a sentence for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Difference {
    fn new(
        member: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            member: member.into(),
            expected: expected.into(),
            found: found.into(),
            why: None,
        }
    }

    fn because(self, why: impl Into<String>) -> Self {
        Self {
            why: Some(why.into()),
            ..self
        }
    }
}

/// Whether a policy has no part in the answer.
pub(crate) fn is_out_of_scope(policy: &PolicyAnswer) -> bool {
    !policies::applies(policy)
}

/// Everything in which an answer is not as expected.
pub fn compare(
    expect: &Expectation,
    answer: &Answer,
    configuration: &TenantConfiguration,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    differences.extend(outcome(expect, answer));
    differences.extend(asks(expect, answer, configuration));
    differences.extend(policies::applied(expect, answer));
    differences.extend(policies::results(expect, answer));
    if let Some(expected) = &expect.session {
        differences.extend(session::compare(expected, &answer.session));
    }
    if let Some(expected) = expect.status
        && expected != answer.status
    {
        let (expected, found) = (word(expected), word(answer.status));
        differences.push(Difference::new("status", expected, found));
    }
    if let Some(OneOrMany(expected)) = &expect.depends_on {
        let expected: BTreeSet<_> = expected.iter().copied().collect();
        if expected != answer.depends_on {
            let list = |signals: &BTreeSet<_>| listed(signals.iter().map(word));
            differences.push(Difference::new(
                "dependsOn",
                list(&expected),
                list(&answer.depends_on),
            ));
        }
    }
    differences
}

fn outcome(expect: &Expectation, answer: &Answer) -> Vec<Difference> {
    let mut differences = Vec::new();
    let (found, error, why) = match &answer.outcome {
        AnswerOutcome::Granted => (OutcomeWord::Granted, None, None),
        AnswerOutcome::Asked(asked) => {
            let names = asked.iter().map(|one| word(control(&one.challenge)));
            let why = format!("asked for are: {}", listed(names));
            let refusal = answer.silent_refusal(&answer.outcome);
            (OutcomeWord::Asked, refusal.map(|one| one.error), Some(why))
        }
        AnswerOutcome::Blocked(blocked) => {
            let why = format!("{} ({})", blocked.sentence, blocked.error);
            (OutcomeWord::Blocked, Some(blocked.error), Some(why))
        }
    };
    // What hangs on something unsaid is none of its ends: a test of it holds only if it says so.
    let (found, why) = match answer.verdict() {
        Verdict::Granted | Verdict::Asked | Verdict::Blocked => (found, why),
        Verdict::DependsOn => {
            let on = listed(answer.depends_on.iter().map(word));
            let why = format!("{}, or otherwise by {on}", word(found));
            (OutcomeWord::DependsOn, Some(why))
        }
    };
    if let Some(expected) = expect.outcome
        && expected != found
    {
        let difference = Difference::new("outcome", word(expected), word(found));
        differences.push(Difference {
            why: why.clone(),
            ..difference
        });
    }
    if let Some(expected) = expect.error
        && Some(expected) != error
    {
        let found = error.map_or_else(|| "no refusal".to_owned(), |error| error.to_string());
        let difference = Difference::new("error", expected.to_string(), found);
        differences.push(Difference { why, ..difference });
    }
    differences
}

fn asks(
    expect: &Expectation,
    answer: &Answer,
    configuration: &TenantConfiguration,
) -> Option<Difference> {
    let OneOrMany(expected) = expect.asks.as_ref()?;
    let found: &[Asked] = match &answer.outcome {
        AnswerOutcome::Asked(asked) => asked,
        AnswerOutcome::Granted | AnswerOutcome::Blocked(_) => &[],
    };
    let is_same = expected.len() == found.len()
        && expected
            .iter()
            .zip(found)
            .all(|(expected, found)| is_ask(expected, found, configuration));
    if is_same {
        return None;
    }
    let difference = Difference::new(
        "asks",
        listed(expected.iter().map(tell_expected)),
        listed(found.iter().map(|found| tell_found(found, configuration))),
    );
    Some(match &answer.outcome {
        AnswerOutcome::Blocked(blocked) => {
            difference.because(format!("{} ({})", blocked.sentence, blocked.error))
        }
        AnswerOutcome::Granted | AnswerOutcome::Asked(_) => difference,
    })
}

fn is_ask(expected: &Ask, found: &Asked, configuration: &TenantConfiguration) -> bool {
    match expected {
        Ask::Control(expected) => *expected == control(&found.challenge),
        Ask::Detailed(expected) => {
            let DetailedAsk {
                control: what,
                name,
                at,
                methods,
            } = expected;
            let is_named = |name: &String| {
                names::object_of(&found.challenge, configuration).is_some_and(|(id, called)| {
                    names::same(name, &id) || names::same(name, &called)
                })
            };
            let has_methods = |methods: &OneOrMany<String>| {
                let normal = |text: &String| normal_combination(text);
                methods.0.iter().map(normal).collect::<BTreeSet<_>>() == combinations(found)
            };
            *what == control(&found.challenge)
                && name.as_ref().is_none_or(is_named)
                && at.is_none_or(|at| at == found.place)
                && methods.as_ref().is_none_or(has_methods)
        }
    }
}

/// The methods of a combination in one order.
fn normal_combination(text: &str) -> BTreeSet<String> {
    text.split(',')
        .map(|method| method.trim().to_lowercase())
        .collect()
}

fn combinations(asked: &Asked) -> BTreeSet<BTreeSet<String>> {
    asked
        .combinations
        .iter()
        .map(|combination| normal_combination(&combination.to_string()))
        .collect()
}

fn control(challenge: &Challenge) -> ControlWord {
    match challenge {
        Challenge::PrimaryAuthentication => ControlWord::PrimaryAuthentication,
        Challenge::AuthenticationStrength(_) => ControlWord::AuthenticationStrength,
        Challenge::MultifactorAuthentication => ControlWord::Mfa,
        Challenge::RiskRemediation => ControlWord::RiskRemediation,
        Challenge::PasswordChange => ControlWord::PasswordChange,
        Challenge::TermsOfUse(_) => ControlWord::TermsOfUse,
        Challenge::CustomAuthenticationFactor(_) => ControlWord::CustomAuthenticationFactors,
    }
}

fn tell_expected(expected: &Ask) -> String {
    match expected {
        Ask::Control(control) => word(control),
        Ask::Detailed(detailed) => tell(
            word(detailed.control),
            detailed.name.as_deref(),
            detailed.at,
            detailed
                .methods
                .as_ref()
                .map(|methods| methods.0.join(" | ")),
        ),
    }
}

fn tell_found(found: &Asked, configuration: &TenantConfiguration) -> String {
    let name = names::object_of(&found.challenge, configuration).map(|(_, name)| name);
    let combinations: Vec<_> = found.combinations.iter().map(ToString::to_string).collect();
    tell(
        word(control(&found.challenge)),
        name.as_deref(),
        Some(found.place),
        (!combinations.is_empty()).then(|| combinations.join(" | ")),
    )
}

fn tell(
    control: String,
    name: Option<&str>,
    at: Option<PlaceWord>,
    methods: Option<String>,
) -> String {
    let parts = [
        Some(control),
        name.map(|name| format!("`{name}`")),
        at.map(|at| format!("at {}", at.name())),
        methods.map(|methods| format!("by {methods}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" ")
}

/// Several things in one line; nothing is told as such.
fn listed(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    if items.is_empty() {
        "nothing".to_owned()
    } else {
        items.join(", ")
    }
}
