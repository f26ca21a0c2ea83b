//! The one function that answers, and what an answer holds.

mod alternatives;
mod authenticators;
#[cfg(test)]
mod control_facts_tests;
mod evidence;
mod filters;
#[cfg(test)]
mod home_risk_tests;
mod identities;
#[cfg(test)]
mod identity_tests;
#[cfg(test)]
mod listed_kind_tests;
mod membership;
mod policies;
mod prepared;
mod registration;
mod results;
#[cfg(test)]
mod said_tests;
mod signal;
mod silent;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unknown_name_tests;
#[cfg(test)]
mod unsaid_tests;
mod who;
mod worlds;

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::conditional_access::PolicyState;
use portcullis_model::credential::AuthenticationMethods;
use portcullis_model::id::{PolicyId, TenantId};
use portcullis_model::sign_in_log::ConditionalAccessStatus;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::{BlockReason, Challenge, Outcome, Place, SessionDecision};
use portcullis_policy::hypothesis::Supposed;

use crate::directory::{Directory, DirectoryTenant, Unresolved};
use crate::resolve::Question;
use crate::situation::{Absent, PlaceWord, Situation};

pub use alternatives::Otherwise;
pub use policies::{Applicability, PolicyAnswer};
pub use portcullis_policy::what_if::Reason;
use prepared::Prepared;
pub use signal::Signal;
pub use silent::SilentRefusal;

/// What a situation comes to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The tenant whose policies decide.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Who signs in.
    pub who: WhoSignsIn,
    /// Whether nobody is there to answer what is asked for.
    pub is_silent: bool,
    /// What is reached: names of applications, an action, contexts.
    pub reached: Vec<String>,
    /// What happens, as far as it is certain.
    pub outcome: AnswerOutcome,
    /// What happens if every policy applies that could, where that is something else.
    pub if_everything_applies: Option<AnswerOutcome>,
    /// What happens if something is otherwise than was supposed, where that is something else too.
    pub otherwise: Vec<Otherwise>,
    /// What the policies came to, as the log would say.
    pub status: ConditionalAccessStatus,
    /// What holds of the session.
    pub session: SessionDecision,
    /// What both tenants said before the policies, in order.
    pub gates: Vec<Gate>,
    /// Every policy, in the order of configuration.
    pub policies: Vec<PolicyAnswer>,
    /// The signals that were not given.
    pub not_given: BTreeSet<Signal>,
    /// Those of them that some policy hangs on.
    pub depends_on: BTreeSet<Signal>,
    /// What nobody said and was taken for granted, in sentences without a full stop.
    pub suppositions: Vec<String>,
}

/// Who signs in, for telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhoSignsIn {
    /// Their name.
    pub name: String,
    /// Graph's external user types of the sign-in; empty for members and service principals.
    pub user_types: Vec<&'static str>,
    /// The tenant of their account, if it is another one.
    pub home_tenant: Option<TenantId>,
    /// Its name, if it is in the world.
    pub home_tenant_name: Option<String>,
}

/// What one tenant says before the policies are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// What it says.
    pub said: String,
    /// Whether the sign-in goes on.
    pub passage: Passage,
}

/// Whether a sign-in goes on before the policies are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passage {
    /// It does.
    Open,
    /// It is refused with this number.
    Refused(u32),
    /// Nobody can say without these signals; it may be refused with this number.
    DependsOn {
        /// What decides it, at the tenant whose gate it is.
        signals: BTreeSet<Signal>,
        /// The number of the refusal.
        error: u32,
    },
}

impl Gate {
    /// The number of the refusal, if it surely refuses.
    pub const fn refusal(&self) -> Option<u32> {
        match &self.passage {
            Passage::Refused(error) => Some(*error),
            Passage::Open | Passage::DependsOn { .. } => None,
        }
    }
}

/// What happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerOutcome {
    /// Let in.
    Granted,
    /// These are asked for, in this order; never empty.
    Asked(Vec<Asked>),
    /// Refused.
    Blocked(Blocked),
}

/// An answer in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Let in, whatever nobody said.
    Granted,
    /// Something is asked for, whatever nobody said.
    Asked,
    /// Refused, whatever nobody said.
    Blocked,
    /// One or another of these, by what nobody said.
    DependsOn,
}

/// Something that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub challenge: Challenge,
    /// The name of the strength or of the terms of use.
    pub named: Option<String>,
    /// Where, as a word.
    pub place: PlaceWord,
    /// Where.
    pub tenant: TenantId,
    /// That tenant's name, or its id.
    pub tenant_name: String,
    /// Of a strength: the combinations that would do and are within reach.
    pub combinations: Vec<AuthenticationMethods>,
    /// The policies that ask; empty when the request itself does.
    pub policies: Vec<PolicyId>,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The number on the page and in the log.
    pub error: u32,
    /// The policies' reason; `None` when it was refused before them.
    pub reason: Option<BlockReason>,
    /// In a sentence without a full stop.
    pub sentence: String,
    /// The policies that refuse.
    pub policies: Vec<PolicyId>,
}

/// What a situation comes to in this tenant, which is one of the directory. What nobody said is neither there nor absent.
pub fn evaluate(
    directory: &Directory,
    tenant: &DirectoryTenant,
    (situation, absent): (&Situation, Absent),
    at: Timestamp,
) -> Result<Answer, Unresolved> {
    let question = Question {
        directory,
        tenant,
        situation,
        absent,
        at,
    };
    match absent {
        Absent::Nothing => ask(&question),
        Absent::Unknown => {
            let prepared = Prepared::of(&question, Filters::ThreeValued)?;
            let hanging = results::hanging(&prepared);
            let mut answer = answer(&question, prepared);
            results::hang(&mut answer, hanging);
            alternatives::compare(&question, &mut answer)?;
            Ok(answer)
        }
    }
}

/// The same by Graph's rule for what the directory does not have: it is not there (specification 9.5).
pub(crate) fn evaluate_as_listed(
    directory: &Directory,
    tenant: &DirectoryTenant,
    situation: &Situation,
    at: Timestamp,
) -> Result<Answer, Unresolved> {
    let question = Question {
        directory,
        tenant,
        situation,
        absent: Absent::Unknown,
        at,
    };
    Ok(answer(
        &question,
        Prepared::of(&question, Filters::AsListed)?,
    ))
}

/// What filters make of attributes and properties that nobody said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filters {
    /// They are not there.
    AsListed,
    /// They may be anything.
    ThreeValued,
}

/// One question, with what is supposed of everything that `policy` does not know three values of.
fn ask(question: &Question<'_>) -> Result<Answer, Unresolved> {
    let filters = match question.absent {
        Absent::Unknown => Filters::ThreeValued,
        Absent::Nothing => Filters::AsListed,
    };
    Ok(answer(question, Prepared::of(question, filters)?))
}

fn answer(question: &Question<'_>, prepared: Prepared) -> Answer {
    let (directory, tenant) = (question.directory, question.tenant);
    let told = |supposed: &Supposed| outcome(directory, tenant.configuration(), supposed.outcome());
    let ends = prepared.ends();
    let explored = worlds::explore(&ends, &ends.sayable(), &told);
    let Prepared {
        resolved, policies, ..
    } = prepared;
    let mut depends_on: BTreeSet<Signal> = policies
        .iter()
        .flat_map(|policy| match &policy.applicability {
            Applicability::DependsOn(signals) => signals.clone(),
            Applicability::Applies | Applicability::DoesNotApply { .. } => BTreeSet::new(),
        })
        .collect();
    let certain = &explored.certain;
    let (status, session) = (certain.status(), certain.session_controls());
    // Whatever the policies say: who is refused before them never gets there.
    let (outcome, if_everything_applies, otherwise) =
        if let Some(refused) = refused(&resolved.gates) {
            (refused, None, Vec::new())
        } else {
            depends_on.extend(explored.signals);
            let everything = explored.if_everything_applies;
            (told(certain), everything, explored.otherwise)
        };
    Answer {
        tenant: tenant.id(),
        tenant_name: tenant.name().to_owned(),
        is_silent: question.situation.interactive == Some(false),
        outcome,
        if_everything_applies,
        otherwise,
        status,
        session,
        policies,
        depends_on,
        reached: resolved.reached,
        gates: resolved.gates,
        not_given: resolved.not_given,
        suppositions: resolved.suppositions,
        who: resolved.who,
    }
}

/// The first refusal before the policies.
fn refused(gates: &[Gate]) -> Option<AnswerOutcome> {
    gates.iter().find_map(|gate| {
        let sentence = format!("{}: {}", gate.tenant_name, gate.said);
        Some(refused_before(gate.refusal()?, sentence))
    })
}

const fn refused_before(error: u32, sentence: String) -> AnswerOutcome {
    AnswerOutcome::Blocked(Blocked {
        error,
        reason: None,
        sentence,
        policies: Vec::new(),
    })
}

impl Answer {
    /// How it ends, or that this hangs on what nobody said.
    pub fn verdict(&self) -> Verdict {
        let certain = Verdict::of(&self.outcome);
        if self.outcomes().any(|other| Verdict::of(other) != certain) {
            Verdict::DependsOn
        } else {
            certain
        }
    }
}

impl Answer {
    /// Every end that is told.
    fn outcomes(&self) -> impl Iterator<Item = &AnswerOutcome> {
        let others = self.otherwise.iter().map(|one| &one.outcome);
        std::iter::once(&self.outcome)
            .chain(&self.if_everything_applies)
            .chain(others)
    }

    /// What the policies hang on that do not surely apply and are in force: the others change no outcome.
    pub(crate) fn hanging_policies(&self) -> BTreeSet<Signal> {
        let policies = self.policies.iter();
        let policies = policies.filter(|policy| policy.state == PolicyState::Enabled);
        policies
            .flat_map(|policy| match &policy.applicability {
                Applicability::DependsOn(signals) => signals.clone(),
                Applicability::Applies | Applicability::DoesNotApply { .. } => BTreeSet::new(),
            })
            .collect()
    }

    /// Whether this policy applies whatever nobody said.
    pub(crate) fn surely_applies(&self, id: PolicyId) -> bool {
        let mut policies = self.policies.iter();
        policies.any(|policy| policy.id == id && policy.applicability == Applicability::Applies)
    }
}

impl Verdict {
    const fn of(outcome: &AnswerOutcome) -> Self {
        match outcome {
            AnswerOutcome::Granted => Self::Granted,
            AnswerOutcome::Asked(_) => Self::Asked,
            AnswerOutcome::Blocked(_) => Self::Blocked,
        }
    }
}

impl AnswerOutcome {
    /// Whether both come to the same for whoever signs in, whichever policies say so.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Granted, Self::Granted) => true,
            (Self::Blocked(one), Self::Blocked(two)) => one.error == two.error,
            (Self::Asked(some), Self::Asked(others)) => {
                let asked = |list: &[Asked]| -> Vec<_> {
                    let parts = list.iter();
                    parts
                        .map(|one| (one.challenge.clone(), one.tenant, one.combinations.clone()))
                        .collect()
                };
                asked(some) == asked(others)
            }
            (Self::Granted | Self::Asked(_) | Self::Blocked(_), _) => false,
        }
    }
}

/// What people call a strength or terms of use.
fn name_of(configuration: &TenantConfiguration, challenge: &Challenge) -> Option<String> {
    match challenge {
        Challenge::AuthenticationStrength(id) => {
            let built_in = BuiltInStrength::ALL.iter().find(|one| one.id == *id);
            let own = configuration.authentication_strengths.iter();
            built_in
                .map(|one| one.display_name.to_owned())
                .or_else(|| {
                    own.clone()
                        .find(|one| one.id == *id)
                        .map(|one| one.display_name.clone())
                })
                .or_else(|| {
                    let policies = configuration.conditional_access_policies.iter();
                    let mut whole = policies.filter_map(|one| one.expanded_strength.as_ref());
                    let found = whole.find(|one| one.id == *id);
                    found.map(|one| one.display_name.clone())
                })
        }
        Challenge::TermsOfUse(id) => {
            let mut agreements = configuration.agreements.iter();
            let found = agreements.find(|one| one.id == *id);
            found.map(|one| one.display_name.clone())
        }
        Challenge::PrimaryAuthentication
        | Challenge::MultifactorAuthentication
        | Challenge::RiskRemediation
        | Challenge::PasswordChange
        | Challenge::CustomAuthenticationFactor(_) => None,
    }
}

fn outcome(
    directory: &Directory,
    configuration: &TenantConfiguration,
    outcome: &Outcome,
) -> AnswerOutcome {
    match outcome {
        Outcome::Granted => AnswerOutcome::Granted,
        Outcome::Blocked(block) => AnswerOutcome::Blocked(Blocked {
            error: block.reason.error_code(),
            reason: Some(block.reason),
            sentence: crate::prose::block_sentence(block.reason).to_owned(),
            policies: block.policies.clone(),
        }),
        Outcome::Open(open) => {
            let asked = open.iter().map(|requirement| {
                let tenant = requirement.place.tenant();
                Asked {
                    named: name_of(configuration, &requirement.challenge),
                    challenge: requirement.challenge.clone(),
                    place: match requirement.place {
                        Place::HomeTenant(_) => PlaceWord::Home,
                        Place::ResourceTenant(_) => PlaceWord::Resource,
                    },
                    tenant,
                    tenant_name: directory
                        .tenant(tenant)
                        .map_or_else(|| tenant.to_string(), |tenant| tenant.name().to_owned()),
                    combinations: requirement.combinations.clone(),
                    policies: requirement.policies.clone(),
                }
            });
            AnswerOutcome::Asked(asked.collect())
        }
    }
}
