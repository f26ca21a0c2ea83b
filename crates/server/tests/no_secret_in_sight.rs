//! Walks whole sign-ins with every log line caught, and looks for each secret that went in or came out where none may be.
//!
//! Looked through: log lines of every level and crate, pages, rows of the sign-in log, metrics, and the bytes of the
//! database files. A binary of its own, because the subscriber is the process's.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot look must fail, and says so here"
)]

#[cfg(test)]
#[path = "requirements/site.rs"]
#[expect(dead_code, reason = "the other requirements use the rest")]
mod site;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use portcullis_model::application::KeyCredential;
use portcullis_testkit::house::{TestHouse, tenant_of};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;

use site::{
    Browser, CONTOSO, MOBILE, PAYROLL, REPORT, Site, VERIFIER, at_client, form_request, with,
};

const DAVE: &str = "dave@contoso.example";
const CAROL: &str = "carol@contoso.example";
const ADA: &str = "ada@fabrikam.example";
const WENDY: &str = "wendy@woodgrove.example";

/// Everything that was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What must not be found, each with a name to call it by when it is.
#[derive(Default)]
struct Secrets(BTreeMap<String, String>);

impl Secrets {
    fn plant(&mut self, name: &str, value: &str) {
        assert!(
            value.len() >= 6,
            "{name} is too short to be looked for: {value}"
        );
        self.0
            .insert(format!("{name} {}", self.0.len()), value.to_owned());
    }

    /// A cookie of ours may hold several values.
    fn plant_cookies(&mut self, browser: &Browser<'_>) {
        for set in &browser.set {
            let value = set.split(';').next().unwrap().split_once('=').unwrap().1;
            for part in value.split('.').filter(|part| !part.is_empty()) {
                self.plant("cookie", part);
            }
        }
    }

    fn plant_tokens(&mut self, tokens: &Value) {
        for name in ["access_token", "id_token", "refresh_token"] {
            if let Some(token) = tokens[name].as_str() {
                self.plant(name, token);
                // The signature is what makes it worth something, however the rest is cut.
                self.plant(name, token.rsplit('.').next().unwrap());
            }
        }
    }

    /// As a person, a URL, or a form might write them.
    fn assert_absent_from(&self, place: &str, octets: &[u8], except: &[&str]) {
        // Secrets are ASCII, which stays as it is between octets that are no text.
        let text = String::from_utf8_lossy(octets);
        for (name, value) in &self.0 {
            if except.iter().any(|kind| name.starts_with(kind)) {
                continue;
            }
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let base64 = STANDARD.encode(value);
            for spelling in [value.as_str(), &encoded, &base64] {
                let found = text.contains(spelling);
                assert!(!found, "{name} is in {place}");
            }
        }
    }
}

/// A house in which the report application has a key of its own.
async fn house_with_key(key: &EcdsaKeyPair) -> TestHouse {
    let point = key.public_key().as_ref();
    let jwk = json!({
        "kty": "EC", "crv": "P-256",
        "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
        "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
    });
    TestHouse::edited(|world| {
        let contoso = tenant_of(world, CONTOSO.parse().unwrap());
        let applications = contoso.applications.as_mut().unwrap();
        let mut found = applications.iter_mut();
        let report = found
            .find(|application| application.app_id.to_string() == REPORT.client)
            .unwrap();
        let credential = json!({"keyId": "planted", "jwk": jwk});
        let credential: KeyCredential = serde_json::from_value(credential).unwrap();
        report.key_credentials.push(credential);
    })
    .await
}

fn assertion(site: &Site, key: &EcdsaKeyPair, id: &str) -> String {
    let now = site.house.now().as_second();
    let header = json!({"alg": "ES256", "kid": "planted", "typ": "JWT"});
    let body = json!({
        "iss": REPORT.client, "sub": REPORT.client, "jti": id,
        "aud": format!("https://sts.example{}", REPORT.token_path()),
        "iat": now, "exp": now + 60,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(&body));
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// People of all kinds come in, with wrong answers on the way, and use what they get.
async fn people(site: &Site, secrets: &mut Secrets, pages: &mut Vec<String>) {
    for person in [DAVE, CAROL, ADA, WENDY] {
        let mut browser = Browser::new(site);
        let demand = r#"{"id_token":{"amr":{"essential":true,"values":["mfa"]}}}"#;
        let page = browser
            .open(&PAYROLL.path_with(&[("claims", demand)]))
            .await;
        let page = browser.walk_until(page, person, "password").await;
        let wrong = format!("wrong-password-of-{person}");
        secrets.plant("typed password", &wrong);
        let page = browser.submit(&page, &[("password", &wrong)]).await;
        let page = browser.walk_until(page, person, "code").await;
        let page = browser.submit(&page, &[("code", "31415926")]).await;
        let end = browser.walk(page, person).await;
        let code = at_client(&end).remove("code").expect("a code");
        secrets.plant("code", &code);
        for seed in browser.seeds.values() {
            secrets.plant("registered seed", &base32(seed));
        }
        let form = site.code_form(PAYROLL, &code);
        let answer = site.token(&PAYROLL.token_path(), &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let tokens = answer.json();
        secrets.plant_tokens(&tokens);
        let refreshed = site
            .refresh(PAYROLL, tokens["refresh_token"].as_str().unwrap())
            .await;
        assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
        secrets.plant_tokens(&refreshed.json());
        let bearer = format!(
            "Bearer {}",
            refreshed.json()["access_token"].as_str().unwrap()
        );
        let ask = Request::get("/oidc/userinfo").header("authorization", bearer);
        let told = site.send(ask.body(Body::empty()).unwrap()).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        // Used a second time, brought elsewhere, and where it does not belong.
        site.token(&PAYROLL.token_path(), &form).await;
        site.refresh(MOBILE, tokens["refresh_token"].as_str().unwrap())
            .await;
        site.get(&format!(
            "/oidc/userinfo?access_token={}",
            tokens["access_token"].as_str().unwrap()
        ))
        .await;
        browser.open(&format!("/{CONTOSO}/my-sign-ins")).await;
        secrets.plant_cookies(&browser);
        pages.append(&mut browser.pages);
    }
}

/// Applications show who they are, rightly and wrongly, also where no secret belongs.
async fn applications(site: &Site, secrets: &mut Secrets, key: &EcdsaKeyPair) {
    let path = REPORT.token_path();
    let good = assertion(site, key, "planted-1");
    secrets.plant("assertion", &good);
    let fields = |assertion: &str| -> Vec<(String, String)> {
        [
            ("grant_type", "client_credentials"),
            ("scope", "https://graph.microsoft.com/.default"),
            ("client_id", REPORT.client),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    };
    let answer = site.token(&path, &fields(&good)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    secrets.plant_tokens(&answer.json());
    let replayed = site.token(&path, &fields(&good)).await;
    assert_eq!(replayed.error().0, "invalid_client");
    let wrong = "planted-wrong-client-secret";
    secrets.plant("typed client secret", wrong);
    let by_secret = [
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_id", REPORT.client),
        ("client_secret", wrong),
    ];
    assert_eq!(
        site.post(&path, &by_secret).await.error().0,
        "invalid_client"
    );
    // In the address, in the header, in a body that is no form (requirement B13).
    let query = serde_urlencoded::to_string(by_secret).unwrap();
    site.send(form_request(
        &format!("{path}?{query}"),
        "grant_type=client_credentials",
    ))
    .await;
    let basic = format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{wrong}", REPORT.client))
    );
    let mut request = form_request(&path, "grant_type=client_credentials&scope=x");
    request
        .headers_mut()
        .insert("authorization", basic.parse().unwrap());
    site.send(request).await;
    let request = Request::post(&path).header("content-type", "application/json");
    let body = json!({"client_secret": wrong}).to_string();
    site.send(request.body(Body::from(body)).unwrap()).await;
    // Where a page would show what was sent.
    for path in [
        PAYROLL.path_with(&[("state", wrong), ("client_id", "nobody")]),
        format!("/{wrong}/oauth2/v2.0/authorize"),
        format!("/{CONTOSO}/signin?ctx={wrong}"),
        format!("/{CONTOSO}/oauth2/v2.0/logout?id_token_hint={wrong}"),
        format!("/{CONTOSO}/{wrong}"),
    ] {
        let answer = site.get(&path).await;
        assert!(!answer.body.contains(wrong), "{path}");
    }
    let form = site.code_form(PAYROLL, "planted-code-that-never-was");
    secrets.plant("typed code", "planted-code-that-never-was");
    site.token(&PAYROLL.token_path(), &with(form, &[])).await;
}

fn base32(seed: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut text = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for octet in seed {
        held = held << 8 | u32::from(*octet);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(held >> bits) as usize & 31]));
        }
        held &= 0xff;
    }
    text
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
#[tokio::test]
async fn b13_t09_no_secret_is_in_a_log_a_page_a_row_a_metric_or_in_clear_in_the_database() {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let key =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.unwrap().as_ref());
    let key = key.unwrap();
    let site = Site::of(house_with_key(&key).await);
    let mut secrets = Secrets::default();
    let mut pages = Vec::new();
    secrets.plant("verifier", VERIFIER);
    for plain in &site.house.credentials {
        for password in &plain.passwords {
            secrets.plant("password", password.password.expose());
        }
        for totp in &plain.totp {
            secrets.plant("seed", &base32(&totp.seed));
        }
        for secret in &plain.client_secrets {
            secrets.plant("client secret", secret.secret.expose());
        }
    }
    people(&site, &mut secrets, &mut pages).await;
    applications(&site, &mut secrets, &key).await;

    let logged = lines.0.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&logged);
    for witness in [
        "portcullis_server::frame",
        "answered",
        "/{tenant}/oauth2/v2.0/token",
    ] {
        assert!(
            text.contains(witness),
            "the log was not caught: no {witness}"
        );
    }
    secrets.assert_absent_from("the log", &logged, &[]);
    assert!(pages.len() > 20);
    for page in &pages {
        // The page that hands a seed over shows it, in groups.
        secrets.assert_absent_from("a page", page.as_bytes(), &[]);
    }
    for tenant in site.house.house.store.list_tenants().await.unwrap() {
        for row in site.house.log(tenant.id).await {
            let row = serde_json::to_vec(&row).unwrap();
            secrets.assert_absent_from("a row of the sign-in log", &row, &[]);
        }
    }
    let metrics = site.get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    secrets.assert_absent_from("the metrics", metrics.body.as_bytes(), &[]);
    let mut octets = 0;
    for entry in std::fs::read_dir(site.house.folder()).unwrap() {
        let path = entry.unwrap().path();
        let file = std::fs::read(&path).unwrap();
        octets += file.len();
        // The test kit keeps passwords as they are, in place of argon2: the hash is looked at in `custody`.
        secrets.assert_absent_from(&path.display().to_string(), &file, &["password"]);
    }
    assert!(octets > 100_000, "the database was not found");
    // And the seeds themselves, not only their spelling.
    for entry in std::fs::read_dir(site.house.folder()).unwrap() {
        let file = std::fs::read(entry.unwrap().path()).unwrap();
        for totp in site.house.credentials.iter().flat_map(|plain| &plain.totp) {
            let found = file
                .windows(totp.seed.len())
                .any(|window| window == &totp.seed[..]);
            assert!(
                !found,
                "the seed of {} is kept in clear",
                totp.user_principal_name
            );
        }
    }
}
