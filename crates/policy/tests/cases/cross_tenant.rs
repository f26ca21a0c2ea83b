//! Cross-tenant access: the truth table of specification 1.6, inheritance, both directions, and who may cross.

use std::collections::BTreeSet;

use portcullis_model::cross_tenant_access::AccessType::{self, Allowed, Blocked};
use portcullis_model::cross_tenant_access::{
    B2bSetting, CrossTenantPartner, CrossTenantSettings, InboundOutbound, InboundTrust,
};
use portcullis_model::id::{ClientId, GroupId, TenantId};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::HomeAccount;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::CrossTenantChannel::{Collaboration, DirectConnect};
use portcullis_policy::cross_tenant::{
    CrossTenantChannel, CrossTenantRefusal, Crossing, Trust, admit, can_direct_connect,
    skips_consent,
};
use portcullis_policy::decide::decide;

use crate::world::*;

/// Group 1 at home, the first application, and others.
const G1: &str = "g:00000000-0000-0000-0000-000000000001";
const A1: &str = "00000000-0000-0000-0000-0000000000a1";
const ALL_USERS: &str = "AllUsers";
const ALL_APPLICATIONS: &str = "AllApplications";

/// The answer of contoso's inbound collaboration setting to a user of fabrikam.
fn lets_in(setting: &B2bSetting, groups: &[u128], resources: &[u128]) -> bool {
    let mut resource = tenant(contoso());
    resource
        .cross_tenant_access_policy
        .default
        .b2b_collaboration_inbound = Some(setting.clone());
    crosses(
        &tenant(fabrikam()),
        &resource,
        Collaboration,
        groups,
        resources,
    )
    .is_ok()
}

fn crosses(
    home: &TenantConfiguration,
    resource: &TenantConfiguration,
    channel: CrossTenantChannel,
    groups: &[u128],
    resources: &[u128],
) -> Result<(), CrossTenantRefusal> {
    let groups: BTreeSet<GroupId> = groups.iter().map(|number| id(*number)).collect();
    let resources: BTreeSet<ClientId> = resources.iter().map(|number| id(*number)).collect();
    let crossing = Crossing {
        channel,
        home: HomeAccount {
            tenant_id: home.organization.id,
            user_id: home_user(),
        },
        home_groups: &groups,
        client: id(0xc1),
        resources: &resources,
    };
    let [home, resource] = [home, resource].map(CompiledTenant::compile);
    admit(&home, &resource, &crossing).map(|_| ())
}

/// Every cell: four combinations of access types, the user listed or not, the application listed or not.
#[test]
fn table_1_6_whole() {
    // (users, applications) -> allowed for (u and a), (u, not a), (not u, a), (not u, not a)
    for (users, applications, cells) in [
        (Allowed, Allowed, [true, false, false, false]),
        (Allowed, Blocked, [false, true, false, false]),
        (Blocked, Allowed, [false, false, true, false]),
        (Blocked, Blocked, [false, true, true, true]),
    ] {
        let setting = setting(users, &[G1], applications, &[A1]);
        let found = [(1, 0xa1), (1, 0xa2), (2, 0xa1), (2, 0xa2)]
            .map(|(group, application)| lets_in(&setting, &[group], &[application]));
        assert_eq!(found, cells, "{users:?} {applications:?}");
    }
}

/// The worked rows of the specification, for (g1, a1), (g1, a2), (other, a1), (other, a2).
#[test]
fn table_1_6_worked_rows() {
    for (setting, cells) in [
        (
            setting(Allowed, &[G1], Allowed, &[ALL_APPLICATIONS]),
            [true, true, false, false],
        ),
        (
            setting(Allowed, &[ALL_USERS], Allowed, &[A1]),
            [true, false, true, false],
        ),
        (
            setting(Allowed, &[G1], Blocked, &[A1]),
            [false, true, false, false],
        ),
        (
            setting(Blocked, &[G1], Allowed, &[A1]),
            [false, false, true, false],
        ),
        (
            setting(Allowed, &[G1], Allowed, &[A1]),
            [true, false, false, false],
        ),
        (
            setting(Blocked, &[G1], Blocked, &[ALL_APPLICATIONS]),
            [false, false, true, true],
        ),
        (
            setting(Blocked, &[ALL_USERS], Blocked, &[ALL_APPLICATIONS]),
            [false; 4],
        ),
    ] {
        let found = [(1, 0xa1), (1, 0xa2), (2, 0xa1), (2, 0xa2)]
            .map(|(group, application)| lets_in(&setting, &[group], &[application]));
        assert_eq!(found, cells, "{setting:?}");
    }
}

#[test]
fn a_user_is_listed_by_the_home_object_or_by_a_group() {
    let by_object = home_user().to_string();
    let setting = setting(Allowed, &[&by_object], Allowed, &[ALL_APPLICATIONS]);
    assert!(lets_in(&setting, &[], &[0xa1]));
    // The id of a group that equals a user's id is not that user.
    let as_group = format!("g:{by_object}");
    let setting = crate::world::setting(Allowed, &[&as_group], Allowed, &[ALL_APPLICATIONS]);
    assert!(!lets_in(&setting, &[], &[0xa1]));
}

#[test]
fn an_application_is_listed_by_client_or_resource_and_every_resource_must_pass() {
    let client = "00000000-0000-0000-0000-0000000000c1";
    let by_client = setting(Allowed, &[ALL_USERS], Allowed, &[client]);
    assert!(lets_in(&by_client, &[], &[0xa1]));
    let one = setting(Allowed, &[ALL_USERS], Allowed, &[A1]);
    assert!(lets_in(&one, &[], &[0xa1]));
    assert!(!lets_in(&one, &[], &[0xa1, 0xa2]));
    let not_one = setting(Allowed, &[ALL_USERS], Blocked, &[A1]);
    assert!(!lets_in(&not_one, &[], &[0xa1, 0xa2]));
}

/// Requirement V03: nothing that is empty or unreadable opens the door.
#[test]
fn v03_an_empty_request_and_a_list_without_meaning_let_nobody_through() {
    let open = setting(Allowed, &[ALL_USERS], Allowed, &[ALL_APPLICATIONS]);
    assert!(lets_in(&open, &[], &[0xa1]));
    assert!(!lets_in(&open, &[], &[]));
    for broken in [
        setting(Blocked, &[], Blocked, &[A1]),
        setting(Blocked, &["nobody"], Blocked, &[A1]),
        setting(Blocked, &["allusers"], Blocked, &[A1]),
        setting(Blocked, &[G1], Blocked, &["Office"]),
        setting(Blocked, &["g:AllUsers"], Blocked, &[A1]),
        setting(Allowed, &[ALL_USERS], Allowed, &[]),
    ] {
        assert!(!lets_in(&broken, &[], &[0xa2]), "{broken:?}");
    }
}

/// What a tenant says of a channel in one direction: nothing, or the partner's entry and the default.
type Saying = Option<(AccessType, AccessType)>;
type Pick = fn(&mut CrossTenantSettings) -> &mut Option<B2bSetting>;

fn say(world: &mut TenantConfiguration, partner_id: TenantId, pick: Pick, saying: Saying) {
    let all = |access| setting(access, &[ALL_USERS], access, &[ALL_APPLICATIONS]);
    if let Some((of_partner, of_default)) = saying {
        let policy = &mut world.cross_tenant_access_policy;
        *pick(&mut policy.default) = Some(all(of_default));
        let mut settings = CrossTenantSettings::default();
        *pick(&mut settings) = Some(all(of_partner));
        policy.partners = vec![partner(partner_id, settings)];
    }
}

/// Requirement U09: for both channels, every saying of the home tenant against every saying of the resource tenant,
/// with an entry for the other tenant and with one for somebody else.
#[test]
fn u09_outbound_wins_over_inbound_and_unknown_partners_get_the_default() {
    let outbound_of: [(CrossTenantChannel, Pick, Pick); 2] = [
        (
            Collaboration,
            |settings| &mut settings.b2b_collaboration_outbound,
            |settings| &mut settings.b2b_collaboration_inbound,
        ),
        (
            DirectConnect,
            |settings| &mut settings.b2b_direct_connect_outbound,
            |settings| &mut settings.b2b_direct_connect_inbound,
        ),
    ];
    let sayings: [Saying; 4] = [
        None,
        Some((Allowed, Allowed)),
        Some((Blocked, Blocked)),
        Some((Allowed, Blocked)),
    ];
    for (channel, outbound_of, inbound_of) in outbound_of {
        let allows = |saying: Saying, is_partner: bool| match saying {
            None => channel == Collaboration,
            Some((of_partner, _)) if is_partner => of_partner == Allowed,
            Some((_, of_default)) => of_default == Allowed,
        };
        for (outbound, inbound, is_partner) in sayings.iter().flat_map(|outbound| {
            let inbounds = sayings.iter();
            inbounds
                .flat_map(move |inbound| [true, false].map(|known| (*outbound, *inbound, known)))
        }) {
            let (mut home, mut resource) = (tenant(fabrikam()), tenant(contoso()));
            let other = |tenant| if is_partner { tenant } else { woodgrove() };
            say(&mut home, other(contoso()), outbound_of, outbound);
            say(&mut resource, other(fabrikam()), inbound_of, inbound);
            let expect = match (allows(outbound, is_partner), allows(inbound, is_partner)) {
                (false, _) => Err(CrossTenantRefusal::Outbound),
                (true, false) => Err(CrossTenantRefusal::Inbound),
                (true, true) => Ok(()),
            };
            let found = crosses(&home, &resource, channel, &[], &[0xa1]);
            assert_eq!(
                found, expect,
                "{channel:?} {outbound:?} {inbound:?} {is_partner}"
            );
        }
    }
    assert_eq!(CrossTenantRefusal::Outbound.error_code(), 500_212);
    assert_eq!(CrossTenantRefusal::Inbound.error_code(), 500_213);
}

#[test]
fn direct_connect_is_for_applications_that_take_part() {
    let mut home = tenant(fabrikam());
    home.cross_tenant_access_policy.default = open_to_direct_connect();
    let mut resource = tenant(contoso());
    resource.cross_tenant_access_policy.default = open_to_direct_connect();
    assert_eq!(
        crosses(&home, &resource, DirectConnect, &[], &[0xa1]),
        Ok(())
    );
    assert_eq!(
        crosses(&home, &resource, DirectConnect, &[], &[0xa1, 0xa9]),
        Err(CrossTenantRefusal::Inbound)
    );
    resource.applications[0].supports_direct_connect = false;
    assert_eq!(
        crosses(&home, &resource, DirectConnect, &[], &[0xa1]),
        Err(CrossTenantRefusal::Inbound)
    );
    assert_eq!(
        crosses(&home, &resource, Collaboration, &[], &[0xa1]),
        Ok(())
    );
}

/// Baseline scopes alone reach the directory: there the client's word counts, and nowhere else (decision 20).
#[test]
fn direct_connect_to_the_directory_is_for_clients_that_take_part() {
    let mut home = tenant(fabrikam());
    home.cross_tenant_access_policy.default = open_to_direct_connect();
    let mut resource = tenant(contoso());
    resource.cross_tenant_access_policy.default = open_to_direct_connect();
    let directory = ClientId::DIRECTORY.uuid().as_u128();
    let to = |resource: &TenantConfiguration, application| {
        crosses(&home, resource, DirectConnect, &[], &[application]).is_ok()
    };
    assert!(!to(&resource, directory));
    resource.applications[0].app_id = id(0xc1);
    assert!(to(&resource, directory));
    assert!(!to(&resource, 0xa9));
}

#[test]
fn eligibility_for_direct_connect_does_not_depend_on_the_channel() {
    let mut open = tenant(fabrikam());
    open.cross_tenant_access_policy.default = open_to_direct_connect();
    let mut resource = tenant(contoso());
    let resources = BTreeSet::from([payroll()]);
    let crossing = Crossing {
        channel: Collaboration,
        home: HomeAccount {
            tenant_id: fabrikam(),
            user_id: home_user(),
        },
        home_groups: &BTreeSet::new(),
        client: payroll(),
        resources: &resources,
    };
    let home = CompiledTenant::compile(&open);
    assert!(!can_direct_connect(
        &home,
        &CompiledTenant::compile(&resource),
        &crossing
    ));
    resource.cross_tenant_access_policy.default = open_to_direct_connect();
    assert!(can_direct_connect(
        &home,
        &CompiledTenant::compile(&resource),
        &crossing
    ));
}

/// Requirement U11: a tenant speaks only of its own users.
#[test]
fn u11_a_tenant_lets_out_only_its_own_users() {
    let [home, resource] =
        [tenant(fabrikam()), tenant(contoso())].map(|it| CompiledTenant::compile(&it));
    let (groups, resources) = (BTreeSet::new(), BTreeSet::from([payroll()]));
    let crossing = |tenant_id| Crossing {
        channel: Collaboration,
        home: HomeAccount {
            tenant_id,
            user_id: home_user(),
        },
        home_groups: &groups,
        client: payroll(),
        resources: &resources,
    };
    assert!(admit(&home, &resource, &crossing(fabrikam())).is_ok());
    assert!(admit(&home, &resource, &crossing(woodgrove())).is_err());
    // Nobody crosses from a tenant to itself: its own users do not come this way.
    assert!(admit(&resource, &resource, &crossing(contoso())).is_err());
}

/// An admission for one thing opens nothing else.
#[test]
fn u11_an_admission_is_bound_to_tenant_client_and_resources() {
    let contoso_open = contoso_with(NO_TRUST, &[]);
    assert_eq!(outcome(&contoso_open, &guest()), "granted");

    let mut elsewhere = guest();
    elsewhere.client = id(0xc9);
    let mut more = guest();
    more.audiences.insert(id(0xa9));
    for sign_in in [elsewhere, more] {
        assert_eq!(
            outcome(&contoso_open, &sign_in),
            "blocked 500213",
            "{sign_in:#?}"
        );
    }
    let other = CompiledTenant::compile(&tenant(woodgrove()));
    assert_eq!(words(&decide(&other, guest())), "blocked 500213");
}

fn partner(tenant_id: TenantId, settings: CrossTenantSettings) -> CrossTenantPartner {
    CrossTenantPartner {
        tenant_id,
        is_service_provider: None,
        settings,
    }
}

/// Specification 1.4 and decision 10: each hole in a partner's entry is filled from the default, field by field.
#[test]
fn a_partner_inherits_field_by_field() {
    let trust = |mfa, compliant, hybrid| InboundTrust {
        is_mfa_accepted: mfa,
        is_compliant_device_accepted: compliant,
        is_hybrid_azure_ad_joined_device_accepted: hybrid,
    };
    let mut resource = tenant(contoso());
    let policy = &mut resource.cross_tenant_access_policy;
    policy.default.inbound_trust = Some(trust(Some(true), None, Some(true)));
    policy.partners = vec![
        partner(
            fabrikam(),
            CrossTenantSettings {
                inbound_trust: Some(trust(None, Some(true), Some(false))),
                ..CrossTenantSettings::default()
            },
        ),
        partner(id(0x77), CrossTenantSettings::default()),
    ];
    let compiled = CompiledTenant::compile(&resource);
    let found = [fabrikam(), id(0x77), woodgrove()].map(|home| compiled.trust(home));
    let of_default = Trust {
        mfa: true,
        compliant_device: false,
        hybrid_joined_device: true,
    };
    let of_partner = Trust {
        mfa: true,
        compliant_device: true,
        hybrid_joined_device: false,
    };
    assert_eq!(found, [of_partner, of_default, of_default]);
    assert_eq!(
        CompiledTenant::compile(&tenant(contoso())).trust(fabrikam()),
        NO_TRUST
    );

    // Only applications are given: the users are the default's.
    let mut resource = tenant(contoso());
    let policy = &mut resource.cross_tenant_access_policy;
    policy.default.b2b_collaboration_inbound =
        Some(setting(Allowed, &[G1], Allowed, &[ALL_APPLICATIONS]));
    let mut half = setting(Allowed, &[], Blocked, &[A1]);
    half.users_and_groups = None;
    policy.partners = vec![partner(
        fabrikam(),
        CrossTenantSettings {
            b2b_collaboration_inbound: Some(half),
            ..CrossTenantSettings::default()
        },
    )];
    let crosses = |groups: &[u128], application| {
        crosses(
            &tenant(fabrikam()),
            &resource,
            Collaboration,
            groups,
            &[application],
        )
        .is_ok()
    };
    assert_eq!(
        [
            crosses(&[1], 0xa2),
            crosses(&[1], 0xa1),
            crosses(&[2], 0xa2)
        ],
        [true, false, false]
    );
}

#[test]
fn two_entries_for_one_tenant_let_nobody_through() {
    let mut resource = contoso_with(FULL_TRUST, &[]);
    let policy = &mut resource.cross_tenant_access_policy;
    policy.partners.push(policy.partners[0].clone());
    assert_eq!(
        crosses(&tenant(fabrikam()), &resource, Collaboration, &[], &[0xa1]),
        Err(CrossTenantRefusal::Inbound)
    );
    assert_eq!(
        CompiledTenant::compile(&resource).trust(fabrikam()),
        NO_TRUST
    );
}

/// Requirement U13.
#[test]
fn u13_consent_is_skipped_only_when_both_tenants_say_so_of_each_other() {
    let world = |own: TenantId, other: TenantId, inbound: Option<bool>, outbound: Option<bool>| {
        let mut configuration = tenant(own);
        configuration.cross_tenant_access_policy.partners = vec![partner(
            other,
            CrossTenantSettings {
                automatic_user_consent_settings: Some(InboundOutbound {
                    inbound_allowed: inbound,
                    outbound_allowed: outbound,
                }),
                ..CrossTenantSettings::default()
            },
        )];
        CompiledTenant::compile(&configuration)
    };
    let values = [None, Some(false), Some(true)];
    for outbound in values {
        for inbound in values {
            let home = world(fabrikam(), contoso(), None, outbound);
            let resource = world(contoso(), fabrikam(), inbound, None);
            let both = outbound == Some(true) && inbound == Some(true);
            assert_eq!(
                skips_consent(&home, &resource),
                both,
                "{outbound:?} {inbound:?}"
            );
            // The other direction is another matter.
            assert!(!skips_consent(&resource, &home));
        }
    }
}
