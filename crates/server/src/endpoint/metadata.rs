//! What clients read before anything else: the discovery document and the key set. For everybody, from anywhere.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use http::{HeaderValue, StatusCode};
use portcullis_protocol::oauth::error::{ErrorStamp, Fault};
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use portcullis_signin::discovery::{
    Freshness, KeySetError, Published, discovery_document, key_set,
};
use portcullis_signin::realm::{self, RealmError};
use serde::Serialize;

use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

pub(crate) async fn discovery(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    arrival: Arrival,
) -> Response {
    match discovery_document(&app.house, &tenant).await {
        Ok(found) => published(&found),
        Err(RealmError::Unknown) => unknown(&app, &arrival),
        Err(RealmError::Store(error)) => unavailable(&error),
    }
}

pub(crate) async fn keys(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    arrival: Arrival,
) -> Response {
    match key_set(&app.house, arrival.now, &tenant).await {
        Ok(found) => published(&found),
        Err(KeySetError::Realm(RealmError::Unknown)) => unknown(&app, &arrival),
        Err(KeySetError::Realm(RealmError::Store(error))) => unavailable(&error),
        Err(KeySetError::Key(error)) => unavailable(&error),
    }
}

fn published<T: Serialize>(found: &Published<T>) -> Response {
    let mut response = respond::json(StatusCode::OK, &found.document);
    let headers = response.headers_mut();
    let lifetime = match found.freshness {
        Freshness::Current => "max-age=86400, private",
        // What is merely remembered is not kept for another day: a key may have been withdrawn since (requirement G14).
        Freshness::LastKnown => "max-age=300, private",
    };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(lifetime));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// There is no such tenant (90002).
fn unknown(app: &App, arrival: &Arrival) -> Response {
    let stamp = ErrorStamp {
        trace_id: arrival.correlation_id.to_string(),
        correlation_id: arrival.correlation_id.to_string(),
        timestamp: arrival.now,
        error_uri_base: Some(realm::base(&app.house.public_url).to_owned()),
    };
    let error = Fault::new(ErrorCode::InvalidTenantName).wire(Channel::Token, &stamp);
    respond::json(StatusCode::BAD_REQUEST, &error)
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::error!(error, "metadata cannot be had");
    respond::json(
        StatusCode::SERVICE_UNAVAILABLE,
        &serde_json::json!({"error": "temporarily_unavailable"}),
    )
}
