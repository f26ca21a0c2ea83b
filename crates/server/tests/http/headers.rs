//! Sweeps over every route: no answer without the headers that protect it, no error without a page.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use portcullis_server::route;

use super::browser::{Answer, Site};
use super::journey::{CONTOSO, authorize_path};

/// Every path of the table, with something in its holes, in the ways it can be asked.
async fn sweep(site: &Site) -> Vec<(String, Answer)> {
    let mut answers = Vec::new();
    for path in route::paths() {
        for segment in [CONTOSO, "organizations", "nobody.example", "%00", "..%2f.."] {
            let path = path.replace("{tenant}", segment).replace("{file}", "x.css");
            for method in [
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::OPTIONS,
                Method::DELETE,
            ] {
                let request = Request::builder()
                    .method(&method)
                    .uri(&path)
                    .header("origin", "https://evil.example")
                    .header("access-control-request-method", "POST")
                    .header("content-type", "application/x-www-form-urlencoded");
                let answer = site.send(request.body(Body::from("a=1")).unwrap()).await;
                answers.push((format!("{method} {path}"), answer));
            }
        }
    }
    answers
}

#[tokio::test]
async fn s07_t12_every_answer_is_kept_out_of_frames_and_guesses() {
    let site = Site::demo().await;
    let answers = sweep(&site).await;
    assert!(answers.len() > 300);
    for (name, answer) in answers {
        assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{name}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{name}");
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{name}"
        );
        // Requirement A19.
        assert_eq!(
            answer.header("referrer-policy"),
            Some("no-referrer"),
            "{name}"
        );
        assert!(
            answer.header("strict-transport-security").is_some(),
            "{name}"
        );
        assert!(answer.header("server").is_none(), "{name}");
        let policy = answer
            .header("content-security-policy")
            .unwrap_or_else(|| panic!("{name}"));
        assert!(policy.contains("frame-ancestors 'none'"), "{name}");
        assert!(policy.contains("default-src 'none'"), "{name}");
        assert!(!policy.contains("unsafe"), "{name}");
        assert!(answer.header("x-correlation-id").is_some(), "{name}");
    }
}

#[tokio::test]
async fn a20_what_is_not_meant_for_caches_says_so() {
    let site = Site::demo().await;
    for (name, answer) in sweep(&site).await {
        let cache = answer
            .header("cache-control")
            .unwrap_or_else(|| panic!("{name}"));
        let is_public_file = [
            "/branding/",
            "/assets/",
            "/favicon.ico",
            "/.well-known/",
            "/discovery/",
        ]
        .iter()
        .any(|part| name.contains(part));
        if !is_public_file || !answer.status.is_success() {
            assert_eq!(cache, "no-store", "{name} {}", answer.status);
        }
    }
}

#[tokio::test]
async fn a12_no_script_of_another_origin_reads_the_authorization_endpoint_or_the_pages() {
    let site = Site::demo().await;
    for (name, answer) in sweep(&site).await {
        let is_published = name.contains("/.well-known/") || name.contains("/discovery/");
        let is_anonymous_preflight = name.starts_with("OPTIONS /organizations/oauth2/v2.0/token");
        if !is_published && !is_anonymous_preflight {
            assert!(
                answer.header("access-control-allow-origin").is_none(),
                "{name}"
            );
        }
        assert!(
            answer.header("access-control-allow-credentials").is_none(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn errors_of_the_request_itself_have_a_page_with_a_correlation_id() {
    let site = Site::demo().await;
    let table = [
        (Request::get("/nothing/here"), String::new(), 404),
        (Request::delete("/"), String::new(), 405),
        (
            Request::post(format!("/{CONTOSO}/signin")),
            String::new(),
            415,
        ),
        (
            Request::get(format!("/{CONTOSO}/signin?ctx=nonsense")),
            String::new(),
            400,
        ),
        (
            Request::post(format!("/{CONTOSO}/signin"))
                .header("content-type", "application/x-www-form-urlencoded"),
            "x".repeat(route::BODY_BYTES_MAX + 1),
            413,
        ),
    ];
    for (request, body, status) in table {
        let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let request = request.header("client-request-id", id);
        let answer = site.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(answer.body.contains(id), "{status}");
        assert!(answer.body.contains("<main"), "{status}");
        assert_eq!(answer.header("x-correlation-id"), Some(id));
    }
    let answer = site
        .send(Request::delete("/").body(Body::empty()).unwrap())
        .await;
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn s08_a_page_with_a_form_names_where_the_sign_in_ends() {
    let site = Site::demo().await;
    let mut browser = super::browser::Browser::new(&site);
    let page = browser.open(&authorize_path("")).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.ends_with("form-action 'self' http://localhost:8401"),
        "{policy}"
    );
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn the_pages_find_their_files() {
    let site = Site::demo().await;
    let mut browser = super::browser::Browser::new(&site);
    let page = browser.open(&authorize_path("")).await;
    let links: Vec<&str> = page
        .body
        .split(" href=\"")
        .chain(page.body.split(" src=\""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|link| link.starts_with('/'))
        .collect();
    assert!(links.len() > 2, "{links:?}");
    for link in links {
        let answer = site.get(link.split('#').next().unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{link}");
    }
}

#[tokio::test]
async fn health_is_told_to_everybody_and_metrics_to_this_machine() {
    let site = Site::demo().await;
    assert_eq!(site.get("/healthz").await.body, "ok\n");
    assert_eq!(site.get("/readyz").await.body, "ready\n");
    let metrics = site.get("/metrics").await;
    assert!(
        metrics.body.contains("portcullis_requests_total"),
        "{}",
        metrics.body
    );
    assert!(metrics.body.contains("route=\"/healthz\""));
}

#[tokio::test]
async fn an_error_number_is_explained_where_error_uri_says() {
    let site = Site::demo().await;
    let page = site.get("/error?code=500213").await;
    assert_eq!(page.heading(), "Error 500213");
    for (query, status) in [("code=1", 404), ("code=x", 400), ("", 400)] {
        let answer = site.get(&format!("/error?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}");
    }
}
