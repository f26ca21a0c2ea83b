//! Two outcomes of one sign-in become one category, and what makes the difference.

use portcullis_model::id::PolicyId;
use portcullis_model::sign_in_log::{AppliedPolicyResult, ConditionalAccessStatus};
use portcullis_policy::decision::{BlockReason, Challenge, Outcome, Requirement};
use portcullis_policy::hypothesis::{Hypothesis, Supposed};
use portcullis_policy::what_if::{self, NotGiven};

use super::facts::Case;
use super::missing::{Missing, MissingSet};
use super::row::{Row, said};
use super::sides::{Side, Sides, Variants};
use super::{Bound, Told};
use crate::replay::sides::Knowledge;

/// What would differ for a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Refused, and was not before.
    NewlyBlocked,
    /// Asked for something, and was not asked for that before.
    NewlyAsked,
    /// No longer asked for something.
    NoLongerAsked,
    /// No longer refused.
    NewlyLetIn,
    /// Nothing.
    Unchanged,
    /// Nobody can say without what the row leaves out.
    CannotSay,
}

impl Category {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 6] = [
        Self::NewlyBlocked,
        Self::NewlyAsked,
        Self::NoLongerAsked,
        Self::NewlyLetIn,
        Self::CannotSay,
        Self::Unchanged,
    ];

    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NewlyBlocked => "newlyBlocked",
            Self::NewlyAsked => "newlyAsked",
            Self::NoLongerAsked => "noLongerAsked",
            Self::NewlyLetIn => "newlyLetIn",
            Self::Unchanged => "unchanged",
            Self::CannotSay => "cannotSay",
        }
    }
}

/// What a policy does to a sign-in, or what is missing to know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It refuses.
    Blocks(BlockReason),
    /// It asks for this.
    Asks(Challenge),
    /// It hangs on this.
    Missing(Missing),
}

/// `conditionalAccessStatus`, of the log or of the replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoggedStatus {
    /// Policies applied and were met.
    Success,
    /// A policy was not met, or blocks.
    Failure,
    /// No policy was about user and application.
    NotApplied,
}

impl LoggedStatus {
    /// What the row says.
    pub(super) fn of(row: &Row<'_>) -> Option<Self> {
        match said(row.conditional_access_status.as_ref())? {
            "success" => Some(Self::Success),
            "failure" => Some(Self::Failure),
            "notApplied" => Some(Self::NotApplied),
            _ => None,
        }
    }

    /// Graph's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::NotApplied => "notApplied",
        }
    }
}

impl From<ConditionalAccessStatus> for LoggedStatus {
    fn from(status: ConditionalAccessStatus) -> Self {
        match status {
            ConditionalAccessStatus::Success => Self::Success,
            ConditionalAccessStatus::Failure => Self::Failure,
            ConditionalAccessStatus::NotApplied => Self::NotApplied,
        }
    }
}

/// The number by which a sign-in ended that no policy ended.
pub(super) fn ended_elsewhere(row: &Row<'_>) -> Option<u32> {
    let code = row.error_code().filter(|code| *code != 0)?;
    let is_policy = LoggedStatus::of(row) == Some(LoggedStatus::Failure)
        || BlockReason::ALL
            .iter()
            .any(|reason| reason.error_code() == code)
        || INTERRUPTIONS.contains(&code);
    (!is_policy).then_some(code)
}

/// Numbers of sign-ins that policies interrupted or refused, beside the reasons we know ourselves (specification 12.1): MFA asked for or
/// to be registered, a device, a broker, a provider's custom control.
const INTERRUPTIONS: [u32; 14] = [
    50005, 50072, 50074, 50076, 50079, 50097, 50131, 50158, 50203, 53008, 530_001, 530_003,
    530_021, 530_032,
];

/// What would differ and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) category: Category,
    pub(super) because: Vec<(Option<PolicyId>, Why)>,
}

impl Comparison {
    pub(super) const UNCHANGED: Self = Self {
        category: Category::Unchanged,
        because: Vec::new(),
    };
}

/// One sign-in supposed twice; once, where nothing is missing.
pub(super) struct Pair {
    lenient: Hypothesis,
    strict: Option<Hypothesis>,
    not_given: NotGiven,
    knowledge: Knowledge,
    missing: MissingSet,
}

/// What a set of policies says of both.
pub(super) struct Decided {
    pub(super) lenient: Supposed,
    /// `None`: the same.
    strict: Option<Supposed>,
}

impl Decided {
    fn strict(&self) -> &Supposed {
        self.strict.as_ref().unwrap_or(&self.lenient)
    }
}

impl Pair {
    pub(super) fn new(sides: &Sides, case: Case) -> Self {
        // Whom it is supposed of matters alone; the origin is that of the case under either set.
        let tenant = sides.before.whole.of(Knowledge::Whole, Bound::Lenient);
        let suppose = |sign_in| Hypothesis::new(tenant, sign_in, case.origin);
        Self {
            lenient: suppose(case.lenient),
            strict: case.strict.map(suppose),
            not_given: case.missing.not_given(),
            knowledge: case.knowledge,
            missing: case.missing,
        }
    }

    pub(super) fn decide(&self, policies: &Variants) -> Decided {
        let least = policies.of(self.knowledge, Bound::Lenient);
        Decided {
            lenient: what_if::definite(least, &self.lenient, self.not_given),
            strict: self.strict.is_some().then(|| self.most(policies)),
        }
    }

    /// What is decided if most is asked.
    fn most(&self, policies: &Variants) -> Supposed {
        let most = policies.of(self.knowledge, Bound::Strict);
        let hypothesis = self.strict.as_ref().unwrap_or(&self.lenient);
        what_if::possible(most, hypothesis, self.not_given)
    }

    /// Whether any policy that differs could have a say.
    pub(super) fn is_touched(&self, sides: &Sides) -> bool {
        if sides.differences.is_empty() {
            return false;
        }
        [&sides.before, &sides.after]
            .into_iter()
            .any(|side| self.most(&side.differing).results().next().is_some())
    }

    /// What Conditional Access comes to, if that is certain.
    pub(super) fn status(&self, decided: &Decided) -> Option<LoggedStatus> {
        let status = decided.lenient.status();
        let is_certain =
            self.knowledge != Knowledge::Nothing && status == decided.strict().status();
        is_certain.then(|| status.into())
    }

    pub(super) fn compare(
        &self,
        sides: &Sides,
        row: &Row<'_>,
        (before, after): (&Decided, &Decided),
    ) -> Comparison {
        let lenient = compare(before.lenient.outcome(), after.lenient.outcome());
        if self.strict.is_none() {
            return lenient;
        }
        let strict = compare(before.strict().outcome(), after.strict().outcome());
        let is_whole = lenient == strict && is_same(before) && is_same(after);
        let is_certain = self.knowledge != Knowledge::Nothing
            && (is_whole
                || (self.differing_are_certain(sides)
                    && (lenient == strict || is_ruled_out(sides, row, before))));
        if is_certain {
            return lenient;
        }
        Comparison {
            category: Category::CannotSay,
            because: self.missing_for(sides, before),
        }
    }

    /// Whether what the differing policies say, taken by themselves, hangs on nothing that is missing.
    fn differing_are_certain(&self, sides: &Sides) -> bool {
        [&sides.before, &sides.after]
            .into_iter()
            .all(|side| is_same(&self.decide(&side.differing)))
    }

    /// What is missing, for each differing policy that could have a say; else for whichever else could.
    fn missing_for(&self, sides: &Sides, before: &Decided) -> Vec<(Option<PolicyId>, Why)> {
        let always = [Missing::Subject, Missing::Origin, Missing::Target];
        let always = self.missing.and(always.into_iter().collect());
        let mut because = Vec::new();
        for side in [&sides.before, &sides.after] {
            for (policy, _) in self.most(&side.differing).results() {
                let asked = self.hanging(side, policy).or(always);
                let whys = asked.iter().map(|one| (Some(policy), Why::Missing(one)));
                because.extend(whys);
            }
        }
        if because.is_empty() {
            // Then it hangs on what a policy of both sides does already.
            for (policy, result) in before.strict().results() {
                if result != AppliedPolicyResult::Success {
                    let asked = self.hanging(&sides.before, policy).iter();
                    because.extend(asked.map(|one| (Some(policy), Why::Missing(one))));
                }
            }
        }
        if because.is_empty() {
            let all = self.missing.iter();
            because.extend(all.map(|one| (None, Why::Missing(one))));
        }
        because.sort();
        because.dedup();
        because
    }

    fn hanging(&self, side: &Side, policy: PolicyId) -> MissingSet {
        side.asked_by(policy).and(self.missing)
    }
}

/// Whether the log says of every policy that only the stricter supposition fails, and that both sides share, that it did not stop this
/// sign-in. Then it was as the lenient one supposes, and nothing is guessed.
fn is_ruled_out(sides: &Sides, row: &Row<'_>, before: &Decided) -> bool {
    let fails = |supposed: &Supposed, id: PolicyId| {
        let mut results = supposed.results();
        results.any(|(one, result)| one == id && result != AppliedPolicyResult::Success)
    };
    let suspects = before.strict().results().map(|(id, _)| id);
    let mut suspects = suspects.filter(|id| {
        !sides.differences.contains_key(id)
            && fails(before.strict(), *id)
            && !fails(&before.lenient, *id)
    });
    suspects.all(|id| {
        let mut logged = row.applied_conditional_access_policies.iter().flatten();
        logged.any(|policy| {
            let is_it = said(policy.id.as_ref()).and_then(|text| text.parse().ok()) == Some(id);
            is_it && matches!(said(policy.result.as_ref()), Some("success" | "notApplied"))
        })
    })
}

fn is_same(decided: &Decided) -> bool {
    match (decided.lenient.outcome(), decided.strict().outcome()) {
        (Outcome::Granted, Outcome::Granted) => true,
        (Outcome::Blocked(one), Outcome::Blocked(two)) => one == two,
        (Outcome::Open(one), Outcome::Open(two)) => one == two,
        (Outcome::Granted | Outcome::Blocked(_) | Outcome::Open(_), _) => false,
    }
}

fn compare(before: &Outcome, after: &Outcome) -> Comparison {
    let because = |category, because| Comparison { category, because };
    match (before, after) {
        (Outcome::Granted, Outcome::Granted) | (Outcome::Blocked(_), Outcome::Blocked(_)) => {
            Comparison::UNCHANGED
        }
        (Outcome::Granted | Outcome::Open(_), Outcome::Blocked(block)) => {
            let why = Why::Blocks(block.reason);
            because(Category::NewlyBlocked, each(&block.policies, &why))
        }
        (Outcome::Blocked(block), Outcome::Granted | Outcome::Open(_)) => {
            let why = Why::Blocks(block.reason);
            because(Category::NewlyLetIn, each(&block.policies, &why))
        }
        (Outcome::Granted, Outcome::Open(open)) => because(Category::NewlyAsked, asks(open, &[])),
        (Outcome::Open(open), Outcome::Granted) => {
            because(Category::NoLongerAsked, asks(open, &[]))
        }
        (Outcome::Open(before), Outcome::Open(after)) => {
            let more = asks(after, before);
            let less = asks(before, after);
            match (more.is_empty(), less.is_empty()) {
                (false, _) => because(Category::NewlyAsked, more),
                (true, false) => because(Category::NoLongerAsked, less),
                (true, true) => Comparison::UNCHANGED,
            }
        }
    }
}

/// What these ask for and the others do not, by policy.
fn asks(open: &[Requirement], others: &[Requirement]) -> Vec<(Option<PolicyId>, Why)> {
    let is_new = |requirement: &&Requirement| {
        !others.iter().any(|other| {
            (&other.challenge, other.place) == (&requirement.challenge, requirement.place)
        })
    };
    open.iter()
        .filter(is_new)
        .flat_map(|requirement| {
            each(
                &requirement.policies,
                &Why::Asks(requirement.challenge.clone()),
            )
        })
        .collect()
}

fn each(policies: &[PolicyId], why: &Why) -> Vec<(Option<PolicyId>, Why)> {
    if policies.is_empty() {
        return vec![(None, why.clone())];
    }
    let policies = policies.iter();
    policies
        .map(|policy| (Some(*policy), why.clone()))
        .collect()
}

/// The policies whose part in it the log tells otherwise.
pub(super) fn told_otherwise(row: &Row<'_>, before: &Supposed) -> Vec<(PolicyId, Told)> {
    let logged = row.applied_conditional_access_policies.iter().flatten();
    let logged: Vec<(PolicyId, Option<bool>)> = logged
        .filter_map(|policy| {
            let id = said(policy.id.as_ref())?.parse().ok()?;
            let is_met = match said(policy.result.as_ref())? {
                "success" => Some(true),
                "failure" | "unknown" => Some(false),
                _ => None,
            };
            Some((id, is_met))
        })
        .collect();
    let mut told = Vec::new();
    for (id, result) in before.results() {
        let is_met = result == AppliedPolicyResult::Success;
        match logged.iter().find(|(one, _)| *one == id) {
            None => told.push((id, Told::NotNamed)),
            Some((_, None)) => told.push((id, Told::AppliesOnlyNow)),
            Some((_, Some(was_met))) if *was_met && !is_met => told.push((id, Told::MetOnlyThen)),
            Some((_, Some(was_met))) if !*was_met && is_met => told.push((id, Told::MetOnlyNow)),
            Some(_) => {}
        }
    }
    let applies = |id: &PolicyId| before.results().any(|(one, _)| one == *id);
    let gone = logged
        .iter()
        .filter(|(id, was)| was.is_some() && !applies(id));
    told.extend(gone.map(|(id, _)| (*id, Told::AppliedOnlyThen)));
    told
}
