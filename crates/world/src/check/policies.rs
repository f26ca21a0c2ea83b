//! Checks that policies and cross-tenant settings refer to what is there (decision 18).

use std::collections::BTreeSet;

use portcullis_model::cross_tenant_access::{B2bSetting, CrossTenantSettings, TargetType};
use portcullis_model::document::Reason;

use super::references::referable;
use super::{Uniques, objects};
use crate::error::{Place, WorldFindings};
use crate::tenant::{Placed, PlacedTenant};

pub(super) fn check(tenant: &PlacedTenant, findings: &mut WorldFindings) {
    let mut ids = Uniques::new("each policy id once; without ids, each displayName once");
    let referable = referable(tenant);
    for Placed { place, value } in objects(tenant.conditional_access_policies.as_deref()) {
        ids.note(value.id.to_string(), || place.below(".id"), findings);
        if let Err(refusal) = referable.check(value) {
            findings.take_over(place, refusal);
        }
    }
    let mut ids = Uniques::new("each named location once");
    for Placed { place, value } in objects(tenant.named_locations.as_deref()) {
        ids.note(value.id.to_string(), || place.below(".id"), findings);
    }
    let mut ids = Uniques::new("each authentication strength once");
    for Placed { place, value } in objects(tenant.authentication_strengths.as_deref()) {
        ids.note(value.id.to_string(), || place.below(".id"), findings);
    }
    let mut ids = Uniques::new("each authentication context once");
    for Placed { place, value } in objects(tenant.authentication_contexts.as_deref()) {
        ids.note(value.id.to_string(), || place.below(".id"), findings);
    }
    let mut ids = Uniques::new("each agreement once");
    for Placed { place, value } in objects(tenant.agreements.as_deref()) {
        ids.note(value.id.to_string(), || place.below(".id"), findings);
    }
    check_outbound_targets(tenant, findings);
}

/// Outbound lists hold ids of this tenant's own users and groups; one that is not there would block nobody.
fn check_outbound_targets(tenant: &PlacedTenant, findings: &mut WorldFindings) {
    let (Some(users), Some(policy)) = (&tenant.users, &tenant.cross_tenant_access_policy) else {
        return;
    };
    let mut principals: BTreeSet<_> = users.iter().map(|one| one.value.id.to_string()).collect();
    let groups = objects(tenant.groups.as_deref()).iter();
    principals.extend(groups.map(|one| one.value.id.to_string()));
    let mut check = |part: &Place, settings: &CrossTenantSettings| {
        for (name, setting) in [
            (
                "b2bCollaborationOutbound",
                &settings.b2b_collaboration_outbound,
            ),
            (
                "b2bDirectConnectOutbound",
                &settings.b2b_direct_connect_outbound,
            ),
        ] {
            let place = part.below(&format!(".{name}.usersAndGroups"));
            for (place, target) in own_targets(&place, setting.as_ref()) {
                if !principals.contains(&target.to_lowercase()) {
                    let found = format!("`{target}`");
                    let expected = "a user or group of this tenant";
                    findings.add(&place, Reason::Reference, found, expected);
                }
            }
        }
    };
    check(&policy.default, &policy.value.default);
    for (partner, place) in policy.value.partners.iter().zip(&policy.partners) {
        check(place, &partner.settings);
    }
}

fn own_targets<'s>(place: &Place, setting: Option<&'s B2bSetting>) -> Vec<(Place, &'s str)> {
    let configuration = setting.and_then(|setting| setting.users_and_groups.as_ref());
    let targets = configuration.map(|one| one.targets.as_slice());
    targets
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter(|(_, one)| one.target != "AllUsers" && one.target_type != TargetType::Application)
        .map(|(index, one)| {
            let place = place.below(&format!(".targets[{index}].target"));
            (place, one.target.as_str())
        })
        .collect()
}
