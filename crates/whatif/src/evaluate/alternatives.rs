//! The same question with what nobody said said one way or another: what comes out otherwise hangs on it.
//!
//! Conditions whose signal is missing are three-valued in `policy` itself. Who somebody is, and what they could show where a policy
//! demands it, are facts there, of which one has to be supposed: the others are asked here.

use std::collections::BTreeSet;

use super::evidence::evidence;
use super::who::who;
use super::{
    Answer, AnswerOutcome, Applicability, Passage, PolicyAnswer, Signal, Verdict, ask, identities,
    refused, refused_before, registration,
};
use crate::directory::Unresolved;
use crate::resolve::Question;
use crate::situation::{DeviceSituation, RegisteredDevice, Situation, TrustTypeWord};

/// How it ends if something that nobody said is not as it was supposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// What it hangs on.
    pub signals: BTreeSet<Signal>,
    /// How that would be, in a clause without a full stop: `the device is compliant`.
    pub words: String,
    /// The same as a manner of signing in that nobody thinks of who says nothing: `by device code flow`.
    pub manner: Option<&'static str>,
    /// How it ends then.
    pub outcome: AnswerOutcome,
    /// How else it ends then, if something more is not as it was supposed.
    pub but: Vec<Self>,
}

/// One way in which something could be.
#[derive(Debug, Clone)]
pub(super) struct Alternative {
    signal: Signal,
    words: String,
    /// The members that say so.
    said: Situation,
}

/// Completes an answer by what would be otherwise.
pub(super) fn compare(question: &Question<'_>, answer: &mut Answer) -> Result<(), Unresolved> {
    // Each case is one that differs from what was supposed, and not from what other cases made of it.
    let supposed = answer.policies.clone();
    identities::compare(question, answer, &supposed)?;
    for alternative in who(question, answer) {
        let other = alternative.ask(question)?;
        hang_policies(answer, (&supposed, &other), alternative.signal);
        // Who would be held back at the border before any policy is not somebody of this name.
        let is_held_back = alternative.signal == Signal::UserType
            && other.gates.iter().any(|gate| gate.refusal().is_some());
        if !is_held_back {
            let at_home = at_home(&other);
            note_case(answer, Case::of(&alternative, other));
            for one in at_home {
                add(answer, both(&alternative, one));
            }
        }
    }
    let shown = evidence(question, answer);
    for alternative in &shown {
        let other = alternative.ask(question)?;
        hang_results(answer, &other, alternative.signal);
        // Who is let in needs to show nothing.
        if answer.outcome == AnswerOutcome::Granted {
            continue;
        }
        if is_partly_described(question) && alternative.signal == Signal::Device {
            hang_policies(answer, (&supposed, &other), Signal::Device);
        }
        note_shown(answer, alternative, other);
    }
    together(question, answer, shown)?;
    if refused(&answer.gates).is_none() {
        for end in registration::ends(question)? {
            add(answer, end);
        }
    }
    for one in at_home(answer) {
        add(answer, one);
    }
    Ok(())
}

/// How it ends if the user's own tenant refuses, where nobody can say whether it does.
fn at_home(answer: &Answer) -> Vec<Otherwise> {
    if refused(&answer.gates).is_some() {
        return Vec::new();
    }
    let open = answer.gates.iter().filter_map(|gate| match &gate.passage {
        Passage::DependsOn { signals, error } => {
            let name = &gate.tenant_name;
            let sentence = format!("{name}: a policy blocks the account for its user risk");
            Some(Otherwise {
                signals: signals.clone(),
                words: format!("{name} blocks the account for its user risk"),
                manner: None,
                outcome: refused_before(*error, sentence),
                but: Vec::new(),
            })
        }
        Passage::Open | Passage::Refused(_) => None,
    });
    open.collect()
}

/// What no single thing changes several may: the fewest of them that do, whichever those are.
fn together(
    question: &Question<'_>,
    answer: &mut Answer,
    mut needed: Vec<Alternative>,
) -> Result<(), Unresolved> {
    if answer.outcome == AnswerOutcome::Granted {
        return Ok(());
    }
    let is_told = |alternative: &Alternative| {
        let mut told = answer.otherwise.iter();
        told.any(|one| one.signals.contains(&alternative.signal))
    };
    if needed.iter().any(is_told) {
        return Ok(());
    }
    let ask_with = |needed: &[Alternative]| -> Result<Vec<Otherwise>, Unresolved> {
        let said = needed
            .iter()
            .fold(Situation::default(), |said, one| join(said, &one.said));
        let situation = said.over(question.situation);
        let question = Question {
            situation: &situation,
            ..*question
        };
        Ok(every_end(ask(&question)?))
    };
    let all = ask_with(&needed)?;
    let opens =
        |one: &Otherwise| !one.outcome.is_like(&answer.outcome) && !is_blocked(&one.outcome);
    let Some(mut end) = all.into_iter().find(opens) else {
        return Ok(());
    };
    for index in (0..needed.len()).rev() {
        let mut fewer = needed.clone();
        fewer.remove(index);
        let is_same = |one: &Otherwise| one.outcome.is_like(&end.outcome);
        if let Some(same) = ask_with(&fewer)?.into_iter().find(is_same) {
            needed = fewer;
            end = same;
        }
    }
    for one in needed.iter().rev() {
        end = both(one, end);
    }
    add(answer, end);
    Ok(())
}

/// How an answer ends, by nothing more or by what controls look at.
fn every_end(answer: Answer) -> Vec<Otherwise> {
    let plain = Otherwise {
        signals: BTreeSet::new(),
        words: String::new(),
        manner: None,
        outcome: answer.outcome,
        but: answer.otherwise.clone(),
    };
    std::iter::once(plain).chain(answer.otherwise).collect()
}

/// What hangs on something more.
fn both(alternative: &Alternative, other: Otherwise) -> Otherwise {
    let mut signals = other.signals;
    signals.insert(alternative.signal);
    Otherwise {
        signals,
        words: if other.words.is_empty() {
            alternative.words.clone()
        } else {
            format!("{} and {}", alternative.words, other.words)
        },
        manner: None,
        outcome: other.outcome,
        but: other.but,
    }
}

const fn is_blocked(outcome: &AnswerOutcome) -> bool {
    match outcome {
        AnswerOutcome::Blocked(_) => true,
        AnswerOutcome::Granted | AnswerOutcome::Asked(_) => false,
    }
}

/// Both, and of a device what either says.
fn join(said: Situation, other: &Situation) -> Situation {
    let device = match (&said.device, &other.device) {
        (Some(DeviceSituation::Registered(one)), Some(DeviceSituation::Registered(two))) => {
            Some(DeviceSituation::Registered(Box::new(RegisteredDevice {
                is_compliant: Some(
                    one.is_compliant == Some(true) || two.is_compliant == Some(true),
                ),
                trust_type: Some(TrustTypeWord::ServerAd),
                ..(**one).clone()
            })))
        }
        (Some(one), _) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    };
    Situation {
        device,
        ..said.over(other)
    }
}

impl Alternative {
    pub(super) fn new(signal: Signal, words: impl Into<String>, said: Situation) -> Self {
        Self {
            signal,
            words: words.into(),
            said,
        }
    }

    fn ask(&self, question: &Question<'_>) -> Result<Answer, Unresolved> {
        let situation = self.said.clone().over(question.situation);
        let question = Question {
            situation: &situation,
            ..*question
        };
        ask(&question)
    }
}

/// Notes an outcome that differs, each once for what it hangs on.
fn add(answer: &mut Answer, other: Otherwise) {
    let is_told = |one: &Otherwise| {
        one.signals.is_subset(&other.signals) && one.outcome.is_like(&other.outcome)
    };
    if other.outcome.is_like(&answer.outcome) || answer.otherwise.iter().any(is_told) {
        return;
    }
    answer.depends_on.extend(&other.signals);
    answer.otherwise.push(other);
}

/// Notes how it ends for whoever has this to show. Another reason to be refused is no other end.
fn note_shown(answer: &mut Answer, alternative: &Alternative, other: Answer) {
    let is_same = other.outcome.is_like(&answer.outcome);
    for (index, end) in every_end(other).into_iter().enumerate() {
        // What is otherwise in one case as in the other is told already.
        if index > 0 && !is_same {
            answer.depends_on.extend(&end.signals);
        } else if !is_blocked(&end.outcome) || !is_blocked(&answer.outcome) {
            add(answer, both(alternative, end));
        }
    }
}

/// How a case ends in which something is not as it was supposed.
pub(super) struct Case {
    pub(super) signal: Signal,
    /// That it is so, in a clause.
    pub(super) words: String,
    /// How it surely ends.
    pub(super) outcome: AnswerOutcome,
    /// How it ends if every policy applies there that could, where that is something else.
    pub(super) if_everything_applies: Option<AnswerOutcome>,
    /// How else it ends there.
    pub(super) otherwise: Vec<Otherwise>,
    /// What the policies hang on that could apply.
    pub(super) open: BTreeSet<Signal>,
}

impl Case {
    fn of(alternative: &Alternative, answer: Answer) -> Self {
        Self {
            signal: alternative.signal,
            words: alternative.words.clone(),
            open: answer.hanging_policies(),
            outcome: answer.outcome,
            if_everything_applies: answer.if_everything_applies,
            otherwise: answer.otherwise,
        }
    }
}

/// Notes how it surely ends in the other case, and how it does if every policy applies there that could; of what else could be
/// there, only an end that is not told at all.
pub(super) fn note_case(answer: &mut Answer, case: Case) {
    let alternative = Alternative::new(case.signal, case.words, Situation::default());
    let end = |words: &str, signals, outcome| Otherwise {
        signals,
        words: words.to_owned(),
        manner: None,
        outcome,
        but: Vec::new(),
    };
    let surely = Otherwise {
        but: case.otherwise.clone(),
        ..end("", BTreeSet::new(), case.outcome)
    };
    add(answer, both(&alternative, surely));
    let is_told = |answer: &Answer, possible: &AnswerOutcome| {
        answer.outcomes().any(|told| told.is_like(possible))
    };
    if let Some(possible) = case
        .if_everything_applies
        .filter(|one| !is_told(answer, one))
    {
        let words = "every policy applies that could";
        add(answer, both(&alternative, end(words, case.open, possible)));
    }
    for other in case.otherwise {
        let verdict = Verdict::of(&other.outcome);
        if answer.outcomes().any(|told| Verdict::of(told) == verdict) {
            answer.depends_on.extend(&other.signals);
        } else {
            add(answer, both(&alternative, other));
        }
    }
}

/// A policy whose scope is another one in the other case hangs on the signal.
fn hang_policies(
    answer: &mut Answer,
    (supposed, other): (&[PolicyAnswer], &Answer),
    signal: Signal,
) {
    let others = supposed.iter().zip(&other.policies);
    for (number, (supposed, other)) in others.enumerate() {
        hang_policy(answer, number, (supposed, other), signal);
    }
}

/// The same of the policy with this number.
pub(super) fn hang_policy(
    answer: &mut Answer,
    number: usize,
    (supposed, other): (&PolicyAnswer, &PolicyAnswer),
    signal: Signal,
) {
    let Some(told) = answer.policies.get_mut(number) else {
        return;
    };
    let mut signals = match (&supposed.applicability, &other.applicability) {
        (Applicability::Applies, Applicability::Applies)
        | (Applicability::DoesNotApply { .. }, Applicability::DoesNotApply { .. })
        | (Applicability::DependsOn(_), Applicability::DependsOn(_)) => return,
        // Groups are not asked about again.
        (Applicability::DependsOn(signals), Applicability::DoesNotApply { .. })
            if signal == Signal::User
                && (signals.contains(&Signal::Groups) || signals.contains(&Signal::Roles)) =>
        {
            return;
        }
        (Applicability::DependsOn(signals), _) | (_, Applicability::DependsOn(signals)) => {
            signals.clone()
        }
        (Applicability::Applies, Applicability::DoesNotApply { .. })
        | (Applicability::DoesNotApply { .. }, Applicability::Applies) => BTreeSet::new(),
    };
    signals.insert(signal);
    match &told.applicability {
        Applicability::DependsOn(before) => signals.extend(before),
        Applicability::DoesNotApply { .. } => *told = other.clone(),
        Applicability::Applies => {}
    }
    answer.depends_on.extend(&signals);
    told.applicability = Applicability::DependsOn(signals);
}

/// A policy that applies either way and comes to something else hangs on the signal by its controls, report-only or not.
fn hang_results(answer: &mut Answer, other: &Answer, signal: Signal) {
    for (told, other) in answer.policies.iter_mut().zip(&other.policies) {
        let both_apply = [&told.applicability, &other.applicability]
            .into_iter()
            .all(|one| *one == Applicability::Applies);
        if both_apply && told.result != other.result {
            told.result_depends_on.insert(signal);
            answer.depends_on.insert(signal);
        }
    }
}

fn is_partly_described(question: &Question<'_>) -> bool {
    matches!(
        question.situation.device,
        Some(DeviceSituation::Registered(_))
    )
}
