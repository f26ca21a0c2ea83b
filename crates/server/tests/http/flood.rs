//! A flood on one tenant, on names that are none, and on tokens: who is turned away, how, and who is not.

use axum::body::Body;
use http::{Request, StatusCode};
use portcullis_server::route::{self, ServerConfiguration};
use portcullis_server::tenant_budget::TenantAllowance;
use portcullis_testkit::house::TestHouse;

use super::browser::{Answer, Site, form_request};
use super::journey::CONTOSO;

const CONTOSO_ID: &str = "c0c0c0c0-0000-4000-8000-000000000001";
const FABRIKAM_ID: &str = "fafafafa-0000-4000-8000-000000000001";

/// A site whose tenants get one request per second, so four at once.
async fn strict() -> Site {
    let configuration = ServerConfiguration {
        is_secure: true,
        tenant_allowance: TenantAllowance {
            requests_per_second: 1.try_into().unwrap(),
        },
        ..ServerConfiguration::default()
    };
    Site::configured(TestHouse::demo().await, configuration)
}

fn keys(tenant: &str) -> String {
    format!("/{tenant}/discovery/v2.0/keys")
}

/// Sends this until it is turned away; how often it was answered, and the refusal.
async fn flood(site: &Site, request: impl Fn() -> Request<Body>) -> (usize, Answer) {
    for answered in 0..10 {
        let answer = site.send(request()).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            return (answered, answer);
        }
    }
    panic!("never turned away");
}

async fn flood_keys(site: &Site, tenant: &str) -> usize {
    flood(site, || {
        Request::get(keys(tenant)).body(Body::empty()).unwrap()
    })
    .await
    .0
}

#[tokio::test]
async fn u17_while_one_tenant_is_flooded_its_neighbours_are_answered() {
    let site = strict().await;
    assert_eq!(flood_keys(&site, CONTOSO).await, 4);
    // By whichever name it is called, and at whichever URL: it is one bucket.
    assert_eq!(flood_keys(&site, CONTOSO_ID).await, 0);
    assert_eq!(flood_keys(&site, "CONTOSO.example").await, 0);
    for path in route::paths().filter(|path| path.starts_with("/{tenant}/")) {
        let post = form_request(&path.replace("{tenant}", CONTOSO), "a=1");
        let answer = site.send(post).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
    }
    for neighbour in [FABRIKAM_ID, "organizations", "nobody.example"] {
        assert_eq!(flood_keys(&site, neighbour).await, 4, "{neighbour}");
    }
    // What belongs to no tenant is nobody's to exhaust.
    for _ in 0..10 {
        assert_eq!(site.get("/").await.status, StatusCode::OK);
    }
    site.house.pass(2);
    assert_eq!(flood_keys(&site, CONTOSO).await, 2);
}

#[tokio::test]
async fn u17_who_is_turned_away_is_told_what_to_do_and_when() {
    let site = strict().await;
    flood_keys(&site, CONTOSO).await;
    let page = site.get(&format!("/{CONTOSO}/my-sign-ins")).await;
    assert_eq!(page.heading(), "Too many at once");
    assert_eq!(page.header("retry-after"), Some("1"));
    let correlation_id = page.header("x-correlation-id").unwrap();
    assert!(page.body.contains(correlation_id));

    let post = form_request(&format!("/{CONTOSO}/oauth2/v2.0/token"), "a=1");
    let error = site.send(post).await.json();
    assert_eq!(error["error"], "temporarily_unavailable");
    assert_eq!(error["error_codes"][0], 90055);
    let description = error["error_description"].as_str().unwrap();
    assert!(description.contains("too many requests"), "{description}");
}

#[tokio::test]
async fn u17_names_of_tenants_there_are_none_of_share_one_bucket_and_no_metric() {
    let site = strict().await;
    let names = |number: u32| {
        [
            format!("nobody-{number}.example"),
            format!("{number:08x}-dead-4000-8000-000000000001"),
            "%00".to_owned(),
        ]
    };
    let mut statuses = Vec::new();
    for name in (0..20).flat_map(names) {
        statuses.push(site.get(&keys(&name)).await.status);
    }
    let away = StatusCode::TOO_MANY_REQUESTS;
    let answered = statuses.iter().filter(|status| **status != away).count();
    assert_eq!(answered, 4);
    flood_keys(&site, CONTOSO).await;
    let metrics = site.get("/metrics").await.body;
    let counted: Vec<&str> = metrics
        .lines()
        .filter(|line| line.starts_with("portcullis_requests_over_budget_total{"))
        .collect();
    let of = |tenant: &str| counted.iter().any(|line| line.contains(tenant));
    assert!(of("\"unknown\"") && of(CONTOSO_ID), "{counted:?}");
    assert!(!of("nobody") && !of("dead"), "{counted:?}");
}

#[tokio::test]
async fn u17_where_a_token_names_the_tenant_it_is_charged_and_no_other() {
    let site = strict().await;
    // No signature is looked at for this: whoever floods a tenant has no token of it.
    let token = |tenant: &str| {
        use base64::Engine as _;
        let claims = format!("{{\"tid\":\"{tenant}\"}}");
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims);
        format!("Bearer e30.{claims}.e30")
    };
    for path in ["/oidc/userinfo", "/v1.0/auditLogs/signIns"] {
        let ask = |authorization: String| {
            Request::get(path)
                .header("authorization", authorization)
                .body(Body::empty())
                .unwrap()
        };
        let (answered, away) = flood(&site, || ask(token(CONTOSO_ID))).await;
        assert_eq!(answered, 4, "{path}");
        assert!(away.json()["error"].is_string() || away.json()["error"]["code"].is_string());
        assert_eq!(flood_keys(&site, CONTOSO).await, 0, "{path}");
        let other = site.send(ask(token(FABRIKAM_ID))).await;
        assert_eq!(other.status, StatusCode::UNAUTHORIZED, "{path}");
        let nobody = site.send(ask(token("no id"))).await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{path}");
        site.house.pass(4);
    }
}
