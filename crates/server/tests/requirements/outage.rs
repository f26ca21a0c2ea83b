//! What is still told while the database is away: the public documents, as they were last, and nothing else (G15).

use std::time::Duration;

use http::StatusCode;
use http::header::CACHE_CONTROL;
use portcullis_testkit::house::TestHouse;

use super::site::{Answer, CONTOSO, FABRIKAM, PAYROLL, Site, WOODGROVE};

/// Longer than anything is believed without asking the database.
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(2100);

fn lifetime(answer: &Answer) -> &str {
    answer.header(CACHE_CONTROL.as_str()).unwrap_or_default()
}

#[tokio::test]
async fn g15_discovery_and_key_set_are_served_while_the_database_is_away_and_nothing_else_is() {
    let (house, faults) = TestHouse::demo().await.on_faulty_store();
    let site = Site::of(house);
    let documents = [CONTOSO, "fabrikam.example", "FABRIKAM.example", FABRIKAM]
        .map(|name| {
            let discovery = format!("/{name}/v2.0/.well-known/openid-configuration");
            [discovery, format!("/{name}/discovery/v2.0/keys")]
        })
        .concat();
    let mut before = Vec::new();
    for path in &documents {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(lifetime(&answer), "max-age=86400, private");
        before.push(answer.body);
    }
    faults.go_away();
    tokio::time::sleep(ASKED_AGAIN_AFTER).await;
    for (path, before) in documents.iter().zip(&before) {
        let answer = site.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(&answer.body, before, "{path}");
        // Whoever reads it now asks again soon.
        assert_eq!(lifetime(&answer), "max-age=300, private");
    }
    // A tenant that nobody asked for is not remembered, and the keys of all tenants would not be all.
    let woodgrove = format!("/{WOODGROVE}/discovery/v2.0/keys");
    for path in [&woodgrove, "/organizations/discovery/v2.0/keys"] {
        assert_eq!(site.get(path).await.status, StatusCode::SERVICE_UNAVAILABLE);
    }
    // Remembering a tenant lets nobody in.
    let authorize = site.get(&PAYROLL.path()).await;
    assert_eq!(authorize.status, StatusCode::SERVICE_UNAVAILABLE);
    let form = site.code_form(PAYROLL, "a-code");
    let token = site.token(&PAYROLL.token_path(), &form).await;
    assert_eq!(
        token.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        token.body
    );

    faults.stop();
    let back = site.get(&documents[0]).await;
    assert_eq!(lifetime(&back), "max-age=86400, private");
}
