//! Whether an id is of something: where a kind of thing is listed, an id that is not in the list is a slip, as a name would be.

use portcullis_model::conditional_access::{ApplicationCondition, Target};
use portcullis_model::id::{ClientId, GroupId, TenantId, UserId};
use portcullis_policy::well_known_applications::{microsoft_admin_portals, office_365};
use portcullis_whatif::directory::{Directory, DirectoryTenant, NameOf};

/// A user, where users are listed.
pub(super) fn known_user(id: UserId, tenant: &DirectoryTenant) -> Result<UserId, String> {
    let is_known = tenant.name_of(NameOf::User, id.uuid()).is_some();
    if is_known || !tenant.lists_people() {
        return Ok(id);
    }
    Err(unknown("user", &id.to_string(), tenant))
}

/// A group, where people are listed.
pub(super) fn known_group(id: GroupId, tenant: &DirectoryTenant) -> Result<GroupId, String> {
    let is_known = tenant.name_of(NameOf::Group, id.uuid()).is_some();
    if is_known || !tenant.lists_people() {
        return Ok(id);
    }
    Err(unknown("group", &id.to_string(), tenant))
}

/// An application, where some are listed: one of those, or one that policies or Microsoft name.
pub(super) fn known_application(id: ClientId, tenant: &DirectoryTenant) -> Result<(), String> {
    let configuration = tenant.configuration();
    let lists_none =
        configuration.applications.is_empty() && configuration.service_principals.is_empty();
    let named = ApplicationCondition::Application(id);
    let policies = &configuration.conditional_access_policies;
    let is_named = policies
        .iter()
        .any(|policy| match &policy.conditions.target {
            Target::Applications(applications) => {
                applications.include.contains(&named) || applications.exclude.contains(&named)
            }
            Target::UserActions(_) | Target::AuthenticationContexts(_) => false,
        });
    let is_known = id == ClientId::DIRECTORY
        || tenant.name_of(NameOf::Application, id.uuid()).is_some()
        || office_365()
            .chain(microsoft_admin_portals())
            .any(|one| one == id)
        || is_named;
    if is_known || lists_none {
        return Ok(());
    }
    Err(unknown("application", &id.to_string(), tenant))
}

/// A tenant, where others are known: as part of this world, as a partner, or as somebody's home.
pub(super) fn known_tenant(
    id: TenantId,
    directory: &Directory,
    tenant: &DirectoryTenant,
) -> Result<(), String> {
    let partners = &tenant.configuration().cross_tenant_access_policy.partners;
    let mut homes = tenant.users().iter().filter_map(|user| user.home_account);
    let is_known = directory.tenant(id).is_some()
        || partners.iter().any(|one| one.tenant_id == id)
        || homes.any(|home| home.tenant_id == id);
    let knows_none = directory.tenants().count() < 2 && partners.is_empty();
    if is_known || knows_none {
        return Ok(());
    }
    Err(unknown("tenant", &id.to_string(), tenant))
}

fn unknown(kind: &str, id: &str, tenant: &DirectoryTenant) -> String {
    let article = if kind.starts_with('a') { "an" } else { "a" };
    format!(
        "nothing that {} knows has the id `{id}`: give the id or the name of {article} {kind} that is there",
        tenant.name()
    )
}
