//! What is asked before the policies: whether the accounts may be used, both tenants let the user cross, and the application is theirs.

use std::collections::BTreeSet;

use portcullis_model::cross_tenant_access::CrossTenantSettings;
use portcullis_model::id::{GroupId, TenantId};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::{ExternalUserState, HomeAccount};
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{
    CrossTenantChannel, CrossTenantRefusal, Crossing, admit, admit_without_home,
};
use portcullis_policy::hypothesis::SupposedOrigin;

use super::subject::Person;
use super::{Question, Reached};
use crate::evaluate::{Gate, Passage};

const USER_DISABLED: u32 = 50057;
const INVITATION_PENDING: u32 = 50014;
const NOT_ASSIGNED: u32 = 50105;

pub(super) fn gates(
    question: &Question<'_>,
    person: &Person,
    compiled: &CompiledTenant,
    reached: &Reached,
    risk_at_home: Option<Gate>,
) -> Vec<Gate> {
    let mut gates = accounts(question, person);
    gates.extend(risk_at_home);
    match person.origin {
        SupposedOrigin::Internal => {}
        SupposedOrigin::WithoutHome => gates.extend(without_home(question, compiled, reached)),
        SupposedOrigin::Tenant { channel, home } => {
            gates.extend(crossing(question, compiled, reached, (channel, home)));
        }
    }
    gates.extend(assignment(question, person, reached));
    gates
}

fn accounts(question: &Question<'_>, person: &Person) -> Vec<Gate> {
    let here = (question.tenant.id(), question.tenant.name().to_owned());
    let gate = |(tenant, tenant_name): (TenantId, String), said: &str, error| Gate {
        tenant,
        tenant_name,
        said: said.to_owned(),
        passage: Passage::Refused(error),
    };
    let mut gates = Vec::new();
    if let (Some(user), Some((_, home))) = (&person.home_user, person.home())
        && !user.account_enabled
    {
        let tenant = question.directory.tenant(home.tenant_id);
        let name = tenant.map_or_else(String::new, |tenant| tenant.name().to_owned());
        let said = "the account is switched off";
        gates.push(gate((home.tenant_id, name), said, USER_DISABLED));
    }
    if let Some(object) = &person.object {
        if object.external_user_state == Some(ExternalUserState::PendingAcceptance) {
            let said = "the guest was invited and has not accepted yet";
            gates.push(gate(here.clone(), said, INVITATION_PENDING));
        }
        if !object.account_enabled {
            let said = if person.home().is_some() {
                "the guest object is switched off"
            } else {
                "the account is switched off"
            };
            gates.push(gate(here, said, USER_DISABLED));
        }
    }
    gates
}

/// What both tenants' cross-tenant access settings say, the home tenant's first.
fn crossing(
    question: &Question<'_>,
    compiled: &CompiledTenant,
    reached: &Reached,
    (channel, home): (CrossTenantChannel, HomeAccount),
) -> Vec<Gate> {
    // Without a resource there is nothing to cross for.
    if reached.audiences.is_empty() {
        return Vec::new();
    }
    let home_tenant = question.directory.tenant(home.tenant_id);
    let supposed;
    let home_compiled = if let Some(tenant) = home_tenant {
        tenant.compiled()
    } else {
        supposed = lets_everybody_out(home.tenant_id);
        &supposed
    };
    let crossing = Crossing {
        channel,
        home,
        home_groups: &home_groups(question, home),
        client: reached.client,
        resources: &reached.audiences,
    };
    let refusal = supposed_access(question, admit(home_compiled, compiled, &crossing).err());
    let there = match home_tenant {
        Some(tenant) => Gate {
            tenant: home.tenant_id,
            tenant_name: tenant.name().to_owned(),
            said: "its outbound access settings let the user out".to_owned(),
            passage: Passage::Open,
        },
        None => Gate {
            tenant: home.tenant_id,
            tenant_name: "the home tenant".to_owned(),
            said: "it is not in this world, and is supposed to let the user out".to_owned(),
            passage: Passage::Open,
        },
    };
    let here = Gate {
        tenant: question.tenant.id(),
        tenant_name: question.tenant.name().to_owned(),
        said: match question.situation.trust.and_then(|one| one.inbound_access) {
            Some(_) => "it is supposed to let the user in",
            None => "its inbound access settings let the user in",
        }
        .to_owned(),
        passage: Passage::Open,
    };
    match refusal {
        None => vec![there, here],
        Some(refusal @ CrossTenantRefusal::Outbound) => vec![Gate {
            said: "its outbound access settings hold the user back".to_owned(),
            passage: Passage::Refused(refusal.error_code()),
            ..there
        }],
        Some(refusal @ CrossTenantRefusal::Inbound) => vec![
            there,
            Gate {
                said: "its inbound access settings hold the user back".to_owned(),
                passage: Passage::Refused(refusal.error_code()),
                ..here
            },
        ],
    }
}

/// What the tenant's own settings come to, unless the situation supposes it. The home tenant's word stands.
fn supposed_access(
    question: &Question<'_>,
    settings: Option<CrossTenantRefusal>,
) -> Option<CrossTenantRefusal> {
    let supposed = question.situation.trust.and_then(|one| one.inbound_access);
    match (settings, supposed) {
        (Some(CrossTenantRefusal::Outbound), _) => Some(CrossTenantRefusal::Outbound),
        (_, Some(true)) => None,
        (_, Some(false)) => Some(CrossTenantRefusal::Inbound),
        (settings, None) => settings,
    }
}

/// What nobody said where no cross-tenant access settings lie beside the policies, and how to say it; `None` where some do, or where
/// the user does not come from elsewhere.
pub(super) fn unsaid_settings(question: &Question<'_>, person: &Person) -> Option<String> {
    let defaults = match person.origin {
        SupposedOrigin::Internal => return None,
        SupposedOrigin::WithoutHome => "let guests in",
        SupposedOrigin::Tenant { channel, .. } => match channel {
            CrossTenantChannel::Collaboration => {
                "let guests in and take no home tenant's word on MFA and devices"
            }
            CrossTenantChannel::DirectConnect => "let nobody in through B2B direct connect",
            CrossTenantChannel::ServiceProvider => "know no service provider",
        },
    };
    question.tenant.unsaid().cross_tenant_access.then(|| {
        format!(
            "no cross-tenant access settings lie beside the policies, so Microsoft's defaults answer, which {defaults}: lay Graph's `policies/crossTenantAccessPolicy/default` and `…/partners` there, or say `trust`"
        )
    })
}

/// What the tenant's default settings say of guests whose identity is no tenant's.
fn without_home(
    question: &Question<'_>,
    compiled: &CompiledTenant,
    reached: &Reached,
) -> Option<Gate> {
    if reached.audiences.is_empty() {
        return None;
    }
    let refusal = admit_without_home(compiled, reached.client, &reached.audiences).err();
    let refusal = supposed_access(question, refusal);
    let said = match refusal {
        None => "its default inbound access settings let the user in",
        Some(_) => "its default inbound access settings hold the user back",
    };
    Some(Gate {
        tenant: question.tenant.id(),
        tenant_name: question.tenant.name().to_owned(),
        said: said.to_owned(),
        passage: refusal.map_or(Passage::Open, |refusal| {
            Passage::Refused(refusal.error_code())
        }),
    })
}

/// The groups of the account at home, as far as the world knows them.
pub(super) fn home_groups(question: &Question<'_>, home: HomeAccount) -> BTreeSet<GroupId> {
    let account = question.directory.account(home);
    account.map_or_else(BTreeSet::new, |(tenant, user)| {
        tenant.memberships(user).groups
    })
}

/// Applications that ask for an assignment are for whoever is named, directly or through a group.
fn assignment(question: &Question<'_>, person: &Person, reached: &Reached) -> Option<Gate> {
    let principals = &question.tenant.configuration().service_principals;
    let closed = principals.iter().find(|principal| {
        let is_reached =
            reached.client == principal.app_id || reached.audiences.contains(&principal.app_id);
        let object = person.object.as_ref().map(|user| user.id.uuid());
        let groups = person.memberships.groups.iter().map(|group| group.uuid());
        let mut own = object.into_iter().chain(groups);
        is_reached
            && principal.app_role_assignment_required
            && !own.any(|id| principal.assigned_to.contains(&id))
    });
    closed.map(|principal| Gate {
        tenant: question.tenant.id(),
        tenant_name: question.tenant.name().to_owned(),
        said: format!(
            "{} is for assigned users only, and this one is not",
            principal.display_name
        ),
        passage: Passage::Refused(NOT_ASSIGNED),
    })
}

/// A tenant of which nothing is known but its id, and which holds nobody back.
fn lets_everybody_out(id: TenantId) -> CompiledTenant {
    let mut configuration = TenantConfiguration::empty(id);
    configuration.cross_tenant_access_policy.default = CrossTenantSettings::letting_everybody_out();
    CompiledTenant::compile(&configuration)
}
