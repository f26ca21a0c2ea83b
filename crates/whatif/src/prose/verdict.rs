//! The verdict: in a few words how it ends, or what that depends on, and then in sentences.

use std::collections::BTreeSet;

use portcullis_model::id::PolicyId;

use super::{Tone, any_of, ask_sentence, capitalised, is_in_force, names, unsaid};
use crate::evaluate::{Answer, AnswerOutcome, Otherwise, Signal, Verdict};

/// The verdict, in a headline and in sentences.
pub(super) fn tell_verdict(answer: &Answer) -> (Tone, String, Vec<String>) {
    let certain = sentences(answer, &answer.outcome);
    let word = word(answer, &answer.outcome);
    let (tone, headline, mut told) = match answer.verdict() {
        Verdict::Granted => (Tone::Good, capitalised(word), certain),
        Verdict::Asked => (Tone::Open, capitalised(word), certain),
        Verdict::Blocked => (Tone::Bad, capitalised(word), certain),
        Verdict::DependsOn => depends(answer, word, certain),
    };
    told.extend(manners_sentence(answer));
    if let Some(possible) = &answer.if_everything_applies {
        told.push(format!(
            "That hangs on {}. If every policy applies that could: {}. {}",
            unsaid(&answer.hanging_policies()),
            self::word(answer, possible),
            sentences(answer, possible).join(" ")
        ));
    }
    for other in answer.otherwise.iter().filter(|one| !is_manner(one)) {
        told.push(format!(
            "That hangs on {}. If {}: {}. {}",
            unsaid(&other.signals),
            other.words,
            with_exceptions(answer, other),
            sentences(answer, &other.outcome).join(" ")
        ));
    }
    let hangs = answer.if_everything_applies.is_some() || !answer.otherwise.is_empty();
    if !hangs && !answer.depends_on.is_empty() {
        told.push(format!(
            "Some policies hang on {}; the outcome does not.",
            unsaid(&answer.depends_on)
        ));
    }
    (tone, headline, told)
}

/// The verdict where more than one end is possible. Those that only an unusual manner of signing in leads to are exceptions.
fn depends(answer: &Answer, word: &str, certain: Vec<String>) -> (Tone, String, Vec<String>) {
    let conditions = conditions(answer);
    if conditions.is_empty() {
        let exceptions = manners(answer, &answer.otherwise, |_| String::new()).join(", and ");
        let headline = format!("{}, but {exceptions}", capitalised(word));
        return (Tone::Open, headline, certain);
    }
    let headline = format!("Depends: {word} unless {conditions}");
    let sentence = format!("If nothing else comes in: {word}. {}", certain.join(" "));
    (Tone::Open, headline, vec![sentence])
}

const fn is_manner(one: &Otherwise) -> bool {
    one.manner.is_some()
}

/// How it ends for whoever signs in in an unusual manner, once for each way to end: `blocked from a legacy client`.
fn manners(
    answer: &Answer,
    ends: &[Otherwise],
    more: impl Fn(&AnswerOutcome) -> String,
) -> Vec<String> {
    let mut by_word: Vec<(&str, Vec<String>)> = Vec::new();
    for one in ends {
        let Some(manner) = one.manner else { continue };
        let word = word(answer, &one.outcome);
        let told = format!("{manner}{}", more(&one.outcome));
        match by_word.iter_mut().find(|(known, _)| *known == word) {
            Some((_, manners)) => manners.push(told),
            None => by_word.push((word, vec![told])),
        }
    }
    let phrases = by_word.iter();
    phrases
        .map(|(word, manners)| format!("{word} {}", any_of(manners)))
        .collect()
}

/// How it ends then, and how else if something more comes in: `granted, but blocked from a legacy client`.
fn with_exceptions(answer: &Answer, other: &Otherwise) -> String {
    let usual = word(answer, &other.outcome).to_owned();
    let exceptions = manners(answer, &other.but, |_| String::new());
    let others = other.but.iter().filter(|one| !is_manner(one));
    let others = others.map(|one| format!("{} if {}", word(answer, &one.outcome), one.words));
    let ends: Vec<String> = std::iter::once(usual)
        .chain(exceptions)
        .chain(others)
        .collect();
    ends.join(", but ")
}

fn manners_sentence(answer: &Answer) -> Option<String> {
    let with_errors = manners(answer, &answer.otherwise, |outcome| match outcome {
        AnswerOutcome::Blocked(blocked) => format!(" (error {})", blocked.error),
        AnswerOutcome::Granted | AnswerOutcome::Asked(_) => String::new(),
    });
    let exceptions = answer.otherwise.iter().filter(|one| is_manner(one));
    let signals: BTreeSet<Signal> = exceptions.flat_map(|one| one.signals.clone()).collect();
    (!with_errors.is_empty()).then(|| {
        format!(
            "{}: that hangs on {}.",
            capitalised(&with_errors.join("; ")),
            unsaid(&signals)
        )
    })
}

const fn word(answer: &Answer, outcome: &AnswerOutcome) -> &'static str {
    match outcome {
        AnswerOutcome::Asked(_) if answer.is_silent => "interaction required",
        AnswerOutcome::Granted => "granted",
        AnswerOutcome::Asked(_) => "asked for more",
        AnswerOutcome::Blocked(_) => "blocked",
    }
}

/// What would have to be for it to end otherwise, in clauses.
fn conditions(answer: &Answer) -> String {
    let mut clauses = Vec::new();
    if let Some(possible) = &answer.if_everything_applies
        && word(answer, possible) != word(answer, &answer.outcome)
    {
        clauses.push(policies_clause(answer, possible));
    }
    // One clause for each thing nobody said; the sentences have the rest.
    let mut told = BTreeSet::new();
    for one in &answer.otherwise {
        let ends_otherwise = word(answer, &one.outcome) != word(answer, &answer.outcome);
        if ends_otherwise && !is_manner(one) && told.insert(&one.signals) {
            clauses.push(one.words.clone());
        }
    }
    clauses.join(", or ")
}

/// Which policies would have to apply: those that say how it ends then and do not surely apply now.
fn policies_clause(answer: &Answer, possible: &AnswerOutcome) -> String {
    let decisive: Vec<PolicyId> = match possible {
        AnswerOutcome::Granted => Vec::new(),
        AnswerOutcome::Asked(asked) => asked.iter().flat_map(|one| one.policies.clone()).collect(),
        AnswerOutcome::Blocked(blocked) => blocked.policies.clone(),
    };
    let mut open: Vec<PolicyId> = Vec::new();
    for id in decisive {
        if !answer.surely_applies(id) && !open.contains(&id) {
            open.push(id);
        }
    }
    match open.as_slice() {
        [] => "other policies apply".to_owned(),
        [_] => format!("{} applies", names(answer, &open)),
        [first, second] => format!(
            "{} or {} applies",
            names(answer, &[*first]),
            names(answer, &[*second])
        ),
        [first, rest @ ..] => format!(
            "{} or one of {} other policies applies",
            names(answer, &[*first]),
            rest.len()
        ),
    }
}

fn sentences(answer: &Answer, outcome: &AnswerOutcome) -> Vec<String> {
    match outcome {
        AnswerOutcome::Granted => {
            let sentence = if answer.policies.iter().any(is_in_force) {
                "Everything that is demanded is met."
            } else {
                "No policy in force applies."
            };
            vec![sentence.to_owned()]
        }
        AnswerOutcome::Blocked(blocked) => {
            let by = names(answer, &blocked.policies);
            let mut sentence = format!(
                "{} (error {})",
                capitalised(&blocked.sentence),
                blocked.error
            );
            if !by.is_empty() {
                sentence.push_str(": ");
                sentence.push_str(&by);
            }
            sentence.push('.');
            vec![sentence]
        }
        AnswerOutcome::Asked(asked) => {
            let sentences = asked.iter().map(|one| ask_sentence(answer, one));
            let refusal = answer.silent_refusal(outcome);
            let nobody = refusal.map(|refusal| {
                format!(
                    "Nobody is there to answer: the client gets `{}` (error {}) and no token.",
                    refusal.oauth_error, refusal.error
                )
            });
            sentences.chain(nobody).collect()
        }
    }
}
