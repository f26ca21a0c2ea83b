//! Charges each request to the tenant it names, and turns away what is over its budget, so that a flood on one tenant
//! leaves the others theirs (requirement U17).
//!
//! Whoever names a tenant spends its budget, before anything is proven: that is what a flood on it is.

use std::sync::{Arc, PoisonError};

use axum::body::HttpBody as _;
use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use portcullis_model::id::CorrelationId;
use portcullis_protocol::oauth::error::{ErrorStamp, Fault};
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use portcullis_signin::access_token::danger_unverified_tenant;
use portcullis_signin::realm::{self, Realm, RealmError};

use crate::app::App;
use crate::respond;
use crate::route::BODY_BYTES_MAX;
use crate::tenant_budget::{Exhausted, Payer};

/// Where a request names its tenant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Named {
    /// In the first segment of its path.
    ByPath,
    /// In its bearer token.
    ByToken,
}

/// Who reads a refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reader {
    /// Somebody at a browser.
    Person,
    /// An OAuth client.
    OauthClient,
    /// A client of the report, which speaks as Microsoft Graph does.
    GraphClient,
}

/// How the requests at a URL are charged.
#[derive(Clone)]
pub(crate) struct Till {
    pub(crate) app: Arc<App>,
    pub(crate) named: Named,
    pub(crate) reader: Reader,
}

pub(crate) async fn charge(State(till): State<Till>, request: Request, next: Next) -> Response {
    let app = &till.app;
    let (mut parts, body) = request.into_parts();
    let payer = match till.named {
        Named::ByPath => payer_of_path(app, &mut parts).await,
        Named::ByToken => payer_of_token(app, &parts).await,
    };
    // A body of unknown length may be as long as any.
    let body_bytes = body.size_hint().upper().unwrap_or(BODY_BYTES_MAX as u64);
    let charged = match payer {
        Ok(payer) => app
            .tenant_budgets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .charge(payer, body_bytes, (app.surroundings.clock)())
            .map_err(|exhausted| (payer, exhausted)),
        // Without the store nothing is answered anyway; the handler says so.
        Err(_) => Ok(()),
    };
    match charged {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err((payer, exhausted)) => {
            note(payer, exhausted);
            turn_away(&till, &parts, exhausted)
        }
    }
}

async fn payer_of_path(app: &Arc<App>, parts: &mut Parts) -> Result<Payer, RealmError> {
    let parameters = RawPathParams::from_request_parts(parts, app).await;
    let segment = parameters
        .iter()
        .flatten()
        .find_map(|(name, value)| (name == "tenant").then_some(value));
    let Some(segment) = segment else {
        return Ok(Payer::Unknown);
    };
    match Realm::find(&app.house, segment).await {
        Ok(Realm::Tenant(tenant)) => Ok(Payer::Tenant(tenant.id())),
        Ok(Realm::Undiscovered) => Ok(Payer::Undiscovered),
        Err(RealmError::Unknown) => Ok(Payer::Unknown),
        Err(error) => Err(error),
    }
}

async fn payer_of_token(app: &App, parts: &Parts) -> Result<Payer, RealmError> {
    let header = parts.headers.get(AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok()?.split_once(' '))
        .map(|(_, token)| token.trim());
    let Some(tenant) = token.and_then(danger_unverified_tenant) else {
        return Ok(Payer::Unknown);
    };
    match realm::load(&app.house, tenant).await {
        Ok(tenant) => Ok(Payer::Tenant(tenant.id())),
        Err(RealmError::Unknown) => Ok(Payer::Unknown),
        Err(error) => Err(error),
    }
}

/// Counts it, by tenants there are only, and tells of it now and then.
fn note(payer: Payer, exhausted: Exhausted) {
    let tenant = match payer {
        Payer::Tenant(tenant) => tenant.to_string(),
        Payer::Undiscovered => "undiscovered".to_owned(),
        Payer::Unknown => "unknown".to_owned(),
    };
    if exhausted.is_news {
        tracing::warn!(
            tenant,
            "requests are turned away: a tenant is over its budget (--tenant-requests-per-second)"
        );
    }
    metrics::counter!("portcullis_requests_over_budget_total", "tenant" => tenant).increment(1);
}

/// 429 (RFC 6585 §4), in the words of whoever reads it.
fn turn_away(till: &Till, parts: &Parts, exhausted: Exhausted) -> Response {
    const STATUS: StatusCode = StatusCode::TOO_MANY_REQUESTS;
    let code = ErrorCode::TooManyRequests;
    let mut response = match till.reader {
        // The frame puts a page into it.
        Reader::Person => STATUS.into_response(),
        Reader::OauthClient => {
            let correlation_id = parts.extensions.get::<CorrelationId>();
            let correlation_id = correlation_id.map(ToString::to_string).unwrap_or_default();
            let stamp = ErrorStamp {
                trace_id: correlation_id.clone(),
                correlation_id,
                timestamp: (till.app.surroundings.clock)(),
                error_uri_base: Some(realm::base(&till.app.house.public_url).to_owned()),
            };
            respond::json(STATUS, &Fault::new(code).wire(Channel::Token, &stamp))
        }
        Reader::GraphClient => {
            let message = format!("{} {}", code.summary(), code.advice());
            let error =
                serde_json::json!({"error": {"code": "TooManyRequests", "message": message}});
            respond::json(STATUS, &error)
        }
    };
    let seconds = HeaderValue::from(exhausted.retry_after_seconds);
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}
