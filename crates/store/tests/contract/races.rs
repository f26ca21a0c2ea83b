//! Races: whoever comes at the same moment, exactly one wins, and nobody pays for a neighbour.

use std::sync::Arc;

use portcullis_model::artefact::RefreshTokenState;
use portcullis_model::credential::ThrottleKey;
use portcullis_model::store::{Change, CommitError, SignInQuery, Store, TenantStore};
use tokio::task::JoinSet;

use super::samples::*;

const CALLERS: u32 = 64;

/// Commits all lists at once; answers the places of those that won. Every other one must have lost.
async fn race(tenant: &Arc<dyn TenantStore>, lists: Vec<Vec<Change>>) -> Vec<u32> {
    let mut callers = JoinSet::new();
    for (place, changes) in (0..).zip(lists) {
        let tenant = Arc::clone(tenant);
        callers.spawn(async move { (place, tenant.commit(changes).await) });
    }
    let mut winners = Vec::new();
    for (place, result) in callers.join_all().await {
        match result {
            Ok(()) => winners.push(place),
            Err(CommitError::Lost { .. }) => {}
            Err(CommitError::Store(error)) => panic!("{error:?}"),
        }
    }
    winners
}

async fn tenant_of(store: &Arc<dyn Store>) -> Arc<dyn TenantStore> {
    Arc::from(contoso(store).await)
}

pub(crate) async fn b07_64_concurrent_redemptions_of_one_code_spend_it_once(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    for round in 0..400 {
        let grant = grant(round, ada(), round);
        let code = code(round, &grant);
        apply(&*tenant, Change::IssueCode(code.clone())).await;
        // Each redemption would issue a refresh token of its own.
        let lists = (0..CALLERS).map(|caller| {
            let token = refresh_token(1_000_000 + round * 100 + caller, &grant);
            vec![
                Change::SpendCode(code.hash),
                Change::IssueRefreshToken(token),
            ]
        });
        let winners = race(&tenant, lists.collect()).await;
        assert_eq!(winners.len(), 1, "round {round}");
        let (winner, loser) = (winners[0], (winners[0] + 1) % CALLERS);
        for (caller, has_won) in [(winner, true), (loser, false)] {
            let hash = hash(1_000_000 + round * 100 + caller);
            let issued = tenant.find_refresh_token(hash).await.unwrap();
            assert_eq!(issued.is_some(), has_won, "round {round}");
        }
    }
}

pub(crate) async fn c02_concurrent_refreshes_of_one_token_have_one_winner(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    let grant = grant(1, ada(), 1);
    let mut current = refresh_token(0, &grant);
    apply(&*tenant, Change::IssueRefreshToken(current.clone())).await;
    for round in 1..=1_000 {
        let lists = (0..2).map(|caller| {
            let next = refresh_token(round * 10 + caller, &grant);
            vec![
                Change::SpendRefreshToken(current.hash),
                Change::IssueRefreshToken(next),
            ]
        });
        let winners = race(&tenant, lists.collect()).await;
        assert_eq!(winners.len(), 1, "round {round}");
        let winner = round * 10 + winners[0];
        current = refresh_token(winner, &grant);
    }
    let (_, state) = tenant
        .find_refresh_token(current.hash)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(state, RefreshTokenState::Fresh);
    // A rotation against a revocation: whoever is first, nothing fresh is left.
    let next = refresh_token(99_999, &grant);
    let rotation = vec![
        Change::SpendRefreshToken(current.hash),
        Change::IssueRefreshToken(next.clone()),
    ];
    race(&tenant, vec![rotation, vec![Change::RevokeGrant(grant.id)]]).await;
    loses(&*tenant, vec![Change::SpendRefreshToken(next.hash)], 0).await;
    loses(&*tenant, vec![Change::SpendRefreshToken(current.hash)], 0).await;
}

pub(crate) async fn a_transaction_advances_once_however_many_try(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    apply(&*tenant, Change::BeginTransaction(transaction(1))).await;
    for version in 0..100 {
        let lists = (0..CALLERS).map(|caller| {
            let mut moved = transaction(1);
            moved.state = caller.to_string();
            vec![Change::AdvanceTransaction {
                transaction: moved,
                from_version: version,
                now: at(1),
            }]
        });
        let winners = race(&tenant, lists.collect()).await;
        assert_eq!(winners.len(), 1, "version {version}");
        let found = tenant.find_transaction(id(1)).await.unwrap().unwrap();
        assert_eq!(found.version, version + 1);
        assert_eq!(found.state, winners[0].to_string());
    }
}

pub(crate) async fn parallel_guesses_cannot_exceed_the_budget(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    for round in 0..50 {
        let key = ThrottleKey::Address(format!("192.0.2.{round}"));
        let lists = (0..CALLERS).map(|_| {
            vec![Change::ChargeThrottle {
                key: key.clone(),
                attempts_max: 10,
                window_seconds: 60,
                now: at(round),
            }]
        });
        let winners = race(&tenant, lists.collect()).await;
        assert_eq!(winners.len(), 10, "round {round}");
        let throttle = tenant.find_throttle(&key).await.unwrap().unwrap();
        assert_eq!(throttle.locked_until, Some(at(round + 60)));
    }
}

pub(crate) async fn losers_in_a_group_do_not_touch_their_neighbours(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    for round in 0..50_u32 {
        // Every third caller loses, at its second or third change; all begin a transaction first.
        let number = |caller: u32| round * 1_000 + caller;
        let lists = (0..CALLERS).map(|caller| {
            let mut changes = vec![Change::BeginTransaction(transaction(number(caller)))];
            if caller % 3 == 0 {
                changes.push(Change::LogSignIn(Box::new(sign_in(number(caller), 1))));
                changes.push(Change::SpendCode(hash(number(caller))));
            }
            changes.push(Change::GrantConsent {
                user: id(number(caller)),
                client: id(41),
                scopes: vec!["openid".into()],
                at: at(1),
            });
            changes
        });
        let mut winners = race(&tenant, lists.collect()).await;
        winners.sort_unstable();
        let expected: Vec<u32> = (0..CALLERS).filter(|caller| caller % 3 != 0).collect();
        assert_eq!(winners, expected);
        for caller in 0..CALLERS {
            let has_won = caller % 3 != 0;
            let begun = tenant.find_transaction(id(number(caller))).await.unwrap();
            assert_eq!(begun.is_some(), has_won, "caller {caller}");
            let scopes = tenant.consented_scopes(id(number(caller)), id(41)).await;
            assert_eq!(!scopes.unwrap().is_empty(), has_won, "caller {caller}");
        }
    }
    let rows = tenant.list_sign_ins(&SignInQuery::default()).await.unwrap();
    assert_eq!(rows, [], "a loser's row was logged");
}

pub(crate) async fn what_the_engine_refuses_fails_one_caller_only(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    for n in [1, 2] {
        apply(&*tenant, Change::OpenSession(session(n, ada()))).await;
    }
    for round in 0..8_u32 {
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            // One of them wants the cookie of another session, which no condition names but the table forbids.
            let is_to_blame = caller == round;
            let mut changes = vec![Change::BeginTransaction(transaction(round * 100 + caller))];
            if is_to_blame {
                let mut renewed = session(1, ada());
                renewed.cookie_hash = hash(2);
                changes.push(Change::RenewSession {
                    session: renewed,
                    from_cookie: hash(1),
                });
            }
            let tenant = Arc::clone(&tenant);
            callers.spawn(async move { (caller, tenant.commit(changes).await) });
        }
        for (caller, result) in callers.join_all().await {
            match result {
                Ok(()) => assert_ne!(caller, round),
                Err(CommitError::Store(_)) => assert_eq!(caller, round),
                Err(CommitError::Lost { .. }) => panic!("caller {caller} lost"),
            }
            let begun = tenant.find_transaction(id(round * 100 + caller)).await;
            assert_eq!(begun.unwrap().is_some(), caller != round, "caller {caller}");
        }
    }
}

pub(crate) async fn reads_see_every_acknowledged_commit(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    let mut callers = JoinSet::new();
    for caller in 0..16_u32 {
        let tenant = Arc::clone(&tenant);
        callers.spawn(async move {
            for n in 0..100 {
                let begun = transaction(caller * 1_000 + n);
                apply(&*tenant, Change::BeginTransaction(begun.clone())).await;
                assert_eq!(
                    tenant.find_transaction(begun.id).await.unwrap(),
                    Some(begun)
                );
            }
        });
    }
    callers.join_all().await;
}

pub(crate) async fn a_caller_that_goes_away_harms_nobody(store: Arc<dyn Store>) {
    let tenant = tenant_of(&store).await;
    for n in 0..200 {
        let going = {
            let tenant = Arc::clone(&tenant);
            tokio::spawn(async move {
                let changes = vec![
                    Change::BeginTransaction(transaction(10_000 + n)),
                    Change::LogSignIn(Box::new(sign_in(10_000 + n, 1))),
                ];
                tenant.commit(changes).await
            })
        };
        let staying = Change::BeginTransaction(transaction(n));
        if n % 2 == 0 {
            tokio::task::yield_now().await;
        }
        going.abort();
        apply(&*tenant, staying).await;
        assert!(tenant.find_transaction(id(n)).await.unwrap().is_some());
    }
    // Of those who went, each is there whole or not at all.
    let query = SignInQuery {
        top: 1_000,
        ..SignInQuery::default()
    };
    let logged = tenant.list_sign_ins(&query).await.unwrap();
    for n in 10_000..10_200 {
        let is_begun = tenant.find_transaction(id(n)).await.unwrap().is_some();
        let is_logged = logged.iter().any(|row| row.id == id(n));
        assert_eq!(is_begun, is_logged, "caller {n}");
    }
}
