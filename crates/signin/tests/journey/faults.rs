//! A store that fails at every point once: nothing is issued, nobody is signed in, and the next try goes on. And how few
//! calls the most frequent request needs.

use std::sync::Arc;

use portcullis_testkit::browser::{Browser, Place};
use portcullis_testkit::faulty_store::{Fault, Faults, FaultyStore};
use portcullis_testkit::house::TestHouse;

use crate::world::*;

async fn faulty_house() -> (TestHouse, Arc<Faults>) {
    let faults = Arc::new(Faults::default());
    let shared = Arc::clone(&faults);
    let house = demo().await.with(|house| {
        house.store = Arc::new(FaultyStore::new(Arc::clone(&house.store), shared));
    });
    (house, faults)
}

#[tokio::test]
async fn b19_a_store_that_fails_anywhere_issues_nothing() {
    let (house, faults) = faulty_house().await;
    let mut browser = Browser::new(&house);
    let mut carol = person(&house, "carol@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    let (_, end) = browser.walk(first, &mut carol).await;
    assert_eq!(end.name(), "code");
    for fault in [Fault::Before, Fault::After] {
        let mut failures = 0;
        for n in 1.. {
            faults.fail(n, fault);
            let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
            let reached = faults.calls();
            faults.stop();
            if place.name() == "code" {
                break;
            }
            let Place::Refused(refusal) = place else {
                panic!("{} after {reached} calls", place.name());
            };
            assert_eq!((refusal.error_code, refusal.status), (90033, 503));
            assert_eq!(refusal.return_to_client, None);
            failures += 1;
        }
        assert!(failures >= 4, "every call failed once: {failures}");
    }
}

#[tokio::test]
async fn b19_a_store_that_fails_anywhere_in_a_guests_sign_in_lets_nobody_in() {
    let (house, faults) = faulty_house().await;
    let mut n = 1;
    loop {
        // A code counts once, so each try has a step of its own.
        house.pass(60);
        let mut browser = Browser::new(&house);
        let mut ada = person(&house, "ada@fabrikam.example");
        faults.fail(n, Fault::Before);
        let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
        let (way, end) = browser.walk(first, &mut ada).await;
        faults.stop();
        match end.name().as_str() {
            "code" => break,
            "refused 90033" => {}
            other => panic!("{other} at call {n}: {way:?}"),
        }
        assert_eq!(
            browser.jar.sessions.get(&tenant(CONTOSO)),
            None,
            "at call {n}"
        );
        n += 1;
    }
    assert!(n > 20, "a whole sign-in: {n}");
}

#[tokio::test]
async fn a_request_with_a_session_needs_three_reads_and_one_commit() {
    let (house, faults) = faulty_house().await;
    let mut browser = Browser::new(&house);
    let mut carol = person(&house, "carol@contoso.example");
    let first = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    browser.walk(first, &mut carol).await;
    let before = faults.calls();
    let place = browser.authorize(CONTOSO, &request(PAYROLL, "")).await;
    assert_eq!(place.name(), "code");
    // The session, the account with its groups, its consent; then code, session, row in one.
    assert_eq!(faults.calls() - before, 4);
}
