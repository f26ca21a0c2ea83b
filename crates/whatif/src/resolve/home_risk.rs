//! Whether the user's own tenant blocks the account for its risk (decision 4): that holds wherever the user goes.

use std::collections::BTreeSet;

use portcullis_model::conditional_access::{
    ConditionalAccessPolicy, ExternalUserTypes, GrantControl, PolicyState, UserCondition,
};
use portcullis_model::group::Memberships;
use portcullis_model::id::ClientId;
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::HomeAccount;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::decision::{BlockReason, Outcome};
use portcullis_policy::external_user::external_user_types;
use portcullis_policy::facts::{Channel, ExternalUserFacts, Origin, SignIn, Subject, UserSubject};
use portcullis_policy::hypothesis::{Hypothesis, Supposed, SupposedOrigin};
use portcullis_policy::what_if::{self, Applies, NotGiven};

use super::facts::{Places, fill};
use super::subject::Person;
use super::{Notes, Question, Reached};
use crate::directory::{DirectoryTenant, Unresolved};
use crate::evaluate::{Gate, Passage, Signal};
use crate::situation::Absent;

/// What the home tenant says, where it is in the world and blocks, or may: that it blocks hangs on what nobody said.
pub(super) fn home_risk(
    question: &Question<'_>,
    person: &Person,
    reached: &Reached,
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
    let (sign_in, not_given) = sign_in_at_home(question, home, reached)?;
    let ask = |configuration: &TenantConfiguration| {
        let compiled = CompiledTenant::compile(configuration);
        let hypothesis = Hypothesis::new(&compiled, sign_in.clone(), SupposedOrigin::Internal);
        what_if::evaluate(&compiled, &hypothesis, not_given)
    };
    let gate = |said: String, passage| Gate {
        tenant: home.tenant_id,
        tenant_name: tenant.name().to_owned(),
        said,
        passage,
    };
    let error = BlockReason::UserRiskAtHome.error_code();
    if blocks(&ask(&blocking).definite) {
        let said = "a policy blocks the account for its user risk".to_owned();
        return Ok(Some(gate(said, Passage::Refused(error))));
    }
    let mut signals = BTreeSet::new();
    let of_whoever_it_is = match question.absent {
        Absent::Unknown => {
            let is_known = question.directory.account(home).is_some();
            widened(blocking, (tenant, is_known), &mut signals)
        }
        Absent::Nothing => blocking,
    };
    let most = ask(&of_whoever_it_is);
    if !blocks(&most.possible) {
        return Ok(None);
    }
    for policy in &most.policies {
        match &policy.applies {
            Applies::DependsOn(open) => signals.extend(open.iter().copied().map(Signal::from)),
            Applies::Yes | Applies::No(_) => {}
        }
    }
    let names: Vec<_> = signals.iter().map(|signal| signal.name()).collect();
    let said = format!(
        "whether a policy blocks the account for its user risk depends on {} at home, which was not said",
        names.join(", ")
    );
    let passage = Passage::DependsOn { signals, error };
    Ok(Some(gate(said, passage)))
}

/// The sign-in as the home tenant sees it, and what of it nobody said.
fn sign_in_at_home(
    question: &Question<'_>,
    home: HomeAccount,
    reached: &Reached,
) -> Result<(SignIn, NotGiven), Unresolved> {
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
        is_without_home: false,
    };
    let mut of_home = Notes::default();
    fill(question, places, &mut sign_in, &mut of_home)?;
    // What is done to an account, and contexts, are the resource tenant's.
    sign_in.user_action = None;
    sign_in.authentication_contexts.clear();
    let not_given = what_if::Signal::ALL
        .into_iter()
        .filter(|signal| of_home.not_given.contains(&Signal::from(*signal)))
        .collect();
    Ok((sign_in, not_given))
}

/// The policies as if whoever signs in were everybody whom they include by an id, where nobody says who it is at home or what
/// they are in there. That they are in no excluded group is supposed, as it is in the tenant that decides.
fn widened(
    mut blocking: TenantConfiguration,
    (home, is_known): (&DirectoryTenant, bool),
    signals: &mut BTreeSet<Signal>,
) -> TenantConfiguration {
    let unsaid = &home.unsaid().of_people;
    let open = |condition: &UserCondition| match condition {
        UserCondition::User(_) => (!is_known).then_some(Signal::User),
        UserCondition::Group(_) => {
            (!is_known || unsaid.contains(&Signal::Groups)).then_some(Signal::Groups)
        }
        UserCondition::Role(_) => {
            (!is_known || unsaid.contains(&Signal::Roles)).then_some(Signal::Roles)
        }
        UserCondition::All
        | UserCondition::GuestsOrExternalUsers
        | UserCondition::ExternalUsers { .. } => None,
    };
    for policy in &mut blocking.conditional_access_policies {
        let include = &mut policy.conditions.users.include;
        let found: BTreeSet<Signal> = include.iter().filter_map(open).collect();
        let is_for_all = include.contains(&UserCondition::All);
        if !found.is_empty() && !is_for_all {
            *include = vec![UserCondition::All];
            signals.extend(found);
        }
    }
    blocking
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
