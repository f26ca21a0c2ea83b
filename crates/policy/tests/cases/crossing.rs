//! Generated cross-tenant settings: the engine and the reference must let the same people cross.

use std::collections::BTreeSet;

use portcullis_model::cross_tenant_access::{
    AccessType, B2bSetting, CrossTenantAccessPolicy, CrossTenantPartner, CrossTenantSettings,
    TargetConfiguration, TargetType,
};
use portcullis_model::id::{ClientId, GroupId, TenantId};
use portcullis_model::store::TenantConfiguration;
use portcullis_model::user::HomeAccount;
use portcullis_policy::compile::CompiledTenant;
use portcullis_policy::cross_tenant::{CrossTenantChannel, Crossing, admit};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::generated::CASES;
use crate::reference_crossing::cross;
use crate::world::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn u09_the_engine_and_the_reference_let_the_same_people_cross(
        home in world(fabrikam(), contoso()),
        resource in world(contoso(), fabrikam()),
        channel in select(vec![CrossTenantChannel::Collaboration, CrossTenantChannel::DirectConnect]),
        groups in btree_set(1..=3u128, 0..3),
        resources in btree_set(0xa1..=0xa3u128, 0..3),
    ) {
        let groups: BTreeSet<GroupId> = groups.into_iter().map(id).collect();
        let resources: BTreeSet<ClientId> = resources.into_iter().map(id).collect();
        let crossing = Crossing {
            channel,
            home: HomeAccount { tenant_id: fabrikam(), user_id: home_user() },
            home_groups: &groups,
            client: id(0xa4),
            resources: &resources,
        };
        let [compiled_home, compiled_resource] = [&home, &resource].map(CompiledTenant::compile);
        let found = admit(&compiled_home, &compiled_resource, &crossing);
        prop_assert_eq!(found.map(|_| ()), cross(&home, &resource, &crossing));
    }
}

/// A tenant with a default and entries for the other tenant and for a third.
fn world(own: TenantId, other: TenantId) -> impl Strategy<Value = TenantConfiguration> {
    let partner = move |tenant_id| {
        option::of(settings()).prop_map(move |settings| {
            settings.map(|settings| CrossTenantPartner {
                tenant_id,
                is_service_provider: None,
                settings,
            })
        })
    };
    (settings(), partner(other), partner(woodgrove())).prop_map(
        move |(default, to_other, to_third)| {
            let mut configuration = tenant(own);
            configuration.cross_tenant_access_policy = CrossTenantAccessPolicy {
                default,
                partners: to_other.into_iter().chain(to_third).collect(),
            };
            configuration
        },
    )
}

/// Boxed, as the ones below: nested plainly they overflow the stack of a test thread.
fn settings() -> BoxedStrategy<CrossTenantSettings> {
    let one = || option::weighted(0.7, b2b_setting());
    (one(), one(), one(), one())
        .prop_map(|(first, second, third, fourth)| CrossTenantSettings {
            b2b_collaboration_inbound: first,
            b2b_collaboration_outbound: second,
            b2b_direct_connect_inbound: third,
            b2b_direct_connect_outbound: fourth,
            ..CrossTenantSettings::default()
        })
        .boxed()
}

fn b2b_setting() -> BoxedStrategy<B2bSetting> {
    let group = |number: u128| (TargetType::Group, GroupId::to_string(&id(number)));
    let application = |number: u128| (TargetType::Application, ClientId::to_string(&id(number)));
    let users = vec![
        (TargetType::User, "AllUsers".to_owned()),
        (TargetType::User, "AllUsers".to_owned()),
        (TargetType::User, home_user().to_string()),
        (TargetType::User, GroupId::to_string(&id(1))),
        group(1),
        group(2),
    ];
    let applications = vec![
        (TargetType::Application, "AllApplications".to_owned()),
        (TargetType::Application, "AllApplications".to_owned()),
        (TargetType::Application, "Office365".to_owned()),
        application(0xa1),
        application(0xa2),
        application(0xa4),
    ];
    let lists = (list(users, "everybody"), list(applications, "everything"));
    lists
        .prop_map(|(users_and_groups, applications)| B2bSetting {
            users_and_groups,
            applications,
        })
        .boxed()
}

/// A list of some of these, rarely empty, rarely with a word nobody knows; or no list.
fn list(
    targets: Vec<(TargetType, String)>,
    nonsense: &'static str,
) -> BoxedStrategy<Option<TargetConfiguration>> {
    let kind = targets[0].0;
    let one = prop_oneof![
        20 => select(targets),
        1 => Just((kind, nonsense.to_owned())),
    ];
    let length = prop_oneof![1 => Just(0usize), 15 => 1..3usize];
    let access_type = select(vec![AccessType::Allowed, AccessType::Blocked]);
    let configuration = (
        access_type,
        length.prop_flat_map(move |length| vec(one.clone(), length)),
    )
        .prop_map(|(access_type, targets)| TargetConfiguration {
            access_type,
            targets: targets
                .into_iter()
                .map(|(target_type, text)| target(target_type, &text))
                .collect(),
        });
    option::weighted(0.8, configuration).boxed()
}
