//! From a situation to a hypothesis: names become objects, words become facts, and what was not said is noted.

mod facts;
mod gates;
mod home_risk;
pub(crate) mod identity;
pub(crate) mod known;
mod subject;

use std::collections::BTreeSet;

use portcullis_model::Timestamp;
use portcullis_model::cross_tenant_access::{CrossTenantPartner, CrossTenantSettings};
use portcullis_model::id::{ClientId, TenantId};
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::facts::{SignIn, Subject};
use portcullis_policy::hypothesis::{Hypothesis, SupposedOrigin};

use crate::directory::{Directory, DirectoryTenant, Unresolved};
use crate::evaluate::{Gate, Signal, WhoSignsIn};
use crate::situation::{Absent, Situation, TrustSituation, Who};

use subject::Person;

/// What is asked, and of whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) directory: &'q Directory,
    pub(crate) tenant: &'q DirectoryTenant,
    pub(crate) situation: &'q Situation,
    pub(crate) absent: Absent,
    pub(crate) at: Timestamp,
}

/// A situation, ready to be decided.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// The tenant that decides, with what is supposed of it.
    pub(crate) compiled: CompiledTenant,
    /// Its configuration, where that is not the stored one.
    supposed_configuration: Option<TenantConfiguration>,
    pub(crate) hypothesis: Hypothesis,
    /// The facts of the hypothesis, to suppose others beside them.
    pub(crate) sign_in: SignIn,
    pub(crate) origin: SupposedOrigin,
    pub(crate) who: WhoSignsIn,
    /// What is reached, by name.
    pub(crate) reached: Vec<String>,
    /// What is asked before the policies.
    pub(crate) gates: Vec<Gate>,
    /// What nobody said and was taken for granted.
    pub(crate) suppositions: Vec<String>,
    pub(crate) not_given: BTreeSet<Signal>,
}

impl Resolved {
    /// The configuration that decides.
    pub(crate) fn configuration<'r>(
        &'r self,
        tenant: &'r DirectoryTenant,
    ) -> &'r TenantConfiguration {
        let supposed = self.supposed_configuration.as_ref();
        supposed.unwrap_or_else(|| tenant.configuration())
    }
}

/// What the request reaches.
struct Reached {
    client: ClientId,
    audiences: BTreeSet<ClientId>,
}

pub(crate) fn resolve(question: &Question<'_>) -> Result<Resolved, Unresolved> {
    let Question {
        tenant, situation, ..
    } = *question;
    let reached = reached(tenant, situation)?;
    let mut notes = Notes::default();
    let person = person(question, &mut notes)?;
    let supposed_configuration = supposed_configuration(question, person.as_ref(), &mut notes)?;
    let compiled = supposed_configuration
        .as_ref()
        .map_or_else(|| tenant.compiled().clone(), CompiledTenant::compile);
    let gates = match &person {
        Some(person) => {
            let risk = home_risk::home_risk(question, person, &reached)?;
            gates::gates(question, person, &compiled, &reached, risk)
        }
        None => Vec::new(),
    };
    let (subject, who, origin) = match (person, &situation.service_principal) {
        (Some(person), _) => person.into_subject(question, &compiled, &reached),
        (None, name) => subject::service_principal(tenant, name.as_deref().unwrap_or_default())?,
    };
    let places = facts::Places {
        home: who.home_tenant.unwrap_or(tenant.id()),
        resource: tenant.id(),
        is_without_home: matches!(origin, SupposedOrigin::WithoutHome),
    };
    let names = names(tenant, situation, &reached);
    let mut sign_in = SignIn::new(subject, reached.client, reached.audiences, question.at);
    facts::fill(question, places, &mut sign_in, &mut notes)?;
    Ok(Resolved {
        hypothesis: Hypothesis::new(&compiled, sign_in.clone(), origin),
        sign_in,
        origin,
        compiled,
        supposed_configuration,
        who,
        reached: names,
        gates,
        suppositions: notes.suppositions,
        not_given: notes.not_given,
    })
}

/// Who signs in, where it is a person, with what is not known of them.
fn person(question: &Question<'_>, notes: &mut Notes) -> Result<Option<Person>, Unresolved> {
    let Some(who) = who_signs_in(question.situation)? else {
        return Ok(None);
    };
    let person = subject::person(question, who, notes)?;
    if person.could_be_anybody() && identity::could_be(question.tenant, who).is_any_named {
        notes.not_given.insert(Signal::User);
        notes.suppose("the user is none of those whom policies name by an id");
    }
    if question.situation.service_principal_risk.is_some() {
        notes.suppose("`servicePrincipalRisk` was said of a user, who has none: it says nothing");
    }
    if let Some(unsaid) = gates::unsaid_settings(question, &person) {
        notes.suppose(unsaid);
    }
    Ok(Some(person))
}

/// The configuration that decides, where something is supposed of it.
fn supposed_configuration(
    question: &Question<'_>,
    person: Option<&Person>,
    notes: &mut Notes,
) -> Result<Option<TenantConfiguration>, Unresolved> {
    let (tenant, situation) = (question.tenant, question.situation);
    let home = person.and_then(Person::home_tenant);
    match (situation.trust, home, &situation.service_principal) {
        (Some(trust), Some(home), _) => Ok(Some(supposing_trust(tenant, home, trust))),
        (Some(trust), None, _) => {
            // Whether somebody without a home tenant is let in is said, too.
            let says_something =
                trust.inbound_access.is_some() && person.is_some_and(Person::is_from_elsewhere);
            if !says_something {
                notes.suppose("there is no home tenant, so the supposed trust says nothing");
            }
            Ok(None)
        }
        (None, _, Some(name)) => subject::supposing_service_principal(tenant, name, notes),
        (None, _, None) => Ok(None),
    }
}

/// What was noticed on the way.
#[derive(Debug, Default)]
struct Notes {
    suppositions: Vec<String>,
    not_given: BTreeSet<Signal>,
}

impl Notes {
    fn suppose(&mut self, what: impl Into<String>) {
        self.suppositions.push(what.into());
    }
}

fn reached(tenant: &DirectoryTenant, situation: &Situation) -> Result<Reached, Unresolved> {
    let apps = situation.app.iter().flat_map(|apps| &apps.0);
    let audiences: BTreeSet<ClientId> = apps
        .clone()
        .map(|app| tenant.find_application(app))
        .collect::<Result<_, _>>()?;
    refuse_reaching_nothing_or_both(situation)?;
    let client = match (
        &situation.client,
        situation.app.as_ref().and_then(|apps| apps.0.first()),
    ) {
        (Some(client), _) => tenant.find_application(client)?,
        (None, Some(app)) => tenant.find_application(app)?,
        (None, None) => ClientId::DIRECTORY,
    };
    Ok(Reached { client, audiences })
}

/// The person who signs in; `None`: a service principal does.
pub(crate) fn who_signs_in(situation: &Situation) -> Result<Option<&Who>, Unresolved> {
    match (&situation.user, &situation.service_principal) {
        (Some(who), None) => Ok(Some(who)),
        (None, Some(_)) => Ok(None),
        (Some(_), Some(_)) => Err(Unresolved::Incomplete(
            "either a user signs in or a service principal does: name one of them".to_owned(),
        )),
        (None, None) => Err(Unresolved::Incomplete(
            "nobody signs in: name a user or a service principal".to_owned(),
        )),
    }
}

/// What is reached is said, and is not two things of which one is reached alone. An empty list of applications is said, and reaches nothing.
pub(crate) fn refuse_reaching_nothing_or_both(situation: &Situation) -> Result<(), Unresolved> {
    let says_something = situation.app.is_some()
        || situation.user_action.is_some()
        || situation.authentication_context.is_some();
    let names_another = situation
        .app
        .as_ref()
        .is_some_and(|apps| !apps.0.is_empty())
        || situation.authentication_context.is_some();
    // Which policies a request asks is told by its target alone (specification 4.3).
    if situation.user_action.is_some() && names_another {
        return Err(Unresolved::Incomplete(
            "a user action is reached alone: leave it out, or the application and the authentication context"
                .to_owned(),
        ));
    }
    if says_something {
        return Ok(());
    }
    Err(Unresolved::Incomplete(
        "nothing is reached: name an application, a user action or an authentication context"
            .to_owned(),
    ))
}

/// What is reached, as people call it.
fn names(tenant: &DirectoryTenant, situation: &Situation, reached: &Reached) -> Vec<String> {
    let applications = reached.audiences.iter();
    let applications = applications.map(|id| tenant.application_name(*id));
    let action = situation.user_action.map(|action| action.name().to_owned());
    let contexts = situation.authentication_context.iter();
    let contexts = contexts
        .flat_map(|many| &many.0)
        .map(|one| one.0.to_string());
    applications.chain(action).chain(contexts).collect()
}

/// The tenant as it would be if it believed that.
fn supposing_trust(
    tenant: &DirectoryTenant,
    home: TenantId,
    supposed: TrustSituation,
) -> TenantConfiguration {
    let mut configuration = tenant.configuration().clone();
    let policy = &mut configuration.cross_tenant_access_policy;
    if !policy.partners.iter().any(|one| one.tenant_id == home) {
        policy.partners.push(CrossTenantPartner {
            tenant_id: home,
            is_service_provider: None,
            settings: CrossTenantSettings::default(),
        });
    }
    for partner in policy
        .partners
        .iter_mut()
        .filter(|one| one.tenant_id == home)
    {
        let trust = partner.settings.inbound_trust.get_or_insert_default();
        trust.is_mfa_accepted = supposed.mfa.or(trust.is_mfa_accepted);
        trust.is_compliant_device_accepted = supposed
            .compliant_device
            .or(trust.is_compliant_device_accepted);
        trust.is_hybrid_azure_ad_joined_device_accepted = supposed
            .hybrid_joined_device
            .or(trust.is_hybrid_azure_ad_joined_device_accepted);
    }
    configuration
}

/// Whether this is a person at all; applications are asked for nothing.
pub(crate) const fn is_person(subject: &Subject) -> bool {
    matches!(subject, Subject::User(_))
}
