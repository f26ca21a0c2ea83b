//! Who may cross between two tenants, literally (specification 1.3, 1.4, 1.6 and 2.2).

use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, CrossTenantSettings, TargetConfiguration, TargetType,
};
use portcullis_model::id::TenantId;
use portcullis_model::store::TenantConfiguration;
use portcullis_policy::cross_tenant::{CrossTenantChannel, CrossTenantRefusal, Crossing};

/// Picks one of the four settings.
type Pick = fn(&CrossTenantSettings) -> Option<&B2bSetting>;

pub(crate) fn cross(
    home: &TenantConfiguration,
    resource: &TenantConfiguration,
    crossing: &Crossing<'_>,
) -> Result<(), CrossTenantRefusal> {
    let (outbound, inbound, system): (Pick, Pick, AccessType) = match crossing.channel {
        CrossTenantChannel::Collaboration => (
            |settings| settings.b2b_collaboration_outbound.as_ref(),
            |settings| settings.b2b_collaboration_inbound.as_ref(),
            AccessType::Allowed,
        ),
        CrossTenantChannel::DirectConnect => (
            |settings| settings.b2b_direct_connect_outbound.as_ref(),
            |settings| settings.b2b_direct_connect_inbound.as_ref(),
            AccessType::Blocked,
        ),
        CrossTenantChannel::ServiceProvider => return Err(CrossTenantRefusal::Inbound), // not generated
    };
    let (home_id, resource_id) = (home.organization.id, resource.organization.id);
    if !allows(home, resource_id, outbound, system, crossing) {
        return Err(CrossTenantRefusal::Outbound);
    }
    if !allows(resource, home_id, inbound, system, crossing) {
        return Err(CrossTenantRefusal::Inbound);
    }
    Ok(())
}

fn allows(
    tenant: &TenantConfiguration,
    other: TenantId,
    pick: Pick,
    system: AccessType,
    crossing: &Crossing<'_>,
) -> bool {
    let policy = &tenant.cross_tenant_access_policy;
    let partner = policy.partners.iter().find(|one| one.tenant_id == other);
    let of_partner = partner.and_then(|one| pick(&one.settings));
    let of_default = pick(&policy.default);
    // A hole in the partner's half is filled from the default's, whose hole is the system default: all, so.
    let half = |half: fn(&B2bSetting) -> Option<&TargetConfiguration>| {
        of_partner.and_then(half).or(of_default.and_then(half))
    };
    let users = half(|setting| setting.users_and_groups.as_ref());
    let applications = half(|setting| setting.applications.as_ref());
    let readable = |list: Option<&TargetConfiguration>| list.is_none_or(is_readable);
    let user_listed = users.is_none_or(|list| {
        list.targets.iter().any(|target| {
            target.target == "AllUsers"
                || match target.target_type {
                    TargetType::User => target.target == crossing.home.user_id.to_string(),
                    TargetType::Group => {
                        let groups = crossing.home_groups.iter();
                        groups
                            .map(ToString::to_string)
                            .any(|id| id == target.target)
                    }
                    TargetType::Application => false,
                }
        })
    });
    let access = |list: Option<&TargetConfiguration>| list.map_or(system, |list| list.access_type);
    !crossing.resources.is_empty()
        && readable(users)
        && readable(applications)
        && crossing.resources.iter().all(|resource| {
            let application_listed = applications.is_none_or(|list| {
                list.targets.iter().any(|target| {
                    target.target == "AllApplications"
                        || target.target == resource.to_string()
                        || target.target == crossing.client.to_string()
                })
            });
            match (access(users), access(applications)) {
                (AccessType::Allowed, AccessType::Allowed) => user_listed && application_listed,
                (AccessType::Allowed, AccessType::Blocked) => user_listed && !application_listed,
                (AccessType::Blocked, AccessType::Allowed) => !user_listed && application_listed,
                (AccessType::Blocked, AccessType::Blocked) => !(user_listed && application_listed),
            }
        })
}

/// Empty lists and words nobody knows say nothing: nobody passes.
fn is_readable(list: &TargetConfiguration) -> bool {
    let known = ["AllUsers", "AllApplications", "Office365"];
    !list.targets.is_empty()
        && list
            .targets
            .iter()
            .all(|target| target.target.len() == 36 || known.contains(&target.target.as_str()))
}
