//! The one function that answers, and what an answer holds.

mod membership;
mod policies;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::authentication_strength::BuiltInStrength;
use portcullis_model::credential::AuthenticationMethods;
use portcullis_model::id::{PolicyId, TenantId};
use portcullis_model::sign_in_log::ConditionalAccessStatus;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::decision::{BlockReason, Challenge, Outcome, Place, SessionDecision};
use portcullis_policy::hypothesis::Supposed;
use portcullis_policy::what_if::{self, NotGiven};

use crate::directory::{Directory, DirectoryTenant, Unresolved};
use crate::resolve::{Question, Resolved, resolve};
use crate::situation::{Absent, PlaceWord, Situation};
use crate::word::words;

pub use policies::{Applicability, PolicyAnswer};
pub use portcullis_policy::what_if::Reason;

/// What a situation comes to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The tenant whose policies decide.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// Who signs in.
    pub who: WhoSignsIn,
    /// What is reached: names of applications, an action, contexts.
    pub reached: Vec<String>,
    /// What happens, as far as it is certain.
    pub outcome: AnswerOutcome,
    /// What happens if every policy applies that could, where that is something else.
    pub if_everything_applies: Option<AnswerOutcome>,
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
    /// The number of the refusal, if it refuses.
    pub error: Option<u32>,
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

words! {
    /// What a condition looks at and a situation may leave out; the word is the situation's member.
    #[derive(PartialOrd, Ord)]
    Signal {
        /// The groups of the user.
        Groups = "groups",
        /// The roles of the user.
        Roles = "roles",
        /// The kind of client.
        ClientApp = "clientApp",
        /// The platform.
        Platform = "platform",
        /// The address.
        Ip = "ip",
        /// The country, by the address.
        Country = "country",
        /// The country, by an authenticator's coordinates.
        GpsCountry = "gpsCountry",
        /// Whether the session comes through the compliant network.
        CompliantNetwork = "compliantNetwork",
        /// The device.
        Device = "device",
        /// The risk of the sign-in.
        SignInRisk = "signInRisk",
        /// The risk of the user.
        UserRisk = "userRisk",
        /// The risk of the service principal.
        ServicePrincipalRisk = "servicePrincipalRisk",
        /// Insider risk.
        InsiderRisk = "insiderRisk",
        /// The transfer from another device.
        Flow = "flow",
    }
}

impl Signal {
    /// Graph's reason where a policy asks for it and nobody said it.
    pub const fn condition(self) -> Reason {
        match self {
            Self::Groups | Self::Roles => Reason::Users,
            Self::ClientApp => Reason::ClientApps,
            Self::Platform => Reason::DevicePlatform,
            Self::Ip | Self::Country | Self::GpsCountry | Self::CompliantNetwork => {
                Reason::Location
            }
            Self::Device => Reason::Devices,
            Self::SignInRisk => Reason::SignInRisk,
            Self::UserRisk => Reason::UserRisk,
            Self::ServicePrincipalRisk => Reason::ServicePrincipalRisk,
            Self::InsiderRisk => Reason::InsiderRisk,
            Self::Flow => Reason::AuthenticationFlow,
        }
    }
}

impl From<what_if::Signal> for Signal {
    fn from(signal: what_if::Signal) -> Self {
        match signal {
            what_if::Signal::ClientAppType => Self::ClientApp,
            what_if::Signal::DevicePlatform => Self::Platform,
            what_if::Signal::IpAddress => Self::Ip,
            what_if::Signal::Country => Self::Country,
            what_if::Signal::GpsCountry => Self::GpsCountry,
            what_if::Signal::CompliantNetwork => Self::CompliantNetwork,
            what_if::Signal::SignInRisk => Self::SignInRisk,
            what_if::Signal::UserRisk => Self::UserRisk,
            what_if::Signal::ServicePrincipalRisk => Self::ServicePrincipalRisk,
            what_if::Signal::InsiderRisk => Self::InsiderRisk,
            what_if::Signal::Device => Self::Device,
            what_if::Signal::AuthenticationFlow => Self::Flow,
        }
    }
}

/// What a situation comes to in this tenant, which is one of the directory.
pub fn evaluate(
    directory: &Directory,
    tenant: &DirectoryTenant,
    (situation, absent): (&Situation, Absent),
    at: Timestamp,
) -> Result<Answer, Unresolved> {
    let resolved = resolve(&Question {
        directory,
        tenant,
        situation,
        absent,
        at,
    })?;
    Ok(answer(directory, tenant, resolved))
}

fn answer(directory: &Directory, tenant: &DirectoryTenant, resolved: Resolved) -> Answer {
    let not_given: NotGiven = what_if::Signal::ALL
        .into_iter()
        .filter(|signal| resolved.not_given.contains(&Signal::from(*signal)))
        .collect();
    let what_if = what_if::evaluate(&resolved.compiled, &resolved.hypothesis, not_given);
    let supposed = &what_if.definite;
    let mut policies = policies::tell(&what_if);
    let with_memberships = membership::reconsider(tenant, &resolved, not_given, &mut policies);
    let refused = resolved.gates.iter().find_map(|gate| {
        gate.error.map(|error| {
            AnswerOutcome::Blocked(Blocked {
                error,
                reason: None,
                sentence: format!("{}: {}", gate.tenant_name, gate.said),
                policies: Vec::new(),
            })
        })
    });
    let depends_on = policies
        .iter()
        .flat_map(|policy| match &policy.applicability {
            Applicability::DependsOn(signals) => signals.clone(),
            Applicability::Applies | Applicability::DoesNotApply { .. } => BTreeSet::new(),
        })
        .collect();
    let told = |supposed: &Supposed| outcome(directory, tenant.configuration(), supposed.outcome());
    // Whatever the policies say: who is refused before them never gets there.
    let (outcome, if_everything_applies) = if let Some(refused) = refused {
        (refused, None)
    } else {
        let certain = told(&what_if.definite);
        let possible = told(with_memberships.as_ref().unwrap_or(&what_if.possible));
        let other = (!certain.is_like(&possible)).then_some(possible);
        (certain, other)
    };
    Answer {
        tenant: tenant.id(),
        tenant_name: tenant.name().to_owned(),
        reached: resolved.reached,
        outcome,
        if_everything_applies,
        status: supposed.status(),
        session: supposed.session_controls().clone(),
        gates: resolved.gates,
        policies,
        not_given: resolved.not_given,
        depends_on,
        suppositions: resolved.suppositions,
        who: resolved.who,
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
