//! What does not depend on who asks: the start page and the static files.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;

use crate::app::App;
use crate::respond;

pub(crate) async fn start(State(app): State<Arc<App>>) -> Response {
    respond::page(app.pages.start())
}

/// Explains an error number: every refusal that applications get names this address (`error_uri`).
pub(crate) async fn error(
    State(app): State<Arc<App>>,
    Query(asked): Query<AskedError>,
) -> Response {
    match app.pages.error(asked.code) {
        Some(page) => respond::page(page),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The query of the look-up.
#[derive(Deserialize)]
pub(crate) struct AskedError {
    code: u32,
}

pub(crate) async fn asset(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    match app.pages.assets().find(&format!("/assets/{file}")) {
        // The address changes with the content.
        Some(asset) => cached(
            respond::content(asset.content_type, asset.body),
            "public, max-age=31536000, immutable",
        ),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub(crate) async fn icon(State(app): State<Arc<App>>) -> Response {
    let icons = &app.pages.assets().icons;
    cached(
        respond::content(icons.content_type, icons.body),
        "public, max-age=86400",
    )
}

pub(super) fn cached(mut response: Response, how: &'static str) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(how));
    response
}
