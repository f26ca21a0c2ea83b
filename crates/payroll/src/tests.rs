//! The sample against a small provider of its own, over real HTTP: what it asks for, and what it refuses to believe.

mod provider;

use std::collections::HashMap;

use reqwest::header::{CONTENT_SECURITY_POLICY, LOCATION};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::configuration::{AnswerMode, PayrollConfiguration, SampleApplication};
use crate::serve::{ServeError, serve};
use provider::TestProvider;

/// A browser in front of a running sample.
struct Visitor {
    base: String,
    browser: reqwest::Client,
    provider: TestProvider,
}

fn application(provider: &TestProvider, path: &str, answer_mode: AnswerMode) -> SampleApplication {
    SampleApplication {
        name: "Payroll".into(),
        tagline: "Who earns what.".into(),
        sensitive_action: "Approve salaries".into(),
        path: path.into(),
        issuer: provider.issuer.clone(),
        client_id: "app".into(),
        client_secret: "s%cret+".into(),
        scopes: vec!["profile".into(), "offline_access".into()],
        answer_mode,
    }
}

fn browser() -> reqwest::Client {
    let plain = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    plain.cookie_store(true).tls_certs_only([]).build().unwrap()
}

async fn visitor(answer_mode: AnswerMode) -> Visitor {
    let provider = TestProvider::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let configuration = PayrollConfiguration {
        listener,
        public_base: base.parse().unwrap(),
        applications: vec![
            application(&provider, "", answer_mode),
            application(&provider, "/vault", answer_mode),
        ],
        root_certificate_pem: None,
    };
    tokio::spawn(serve(configuration, std::future::pending()));
    Visitor {
        base,
        browser: browser(),
        provider,
    }
}

impl Visitor {
    async fn open(&self, path: &str) -> Response {
        self.browser
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap()
    }

    async fn page(&self, path: &str) -> String {
        self.open(path).await.text().await.unwrap()
    }

    /// Where the sample sends the browser, taken apart.
    async fn question(&self, path: &str) -> HashMap<String, String> {
        let answer = self.open(path).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let location: Url = location(&answer).parse().unwrap();
        assert!(
            location
                .as_str()
                .starts_with(&format!("{}/authorize?", self.provider.issuer))
        );
        location.query_pairs().into_owned().collect()
    }

    /// Asks, lets the provider answer with these claims, and brings the answer back.
    async fn sign_in(&self, path: &str, claims: Value) -> Response {
        let question = self.question(path).await;
        let code = self.provider.code(&question, &claims);
        self.bring(&[
            ("code", &code),
            ("state", &question["state"]),
            ("iss", &self.provider.issuer),
        ])
        .await
    }

    async fn bring(&self, answer: &[(&str, &str)]) -> Response {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(answer)
            .finish();
        self.open(&format!("/callback?{query}")).await
    }

    async fn come_in(&self) {
        let answer = self.sign_in("/sign-in", ada()).await;
        assert_eq!(location(&answer), "/");
    }
}

fn location(answer: &Response) -> &str {
    answer.headers()[LOCATION].to_str().unwrap()
}

fn ada() -> Value {
    json!({"name": "Ada <b>", "preferred_username": "ada@fabrikam.example", "acct": 1, "idp": "https://f",
        "amr": ["pwd"], "sid": "sid-1", "auth_time": provider::now()})
}

fn with_mfa(age_seconds: i64) -> Value {
    let mut claims = ada();
    claims["amr"] = json!(["pwd", "mfa"]);
    claims["auth_time"] = json!(provider::now() - age_seconds);
    claims
}

#[tokio::test]
async fn a_guest_signs_in_and_reads_what_the_provider_says() {
    let visitor = visitor(AnswerMode::Query).await;
    assert!(visitor.page("/").await.contains("id=\"sign-in\""));
    let question = visitor.question("/sign-in").await;
    assert_eq!(question["response_type"], "code");
    assert_eq!(question["code_challenge_method"], "S256");
    assert_eq!(question["scope"], "openid profile offline_access");
    assert_eq!(
        question["redirect_uri"],
        format!("{}/callback", visitor.base)
    );
    assert!(question["nonce"].len() >= 16 && question["state"].len() >= 16);
    visitor.come_in().await;
    let page = visitor.page("/").await;
    for text in [
        "a guest, at home at https://f",
        "ada@fabrikam.example",
        "data-claim=\"sub\"",
        "id=\"step-up\"",
        "id=\"refresh\"",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        page.contains("Ada &#60;b&#62;") && !page.contains("Ada <b>"),
        "names are escaped"
    );
    assert!(
        visitor.page("/vault").await.contains("id=\"sign-in\""),
        "another application has its own memory"
    );
}

#[tokio::test]
async fn every_page_has_a_strict_policy() {
    let visitor = visitor(AnswerMode::Query).await;
    let policy = |answer: &Response| {
        answer.headers()[CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned()
    };
    for path in ["/", "/vault", "/callback?error=x", "/sign-in"] {
        let answer = visitor.open(path).await;
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let policy = policy(&answer);
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline"));
    }
    let framed = visitor.open("/frontchannel-logout").await;
    assert!(policy(&framed).contains("frame-ancestors http://127.0.0.1:"));
}

#[tokio::test]
async fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let visitor = visitor(AnswerMode::Query).await;
    let question = visitor.question("/sign-in").await;
    let code = visitor.provider.code(&question, &ada());
    let answer = [
        ("code", code.as_str()),
        ("state", question["state"].as_str()),
    ];
    let stranger = Visitor {
        browser: browser(),
        base: visitor.base.clone(),
        provider: visitor.provider.clone(),
    };
    assert_eq!(
        stranger.bring(&answer).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        visitor.bring(&answer).await.status(),
        StatusCode::BAD_REQUEST,
        "the stranger's try spent it"
    );
    assert_eq!(
        visitor
            .bring(&[("code", "c"), ("state", "unknown")])
            .await
            .status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(visitor.provider.redemptions(), 0);
    visitor.come_in().await;
}

#[tokio::test]
async fn an_answer_of_another_issuer_or_with_a_bent_token_is_refused() {
    let visitor = visitor(AnswerMode::Query).await;
    let question = visitor.question("/sign-in").await;
    let code = visitor.provider.code(&question, &ada());
    let mixed_up = [
        ("code", code.as_str()),
        ("state", question["state"].as_str()),
        ("iss", "https://evil.example"),
    ];
    assert_eq!(
        visitor.bring(&mixed_up).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        visitor.provider.redemptions(),
        0,
        "the code was not sent anywhere"
    );
    for bent in [
        json!({"nonce": "other"}),
        json!({"aud": "other"}),
        json!({"iss": "https://evil.example"}),
        json!({"exp": 1}),
    ] {
        let answer = visitor.sign_in("/sign-in", bent.clone()).await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "{bent}");
    }
    assert!(
        visitor.page("/").await.contains("id=\"sign-in\""),
        "nobody is in"
    );
}

#[tokio::test]
async fn a_refusal_of_the_provider_is_shown_readably_and_escaped() {
    let visitor = visitor(AnswerMode::Query).await;
    let question = visitor.question("/sign-in").await;
    let refusal = [
        ("error", "access_denied"),
        (
            "error_description",
            "AADSTS53003: blocked <script>alert(1)</script>",
        ),
        ("state", question["state"].as_str()),
    ];
    let answer = visitor.bring(&refusal).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = answer.text().await.unwrap();
    assert!(page.contains("AADSTS53003: blocked &#60;script&#62;") && !page.contains("<script>"));
    assert!(
        visitor
            .page("/callback")
            .await
            .contains("You are signed out"),
        "coming back from signing out"
    );
}

#[tokio::test]
async fn the_sensitive_action_needs_a_recent_second_step_of_the_same_person() {
    let visitor = visitor(AnswerMode::Query).await;
    assert_eq!(
        visitor.open("/step-up").await.status(),
        StatusCode::UNAUTHORIZED
    );
    visitor.come_in().await;
    let question = visitor.question("/step-up").await;
    let demand: Value = serde_json::from_str(&question["claims"]).unwrap();
    assert_eq!(
        demand["id_token"]["amr"],
        json!({"essential": true, "values": ["mfa"]})
    );
    assert_eq!(
        (
            question["max_age"].as_str(),
            question["login_hint"].as_str()
        ),
        ("300", "ada@fabrikam.example")
    );
    // The provider lets the person in, but not with what was demanded.
    for weaker in [ada(), with_mfa(400)] {
        assert_eq!(
            visitor.sign_in("/step-up", weaker).await.status(),
            StatusCode::FORBIDDEN
        );
        assert!(!visitor.page("/").await.contains("id=\"approved\""));
    }
    let mut another = with_mfa(0);
    another["sub"] = json!("somebody-else");
    assert_eq!(
        visitor.sign_in("/step-up", another).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        visitor.sign_in("/step-up", with_mfa(0)).await.status(),
        StatusCode::SEE_OTHER
    );
    assert!(visitor.page("/").await.contains("id=\"approved\""));
}

#[tokio::test]
async fn a_posted_answer_waits_for_the_cookie() {
    let visitor = visitor(AnswerMode::FormPost).await;
    let question = visitor.question("/sign-in").await;
    assert_eq!(question["response_mode"], "form_post");
    let code = visitor.provider.code(&question, &ada());
    let form = [
        ("code", code.as_str()),
        ("state", question["state"].as_str()),
    ];
    // A page of another site posts without our cookie.
    let post = browser()
        .post(format!("{}/callback", visitor.base))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(post.status(), StatusCode::SEE_OTHER);
    assert!(
        !location(&post).contains(&code),
        "the code stays out of addresses"
    );
    let continued = visitor.open(location(&post)).await;
    assert_eq!(location(&continued), "/");
    assert!(visitor.page("/").await.contains("id=\"who\""));
    let again = visitor.open(location(&post)).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_refresh_rotates_and_a_challenge_is_carried_back() {
    let visitor = visitor(AnswerMode::Query).await;
    visitor.come_in().await;
    let refresh = || async {
        visitor
            .browser
            .post(format!("{}/refresh", visitor.base))
            .send()
            .await
            .unwrap()
    };
    assert_eq!(refresh().await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        refresh().await.status(),
        StatusCode::SEE_OTHER,
        "the rotated token was kept"
    );
    assert!(visitor.page("/").await.contains("refreshed 2"));
    let challenge = r#"{"access_token":{"capolids":{"essential":true,"values":["p"]}}}"#;
    visitor.provider.refuse_refresh(json!({
        "error": "interaction_required", "error_description": "AADSTS50076: more is needed", "claims": challenge,
    }));
    let refused = refresh().await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let page = refused.text().await.unwrap();
    assert!(page.contains("AADSTS50076") && page.contains("id=\"answer-challenge\""));
    assert_eq!(
        visitor.question("/answer-challenge").await["claims"],
        challenge
    );
}

#[tokio::test]
async fn signing_out_here_goes_on_to_the_provider() {
    let visitor = visitor(AnswerMode::Query).await;
    visitor.come_in().await;
    let answer = visitor
        .browser
        .post(format!("{}/sign-out", visitor.base))
        .send()
        .await
        .unwrap();
    let location: Url = location(&answer).parse().unwrap();
    let sent: HashMap<String, String> = location.query_pairs().into_owned().collect();
    assert!(
        location
            .as_str()
            .starts_with(&format!("{}/logout?", visitor.provider.issuer))
    );
    assert_eq!(
        sent["post_logout_redirect_uri"],
        format!("{}/callback", visitor.base)
    );
    assert_eq!(sent["id_token_hint"].split('.').count(), 3);
    assert!(visitor.page("/").await.contains("id=\"sign-in\""));
}

#[tokio::test]
async fn news_of_a_sign_out_end_the_visit_only_when_they_are_true() {
    let visitor = visitor(AnswerMode::Query).await;
    let is_in = || async { visitor.page("/").await.contains("id=\"who\"") };
    let issuer = visitor.provider.issuer.clone();
    visitor.come_in().await;
    for query in [
        "",
        "?sid=sid-1",
        "?iss=https://evil.example&sid=sid-1",
        &format!("?iss={issuer}&sid=sid-2"),
    ] {
        visitor.open(&format!("/frontchannel-logout{query}")).await;
        assert!(is_in().await, "{query}");
    }
    visitor
        .open(&format!("/frontchannel-logout?iss={issuer}&sid=sid-1"))
        .await;
    assert!(!is_in().await);

    visitor.come_in().await;
    let tell = |kind: &'static str, claims: Value| {
        let token = visitor.provider.token(kind, &claims);
        let request = visitor
            .browser
            .post(format!("{}/backchannel-logout", visitor.base));
        async move {
            request
                .form(&[("logout_token", token)])
                .send()
                .await
                .unwrap()
                .status()
        }
    };
    let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    let good = json!({"sid": "sid-1", "jti": "j", "events": event});
    for (kind, bent) in [
        ("JWT", json!({})),
        ("logout+jwt", json!({"nonce": "n"})),
        ("logout+jwt", json!({"events": {}})),
        ("logout+jwt", json!({"aud": "other"})),
        ("logout+jwt", json!({"iss": "https://evil.example"})),
        ("logout+jwt", json!({"exp": 1})),
    ] {
        let mut claims = good.clone();
        claims
            .as_object_mut()
            .unwrap()
            .extend(bent.as_object().unwrap().clone());
        assert_eq!(
            tell(kind, claims).await,
            StatusCode::BAD_REQUEST,
            "{kind} {bent}"
        );
        assert!(is_in().await);
    }
    assert_eq!(tell("logout+jwt", good).await, StatusCode::OK);
    assert!(!is_in().await);
}

#[tokio::test]
async fn applications_lie_at_plain_paths_of_their_own() {
    let provider = TestProvider::start().await;
    for (paths, taken) in [
        (["", ""], true),
        (["/a", "/a"], true),
        (["", "a"], false),
        (["", "/a/b"], false),
        (["", "/{x}"], false),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let configuration = PayrollConfiguration {
            listener,
            public_base: "http://localhost:1".parse().unwrap(),
            applications: paths
                .iter()
                .map(|path| application(&provider, path, AnswerMode::Query))
                .collect(),
            root_certificate_pem: None,
        };
        let refused = serve(configuration, std::future::ready(()))
            .await
            .unwrap_err();
        assert_eq!(
            matches!(refused, ServeError::PathTaken { .. }),
            taken,
            "{paths:?}"
        );
    }
}
