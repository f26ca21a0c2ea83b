//! The authorization endpoint. No CORS here: it is for navigation, never for scripts (requirement A12).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use portcullis_signin::journey::authorize::authorize;

use super::form;
use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

pub(crate) async fn by_query(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    arrival: Arrival,
) -> Response {
    go(&app, arrival, &tenant, &query.unwrap_or_default()).await
}

pub(crate) async fn by_form(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match form::text(&headers, &body) {
        Ok(form) => go(&app, arrival, &tenant, &form).await,
        Err(status) => status.into_response(),
    }
}

async fn go(app: &App, mut arrival: Arrival, tenant: &str, parameters: &str) -> Response {
    let (moment, cookies) = arrival.in_browser();
    let answer = authorize(&app.house, moment, cookies, tenant, parameters).await;
    respond::answer(app, &arrival, answer)
}
