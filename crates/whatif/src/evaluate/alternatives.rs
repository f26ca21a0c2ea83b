//! The same question with what nobody said said one way or another: what comes out otherwise hangs on it.
//!
//! Conditions whose signal is missing are three-valued in `policy` itself. Who somebody is, and what they could show where a policy
//! demands it, are facts there, of which one has to be supposed: the others are asked here.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::{ConditionalAccessPolicy, UserCondition};
use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::id::{AgreementId, TenantId};

use super::{
    Answer, AnswerOutcome, Applicability, Passage, PolicyAnswer, Signal, ask,
    ask_without_memberships, refused, refused_before,
};
use crate::directory::{NameOf, Unresolved};
use crate::resolve::Question;
use crate::resolve::identity::could_be;
use crate::resolve::known::{has_unsaid_home, kinds};
use crate::situation::{
    DescribedUser, DeviceSituation, MethodLists, MethodsByPlace, RegisteredDevice, Situation,
    TrustSituation, TrustTypeWord, UserTypeWord, Who,
};

/// How it ends if something that nobody said is not as it was supposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// What it hangs on.
    pub signals: BTreeSet<Signal>,
    /// How that would be, in a clause without a full stop: `the device is compliant`.
    pub words: String,
    /// How it ends then.
    pub outcome: AnswerOutcome,
}

/// One way in which something could be.
#[derive(Debug, Clone)]
struct Alternative {
    signal: Signal,
    words: String,
    /// The members that say so.
    said: Situation,
}

/// At most so many other tenants are asked about where nobody said which one it is.
const TENANTS_MAX: usize = 8;

/// Completes an answer by what would be otherwise.
pub(super) fn compare(question: &Question<'_>, answer: &mut Answer) -> Result<(), Unresolved> {
    // Each case is one that differs from what was supposed, and not from what other cases made of it.
    let supposed = answer.policies.clone();
    for alternative in who(question, answer) {
        let other = alternative.ask(question)?;
        hang_policies(answer, (&supposed, &other), alternative.signal);
        // Who would be held back at the border before any policy is not somebody of this name.
        let is_held_back = alternative.signal == Signal::UserType
            && other.gates.iter().any(|gate| gate.refusal().is_some());
        if !is_held_back {
            let at_home = at_home(&other);
            note_both_ends(answer, &alternative, other);
            for one in at_home {
                add(
                    answer,
                    Otherwise {
                        signals: one
                            .signals
                            .into_iter()
                            .chain([alternative.signal])
                            .collect(),
                        words: format!("{} and {}", alternative.words, one.words),
                        outcome: one.outcome,
                    },
                );
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
        // Another reason to be refused is no other end.
        if !is_blocked(&other.outcome) || !is_blocked(&answer.outcome) {
            note(answer, std::slice::from_ref(alternative), other.outcome);
        }
    }
    together(question, answer, shown)?;
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
                outcome: refused_before(*error, sentence),
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
    let outcome = |needed: &[Alternative]| -> Result<AnswerOutcome, Unresolved> {
        let said = needed
            .iter()
            .fold(Situation::default(), |said, one| join(said, &one.said));
        let situation = said.over(question.situation);
        let question = Question {
            situation: &situation,
            ..*question
        };
        Ok(ask(&question)?.outcome)
    };
    let all = outcome(&needed)?;
    if all.is_like(&answer.outcome) || is_blocked(&all) {
        return Ok(());
    }
    for index in (0..needed.len()).rev() {
        let mut fewer = needed.clone();
        fewer.remove(index);
        if outcome(&fewer)?.is_like(&all) {
            needed = fewer;
        }
    }
    note(answer, &needed, all);
    Ok(())
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
    fn new(signal: Signal, words: impl Into<String>, said: Situation) -> Self {
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
        // There may be hundreds of users to be, and groups are looked into policy by policy.
        match self.signal {
            Signal::User => ask_without_memberships(&question),
            _ => ask(&question),
        }
    }
}

/// Notes an outcome that differs, each once for what it hangs on.
fn note(answer: &mut Answer, alternatives: &[Alternative], outcome: AnswerOutcome) {
    let words: Vec<&str> = alternatives.iter().map(|one| one.words.as_str()).collect();
    add(
        answer,
        Otherwise {
            signals: alternatives.iter().map(|one| one.signal).collect(),
            words: words.join(" and "),
            outcome,
        },
    );
}

fn add(answer: &mut Answer, other: Otherwise) {
    let is_told =
        |one: &Otherwise| one.signals == other.signals && one.outcome.is_like(&other.outcome);
    if other.outcome.is_like(&answer.outcome) || answer.otherwise.iter().any(is_told) {
        return;
    }
    answer.depends_on.extend(&other.signals);
    answer.otherwise.push(other);
}

/// Notes how it surely ends in the other case, and how it does if every policy applies there that could.
fn note_both_ends(answer: &mut Answer, alternative: &Alternative, other: Answer) {
    let open = other.hanging_policies();
    note(answer, std::slice::from_ref(alternative), other.outcome);
    let is_told = |possible: &AnswerOutcome| {
        let without = answer.if_everything_applies.iter();
        let otherwise = answer.otherwise.iter().map(|one| &one.outcome);
        let mut told = without.chain(otherwise);
        told.any(|told| told.is_like(possible)) || answer.outcome.is_like(possible)
    };
    if let Some(possible) = other.if_everything_applies.filter(|one| !is_told(one)) {
        let signals: BTreeSet<Signal> = open.into_iter().chain([alternative.signal]).collect();
        answer.depends_on.extend(&signals);
        answer.otherwise.push(Otherwise {
            signals,
            words: format!("{} and every policy applies that could", alternative.words),
            outcome: possible,
        });
    }
}

/// A policy whose scope is another one in the other case hangs on the signal.
fn hang_policies(
    answer: &mut Answer,
    (supposed, other): (&[PolicyAnswer], &Answer),
    signal: Signal,
) {
    let others = supposed.iter().zip(&other.policies);
    for (told, (supposed, other)) in answer.policies.iter_mut().zip(others) {
        let mut signals = match (&supposed.applicability, &other.applicability) {
            (Applicability::Applies, Applicability::Applies)
            | (Applicability::DoesNotApply { .. }, Applicability::DoesNotApply { .. })
            | (Applicability::DependsOn(_), Applicability::DependsOn(_)) => continue,
            // Groups are not asked about again.
            (Applicability::DependsOn(signals), Applicability::DoesNotApply { .. })
                if signal == Signal::User
                    && (signals.contains(&Signal::Groups) || signals.contains(&Signal::Roles)) =>
            {
                continue;
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

/// Who it could be that signs in.
fn who(question: &Question<'_>, answer: &Answer) -> Vec<Alternative> {
    let described = match &question.situation.user {
        None => return Vec::new(),
        Some(Who::Described(described)) => described.clone(),
        Some(Who::Named(name)) => DescribedUser {
            id: Some(name.clone()),
            ..DescribedUser::default()
        },
    };
    let say = |described: DescribedUser| Situation {
        user: Some(Who::Described(described)),
        ..Situation::default()
    };
    let mut alternatives = Vec::new();
    alternatives.extend(identities(question, answer, &described));
    if answer.not_given.contains(&Signal::UserType) {
        let (tenant, name) = (question.tenant, described.id.as_deref());
        let listed = name.and_then(|name| tenant.find_user(name).ok().flatten());
        // Of somebody who is listed the name leaves some kinds only.
        let may_be = |kind| listed.is_none_or(|object| kinds(tenant, object).contains(&kind));
        let is_home_open = listed.is_none_or(|object| has_unsaid_home(tenant, object));
        for (user_type, words) in TYPES.into_iter().filter(|(kind, _)| may_be(*kind)) {
            let as_one = |home_tenant: Option<TenantId>| {
                say(DescribedUser {
                    user_type: Some(user_type),
                    home_tenant: home_tenant.map(|id| id.to_string()),
                    ..described.clone()
                })
            };
            if user_type != UserTypeWord::InternalGuest && is_home_open {
                alternatives.extend(homes(question).into_iter().map(|(id, home)| {
                    let words = if id == TenantId::UNDISCOVERED {
                        words.to_owned()
                    } else {
                        format!("{words} and {home}")
                    };
                    Alternative::new(Signal::UserType, words, as_one(Some(id)))
                }));
            }
            alternatives.push(Alternative::new(Signal::UserType, words, as_one(None)));
        }
    }
    if answer.not_given.contains(&Signal::HomeTenant) {
        let mut types = answer
            .who
            .user_types
            .iter()
            .filter_map(|name| name.parse().ok());
        let user_type = described.user_type.or_else(|| types.next());
        let user_type = user_type.or(Some(UserTypeWord::B2bCollaborationGuest));
        let homes = homes(question);
        alternatives.extend(homes.into_iter().map(|(id, words)| {
            let said = say(DescribedUser {
                user_type,
                home_tenant: Some(id.to_string()),
                ..described.clone()
            });
            Alternative::new(Signal::HomeTenant, words, said)
        }));
    }
    alternatives
}

/// Those whom policies name, each as the user.
fn identities(
    question: &Question<'_>,
    answer: &Answer,
    described: &DescribedUser,
) -> Vec<Alternative> {
    let Some(who) = &question.situation.user else {
        return Vec::new();
    };
    if !answer.not_given.contains(&Signal::User) {
        return Vec::new();
    }
    let mut types = answer.who.user_types.iter();
    let supposed = types.find_map(|name| name.parse().ok());
    let user_type = described.user_type.or(supposed);
    let named = could_be(question.tenant, who).included.into_iter();
    named
        .map(|id| {
            let known = question.tenant.name_of(NameOf::User, id.uuid());
            let said = Situation {
                user: Some(Who::Described(DescribedUser {
                    id: Some(id.to_string()),
                    user_type: user_type.or(Some(UserTypeWord::Member)),
                    ..described.clone()
                })),
                ..Situation::default()
            };
            let words = known.unwrap_or_else(|| id.to_string());
            Alternative::new(Signal::User, format!("the user is {words}"), said)
        })
        .collect()
}

/// Every type but the supposed one.
const TYPES: [(UserTypeWord, &str); 6] = [
    (
        UserTypeWord::B2bCollaborationGuest,
        "the user is a guest from elsewhere",
    ),
    (
        UserTypeWord::B2bCollaborationMember,
        "the user is a member from elsewhere",
    ),
    (
        UserTypeWord::InternalGuest,
        "the user is a guest with credentials of the tenant itself",
    ),
    (
        UserTypeWord::B2bDirectConnectUser,
        "the user comes through B2B direct connect",
    ),
    (
        UserTypeWord::OtherExternalUser,
        "the user is external in another way",
    ),
    (
        UserTypeWord::ServiceProvider,
        "the user is a service provider's",
    ),
];

/// Tenants that the account could belong to: one of which nothing is said, and those that settings and policies name.
fn homes(question: &Question<'_>) -> Vec<(TenantId, String)> {
    let configuration = question.tenant.configuration();
    let partners = configuration.cross_tenant_access_policy.partners.iter();
    let users = configuration
        .conditional_access_policies
        .iter()
        .map(|policy| &policy.conditions.users);
    let named = users
        .flat_map(|users| users.include.iter().chain(&users.exclude))
        .filter_map(|condition| match condition {
            UserCondition::ExternalUsers { tenants, .. } => tenants.as_ref(),
            UserCondition::All
            | UserCondition::User(_)
            | UserCondition::Group(_)
            | UserCondition::Role(_)
            | UserCondition::GuestsOrExternalUsers => None,
        })
        .flatten()
        .copied();
    let tenants: BTreeSet<TenantId> = partners.map(|one| one.tenant_id).chain(named).collect();
    let any =
        "the account belongs to a tenant without an entry in the cross-tenant access settings";
    let name = |id: TenantId| {
        let known = question.directory.tenant(id);
        known.map_or_else(|| format!("tenant {id}"), |tenant| tenant.name().to_owned())
    };
    std::iter::once((TenantId::UNDISCOVERED, any.to_owned()))
        .chain(
            tenants
                .into_iter()
                .take(TENANTS_MAX)
                .map(|id| (id, format!("the account belongs to {}", name(id)))),
        )
        .collect()
}

fn is_partly_described(question: &Question<'_>) -> bool {
    matches!(
        question.situation.device,
        Some(DeviceSituation::Registered(_))
    )
}

/// What the user could have to show and nobody said.
fn evidence(question: &Question<'_>, answer: &Answer) -> Vec<Alternative> {
    let situation = question.situation;
    if situation.user.is_none() {
        return Vec::new();
    }
    let mut alternatives = devices(situation);
    alternatives.extend(trust(question, answer));
    if situation.accepted.is_none() {
        let policies = &question.tenant.configuration().conditional_access_policies;
        let agreements: BTreeSet<AgreementId> = policies
            .iter()
            .flat_map(ConditionalAccessPolicy::agreements)
            .collect();
        if !agreements.is_empty() {
            let ids: Vec<String> = agreements.iter().map(ToString::to_string).collect();
            let said = Situation {
                accepted: Some(ids.into()),
                ..Situation::default()
            };
            let words = "the terms of use are accepted already";
            alternatives.push(Alternative::new(Signal::Accepted, words, said));
        }
    }
    if situation.approved_app.is_none() {
        let said = Situation {
            approved_app: Some(true),
            ..Situation::default()
        };
        let words = "the client application is an approved one";
        alternatives.push(Alternative::new(Signal::ApprovedApp, words, said));
    }
    if situation.protected_app.is_none() {
        let said = Situation {
            protected_app: Some(true),
            ..Situation::default()
        };
        let words = "the client application is under a protection policy";
        alternatives.push(Alternative::new(Signal::ProtectedApp, words, said));
    }
    // Whoever is only asked is asked with whatever is registered.
    if situation.methods.is_none() && matches!(answer.outcome, AnswerOutcome::Blocked(_)) {
        let all = MethodLists {
            registered: AuthenticationMethod::ALL.to_vec(),
            registrable: Vec::new(),
        };
        let said = Situation {
            methods: Some(MethodsByPlace {
                home: Some(all.clone()),
                resource: Some(all),
            }),
            ..Situation::default()
        };
        let words = "the methods that are demanded are registered already";
        alternatives.push(Alternative::new(Signal::Methods, words, said));
    }
    alternatives
}

/// What cross-tenant access settings could say that do not lie beside the policies.
fn trust(question: &Question<'_>, answer: &Answer) -> Option<Alternative> {
    let is_unsaid =
        question.tenant.unsaid().cross_tenant_access && question.situation.trust.is_none();
    let is_held_back = refused(&answer.gates).is_some();
    let words = if is_held_back {
        "cross-tenant access settings let the user in"
    } else {
        "the home tenant's word on MFA and devices is trusted"
    };
    let said = Situation {
        trust: Some(TrustSituation {
            mfa: Some(true),
            compliant_device: Some(true),
            hybrid_joined_device: Some(true),
            inbound_access: Some(true),
        }),
        ..Situation::default()
    };
    (is_unsaid && answer.who.home_tenant.is_some())
        .then(|| Alternative::new(Signal::Trust, words, said))
}

/// What the device could be, as far as nobody said.
fn devices(situation: &Situation) -> Vec<Alternative> {
    let (described, is_whole) = match &situation.device {
        None => (RegisteredDevice::default(), false),
        Some(DeviceSituation::Registered(device)) => ((**device).clone(), true),
        Some(DeviceSituation::Unregistered(_)) => return Vec::new(),
    };
    let say = |device: RegisteredDevice| Situation {
        device: Some(DeviceSituation::Registered(Box::new(device))),
        ..Situation::default()
    };
    let mut alternatives = Vec::new();
    if described.is_compliant.is_none() {
        let device = RegisteredDevice {
            is_compliant: Some(true),
            // A device of which nothing is said is not hybrid joined as well: that is asked apart.
            trust_type: described
                .trust_type
                .or((!is_whole).then_some(TrustTypeWord::AzureAd)),
            ..described.clone()
        };
        let words = "the device is compliant";
        alternatives.push(Alternative::new(Signal::Device, words, say(device)));
    }
    if described.trust_type.is_none() {
        let device = RegisteredDevice {
            trust_type: Some(TrustTypeWord::ServerAd),
            is_compliant: described.is_compliant.or((!is_whole).then_some(false)),
            ..described
        };
        let words = "the device is hybrid joined";
        alternatives.push(Alternative::new(Signal::Device, words, say(device)));
    }
    alternatives
}
