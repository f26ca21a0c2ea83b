//! Whom and what a policy is about (specification 4), told by a policy that blocks: who is blocked was in scope.

use portcullis_model::conditional_access::GrantControl::{Block, Mfa};
use portcullis_model::conditional_access::{
    ApplicationCondition, ClientAppType, ConditionalAccessPolicy, DevicePlatform, ExternalUserType,
    ExternalUserTypes, IncludeExclude, LocationCondition, PlatformCondition, PolicyState,
    UserCondition,
};
use portcullis_model::id::ClientId;
use portcullis_policy::cross_tenant::CrossTenantChannel;
use portcullis_policy::decision::{BlockReason, Outcome};
use portcullis_policy::facts::{SignIn, Subject};

use crate::world::*;

/// Whether a blocking policy with these conditions hits the sign-in, where contoso has two named locations.
fn hits(sign_in: &SignIn, edit: impl FnOnce(&mut ConditionalAccessPolicy)) -> bool {
    match reason(sign_in, edit) {
        None => false,
        Some(BlockReason::BlockedByPolicy) => true,
        Some(other) => panic!("refused for another reason: {other:?}"),
    }
}

fn reason(
    sign_in: &SignIn,
    edit: impl FnOnce(&mut ConditionalAccessPolicy),
) -> Option<BlockReason> {
    let mut policy = require(&[Block]);
    edit(&mut policy);
    let mut configuration = contoso_with(NO_TRUST, &[policy]);
    configuration.named_locations = vec![
        location(1, true, &["192.0.2.0/24", "2001:db8::/32"]),
        location(2, false, &["198.51.100.0/24"]),
    ];
    match decided(&configuration, sign_in).outcome {
        Outcome::Granted => None,
        Outcome::Blocked(block) => Some(block.reason),
        Outcome::Open(open) => panic!("{open:?}"),
    }
}

fn typed(
    types: &[ExternalUserType],
    tenants: Option<Vec<portcullis_model::id::TenantId>>,
) -> UserCondition {
    let types = types
        .iter()
        .fold(ExternalUserTypes::NONE, |set, one| set.with(*one));
    UserCondition::ExternalUsers { types, tenants }
}

/// A member of contoso in group 5 with role 6.
fn somebody() -> SignIn {
    let mut sign_in = member();
    edit_user(&mut sign_in, |user| {
        user.groups = [id(5)].into();
        user.roles = [id(6)].into();
    });
    sign_in
}

#[test]
fn users_are_included_by_any_rule() {
    for (condition, expect) in [
        (UserCondition::All, true),
        (UserCondition::User(id(0x11)), true),
        (UserCondition::User(id(0x12)), false),
        (UserCondition::Group(id(5)), true),
        (UserCondition::Group(id(6)), false), // a role's id is no group's
        (UserCondition::Role(id(6)), true),
        (UserCondition::Role(id(5)), false),
        (UserCondition::GuestsOrExternalUsers, false),
        (typed(&ExternalUserType::ALL, None), false),
    ] {
        let found = hits(&somebody(), |policy| {
            policy.conditions.users.include =
                vec![UserCondition::User(id(0x77)), condition.clone()];
        });
        assert_eq!(found, expect, "{condition:?}");
    }
}

#[test]
fn v08_exclusion_beats_inclusion() {
    for (condition, excluded) in [
        (UserCondition::User(id(0x11)), true),
        (UserCondition::Group(id(5)), true),
        (UserCondition::Role(id(6)), true),
        (UserCondition::Group(id(4)), false),
        (UserCondition::GuestsOrExternalUsers, false),
    ] {
        let found = hits(&somebody(), |policy| {
            policy.conditions.users.include = vec![
                UserCondition::All,
                UserCondition::User(id(0x11)),
                UserCondition::Group(id(5)),
            ];
            policy.conditions.users.exclude = vec![condition.clone()];
        });
        assert_eq!(found, !excluded, "{condition:?}");
    }
}

/// Requirement V08: typed external users, scoped to tenants; decisions 5 and 19.
#[test]
fn v08_external_users_by_type_and_tenant() {
    use ExternalUserType::{B2bCollaborationGuest, B2bDirectConnectUser, InternalGuest};
    let of_woodgrove = external(CrossTenantChannel::Collaboration, woodgrove());
    let mut internal_guest = member();
    edit_user(&mut internal_guest, |user| {
        user.external_user_types = ExternalUserTypes::NONE.with(InternalGuest);
    });
    let (direct, guest, member) = (direct_connect_user(), guest(), member());
    let only = |tenant| Some(vec![tenant]);
    // For a guest of fabrikam, one of woodgrove, a direct connect user of fabrikam, an internal guest, and a member.
    for (condition, expect) in [
        (UserCondition::All, [true, true, true, true, true]),
        (
            UserCondition::GuestsOrExternalUsers,
            [true, true, true, true, false],
        ),
        (
            typed(&ExternalUserType::ALL, None),
            [true, true, true, true, false],
        ),
        (
            typed(&[B2bCollaborationGuest], None),
            [true, true, false, false, false],
        ),
        (
            typed(&[B2bCollaborationGuest], only(fabrikam())),
            [true, false, false, false, false],
        ),
        (
            typed(&[B2bDirectConnectUser], None),
            [false, false, true, false, false],
        ),
        (
            typed(&[B2bDirectConnectUser], only(woodgrove())),
            [false; 5],
        ),
        (
            typed(&ExternalUserType::ALL, only(woodgrove())),
            [false, true, false, true, false],
        ),
        // An internal guest has no home tenant; the list says nothing of them.
        (
            typed(&[InternalGuest], only(fabrikam())),
            [false, false, false, true, false],
        ),
        (
            typed(&ExternalUserType::ALL, Some(vec![])),
            [false, false, false, true, false],
        ),
        (typed(&[], None), [false; 5]),
    ] {
        let sign_ins = [&guest, &of_woodgrove, &direct, &internal_guest, &member];
        let included = sign_ins.map(|sign_in| {
            hits(sign_in, |policy| {
                policy.conditions.users.include = vec![condition.clone()];
            })
        });
        assert_eq!(included, expect, "{condition:?}");
        if condition != UserCondition::All {
            let left = sign_ins.map(|sign_in| {
                hits(sign_in, |policy| {
                    policy.conditions.users.exclude = vec![condition.clone()];
                })
            });
            assert_eq!(left, expect.map(|excluded| !excluded), "{condition:?}");
        }
    }
}

/// Requirement V06: a guest who is eligible for direct connect is hit by policies for either.
#[test]
fn v06_a_guest_may_have_two_types() {
    let mut both = guest();
    edit_user(&mut both, |user| {
        user.external_user_types = user
            .external_user_types
            .with(ExternalUserType::B2bDirectConnectUser);
    });
    for one in [
        ExternalUserType::B2bCollaborationGuest,
        ExternalUserType::B2bDirectConnectUser,
    ] {
        assert!(hits(&both, |policy| {
            policy.conditions.users.include = vec![typed(&[one], Some(vec![fabrikam()]))];
        }));
    }
}

#[test]
fn a_policy_is_about_resources_and_matches_when_one_of_them_does() {
    let application = |number| ApplicationCondition::Application(id(number));
    let all = ApplicationCondition::All;
    for (include, exclude, audiences, expect) in [
        (vec![all.clone()], vec![], vec![0xa1], true),
        (vec![application(0xa1)], vec![], vec![0xa1], true),
        (vec![application(0xa2)], vec![], vec![0xa1], false),
        (vec![application(0xa2)], vec![], vec![0xa1, 0xa2], true),
        (
            vec![all.clone()],
            vec![application(0xa1)],
            vec![0xa1],
            false,
        ),
        (
            vec![all.clone()],
            vec![application(0xa1)],
            vec![0xa1, 0xa2],
            true,
        ),
        (
            vec![all, application(0xa1)],
            vec![application(0xa1)],
            vec![0xa1],
            false,
        ),
        (vec![], vec![], vec![0xa1], false),
    ] {
        let mut sign_in = member();
        sign_in.audiences = audiences.iter().map(|number| id(*number)).collect();
        let found = hits(&sign_in, |policy| {
            policy.conditions.target = reaching(&include, &exclude);
        });
        assert_eq!(found, expect, "{include:?} {exclude:?} {audiences:?}");
    }
}

/// Requirement V04: a request for baseline scopes only reaches the directory, which "all resources" covers, exclusions or not.
#[test]
fn v04_all_resources_covers_baseline_scopes() {
    let mut sign_in = member();
    sign_in.audiences = [ClientId::DIRECTORY].into();
    assert!(hits(&sign_in, |policy| {
        applications(policy).exclude = vec![ApplicationCondition::Application(payroll())];
    }));
}

#[test]
fn v11_the_unknown_platform_is_covered_by_all_and_by_nothing_else() {
    let one = PlatformCondition::Platform;
    let windows = DevicePlatform::Windows;
    for (include, exclude, platform, expect) in [
        (vec![PlatformCondition::All], vec![], None, true),
        (vec![PlatformCondition::All], vec![one(windows)], None, true),
        (
            vec![PlatformCondition::All],
            vec![one(windows)],
            Some(windows),
            false,
        ),
        (vec![one(windows)], vec![], Some(windows), true),
        (vec![one(windows)], vec![], None, false),
        (
            vec![one(windows)],
            vec![],
            Some(DevicePlatform::Linux),
            false,
        ),
        (
            vec![one(windows)],
            vec![PlatformCondition::All],
            Some(windows),
            false,
        ),
    ] {
        let mut sign_in = member();
        sign_in.platform = platform;
        let found = hits(&sign_in, |policy| {
            policy.conditions.platforms = Some(IncludeExclude {
                include: include.clone(),
                exclude: exclude.clone(),
            });
        });
        assert_eq!(found, expect, "{include:?} {exclude:?} {platform:?}");
    }
}

#[test]
fn v10_locations_known_trusted_and_unknown() {
    use LocationCondition::{All, AllTrusted, NamedLocation};
    let office = || NamedLocation(id(1));
    let branch = || NamedLocation(id(2));
    for (include, exclude, address, expect) in [
        (vec![All], vec![], None, true),
        (vec![All], vec![AllTrusted], None, true),
        (vec![All], vec![AllTrusted], Some("192.0.2.9"), false),
        (vec![All], vec![AllTrusted], Some("::ffff:192.0.2.9"), false),
        (vec![All], vec![AllTrusted], Some("2001:db8::9"), false),
        (vec![All], vec![AllTrusted], Some("198.51.100.9"), true),
        (vec![AllTrusted], vec![], Some("198.51.100.9"), false),
        (vec![AllTrusted], vec![], None, false),
        (vec![office()], vec![], Some("192.0.2.9"), true),
        (vec![office()], vec![], Some("198.51.100.9"), false),
        (vec![office(), branch()], vec![], Some("198.51.100.9"), true),
        (
            vec![office(), branch()],
            vec![branch()],
            Some("198.51.100.9"),
            false,
        ),
        (vec![office()], vec![], Some("203.0.113.9"), false),
    ] {
        let mut sign_in = member();
        sign_in.ip_address = address.map(|text| text.parse().unwrap());
        let found = hits(&sign_in, |policy| {
            policy.conditions.locations = Some(IncludeExclude {
                include: include.clone(),
                exclude: exclude.clone(),
            });
        });
        assert_eq!(found, expect, "{include:?} {exclude:?} {address:?}");
    }
}

#[test]
fn client_app_types_and_the_two_kinds_of_exchange_active_sync() {
    use ClientAppType as C;
    for (condition, client, platform, expect) in [
        (None, C::Other, None, true),
        (Some(vec![]), C::Browser, None, true),
        (Some(vec![C::Browser]), C::Browser, None, true),
        (
            Some(vec![C::Browser]),
            C::MobileAppsAndDesktopClients,
            None,
            false,
        ),
        (Some(vec![C::Other]), C::Other, None, true),
        (
            Some(vec![C::ExchangeActiveSync]),
            C::ExchangeActiveSync,
            None,
            true,
        ),
        (
            Some(vec![C::ExchangeActiveSync]),
            C::EasSupported,
            None,
            true,
        ),
        (
            Some(vec![C::EasSupported]),
            C::ExchangeActiveSync,
            None,
            false,
        ),
        (
            Some(vec![C::EasSupported]),
            C::ExchangeActiveSync,
            Some(DevicePlatform::Linux),
            false,
        ),
        (
            Some(vec![C::EasSupported]),
            C::ExchangeActiveSync,
            Some(DevicePlatform::Ios),
            true,
        ),
    ] {
        let mut sign_in = member();
        sign_in.client_app_type = client;
        sign_in.platform = platform;
        let found = hits(&sign_in, |policy| {
            policy.conditions.client_app_types = condition.clone();
        });
        assert_eq!(found, expect, "{condition:?} {client:?} {platform:?}");
    }
}

/// Specification 4.6: legacy clients cannot answer, so that any grant is a block, even one that is met.
#[test]
fn v07_any_grant_blocks_a_legacy_client() {
    for client in [
        ClientAppType::Other,
        ClientAppType::ExchangeActiveSync,
        ClientAppType::EasSupported,
    ] {
        let mut sign_in = with_mfa(member(), contoso());
        sign_in.client_app_type = client;
        let found = outcome(&contoso_with(NO_TRUST, &[require(&[Mfa])]), &sign_in);
        assert_eq!(found, "blocked 53003", "{client:?}");
        assert_eq!(outcome(&contoso_with(NO_TRUST, &[]), &sign_in), "granted");
    }
}

/// Requirement V03: an empty set never opens a door.
#[test]
fn v03_no_audience_is_refused() {
    for mut sign_in in [member(), guest(), direct_connect_user()] {
        sign_in.audiences.clear();
        assert_eq!(
            outcome(&contoso_with(FULL_TRUST, &[]), &sign_in),
            "blocked 53003"
        );
    }
}

/// User policies never match an application on its own behalf (specification 4.10).
#[test]
fn a_service_principal_is_matched_by_no_user_policy() {
    let mut service = member();
    service.subject = Subject::ServicePrincipal(id(7));
    service.proofs.clear();
    let mut configuration = contoso_with(NO_TRUST, &[require(&[Block])]);
    assert_eq!(outcome(&configuration, &service), "granted");
    // Not even by one that cannot be evaluated: it could match no application.
    configuration.conditional_access_policies[0]
        .conditions
        .locations = Some(IncludeExclude {
        include: vec![],
        exclude: vec![],
    });
    assert_eq!(outcome(&configuration, &service), "granted");
    service.audiences.clear();
    assert_eq!(outcome(&configuration, &service), "blocked 53003");
}

/// Requirement V01, decision 18: whoever a policy that cannot be evaluated could match is refused, and nobody else.
#[test]
fn v01_a_policy_that_cannot_be_evaluated_blocks_whoever_it_could_match() {
    use LocationCondition::{All, NamedLocation};
    let not_evaluable = Some(BlockReason::PolicyNotEvaluable);
    let missing = || NamedLocation(id(9));
    let branch = || NamedLocation(id(2));
    for (include, exclude, address, expect) in [
        (vec![missing()], vec![], "203.0.113.9", not_evaluable),
        (
            vec![branch(), missing()],
            vec![],
            "203.0.113.9",
            not_evaluable,
        ),
        (vec![All], vec![missing()], "203.0.113.9", not_evaluable),
        (vec![], vec![], "203.0.113.9", not_evaluable),
        // Certainly excluded, certainly not included.
        (vec![missing()], vec![branch()], "198.51.100.9", None),
        (vec![branch()], vec![missing()], "203.0.113.9", None),
    ] {
        let mut sign_in = member();
        sign_in.ip_address = Some(address.parse().unwrap());
        let found = reason(&sign_in, |policy| {
            policy.grant_controls = require(&[Mfa]).grant_controls;
            policy.conditions.locations = Some(IncludeExclude {
                include: include.clone(),
                exclude: exclude.clone(),
            });
        });
        assert_eq!(found, expect, "{include:?} {exclude:?} {address}");
    }
    let nobody = IncludeExclude {
        include: vec![],
        exclude: vec![],
    };
    assert_eq!(
        reason(&member(), |policy| policy.conditions.platforms =
            Some(nobody)),
        not_evaluable
    );
    // Nothing of nothing is demanded: that is no policy anybody can have meant.
    let empty_grant =
        |policy: &mut ConditionalAccessPolicy| policy.grant_controls = require(&[]).grant_controls;
    assert_eq!(
        reason(&with_mfa(member(), contoso()), empty_grant),
        not_evaluable
    );
    // There is no "exclude all": it does not switch a policy off.
    let all_users = |policy: &mut ConditionalAccessPolicy| {
        policy.conditions.users.exclude = vec![UserCondition::All];
    };
    assert_eq!(reason(&member(), all_users), not_evaluable);
    let all_resources = |policy: &mut ConditionalAccessPolicy| {
        applications(policy).exclude = vec![ApplicationCondition::All];
    };
    assert_eq!(reason(&member(), all_resources), not_evaluable);
    // Disabled and report-only ones shut no door.
    for state in [PolicyState::Disabled, PolicyState::ReportOnly] {
        let found = reason(&member(), |policy| {
            policy.state = state;
            policy.conditions.users.exclude = vec![UserCondition::All];
        });
        assert_eq!(found, None, "{state:?}");
    }
}

/// Decision 17: two thousand policies and two thousand named locations are nothing unusual.
#[test]
fn v17_two_thousand_policies_and_locations_decide_like_two() {
    let mut configuration = contoso_with(NO_TRUST, &[]);
    for number in 0..2000u128 {
        let range = format!("10.{}.{}.0/24", number / 250, number % 250);
        configuration
            .named_locations
            .push(location(number, false, &[&range]));
        let mut policy = policy(
            number,
            portcullis_model::conditional_access::GrantOperator::And,
            &[Block],
        );
        policy.conditions.locations = Some(including(LocationCondition::NamedLocation(id(number))));
        configuration.conditional_access_policies.push(policy);
    }
    for (address, expect) in [
        ("10.0.0.9", "blocked 53003"),
        ("10.7.249.9", "blocked 53003"),
        ("10.8.0.9", "granted"),
    ] {
        let mut sign_in = member();
        sign_in.ip_address = Some(address.parse().unwrap());
        assert_eq!(outcome(&configuration, &sign_in), expect, "{address}");
    }
}
