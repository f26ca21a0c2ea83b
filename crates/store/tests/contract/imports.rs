//! Import and export: a world is what the store says it is, or nothing happened.

use std::sync::Arc;

use portcullis_model::id::TenantId;
use portcullis_model::store::{
    Change, ImportCounts, ImportSummary, ImportedCredentials, Store, StoreError, TenantWorld,
};
use portcullis_model::user::User;
use serde_json::json;

use super::samples::*;

fn counts(summary: &ImportSummary, kind: &str) -> (usize, usize, usize, usize) {
    let ImportCounts {
        added,
        changed,
        removed,
        unchanged,
    } = summary.kinds[kind];
    (added, changed, removed, unchanged)
}

async fn version(store: &Arc<dyn Store>) -> u64 {
    let version = store.tenant(tenant(CONTOSO)).configuration_version().await;
    version.unwrap().unwrap()
}

async fn refused(store: &Arc<dyn Store>, world: &[TenantWorld]) -> String {
    match store.import(world, at(1), false).await {
        Err(StoreError::Contradiction { what }) => what,
        other => panic!("should have been refused, but: {other:?}"),
    }
}

pub(crate) async fn importing_twice_changes_nothing(store: Arc<dyn Store>) {
    let world = [full_world(CONTOSO), full_world(FABRIKAM)];
    let first = store.import(&world, at(0), false).await.unwrap();
    assert_eq!(first.len(), 2);
    assert_eq!(first[0].tenant, tenant(CONTOSO));
    assert_eq!(first[0].display_name, "Tenant 1");
    assert_eq!(counts(&first[0], "users"), (3, 0, 0, 0));
    assert_eq!(counts(&first[0], "conditionalAccessPolicies"), (2, 0, 0, 0));
    assert_eq!(counts(&first[0], "crossTenantAccessPolicy"), (1, 0, 0, 0));
    let before = version(&store).await;
    let again = store.import(&world, at(1), false).await.unwrap();
    for summary in &again {
        assert_eq!(summary.kinds.len(), 13, "{:?}", summary.kinds.keys());
        for (kind, counts) in &summary.kinds {
            let touched = counts.added + counts.changed + counts.removed;
            assert_eq!(touched, 0, "{kind}");
            assert!(counts.unchanged > 0, "{kind}");
        }
    }
    assert_eq!(version(&store).await, before);
    assert!(store.import(&[], at(1), false).await.unwrap().is_empty());
}

pub(crate) async fn an_export_is_an_equal_world(store: Arc<dyn Store>) {
    assert!(store.export().await.unwrap().is_empty());
    let world = vec![full_world(CONTOSO), full_world(FABRIKAM)];
    import(&store, &world).await;
    let exported = store.export().await.unwrap();
    assert_eq!(exported, world);
    let again = store.import(&exported, at(1), false).await.unwrap();
    let mut all = again.iter().flat_map(|summary| summary.kinds.values());
    assert!(all.all(|counts| counts.added + counts.changed + counts.removed == 0));
}

pub(crate) async fn a_dry_run_says_the_same_and_writes_nothing(store: Arc<dyn Store>) {
    let world = [full_world(CONTOSO)];
    let said = store.import(&world, at(0), true).await.unwrap();
    assert!(!store.has_tenant(tenant(CONTOSO)).await.unwrap());
    assert!(store.export().await.unwrap().is_empty());
    assert_eq!(store.import(&world, at(0), false).await.unwrap(), said);
    let mut changed = full_world(CONTOSO);
    changed.users = Some(Vec::new());
    let said = store.import(&[changed], at(0), true).await.unwrap();
    assert_eq!(counts(&said[0], "users"), (0, 0, 3, 0));
    assert!(
        store
            .tenant(tenant(CONTOSO))
            .find_user(ada())
            .await
            .unwrap()
            .is_some()
    );
}

pub(crate) async fn kinds_that_are_not_named_stay(store: Arc<dyn Store>) {
    import(&store, &[full_world(CONTOSO)]).await;
    let before = store.export().await.unwrap();
    let mut bare = bare_world(CONTOSO);
    bare.organization = full_world(CONTOSO).organization;
    let summary = store.import(&[bare.clone()], at(1), false).await.unwrap();
    let kinds: Vec<_> = summary[0].kinds.keys().collect();
    assert_eq!(kinds, ["organization"]);
    assert_eq!(store.export().await.unwrap(), before);
    // An empty list is something else: it names the kind, and says that there is none.
    let empty = TenantWorld {
        users: Some(Vec::new()),
        groups: Some(Vec::new()),
        role_assignments: Some(Vec::new()),
        applications: Some(Vec::new()),
        service_principals: Some(Vec::new()),
        conditional_access_policies: Some(Vec::new()),
        named_locations: Some(Vec::new()),
        authentication_strengths: Some(Vec::new()),
        authentication_contexts: Some(Vec::new()),
        agreements: Some(Vec::new()),
        cross_tenant_access_policy: Some(read(json!({}))),
        invariants: Some(read(json!({"invariants": []}))),
        ..bare
    };
    import(&store, std::slice::from_ref(&empty)).await;
    let empty = TenantWorld {
        invariants: None,
        ..empty
    };
    assert_eq!(store.export().await.unwrap(), [empty]);
    let owner = store.find_application_owner(id(CONTOSO * 1000 + 41)).await;
    assert_eq!(owner.unwrap(), None);
}

pub(crate) async fn a_removed_user_leaves_nothing_behind(store: Arc<dyn Store>) {
    let mut world = full_world(CONTOSO);
    world.credentials.passwords = vec![password(ada(), "$a"), password(bob(), "$b")];
    world.credentials.totp = vec![totp(1, ada()), totp(2, bob())];
    import(&store, &[world.clone()]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    for (n, user) in [(1, ada()), (2, bob())] {
        let consent = Change::GrantConsent {
            user,
            client: id(41),
            scopes: vec!["openid".into()],
            at: at(1),
        };
        let token = refresh_token(n, &grant(n, user, n));
        let changes = vec![
            Change::OpenSession(session(n, user)),
            Change::IssueRefreshToken(token),
            consent,
        ];
        tenant.commit(changes).await.unwrap();
    }
    let users = world.users.clone().unwrap();
    let mut without = world.clone();
    without.credentials = ImportedCredentials::default();
    without.users = Some(users[1..].to_vec());
    let summary = store.import(&[without], at(1), false).await.unwrap();
    assert_eq!(counts(&summary[0], "users"), (0, 0, 1, 2));
    world.credentials = ImportedCredentials::default();
    for comes_back in [false, true] {
        if comes_back {
            import(&store, &[world.clone()]).await;
        }
        for (n, user, is_there) in [(1, ada(), false), (2, bob(), true)] {
            assert_eq!(
                tenant.find_password(user).await.unwrap().is_some(),
                is_there
            );
            assert_eq!(!tenant.list_totp(user).await.unwrap().is_empty(), is_there);
            assert_eq!(
                tenant.find_session(id(n)).await.unwrap().is_some(),
                is_there
            );
            let consent = tenant.consented_scopes(user, id(41)).await.unwrap();
            assert_eq!(!consent.is_empty(), is_there);
            assert_eq!(tenant.is_grant_revoked(id(n)).await.unwrap(), !is_there);
        }
        let found = tenant
            .find_user_by_name(&name("ada@tenant-1.example"))
            .await;
        assert_eq!(found.unwrap().is_some(), comes_back);
    }
}

pub(crate) async fn an_object_for_another_home_account_inherits_no_session(store: Arc<dyn Store>) {
    let mut world = full_world(CONTOSO);
    import(&store, &[world.clone()]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let guest = id(CONTOSO * 1000 + 3);
    apply(&*tenant, Change::OpenSession(session(1, guest))).await;
    let users = world.users.as_mut().unwrap();
    users[2].display_name = "Renamed".into();
    import(&store, &[world.clone()]).await;
    assert!(tenant.find_session(id(1)).await.unwrap().is_some());
    let users = world.users.as_mut().unwrap();
    users[2].home_account = Some(read(json!({"tenantId": uuid(77), "userId": uuid(79)})));
    import(&store, &[world]).await;
    assert!(tenant.find_session(id(1)).await.unwrap().is_none());
}

pub(crate) async fn names_and_domains_may_be_swapped(store: Arc<dyn Store>) {
    let home = |n| Some(read(json!({"tenantId": uuid(77), "userId": uuid(n)})));
    let mut world = [bare_world(CONTOSO), bare_world(FABRIKAM)];
    let (mut first, mut second) = (user(1, "a@x.example"), user(2, "b@x.example"));
    first.home_account = home(1);
    second.home_account = home(2);
    world[0].users = Some(vec![first.clone(), second.clone()]);
    world[0].applications = Some(vec![application(31, 41)]);
    world[1].applications = Some(vec![application(32, 42)]);
    import(&store, &world).await;

    std::mem::swap(
        &mut first.user_principal_name,
        &mut second.user_principal_name,
    );
    std::mem::swap(&mut first.home_account, &mut second.home_account);
    world[0].users = Some(vec![first.clone(), second.clone()]);
    world[0].organization.verified_domains = bare_world(FABRIKAM).organization.verified_domains;
    world[1].organization.verified_domains = bare_world(CONTOSO).organization.verified_domains;
    world[0].applications = Some(vec![application(31, 42)]);
    world[1].applications = Some(vec![application(32, 41)]);
    import(&store, &world).await;
    let contoso = store.tenant(tenant(CONTOSO));
    let found = contoso
        .find_user_by_name(&name("b@x.example"))
        .await
        .unwrap();
    assert_eq!(found, Some(first.clone()));
    let found = contoso
        .find_user_by_home_account(home(2).unwrap())
        .await
        .unwrap();
    assert_eq!(found, Some(first));
    let found = store
        .find_tenant_by_domain("tenant-2.example")
        .await
        .unwrap();
    assert_eq!(found, Some(tenant(CONTOSO)));
    let owner = store.find_application_owner(id(42)).await.unwrap();
    assert_eq!(owner, Some(tenant(CONTOSO)));
}

/// What spoils a world, and the words of the refusal.
type Spoil = (fn(&mut TenantWorld), &'static str);

const SPOILS: &[Spoil] = &[
    (
        |world| world.organization = organization(CONTOSO, &["TENANT-2.example"]),
        "domain `tenant-2.example` belongs to tenant",
    ),
    (
        |world| users(world).push(user(1001, "again@tenant-1.example")),
        "is there twice",
    ),
    (
        |world| users(world).push(user(9, " ADA@tenant-1.example")),
        "two users have the userPrincipalName `ada@tenant-1.example`",
    ),
    (
        |world| users(world).push(user(9, " ")),
        "has a userPrincipalName that is empty",
    ),
    (
        |world| users(world)[1].home_account = users(world)[2].home_account,
        "two users stand for the account",
    ),
    (
        |world| world.groups = Some(vec![group(1011, &[]), group(1011, &[])]),
        "is there twice",
    ),
    (
        |world| world.applications = Some(vec![application(31, 41), application(32, 41)]),
        "is there twice in `applications`",
    ),
    (
        |world| world.applications = Some(vec![application(32, 2041)]),
        "is already registered in tenant",
    ),
    (
        |world| world.credentials.passwords = vec![password(id(999), "$x")],
        "a password is given for",
    ),
    (
        |world| world.credentials.totp = vec![totp(1, id(999))],
        "an authenticator is given for",
    ),
];

fn users(world: &mut TenantWorld) -> &mut Vec<User> {
    world.users.as_mut().unwrap()
}

pub(crate) async fn contradictions_are_refused_whole(store: Arc<dyn Store>) {
    import(&store, &[full_world(CONTOSO), full_world(FABRIKAM)]).await;
    let before = store.export().await.unwrap();
    let twice = [full_world(CONTOSO), full_world(CONTOSO)];
    assert!(refused(&store, &twice).await.contains("is there twice"));
    let mut nil = bare_world(3);
    nil.organization.id = TenantId::UNDISCOVERED;
    assert!(
        refused(&store, &[nil])
            .await
            .contains("is not a tenant's id")
    );
    for (spoil, words) in SPOILS {
        let mut world = full_world(CONTOSO);
        // Something else changes too, and must not stay.
        world.named_locations = Some(Vec::new());
        spoil(&mut world);
        let what = refused(&store, &[world]).await;
        assert!(what.contains(words), "`{words}` is not in: {what}");
        assert_eq!(store.export().await.unwrap(), before, "{words}");
    }
}

pub(crate) async fn u04_an_id_never_names_something_else(store: Arc<dyn Store>) {
    let mut world = bare_world(CONTOSO);
    world.users = Some(vec![user(1, "ada@tenant-1.example")]);
    world.groups = Some(vec![group(11, &[])]);
    import(&store, &[world.clone(), bare_world(FABRIKAM)]).await;
    world.users = Some(Vec::new());
    world.groups = Some(Vec::new());
    import(&store, &[world.clone()]).await;
    // As another kind of the same tenant, and as the same kind of another one.
    let mut as_group = world.clone();
    as_group.groups = Some(vec![group(1, &[])]);
    let what = refused(&store, &[as_group]).await;
    assert!(what.contains("once named"), "{what}");
    let mut as_user = world.clone();
    as_user.users = Some(vec![user(11, "ada@tenant-1.example")]);
    refused(&store, &[as_user]).await;
    let mut elsewhere = bare_world(FABRIKAM);
    elsewhere.users = Some(vec![user(1, "ada@tenant-2.example")]);
    refused(&store, &[elsewhere]).await;
    world.users = Some(vec![user(1, "ada@tenant-1.example")]);
    import(&store, &[world]).await;
}

pub(crate) async fn a_configuration_version_grows_with_every_change(store: Arc<dyn Store>) {
    let mut world = full_world(CONTOSO);
    import(&store, &[world.clone()]).await;
    let mut last = version(&store).await;
    let steps: [&dyn Fn(&mut TenantWorld); 13] = [
        &|world| world.organization.display_name = "Renamed".into(),
        &|world| world.applications.as_mut().unwrap()[0].display_name = "Renamed".into(),
        &|world| world.service_principals.as_mut().unwrap()[0].account_enabled = false,
        &|world| drop(world.conditional_access_policies.as_mut().unwrap().pop()),
        &|world| world.conditional_access_policies.as_mut().unwrap()[0] = policy(1061, "Renamed"),
        &|world| world.conditional_access_policies = Some(vec![policy(9, "New")]),
        &|world| world.named_locations = Some(vec![named_location(1071, &json!(false))]),
        &|world| world.authentication_strengths = Some(vec![strength(1081, "password,sms")]),
        &|world| world.authentication_contexts = Some(vec![context("c1")]),
        &|world| world.agreements = Some(Vec::new()),
        &|world| world.cross_tenant_access_policy = Some(read(json!({}))),
        &|world| world.invariants = Some(invariants("changed")),
        &|world| world.invariants = Some(read(json!({"invariants": []}))),
    ];
    for (index, step) in steps.into_iter().enumerate() {
        step(&mut world);
        import(&store, &[world.clone()]).await;
        let now = version(&store).await;
        assert!(now > last, "step {index}");
        last = now;
    }
    // People are not configuration.
    world.users.as_mut().unwrap()[0].display_name = "Renamed".into();
    import(&store, &[world]).await;
    assert_eq!(version(&store).await, last);
}

pub(crate) async fn of_two_changes_of_policies_from_one_version_one_wins(store: Arc<dyn Store>) {
    let contoso = contoso(&store).await;
    let read = || async { contoso.export().await.unwrap().unwrap() };
    let (version, before) = read().await;
    let advance = Change::AdvanceConfiguration {
        from_version: version,
        now: at(5),
    };
    let keep = |n, name| Change::KeepPolicy(Box::new(policy(n, name)));
    let first = vec![advance.clone(), keep(1061, "Renamed"), keep(9, "New")];
    contoso.commit(first).await.unwrap();
    let (now, after) = read().await;
    assert!(now > version);
    let configuration = contoso.configuration().await.unwrap().unwrap();
    assert_eq!(configuration.version, now);
    let names = |world: &TenantWorld| {
        let policies = world.conditional_access_policies.iter().flatten();
        let names = policies.map(|one| one.display_name.clone());
        names.collect::<Vec<String>>()
    };
    assert_eq!(names(&after), ["New", "Renamed", "Once more"]);

    // Whoever read the version of before loses whole.
    let second = vec![advance, keep(1062, "Lost"), Change::RemovePolicy(id(9))];
    loses(&*contoso, second, 0).await;
    assert_eq!(read().await, (now, after.clone()));
    let advance = Change::AdvanceConfiguration {
        from_version: now,
        now: at(6),
    };
    let nobodys = vec![advance.clone(), Change::RemovePolicy(id(777))];
    loses(&*contoso, nobodys, 1).await;
    assert_eq!(read().await, (now, after));
    let third = vec![
        advance,
        Change::RemovePolicy(id(9)),
        keep(1061, "MFA for everyone"),
    ];
    contoso.commit(third).await.unwrap();
    assert_eq!(read().await.1, before);
}

pub(crate) async fn credentials_are_set_and_kept(store: Arc<dyn Store>) {
    let mut world = full_world(CONTOSO);
    world.credentials.passwords = vec![password(ada(), "$a")];
    world.credentials.totp = vec![totp(1, ada())];
    let summary = store.import(&[world.clone()], at(0), false).await.unwrap();
    assert_eq!(counts(&summary[0], "passwords"), (1, 0, 0, 0));
    assert_eq!(counts(&summary[0], "softwareOathMethods"), (1, 0, 0, 0));
    let tenant = store.tenant(tenant(CONTOSO));
    let step = Change::UseTotpStep {
        method: id(1),
        step: 50,
    };
    apply(&*tenant, step).await;
    // An import says nothing of steps: a code that was used stays used.
    let summary = store.import(&[world.clone()], at(0), false).await.unwrap();
    assert_eq!(counts(&summary[0], "passwords"), (0, 0, 0, 1));
    assert_eq!(tenant.list_totp(ada()).await.unwrap()[0].last_step, 50);
    world.credentials = ImportedCredentials::default();
    import(&store, &[world.clone()]).await;
    assert!(tenant.find_password(ada()).await.unwrap().is_some());
    world.credentials.passwords = vec![password(ada(), "$b")];
    world.credentials.totp = vec![totp(1, bob())];
    let what = refused(&store, &[world]).await;
    assert!(what.contains("belongs to another user"), "{what}");
    assert_eq!(
        tenant.find_password(ada()).await.unwrap(),
        Some(password(ada(), "$a"))
    );
}

pub(crate) async fn c08_another_password_or_authenticator_ends_sessions_and_grants(
    store: Arc<dyn Store>,
) {
    let mut world = full_world(CONTOSO);
    world.credentials.passwords = vec![password(ada(), "$a"), password(bob(), "$b")];
    world.credentials.totp = vec![totp(1, ada())];
    import(&store, &[world.clone()]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let mut other_password = world.clone();
    other_password.credentials.passwords = vec![password(ada(), "$new"), password(bob(), "$b")];
    let mut other_seed = other_password.clone();
    other_seed.credentials.totp[0].seed = portcullis_model::secret::SealedSecret(vec![9, 9, 9]);
    let mut one_more = other_seed.clone();
    one_more.credentials.totp.push(totp(2, ada()));
    for (n, world, ends) in [
        (10, &world, false),
        (20, &other_password, true),
        (30, &other_seed, true),
        (40, &other_seed, false),
        (50, &one_more, false),
    ] {
        for (n, user) in [(n, ada()), (n + 1, bob())] {
            let token = refresh_token(n, &grant(n, user, n));
            let open = vec![
                Change::OpenSession(session(n, user)),
                Change::IssueRefreshToken(token),
            ];
            tenant.commit(open).await.unwrap();
        }
        import(&store, std::slice::from_ref(world)).await;
        for (n, ends) in [(n, ends), (n + 1, false)] {
            let is_open = tenant.find_session(id(n)).await.unwrap().is_some();
            assert_eq!(is_open, !ends, "session {n}");
            let is_revoked = tenant.is_grant_revoked(id(n)).await.unwrap();
            assert_eq!(is_revoked, ends, "grant {n}");
        }
    }
}
