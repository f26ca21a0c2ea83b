//! The sign-in log: append-only, newest first, found by what support is told on the phone.

use std::sync::Arc;

use portcullis_model::id::SignInId;
use portcullis_model::sign_in_log::SignIn;
use portcullis_model::store::{Change, SignInQuery, Store, TenantStore};

use super::samples::*;

async fn log(tenant: &dyn TenantStore, rows: &[SignIn]) {
    for row in rows {
        apply(tenant, Change::LogSignIn(Box::new(row.clone()))).await;
    }
}

async fn found(tenant: &dyn TenantStore, query: SignInQuery) -> Vec<SignIn> {
    tenant.list_sign_ins(&query).await.unwrap()
}

async fn found_ids(tenant: &dyn TenantStore, query: SignInQuery) -> Vec<SignInId> {
    let rows = found(tenant, query).await;
    rows.iter().map(|row| row.id).collect()
}

pub(crate) async fn rows_come_back_newest_first(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    assert_eq!(found(&*tenant, SignInQuery::default()).await, []);
    let rows = [sign_in(1, 10), sign_in(2, 30), sign_in(3, 20)];
    log(&*tenant, &rows).await;
    let [first, second, third] = rows;
    let newest_first = [second, third, first];
    assert_eq!(found(&*tenant, SignInQuery::default()).await, newest_first);
    let page = SignInQuery {
        top: 1,
        skip: 1,
        ..SignInQuery::default()
    };
    assert_eq!(found(&*tenant, page).await, newest_first[1..2]);
    let late = SignInQuery {
        since: Some(at(10)),
        ..SignInQuery::default()
    };
    assert_eq!(found(&*tenant, late).await, newest_first[..2]);
    for n in 0..120 {
        log(&*tenant, &[sign_in(1_000 + n, 100 + i64::from(n))]).await;
    }
    assert_eq!(found(&*tenant, SignInQuery::default()).await.len(), 100);
    let all = SignInQuery {
        top: 5_000,
        ..SignInQuery::default()
    };
    assert_eq!(found(&*tenant, all).await.len(), 123);
}

pub(crate) async fn rows_are_found_by_person_correlation_client_and_error(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let adas = sign_in(1, 10);
    let mut bobs = sign_in(2, 20);
    bobs.user_id = Some(bob().to_string());
    bobs.user_principal_name = Some("bob@tenant-1.example".into());
    bobs.app_id = Some(id(42));
    bobs.status.error_code = 50_126;
    let mut nobodys = sign_in(3, 30);
    nobodys.user_id = None;
    nobodys.user_principal_name = None;
    nobodys.app_id = None;
    nobodys.correlation_id = adas.correlation_id;
    let rows = [adas, bobs, nobodys];
    log(&*tenant, &rows).await;
    let [adas, bobs, nobodys] = rows;
    let by_user = |user: &str| SignInQuery {
        user: Some(user.into()),
        ..SignInQuery::default()
    };
    for spelling in [
        ada().to_string(),
        ada().to_string().to_uppercase(),
        "ADA@tenant-1.example".into(),
        " ada@Tenant-1.example".into(),
    ] {
        assert_eq!(
            found_ids(&*tenant, by_user(&spelling)).await,
            [adas.id],
            "{spelling}"
        );
    }
    for nobody in ["", "carol@tenant-1.example", "%"] {
        assert_eq!(found_ids(&*tenant, by_user(nobody)).await, [], "{nobody}");
    }
    let mut correlated = SignInQuery {
        correlation_id: Some(adas.correlation_id.uuid()),
        ..SignInQuery::default()
    };
    let both = [nobodys.id, adas.id];
    assert_eq!(found_ids(&*tenant, correlated.clone()).await, both);
    correlated.user = Some("ada@tenant-1.example".into());
    assert_eq!(found_ids(&*tenant, correlated.clone()).await, [adas.id]);
    correlated.user = Some(bob().to_string());
    assert_eq!(found_ids(&*tenant, correlated).await, []);
    let by_client = SignInQuery {
        client: Some(id(42)),
        ..SignInQuery::default()
    };
    assert_eq!(found_ids(&*tenant, by_client.clone()).await, [bobs.id]);
    let by_error = |error_code| SignInQuery {
        error_code: Some(error_code),
        ..SignInQuery::default()
    };
    assert_eq!(found_ids(&*tenant, by_error(50_126)).await, [bobs.id]);
    assert_eq!(found_ids(&*tenant, by_error(0)).await, both);
    let everything = SignInQuery {
        user: Some(bob().to_string()),
        error_code: Some(50_126),
        ..by_client
    };
    assert_eq!(found_ids(&*tenant, everything).await, [bobs.id]);
}

pub(crate) async fn rows_are_found_by_whether_somebody_sat_in_front(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let seen = sign_in(1, 10);
    let mut silent = sign_in(2, 20);
    silent.is_interactive = false;
    log(&*tenant, &[seen.clone(), silent.clone()]).await;
    for (is_interactive, expected) in [
        (None, vec![silent.id, seen.id]),
        (Some(true), vec![seen.id]),
        (Some(false), vec![silent.id]),
    ] {
        let anybodys = SignInQuery {
            is_interactive,
            ..SignInQuery::default()
        };
        assert_eq!(found_ids(&*tenant, anybodys.clone()).await, expected);
        for user in [ada().to_string(), "ada@tenant-1.example".to_owned()] {
            let query = SignInQuery {
                user: Some(user),
                ..anybodys.clone()
            };
            assert_eq!(found_ids(&*tenant, query).await, expected);
        }
        let of_one = SignInQuery {
            correlation_id: Some(silent.correlation_id.uuid()),
            ..anybodys
        };
        let expected = is_interactive != Some(true);
        assert_eq!(
            found_ids(&*tenant, of_one).await.len(),
            usize::from(expected)
        );
    }
}

pub(crate) async fn the_log_is_not_purged(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    log(&*tenant, &[sign_in(1, 10)]).await;
    store.purge_expired(at(10 * 365 * 86_400)).await.unwrap();
    assert_eq!(found(&*tenant, SignInQuery::default()).await.len(), 1);
}
