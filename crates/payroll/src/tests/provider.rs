//! A small OpenID provider for the tests: it says whatever the test wants it to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Clone)]
pub(super) struct TestProvider {
    pub(super) issuer: String,
    inner: Arc<Inner>,
}

struct Inner {
    key: EncodingKey,
    jwk: Value,
    codes: Mutex<HashMap<String, (String, Value)>>,
    refresh_token: Mutex<u32>,
    refusal: Mutex<Option<Value>>,
    redemptions: Mutex<u32>,
}

pub(super) fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
}

impl TestProvider {
    pub(super) async fn start() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::new(Inner {
                key: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()),
                jwk,
                codes: Mutex::default(),
                refresh_token: Mutex::default(),
                refusal: Mutex::default(),
                redemptions: Mutex::default(),
            }),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    /// A code for a question; its id token has these claims on top of the right ones.
    pub(super) fn code(&self, question: &HashMap<String, String>, claims: &Value) -> String {
        let mut all = json!({"nonce": question["nonce"]});
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let mut codes = self.inner.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), (question["code_challenge"].clone(), all));
        code
    }

    /// How many codes came to the token endpoint.
    pub(super) fn redemptions(&self) -> u32 {
        *self.inner.redemptions.lock().unwrap()
    }

    pub(super) fn refuse_refresh(&self, refusal: Value) {
        *self.inner.refusal.lock().unwrap() = Some(refusal);
    }

    pub(super) fn token(&self, kind: &str, claims: &Value) -> String {
        let mut all = json!({
            "iss": self.issuer, "aud": "app", "sub": "s", "iat": now(), "exp": now() + 600,
        });
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(kind.to_owned());
        header.kid = Some("k".to_owned());
        jsonwebtoken::encode(&header, &all, &self.inner.key).unwrap()
    }
}

async fn discovery(State(provider): State<TestProvider>) -> Json<Value> {
    let issuer = &provider.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(provider): State<TestProvider>) -> Json<Value> {
    Json(json!({"keys": [provider.inner.jwk]}))
}

async fn token(
    State(provider): State<TestProvider>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refused = |body: Value| (StatusCode::BAD_REQUEST, Json(body));
    // RFC 6749 §2.3.1: the secret is form-encoded inside.
    let basic = format!("Basic {}", STANDARD.encode("app:s%25cret%2B"));
    if headers
        .get("authorization")
        .is_none_or(|header| header.as_bytes() != basic.as_bytes())
    {
        return refused(json!({"error": "invalid_client"}));
    }
    let claims = if form["grant_type"] == "authorization_code" {
        redeemed(&provider, &form)
    } else {
        refreshed(&provider, &form)
    };
    let claims = match claims {
        Ok(claims) => claims,
        Err(refusal) => return refused(refusal),
    };
    let mut refresh_token = provider.inner.refresh_token.lock().unwrap();
    *refresh_token += 1;
    let body = json!({
        "token_type": "Bearer", "access_token": "a", "expires_in": 3600, "scope": "openid profile",
        "refresh_token": refresh_token.to_string(), "id_token": provider.token("JWT", &claims),
    });
    (StatusCode::OK, Json(body))
}

/// The claims of a code, if the verifier is the one of the challenge.
fn redeemed(provider: &TestProvider, form: &HashMap<String, String>) -> Result<Value, Value> {
    *provider.inner.redemptions.lock().unwrap() += 1;
    let kept = provider.inner.codes.lock().unwrap().remove(&form["code"]);
    let computed = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
    match kept {
        Some((challenge, claims)) if challenge == computed => Ok(claims),
        _ => Err(json!({"error": "invalid_grant"})),
    }
}

/// The claims of a refresh, if the token is the last one that was given.
fn refreshed(provider: &TestProvider, form: &HashMap<String, String>) -> Result<Value, Value> {
    if let Some(refusal) = provider.inner.refusal.lock().unwrap().clone() {
        return Err(refusal);
    }
    if form["refresh_token"] != provider.inner.refresh_token.lock().unwrap().to_string() {
        return Err(json!({"error": "invalid_grant"}));
    }
    Ok(json!({"name": "Ada", "sid": "sid-1"}))
}
