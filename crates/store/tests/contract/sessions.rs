//! Sessions: opened, renewed with a new cookie, joined, ended.

use std::sync::Arc;

use portcullis_model::credential::AuthenticationMethod;
use portcullis_model::session::{ProvenMethod, SessionClient, SessionSubject, SessionUse};
use portcullis_model::store::{Change, SESSIONS_LISTED_MAX, Store};
use serde_json::json;

use super::samples::*;

pub(crate) async fn a_session_is_renewed_only_from_the_cookie_that_was_read(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let opened = session(1, ada());
    apply(&*tenant, Change::OpenSession(opened.clone())).await;
    assert_eq!(
        tenant.find_session(opened.id).await.unwrap(),
        Some(opened.clone())
    );
    let by_cookie = tenant.find_session_by_cookie(opened.cookie_hash).await;
    assert_eq!(by_cookie.unwrap(), Some(opened.clone()));

    let mut renewed = opened.clone();
    renewed.cookie_hash = hash(2);
    renewed.proofs.push(ProvenMethod {
        method: AuthenticationMethod::SoftwareOath,
        at: at(30),
    });
    renewed.device = Some(read(json!({
        "tenantId": uuid(CONTOSO), "deviceId": uuid(9), "isCompliant": true, "trustType": "AzureAd"
    })));
    renewed.home_session = Some(read(json!({
        "tenantId": uuid(FABRIKAM), "sessionId": uuid(8), "expiresAt": at(99)
    })));
    renewed.is_persistent = true;
    renewed.expires_at = at(7_200);
    renewed.last_use = used(31);
    let renew = Change::RenewSession {
        session: renewed.clone(),
        from_cookie: hash(1),
    };
    apply(&*tenant, renew.clone()).await;
    assert_eq!(tenant.find_session(opened.id).await.unwrap(), Some(renewed));
    assert_eq!(tenant.find_session_by_cookie(hash(1)).await.unwrap(), None);
    assert!(
        tenant
            .find_session_by_cookie(hash(2))
            .await
            .unwrap()
            .is_some()
    );
    loses(&*tenant, vec![renew], 0).await;
}

pub(crate) async fn an_ended_session_stays_ended(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let opened = session(1, ada());
    let (own, other) = (grant(1, ada(), 1), grant(2, ada(), 2));
    apply(&*tenant, Change::OpenSession(opened.clone())).await;
    for (n, grant) in [(1, &own), (2, &other)] {
        apply(&*tenant, Change::IssueRefreshToken(refresh_token(n, grant))).await;
    }
    for _ in 0..2 {
        apply(&*tenant, Change::EndSession(opened.id)).await;
    }
    assert_eq!(tenant.find_session(opened.id).await.unwrap(), None);
    assert_eq!(tenant.find_session_by_cookie(hash(1)).await.unwrap(), None);
    let renew = Change::RenewSession {
        session: opened.clone(),
        from_cookie: hash(1),
    };
    loses(&*tenant, vec![renew], 0).await;
    let join = Change::JoinSession(member_of(1, 41));
    loses(&*tenant, vec![join], 0).await;
    assert!(tenant.is_grant_revoked(own.id).await.unwrap());
    assert!(!tenant.is_grant_revoked(other.id).await.unwrap());
    loses(&*tenant, vec![Change::SpendRefreshToken(hash(1))], 0).await;
}

pub(crate) async fn ending_all_sessions_of_a_user_spares_others(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    for (n, user) in [(1, ada()), (2, ada()), (3, bob())] {
        apply(&*tenant, Change::OpenSession(session(n, user))).await;
        let code = code(n, &grant(n, user, n));
        apply(&*tenant, Change::IssueCode(code)).await;
    }
    apply(&*tenant, Change::EndSessionsOfUser(ada())).await;
    for (n, is_over) in [(1, true), (2, true), (3, false)] {
        let found = tenant.find_session(id(n)).await.unwrap();
        assert_eq!(found.is_none(), is_over, "session {n}");
        assert_eq!(
            tenant.is_grant_revoked(id(n)).await.unwrap(),
            is_over,
            "grant {n}"
        );
    }
}

pub(crate) async fn a_session_notes_its_last_use(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let mut opened = session(1, ada());
    let note = |last_use| Change::UseSession {
        session: id(1),
        last_use,
    };
    apply(&*tenant, note(used(1))).await;
    assert_eq!(tenant.find_session(id(1)).await.unwrap(), None);
    apply(&*tenant, Change::OpenSession(opened.clone())).await;
    apply(&*tenant, Change::OpenSession(session(2, ada()))).await;
    let nowhere = SessionUse {
        at: at(60),
        ip_address: None,
        user_agent: None,
    };
    let version_six = SessionUse {
        ip_address: Some("2001:db8::7".parse().unwrap()),
        ..used(61)
    };
    for last_use in [used(50), nowhere, version_six] {
        apply(&*tenant, note(last_use.clone())).await;
        opened.last_use = last_use;
        let found = tenant.find_session(id(1)).await.unwrap();
        assert_eq!(found.as_ref(), Some(&opened), "and nothing else changes");
    }
    let other = tenant.find_session(id(2)).await.unwrap().unwrap();
    assert_eq!(other.last_use, used(0));
    apply(&*tenant, Change::EndSession(id(1))).await;
    apply(&*tenant, note(used(70))).await;
    assert_eq!(tenant.find_session(id(1)).await.unwrap(), None);
}

pub(crate) async fn s13_sessions_are_listed_by_subject_last_used_first(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let of_ada = SessionSubject::User(ada());
    assert_eq!(tenant.list_sessions(of_ada).await.unwrap(), []);
    // Somebody from elsewhere whose id at home is Ada's here is not Ada.
    let stranger = SessionSubject::DirectConnect(read(json!({
        "tenantId": uuid(FABRIKAM), "userId": ada()
    })));
    let mut all = vec![session(1, ada()), session(2, ada()), session(3, bob())];
    all.push(session(4, ada()));
    all[3].subject = stranger;
    for (second, session) in (0..).zip(&mut all) {
        session.last_use = used(second);
        apply(&*tenant, Change::OpenSession(session.clone())).await;
    }
    let listed = tenant.list_sessions(of_ada).await.unwrap();
    assert_eq!(listed, [all[1].clone(), all[0].clone()]);
    assert_eq!(
        tenant.list_sessions(stranger).await.unwrap(),
        [all[3].clone()]
    );
    apply(&*tenant, Change::EndSession(id(2))).await;
    assert_eq!(
        tenant.list_sessions(of_ada).await.unwrap(),
        [all[0].clone()]
    );
    for n in 10..10 + SESSIONS_LISTED_MAX + 5 {
        apply(&*tenant, Change::OpenSession(session(n, ada()))).await;
    }
    let listed = tenant.list_sessions(of_ada).await.unwrap();
    assert_eq!(listed.len(), SESSIONS_LISTED_MAX as usize);
}

pub(crate) async fn s13_ending_other_sessions_spares_one_and_other_people(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let stranger = SessionSubject::DirectConnect(read(json!({
        "tenantId": uuid(FABRIKAM), "userId": ada()
    })));
    let subjects = [
        (1, SessionSubject::User(ada())),
        (2, SessionSubject::User(ada())),
        (3, SessionSubject::User(bob())),
        (4, stranger),
        (5, stranger),
    ];
    for (n, subject) in subjects {
        let mut opened = session(n, ada());
        opened.subject = subject;
        let mut grant = grant(n, ada(), n);
        grant.subject = subject;
        apply(&*tenant, Change::OpenSession(opened)).await;
        apply(
            &*tenant,
            Change::IssueRefreshToken(refresh_token(n, &grant)),
        )
        .await;
    }
    // What a session gave that is over by itself, and purged.
    let old = grant(9, ada(), 9);
    apply(&*tenant, Change::IssueRefreshToken(refresh_token(9, &old))).await;
    let others = |subject, kept| Change::EndOtherSessions {
        subject,
        kept: id(kept),
    };
    let live = async || {
        let mut live = Vec::new();
        for n in [1, 2, 3, 4, 5, 9] {
            let session = tenant.find_session(id(n)).await.unwrap().is_some();
            let revoked = tenant.is_grant_revoked(id(n)).await.unwrap();
            assert!(n == 9 || session != revoked, "session and grant of {n}");
            live.extend((!revoked).then_some(n));
        }
        live
    };
    apply(&*tenant, others(SessionSubject::User(ada()), 2)).await;
    assert_eq!(live().await, [2, 3, 4, 5]);
    apply(&*tenant, others(stranger, 4)).await;
    assert_eq!(live().await, [2, 3, 4]);
    // Nobody's session stays: all are over.
    apply(&*tenant, others(SessionSubject::User(bob()), 99)).await;
    assert_eq!(live().await, [2, 4]);
    loses(&*tenant, vec![Change::SpendRefreshToken(hash(1))], 0).await;
}

pub(crate) async fn clients_join_a_session_once(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    loses(&*tenant, vec![Change::JoinSession(member_of(1, 41))], 0).await;
    apply(&*tenant, Change::OpenSession(session(1, ada()))).await;
    apply(&*tenant, Change::OpenSession(session(2, ada()))).await;
    assert_eq!(tenant.list_session_clients(id(1)).await.unwrap(), []);
    for client in [41, 42, 41] {
        apply(&*tenant, Change::JoinSession(member_of(1, client))).await;
    }
    let clients = tenant.list_session_clients(id(1)).await.unwrap();
    assert_eq!(clients, [member_of(1, 41), member_of(1, 42)]);
    assert_eq!(tenant.list_session_clients(id(2)).await.unwrap(), []);
    apply(&*tenant, Change::EndSession(id(1))).await;
    assert_eq!(tenant.list_session_clients(id(1)).await.unwrap(), []);
}

pub(crate) async fn a_direct_connect_session_comes_back_as_it_was(store: Arc<dyn Store>) {
    let tenant = contoso(&store).await;
    let mut opened = session(1, ada());
    opened.proofs = Vec::new();
    opened.subject = SessionSubject::DirectConnect(read(json!({
        "tenantId": uuid(FABRIKAM), "userId": ada()
    })));
    apply(&*tenant, Change::OpenSession(opened.clone())).await;
    assert_eq!(
        tenant.find_session(opened.id).await.unwrap(),
        Some(opened.clone())
    );
    // Their id at home is not a user of this tenant.
    apply(&*tenant, Change::EndSessionsOfUser(ada())).await;
    assert!(tenant.find_session(opened.id).await.unwrap().is_some());
}

fn member_of(session: u32, client: u32) -> SessionClient {
    SessionClient {
        session: id(session),
        client: id(client),
        subject: format!("pairwise-{client}"),
        correlation_id: id(session),
    }
}
