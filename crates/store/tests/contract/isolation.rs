//! Tenants never see each other's rows: every read and every change, tried with the ids of a neighbour.

use std::sync::Arc;

use portcullis_model::artefact::{AuthorizationCodeState, RefreshTokenState};
use portcullis_model::credential::{ClientSecret, ThrottleKey};
use portcullis_model::group::Memberships;
use portcullis_model::secret::SealedSecret;
use portcullis_model::session::{SessionClient, SessionSubject};
use portcullis_model::store::{Change, SignInQuery, SigningKeyRecord, Store, TenantStore};

use super::samples::*;

/// Contoso with a row in every table.
async fn filled(store: &Arc<dyn Store>) -> Box<dyn TenantStore> {
    let mut world = full_world(CONTOSO);
    let client = id(CONTOSO * 1000 + 41);
    world.credentials.passwords = vec![password(ada(), "$hash")];
    world.credentials.totp = vec![totp(1, ada())];
    world.credentials.client_secrets = vec![ClientSecret {
        client,
        hash: hash(1),
        hint: "abc".into(),
        expires_at: None,
    }];
    import(store, &[world, bare_world(FABRIKAM)]).await;
    let tenant = store.tenant(tenant(CONTOSO));
    let grant = grant(1, ada(), 1);
    let changes = vec![
        Change::BeginTransaction(transaction(1)),
        Change::OpenSession(session(1, ada())),
        Change::JoinSession(joined()),
        Change::IssueCode(code(1, &grant)),
        Change::IssueRefreshToken(refresh_token(1, &grant)),
        Change::SpendAssertionId {
            client,
            id: hash(1),
            expires_at: at(300),
        },
        Change::GrantConsent {
            user: ada(),
            client,
            scopes: vec!["openid".into()],
            at: at(1),
        },
        charge(),
        Change::LogSignIn(Box::new(sign_in(1, 1))),
        Change::AddSigningKey(key()),
        Change::KeepKeyCheck(SealedSecret(vec![1])),
    ];
    tenant.commit(changes).await.unwrap();
    tenant
}

fn joined() -> SessionClient {
    SessionClient {
        session: id(1),
        client: id(41),
        subject: "pairwise".into(),
        correlation_id: id(1),
    }
}

fn key() -> SigningKeyRecord {
    SigningKeyRecord {
        key_id: "kid".into(),
        algorithm: portcullis_model::application::SigningAlgorithm::RS256,
        private_key: SealedSecret(vec![1]),
        public_jwk: "{}".into(),
        created_at: at(0),
        active_from: at(0),
        retired_at: None,
        not_after: at(9),
    }
}

fn charge() -> Change {
    Change::ChargeThrottle {
        key: ThrottleKey::SecondFactor(ada()),
        attempts_max: 2,
        window_seconds: 60,
        now: at(1),
    }
}

/// What each read answers when it is asked for Contoso's ids: true when it found something.
async fn seen(tenant: &dyn TenantStore) -> Vec<(&'static str, bool)> {
    let mut all = seen_of_people(tenant).await;
    all.extend(seen_of_flows(tenant).await);
    all.extend(seen_of_records(tenant).await);
    all
}

async fn seen_of_people(tenant: &dyn TenantStore) -> Vec<(&'static str, bool)> {
    let client = id(CONTOSO * 1000 + 41);
    let home = full_world(CONTOSO).users.unwrap()[2].home_account.unwrap();
    let user = tenant.find_user(ada()).await.unwrap();
    let user_and_memberships = tenant.find_user_and_memberships(ada()).await.unwrap();
    let ada_name = name("ada@tenant-1.example");
    let by_name = tenant.find_user_by_name(&ada_name).await.unwrap();
    let by_home = tenant.find_user_by_home_account(home).await.unwrap();
    let memberships = tenant.memberships(ada()).await.unwrap();
    let password = tenant.find_password(ada()).await.unwrap();
    let totp = tenant.list_totp(ada()).await.unwrap();
    let secrets = tenant.list_client_secrets(client).await.unwrap();
    let throttle = ThrottleKey::SecondFactor(ada());
    let throttle = tenant.find_throttle(&throttle).await.unwrap();
    let scopes = tenant.consented_scopes(ada(), client).await.unwrap();
    vec![
        ("find_user", user.is_some()),
        ("find_user_and_memberships", user_and_memberships.is_some()),
        ("find_user_by_name", by_name.is_some()),
        ("find_user_by_home_account", by_home.is_some()),
        ("memberships", memberships != Memberships::default()),
        ("find_password", password.is_some()),
        ("list_totp", !totp.is_empty()),
        ("list_client_secrets", !secrets.is_empty()),
        ("find_throttle", throttle.is_some()),
        ("consented_scopes", !scopes.is_empty()),
    ]
}

async fn seen_of_flows(tenant: &dyn TenantStore) -> Vec<(&'static str, bool)> {
    let transaction = tenant.find_transaction(id(1)).await.unwrap();
    let session = tenant.find_session(id(1)).await.unwrap();
    let by_cookie = tenant.find_session_by_cookie(hash(1)).await.unwrap();
    let ada = SessionSubject::User(ada());
    let sessions = tenant.list_sessions(ada).await.unwrap();
    let clients = tenant.list_session_clients(id(1)).await.unwrap();
    let code = tenant.find_code(hash(1)).await.unwrap();
    let token = tenant.find_refresh_token(hash(1)).await.unwrap();
    vec![
        ("find_transaction", transaction.is_some()),
        ("find_session", session.is_some()),
        ("find_session_by_cookie", by_cookie.is_some()),
        ("list_sessions", !sessions.is_empty()),
        ("list_session_clients", !clients.is_empty()),
        ("find_code", code.is_some()),
        ("find_refresh_token", token.is_some()),
    ]
}

async fn seen_of_records(tenant: &dyn TenantStore) -> Vec<(&'static str, bool)> {
    let of_ada = SignInQuery {
        user: Some(ada().to_string()),
        ..SignInQuery::default()
    };
    let of_correlation = SignInQuery {
        correlation_id: Some(uuid(1)),
        ..SignInQuery::default()
    };
    let keys = tenant.list_signing_keys().await.unwrap();
    let adas = tenant.list_sign_ins(&of_ada).await.unwrap();
    let correlated = tenant.list_sign_ins(&of_correlation).await.unwrap();
    let key_check = tenant.find_key_check().await.unwrap();
    let configuration = tenant.configuration().await.unwrap();
    let policies = configuration.map(|found| found.conditional_access_policies);
    vec![
        ("list_signing_keys", !keys.is_empty()),
        ("find_key_check", key_check.is_some()),
        ("list_sign_ins of a user", !adas.is_empty()),
        ("list_sign_ins of a correlation", !correlated.is_empty()),
        (
            "configuration",
            policies.is_some_and(|policies| !policies.is_empty()),
        ),
    ]
}

pub(crate) async fn u01_every_read_sees_its_own_tenant_only(store: Arc<dyn Store>) {
    let contoso = filled(&store).await;
    for (read, is_seen) in seen(&*contoso).await {
        assert!(is_seen, "{read} sees nothing of its own tenant");
    }
    for other in [tenant(FABRIKAM), tenant(3)] {
        for (read, is_seen) in seen(&*store.tenant(other)).await {
            assert!(!is_seen, "{read} sees a row of another tenant");
        }
    }
    apply(&*contoso, Change::RevokeGrant(id(1))).await;
    assert!(contoso.is_grant_revoked(id(1)).await.unwrap());
    let fabrikam = store.tenant(tenant(FABRIKAM));
    assert!(!fabrikam.is_grant_revoked(id(1)).await.unwrap());
}

/// Changes that win only over a row that is there.
fn conditional_changes() -> Vec<Change> {
    let mut renewed = session(1, ada());
    renewed.cookie_hash = hash(2);
    vec![
        Change::AdvanceTransaction {
            transaction: transaction(1),
            from_version: 0,
            now: at(1),
        },
        Change::EndTransaction {
            id: id(1),
            from_version: 0,
            now: at(1),
        },
        Change::RenewSession {
            session: renewed,
            from_cookie: hash(1),
        },
        Change::JoinSession(joined()),
        Change::ForgetSignIns {
            user: ada(),
            before: at(1),
        },
        Change::RemovePolicy(id(CONTOSO * 1000 + 61)),
        Change::SpendCode(hash(1)),
        Change::SpendRefreshToken(hash(1)),
        Change::RehashPassword {
            password: password(ada(), "$x"),
            from_hash: "$hash".into(),
        },
        Change::RegisterTotp(totp(2, ada())),
        Change::UseTotpStep {
            method: id(1),
            step: 99,
        },
        Change::RetireSigningKey {
            key_id: "kid".into(),
            retired_at: at(1),
            not_after: at(2),
        },
    ]
}

/// Changes that are made whether they meet a row or not.
fn unconditional_changes() -> Vec<Change> {
    vec![
        Change::UseSession {
            session: id(1),
            last_use: used(77),
        },
        Change::EndOtherSessions {
            subject: SessionSubject::User(ada()),
            kept: id(99),
        },
        Change::EndSession(id(1)),
        Change::EndSessionsOfUser(ada()),
        Change::RevokeGrant(id(1)),
        Change::ClearThrottle(ThrottleKey::SecondFactor(ada())),
    ]
}

pub(crate) async fn u02_every_change_reaches_its_own_tenant_only(store: Arc<dyn Store>) {
    let contoso = filled(&store).await;
    let fabrikam = store.tenant(tenant(FABRIKAM));
    for conditional in conditional_changes() {
        loses(&*fabrikam, vec![conditional], 0).await;
    }
    for unconditional in unconditional_changes() {
        apply(&*fabrikam, unconditional).await;
    }
    for (read, is_seen) in seen(&*contoso).await {
        assert!(is_seen, "{read}: a change reached over");
    }
    assert!(!contoso.is_grant_revoked(id(1)).await.unwrap());
    let untouched = contoso.find_session(id(1)).await.unwrap().unwrap();
    assert_eq!(untouched.last_use, used(0));
    apply(&*contoso, Change::SpendCode(hash(1))).await;
    apply(&*contoso, Change::SpendRefreshToken(hash(1))).await;
    assert_eq!(contoso.list_totp(ada()).await.unwrap(), [totp(1, ada())]);
    assert_eq!(contoso.list_signing_keys().await.unwrap(), [key()]);
}

pub(crate) async fn u02_the_same_ids_in_two_tenants_are_two_rows(store: Arc<dyn Store>) {
    let contoso = filled(&store).await;
    let fabrikam = store.tenant(tenant(FABRIKAM));
    let grant = grant(1, bob(), 1);
    let client = id(CONTOSO * 1000 + 41);
    let mut token = refresh_token(1, &grant);
    token.expires_at = at(7);
    let changes = vec![
        Change::BeginTransaction(transaction(1)),
        Change::OpenSession(session(1, bob())),
        Change::JoinSession(joined()),
        Change::IssueCode(code(1, &grant)),
        Change::IssueRefreshToken(token.clone()),
        Change::SpendAssertionId {
            client,
            id: hash(1),
            expires_at: at(300),
        },
        charge(),
        charge(),
        Change::LogSignIn(Box::new(sign_in(1, 1))),
        Change::AddSigningKey(key()),
        Change::EndTransaction {
            id: id(1),
            from_version: 0,
            now: at(1),
        },
        Change::SpendCode(hash(1)),
        Change::EndSession(id(1)),
    ];
    fabrikam.commit(changes).await.unwrap();
    let (found, state) = fabrikam.find_refresh_token(hash(1)).await.unwrap().unwrap();
    assert_eq!((found, state), (token, RefreshTokenState::Revoked));
    for (read, is_seen) in seen(&*contoso).await {
        assert!(is_seen, "{read}: a row of another tenant was replaced");
    }
    let (_, state) = contoso.find_code(hash(1)).await.unwrap().unwrap();
    assert_eq!(state, AuthorizationCodeState::Fresh);
    let (_, state) = contoso.find_refresh_token(hash(1)).await.unwrap().unwrap();
    assert_eq!(state, RefreshTokenState::Fresh);
    apply(&*contoso, charge()).await;
    loses(&*contoso, vec![charge()], 0).await;
}
