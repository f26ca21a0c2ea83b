//! Transactions, codes, refresh tokens, grants, assertion ids: each is spent by one conditional statement.

use std::sync::Arc;

use portcullis_model::artefact::{AuthorizationCodeState, RefreshTokenState};
use portcullis_model::id::TenantId;
use portcullis_model::store::{Change, Store};

use super::samples::*;

pub(crate) async fn a_transaction_moves_only_from_the_version_that_was_read(store: Arc<dyn Store>) {
    // The pseudo-tenant has no row, and transactions none the less.
    for tenant in [tenant(CONTOSO), TenantId::UNDISCOVERED] {
        let tenant = store.tenant(tenant);
        let begun = transaction(1);
        apply(&*tenant, Change::BeginTransaction(begun.clone())).await;
        assert_eq!(
            tenant.find_transaction(begun.id).await.unwrap(),
            Some(begun.clone())
        );

        let mut moved = begun.clone();
        moved.state = "moved".into();
        moved.expires_at = at(900);
        let target = moved.clone();
        let advance = |from_version| Change::AdvanceTransaction {
            transaction: target.clone(),
            from_version,
            now: at(1),
        };
        loses(&*tenant, vec![advance(1)], 0).await;
        apply(&*tenant, advance(0)).await;
        moved.version = 1;
        assert_eq!(
            tenant.find_transaction(begun.id).await.unwrap(),
            Some(moved.clone())
        );
        loses(&*tenant, vec![advance(0)], 0).await;

        let end = |from_version| Change::EndTransaction {
            id: begun.id,
            from_version,
            now: at(1),
        };
        loses(&*tenant, vec![end(0)], 0).await;
        apply(&*tenant, end(1)).await;
        assert_eq!(tenant.find_transaction(begun.id).await.unwrap(), None);
        loses(&*tenant, vec![end(1)], 0).await;
        loses(&*tenant, vec![advance(1)], 0).await;
    }
}

pub(crate) async fn a_transaction_that_expired_does_not_move(store: Arc<dyn Store>) {
    let tenant = store.tenant(tenant(CONTOSO));
    let begun = transaction(1);
    apply(&*tenant, Change::BeginTransaction(begun.clone())).await;
    for now in [at(600), at(601)] {
        let advance = Change::AdvanceTransaction {
            transaction: begun.clone(),
            from_version: 0,
            now,
        };
        loses(&*tenant, vec![advance], 0).await;
        let end = Change::EndTransaction {
            id: begun.id,
            from_version: 0,
            now,
        };
        loses(&*tenant, vec![end], 0).await;
    }
    assert_eq!(
        tenant.find_transaction(begun.id).await.unwrap(),
        Some(begun)
    );
}

pub(crate) async fn a_code_is_spent_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let code = code(1, &grant(1, ada(), 1));
    loses(&*tenant, vec![Change::SpendCode(code.hash)], 0).await;
    apply(&*tenant, Change::IssueCode(code.clone())).await;
    let found = tenant.find_code(code.hash).await.unwrap();
    assert_eq!(found, Some((code.clone(), AuthorizationCodeState::Fresh)));
    apply(&*tenant, Change::SpendCode(code.hash)).await;
    let found = tenant.find_code(code.hash).await.unwrap();
    assert_eq!(found, Some((code.clone(), AuthorizationCodeState::Spent)));
    loses(&*tenant, vec![Change::SpendCode(code.hash)], 0).await;
}

pub(crate) async fn a_code_of_a_revoked_grant_is_burnt(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let code = code(1, &grant(1, ada(), 1));
    apply(&*tenant, Change::IssueCode(code.clone())).await;
    apply(&*tenant, Change::RevokeGrant(code.grant.id)).await;
    loses(&*tenant, vec![Change::SpendCode(code.hash)], 0).await;
    let found = tenant.find_code(code.hash).await.unwrap();
    assert_eq!(found, Some((code, AuthorizationCodeState::Spent)));
}

pub(crate) async fn a_refresh_token_is_spent_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let grant = grant(1, ada(), 1);
    let (old, new) = (refresh_token(1, &grant), refresh_token(2, &grant));
    loses(&*tenant, vec![Change::SpendRefreshToken(old.hash)], 0).await;
    apply(&*tenant, Change::IssueRefreshToken(old.clone())).await;
    let found = tenant.find_refresh_token(old.hash).await.unwrap();
    assert_eq!(found, Some((old.clone(), RefreshTokenState::Fresh)));
    let rotation = vec![
        Change::SpendRefreshToken(old.hash),
        Change::IssueRefreshToken(new.clone()),
    ];
    tenant.commit(rotation.clone()).await.unwrap();
    loses(&*tenant, rotation, 0).await;
    let found = tenant.find_refresh_token(old.hash).await.unwrap();
    assert_eq!(found, Some((old, RefreshTokenState::Spent)));
    let found = tenant.find_refresh_token(new.hash).await.unwrap();
    assert_eq!(found, Some((new, RefreshTokenState::Fresh)));
    assert!(!tenant.is_grant_revoked(grant.id).await.unwrap());
}

pub(crate) async fn revoking_a_grant_kills_its_family(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let (killed, spared) = (grant(1, ada(), 1), grant(2, ada(), 1));
    for (n, grant) in [(1, &killed), (2, &killed), (3, &spared)] {
        apply(&*tenant, Change::IssueRefreshToken(refresh_token(n, grant))).await;
    }
    apply(&*tenant, Change::SpendRefreshToken(hash(1))).await;
    for _ in 0..2 {
        apply(&*tenant, Change::RevokeGrant(killed.id)).await;
    }
    assert!(tenant.is_grant_revoked(killed.id).await.unwrap());
    assert!(!tenant.is_grant_revoked(spared.id).await.unwrap());
    for n in [1, 2] {
        let (_, state) = tenant.find_refresh_token(hash(n)).await.unwrap().unwrap();
        assert_eq!(state, RefreshTokenState::Revoked);
        loses(&*tenant, vec![Change::SpendRefreshToken(hash(n))], 0).await;
    }
    let more = vec![Change::IssueRefreshToken(refresh_token(4, &killed))];
    loses(&*tenant, more, 0).await;
    loses(&*tenant, vec![Change::IssueCode(code(5, &killed))], 0).await;
    apply(&*tenant, Change::SpendRefreshToken(hash(3))).await;
}

pub(crate) async fn revoking_an_unknown_grant_forbids_what_comes_later(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let grant = grant(1, ada(), 1);
    assert!(!tenant.is_grant_revoked(grant.id).await.unwrap());
    apply(&*tenant, Change::RevokeGrant(grant.id)).await;
    assert!(tenant.is_grant_revoked(grant.id).await.unwrap());
    loses(&*tenant, vec![Change::IssueCode(code(1, &grant))], 0).await;
    let token = Change::IssueRefreshToken(refresh_token(1, &grant));
    loses(&*tenant, vec![token], 0).await;
    store.purge_expired(at(1)).await.unwrap();
    store.purge_expired(at(2)).await.unwrap();
    assert!(tenant.is_grant_revoked(grant.id).await.unwrap());
    // One day it is forgotten, when no token of it can live any more.
    store.purge_expired(at(365 * 86_400)).await.unwrap();
    assert!(!tenant.is_grant_revoked(grant.id).await.unwrap());
}

pub(crate) async fn an_assertion_id_is_spent_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let spend = |client, n| Change::SpendAssertionId {
        client: id(client),
        id: hash(n),
        expires_at: at(300),
    };
    apply(&*tenant, spend(41, 1)).await;
    loses(&*tenant, vec![spend(41, 1)], 0).await;
    // Another client's `jti` and another `jti` are something else.
    apply(&*tenant, spend(42, 1)).await;
    apply(&*tenant, spend(41, 2)).await;
}

pub(crate) async fn nothing_is_issued_twice(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let grant = grant(1, ada(), 1);
    let mut other_session = session(2, ada());
    other_session.cookie_hash = hash(1);
    for (first, again) in [
        (Change::BeginTransaction(transaction(1)), None),
        (
            Change::OpenSession(session(1, ada())),
            Some(Change::OpenSession(other_session)),
        ),
        (Change::IssueCode(code(1, &grant)), None),
        (Change::IssueRefreshToken(refresh_token(1, &grant)), None),
        (Change::LogSignIn(Box::new(sign_in(1, 1))), None),
    ] {
        apply(&*tenant, first.clone()).await;
        loses(&*tenant, vec![first], 0).await;
        if let Some(again) = again {
            loses(&*tenant, vec![again], 0).await;
        }
    }
}

pub(crate) async fn u05_no_artefact_is_redeemed_as_another_kind(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let grant = grant(1, ada(), 1);
    apply(&*tenant, Change::IssueCode(code(1, &grant))).await;
    apply(
        &*tenant,
        Change::IssueRefreshToken(refresh_token(2, &grant)),
    )
    .await;
    apply(&*tenant, Change::OpenSession(session(3, ada()))).await;
    let mut begun = transaction(4);
    begun.id = id(4);
    apply(&*tenant, Change::BeginTransaction(begun)).await;
    let used = Change::SpendAssertionId {
        client: id(41),
        id: hash(5),
        expires_at: at(300),
    };
    apply(&*tenant, used).await;
    for n in 1..=5 {
        let found = [
            tenant.find_code(hash(n)).await.unwrap().is_some(),
            tenant.find_refresh_token(hash(n)).await.unwrap().is_some(),
            tenant
                .find_session_by_cookie(hash(n))
                .await
                .unwrap()
                .is_some(),
            tenant.find_transaction(id(n)).await.unwrap().is_some(),
        ];
        let own: [bool; 4] = std::array::from_fn(|kind| kind + 1 == n as usize);
        assert_eq!(found, own, "artefact {n}");
        if n != 1 {
            loses(&*tenant, vec![Change::SpendCode(hash(n))], 0).await;
        }
        if n != 2 {
            loses(&*tenant, vec![Change::SpendRefreshToken(hash(n))], 0).await;
        }
    }
}

pub(crate) async fn expired_artefacts_are_purged_and_live_ones_stay(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let grant = grant(1, ada(), 1);
    for change in [
        Change::BeginTransaction(transaction(1)),
        Change::OpenSession(session(1, ada())),
        Change::IssueCode(code(1, &grant)),
        Change::IssueRefreshToken(refresh_token(1, &grant)),
        Change::SpendAssertionId {
            client: id(41),
            id: hash(1),
            expires_at: at(300),
        },
        Change::ChargeThrottle {
            key: portcullis_model::credential::ThrottleKey::SecondFactor(ada()),
            attempts_max: 3,
            window_seconds: 60,
            now: at(0),
        },
    ] {
        apply(&*tenant, change).await;
    }
    assert_eq!(store.purge_expired(at(60)).await.unwrap(), 0);
    // At 400 seconds the throttle and the assertion id are gone; the spent code is remembered for a day.
    assert_eq!(store.purge_expired(at(400)).await.unwrap(), 2);
    assert!(tenant.find_transaction(id(1)).await.unwrap().is_some());
    assert!(tenant.find_code(hash(1)).await.unwrap().is_some());
    assert_eq!(store.purge_expired(at(4_000)).await.unwrap(), 3);
    assert!(tenant.find_transaction(id(1)).await.unwrap().is_none());
    assert!(tenant.find_session(id(1)).await.unwrap().is_none());
    assert!(tenant.find_refresh_token(hash(1)).await.unwrap().is_none());
    assert_eq!(store.purge_expired(at(90_000)).await.unwrap(), 1);
    assert!(tenant.find_code(hash(1)).await.unwrap().is_none());
    // Last the grant itself, a day after the family's end.
    apply(&*tenant, Change::RevokeGrant(grant.id)).await;
    assert_eq!(store.purge_expired(at(2 * 86_400)).await.unwrap(), 0);
    assert!(tenant.is_grant_revoked(grant.id).await.unwrap());
    assert_eq!(store.purge_expired(at(2 * 86_400 + 1)).await.unwrap(), 1);
}
