//! Whether the user's own tenant blocks the account for its risk (decision 4): that holds wherever the user goes.

use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, ExternalUserTypes, GrantControl, PolicyState,
};
use portcullis_model::group::Memberships;
use portcullis_model::id::ClientId;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::{BlockReason, Outcome};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{Channel, ExternalUserFacts, Origin, SignIn, Subject, UserSubject};
use portcullis_policy::hypothesis::{Hypothesis, Supposed, SupposedOrigin};
use portcullis_policy::what_if::{self, NotGiven};

use super::facts::{Places, fill};
use super::subject::Person;
use super::{Notes, Question, Reached};
use crate::directory::Unresolved;
use crate::evaluate::{Gate, Signal};

/// What the home tenant says, where it is in the world and blocks; what it says only if something that nobody told is so
/// becomes a supposition.
pub(super) fn home_risk(
    question: &Question<'_>,
    person: &Person,
    reached: &Reached,
    notes: &mut Notes,
) -> Result<Option<Gate>, Unresolved> {
    let home = person.home().map(|(_, home)| home);
    let Some((home, tenant)) = home.and_then(|home| {
        let tenant = question.directory.tenant(home.tenant_id)?;
        Some((home, tenant))
    }) else {
        return Ok(None);
    };
    let Some(blocking) = blocking(tenant.configuration()) else {
        return Ok(None);
    };
    let compiled = CompiledTenant::compile(&blocking);
    let account = question.directory.account(home);
    let memberships = account.map_or_else(Memberships::default, |(tenant, user)| {
        tenant.memberships(user)
    });
    let types = account.map_or(ExternalUserTypes::NONE, |(_, user)| {
        external_user_types(&ExternalUserFacts {
            object: Some(user.user_type),
            channel: Channel::Internal,
            direct_connect_eligible: false,
        })
    });
    let subject = Subject::User(UserSubject {
        user: Some(home.user_id),
        origin: Origin::Internal,
        external_user_types: types,
        groups: memberships.groups.into_iter().collect(),
        roles: memberships.roles.into_iter().collect(),
    });
    let mut audiences = reached.audiences.clone();
    if audiences.is_empty() {
        audiences.insert(ClientId::DIRECTORY);
    }
    let mut sign_in = SignIn::new(subject, reached.client, audiences, question.at);
    let places = Places {
        home: home.tenant_id,
        resource: home.tenant_id,
    };
    let mut of_home = Notes::default();
    fill(question, places, &mut sign_in, &mut of_home)?;
    // What is done to an account, and contexts, are the resource tenant's.
    sign_in.user_action = None;
    sign_in.authentication_contexts.clear();
    let not_given: NotGiven = what_if::Signal::ALL
        .into_iter()
        .filter(|signal| of_home.not_given.contains(&Signal::from(*signal)))
        .collect();
    let hypothesis = Hypothesis::new(&compiled, sign_in, SupposedOrigin::Internal);
    let name = tenant.name().to_owned();
    if blocks(&what_if::definite(&compiled, &hypothesis, not_given)) {
        return Ok(Some(Gate {
            tenant: home.tenant_id,
            tenant_name: name,
            said: "a policy blocks the account for its user risk".to_owned(),
            error: Some(BlockReason::UserRiskAtHome.error_code()),
        }));
    }
    if blocks(&what_if::possible(&compiled, &hypothesis, not_given)) {
        notes.suppose(format!(
            "{name} does not block the account for its user risk"
        ));
    }
    Ok(None)
}

fn blocks(supposed: &Supposed) -> bool {
    matches!(supposed.outcome(), Outcome::Blocked(_))
}

/// The tenant with those of its policies that block accounts for their risk; `None`: there is no such policy. (Its other
/// policies are not asked about what is another tenant's.)
fn blocking(configuration: &TenantConfiguration) -> Option<TenantConfiguration> {
    let is_blocking = |policy: &&ConditionalAccessPolicy| {
        let mut grant = policy.grant_controls.iter();
        policy.state == PolicyState::Enabled
            && !policy.conditions.user_risk_levels.is_empty()
            && grant.any(|grant| grant.controls.contains(&GrantControl::Block))
    };
    let policies = configuration.conditional_access_policies.iter();
    let policies: Vec<_> = policies.filter(is_blocking).cloned().collect();
    (!policies.is_empty()).then(|| TenantConfiguration {
        conditional_access_policies: policies,
        ..configuration.clone()
    })
}
