//! Passwords, authenticators, client secrets, consent.

use std::sync::Arc;

use portcullis_model::credential::ClientSecret;
use portcullis_model::store::{Change, Store};

use super::samples::*;

pub(crate) async fn a_password_is_rehashed_only_from_the_hash_that_was_read(store: Arc<dyn Store>) {
    let mut world = full_world(CONTOSO);
    world.credentials.passwords = vec![password(ada(), "$old")];
    import(&store, &[world]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    assert_eq!(tenant.find_password(bob()).await.unwrap(), None);
    let mut new = password(ada(), "$new");
    new.changed_at = at(7);
    let rehash = |from: &str| Change::RehashPassword {
        password: new.clone(),
        from_hash: from.into(),
    };
    loses(&*tenant, vec![rehash("$other")], 0).await;
    apply(&*tenant, rehash("$old")).await;
    assert_eq!(
        tenant.find_password(ada()).await.unwrap(),
        Some(new.clone())
    );
    loses(&*tenant, vec![rehash("$old")], 0).await;
    let nobody = Change::RehashPassword {
        password: password(bob(), "$new"),
        from_hash: "$new".into(),
    };
    loses(&*tenant, vec![nobody], 0).await;
}

pub(crate) async fn an_authenticator_is_registered_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    assert_eq!(tenant.list_totp(ada()).await.unwrap(), []);
    apply(&*tenant, Change::RegisterTotp(totp(1, ada()))).await;
    apply(&*tenant, Change::RegisterTotp(totp(2, ada()))).await;
    loses(&*tenant, vec![Change::RegisterTotp(totp(1, ada()))], 0).await;
    loses(&*tenant, vec![Change::RegisterTotp(totp(1, bob()))], 0).await;
    // Nobody registers for a user whom the tenant does not have.
    loses(&*tenant, vec![Change::RegisterTotp(totp(3, id(999)))], 0).await;
    let registered = tenant.list_totp(ada()).await.unwrap();
    assert_eq!(registered, [totp(1, ada()), totp(2, ada())]);
    assert_eq!(tenant.list_totp(bob()).await.unwrap(), []);
}

pub(crate) async fn a_time_step_is_used_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    apply(&*tenant, Change::RegisterTotp(totp(1, ada()))).await;
    let step = |step| Change::UseTotpStep {
        method: id(1),
        step,
    };
    for old in [9, 10] {
        loses(&*tenant, vec![step(old)], 0).await;
    }
    apply(&*tenant, step(12)).await;
    for old in [12, 11] {
        loses(&*tenant, vec![step(old)], 0).await;
    }
    apply(&*tenant, step(13)).await;
    assert_eq!(tenant.list_totp(ada()).await.unwrap()[0].last_step, 13);
    let unknown = Change::UseTotpStep {
        method: id(2),
        step: 99,
    };
    loses(&*tenant, vec![unknown], 0).await;
}

pub(crate) async fn client_secrets_are_listed(store: Arc<dyn Store>) {
    let client = id(CONTOSO * 1000 + 41);
    let secret = |n, hint: &str| ClientSecret {
        client,
        hash: hash(n),
        hint: hint.into(),
        expires_at: (n == 1).then(|| at(9)),
    };
    let mut world = full_world(CONTOSO);
    world.credentials.client_secrets = vec![secret(2, "bbb"), secret(1, "aaa")];
    import(&store, &[world.clone()]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let listed = tenant.list_client_secrets(client).await.unwrap();
    assert_eq!(listed, [secret(1, "aaa"), secret(2, "bbb")]);
    assert_eq!(tenant.list_client_secrets(id(42)).await.unwrap(), []);
    // Naming a client replaces all of its secrets.
    world.credentials.client_secrets = vec![secret(3, "ccc")];
    import(&store, &[world]).await;
    let listed = tenant.list_client_secrets(client).await.unwrap();
    assert_eq!(listed, [secret(3, "ccc")]);
}

pub(crate) async fn consent_adds_up(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let consent = |user, client, scopes: &[&str]| Change::GrantConsent {
        user,
        client: id(client),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        at: at(1),
    };
    assert!(
        tenant
            .consented_scopes(ada(), id(41))
            .await
            .unwrap()
            .is_empty()
    );
    apply(&*tenant, consent(ada(), 41, &[])).await;
    apply(&*tenant, consent(ada(), 41, &["profile", "openid"])).await;
    apply(&*tenant, consent(ada(), 41, &["openid", "email"])).await;
    let scopes = tenant.consented_scopes(ada(), id(41)).await.unwrap();
    assert_eq!(scopes, ["email", "openid", "profile"]);
    assert!(
        tenant
            .consented_scopes(ada(), id(42))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        tenant
            .consented_scopes(bob(), id(41))
            .await
            .unwrap()
            .is_empty()
    );
}
