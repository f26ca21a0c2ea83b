//! Users, groups, roles and configuration, as an import left them.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_model::store::{Change, Store};
use serde_json::json;

use super::samples::*;

pub(crate) async fn users_are_found_by_id_name_and_home_account(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let users = full_world(CONTOSO).users.unwrap();
    for user in &users {
        let found = tenant.find_user(user.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(user));
    }
    assert_eq!(tenant.find_user(id(999)).await.unwrap(), None);
    for (spelling, index) in [
        ("ADA@tenant-1.example", 0),
        (" bob@Tenant-1.example ", 1),
        ("guest@elsewhere.example", 2),
        ("guest_elsewhere#ext#@tenant-1.example", 2),
    ] {
        let found = tenant.find_user_by_name(&name(spelling)).await.unwrap();
        assert_eq!(found.as_ref(), users.get(index), "{spelling}");
    }
    let carol = name("carol@tenant-1.example");
    assert_eq!(tenant.find_user_by_name(&carol).await.unwrap(), None);
    let home = users[2].home_account.unwrap();
    let found = tenant.find_user_by_home_account(home).await.unwrap();
    assert_eq!(found.as_ref(), users.get(2));
    let other = read(json!({"tenantId": home.user_id, "userId": home.tenant_id}));
    assert_eq!(tenant.find_user_by_home_account(other).await.unwrap(), None);
}

pub(crate) async fn s12_what_is_forgotten_here_stays_forgotten_after_an_import(
    store: Arc<dyn Store>,
) {
    let tenant = contoso(&store).await;
    let forget = |user, second| Change::ForgetSignIns {
        user,
        before: at(second),
    };
    let valid_from = async |user| {
        let found = tenant.find_user(user).await.unwrap().unwrap();
        found.sign_in_sessions_valid_from_date_time
    };
    loses(&*tenant, vec![forget(id(99), 5)], 0).await;
    assert_eq!(valid_from(ada()).await, None);
    apply(&*tenant, forget(ada(), 50)).await;
    assert_eq!(valid_from(ada()).await, Some(at(50)));
    assert_eq!(valid_from(bob()).await, None);
    // Never back, neither by a change nor by the world's files.
    apply(&*tenant, forget(ada(), 40)).await;
    assert_eq!(valid_from(ada()).await, Some(at(50)));
    let mut world = full_world(CONTOSO);
    for user in world.users.iter_mut().flatten() {
        user.display_name.push('!');
        user.sign_in_sessions_valid_from_date_time = Some(at(45));
    }
    import(&store, &[world]).await;
    assert_eq!(valid_from(ada()).await, Some(at(50)));
    assert_eq!(valid_from(bob()).await, Some(at(45)));
    // By every way a user is found.
    let by_name = tenant
        .find_user_by_name(&name("ada@tenant-1.example"))
        .await;
    let by_name = by_name.unwrap().unwrap();
    assert_eq!(by_name.sign_in_sessions_valid_from_date_time, Some(at(50)));
    let with_memberships = tenant.find_user_and_memberships(ada()).await;
    let (whole, _) = with_memberships.unwrap().unwrap();
    assert_eq!(whole, tenant.find_user(ada()).await.unwrap().unwrap());
    assert_eq!(whole.sign_in_sessions_valid_from_date_time, Some(at(50)));
    let guest = full_world(CONTOSO).users.unwrap().remove(2);
    apply(&*tenant, forget(guest.id, 60)).await;
    let by_home = tenant.find_user_by_home_account(guest.home_account.unwrap());
    let by_home = by_home.await.unwrap().unwrap();
    assert_eq!(by_home.sign_in_sessions_valid_from_date_time, Some(at(60)));
}

pub(crate) async fn a_shared_address_names_nobody(store: Arc<dyn Store>) {
    let mut world = bare_world(CONTOSO);
    let mut first = user(1, "first@tenant-1.example");
    first.mail = Some("office@tenant-1.example".into());
    first.other_mails = vec![
        "Office@Tenant-1.example".into(),
        "only@first.example".into(),
    ];
    let mut second = user(2, "second@tenant-1.example");
    second.other_mails = vec!["OFFICE@tenant-1.example".into()];
    world.users = Some(vec![first.clone(), second]);
    import(&store, &[world.clone()]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let shared = name("office@tenant-1.example");
    assert_eq!(tenant.find_user_by_name(&shared).await.unwrap(), None);
    let own = tenant.find_user_by_name(&name("only@first.example")).await;
    assert_eq!(own.unwrap(), Some(first.clone()));
    // With the second gone the address names the first, who has it twice.
    world.users = Some(vec![first.clone()]);
    import(&store, &[world]).await;
    assert_eq!(
        tenant.find_user_by_name(&shared).await.unwrap(),
        Some(first)
    );
}

pub(crate) async fn a_principal_name_wins_over_an_address(store: Arc<dyn Store>) {
    let mut world = bare_world(CONTOSO);
    let owner = user(9, "office@tenant-1.example");
    let mut others: Vec<_> = (1..=3)
        .map(|n| {
            let mut other = user(n, &format!("other-{n}@tenant-1.example"));
            other.mail = Some("office@tenant-1.example".into());
            other
        })
        .collect();
    others.push(owner.clone());
    world.users = Some(others);
    import(&store, &[world]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let found = tenant
        .find_user_by_name(&name("office@tenant-1.example"))
        .await;
    assert_eq!(found.unwrap(), Some(owner));
}

pub(crate) async fn memberships_follow_nesting_circles_and_roles(store: Arc<dyn Store>) {
    let mut world = bare_world(CONTOSO);
    world.users = Some(vec![
        user(1, "ada@tenant-1.example"),
        user(2, "bob@tenant-1.example"),
    ]);
    // 11 holds Ada; 12 holds 11; 13 holds 12; 11 holds 13: a circle. 14 holds nobody, 15 holds 14.
    world.groups = Some(vec![
        group(11, &[1, 13]),
        group(12, &[11]),
        group(13, &[12]),
        group(14, &[]),
        group(15, &[14]),
    ]);
    world.role_assignments = Some(vec![role(1, 21), role(13, 22), role(14, 23), role(2, 21)]);
    import(&store, &[world]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let ada = tenant.memberships(id(1)).await.unwrap();
    assert_eq!(ada.groups, BTreeSet::from([id(11), id(12), id(13)]));
    assert_eq!(ada.roles, BTreeSet::from([id(21), id(22)]));
    let bob = tenant.memberships(id(2)).await.unwrap();
    assert_eq!(bob.groups, BTreeSet::new());
    assert_eq!(bob.roles, BTreeSet::from([id(21)]));
    let nobody = tenant.memberships(id(3)).await.unwrap();
    assert_eq!(nobody, portcullis_model::group::Memberships::default());
    // With the user object the same; a group's id names no user, although it belongs to groups.
    for (user, memberships) in [(id(1), ada), (id(2), bob)] {
        let object = tenant.find_user(user).await.unwrap().unwrap();
        let both = tenant.find_user_and_memberships(user).await.unwrap();
        assert_eq!(both, Some((object, memberships)));
    }
    for no_user in [id(3), id(11)] {
        let both = tenant.find_user_and_memberships(no_user).await.unwrap();
        assert_eq!(both, None);
    }
}

pub(crate) async fn the_configuration_is_read_whole(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let world = full_world(CONTOSO);
    let configuration = tenant.configuration().await.unwrap().unwrap();
    let version = tenant.configuration_version().await.unwrap();
    assert_eq!(version, Some(configuration.version));
    assert_eq!(configuration.organization, world.organization);
    assert_eq!(Some(configuration.applications), world.applications);
    assert_eq!(
        Some(configuration.service_principals),
        world.service_principals
    );
    let policies = Some(configuration.conditional_access_policies);
    assert_eq!(policies, world.conditional_access_policies);
    assert_eq!(Some(configuration.named_locations), world.named_locations);
    let strengths = Some(configuration.authentication_strengths);
    assert_eq!(strengths, world.authentication_strengths);
    let contexts = Some(configuration.authentication_contexts);
    assert_eq!(contexts, world.authentication_contexts);
    assert_eq!(Some(configuration.agreements), world.agreements);
    let settings = Some(configuration.cross_tenant_access_policy);
    assert_eq!(settings, world.cross_tenant_access_policy);

    import(&store, &[bare_world(FABRIKAM)]).await;
    let bare = store
        .tenant(id(FABRIKAM))
        .configuration()
        .await
        .unwrap()
        .unwrap();
    assert!(bare.applications.is_empty() && bare.conditional_access_policies.is_empty());
    assert_eq!(bare.cross_tenant_access_policy, read(json!({})));

    let nobody = store.tenant(id(3));
    assert_eq!(nobody.configuration().await.unwrap(), None);
    assert_eq!(nobody.configuration_version().await.unwrap(), None);
}

pub(crate) async fn tenants_are_found_by_domain_and_application(store: Arc<dyn Store>) {
    assert_eq!(store.list_tenants().await.unwrap(), []);
    import(&store, &[full_world(FABRIKAM), full_world(CONTOSO)]).await;
    for n in [CONTOSO, FABRIKAM] {
        assert!(store.has_tenant(tenant(n)).await.unwrap());
        for domain in [format!("tenant-{n}.example"), format!("{n}.example")] {
            let found = store.find_tenant_by_domain(&domain).await.unwrap();
            assert_eq!(found, Some(tenant(n)), "{domain}");
        }
        let owner = store
            .find_application_owner(id(n * 1000 + 41))
            .await
            .unwrap();
        assert_eq!(owner, Some(tenant(n)));
    }
    assert!(!store.has_tenant(tenant(3)).await.unwrap());
    assert_eq!(store.find_tenant_by_domain("example").await.unwrap(), None);
    assert_eq!(store.find_application_owner(id(999)).await.unwrap(), None);
    let names: Vec<_> = store.list_tenants().await.unwrap();
    let names: Vec<_> = names.iter().map(|one| one.display_name.as_str()).collect();
    assert_eq!(names, ["Tenant 1", "Tenant 2"]);
    store.ping().await.unwrap();
}
