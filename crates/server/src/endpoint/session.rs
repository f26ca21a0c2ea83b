//! What somebody who is signed in does with the session: look at it, and end it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use portcullis_signin::my_sessions::{end_sessions, my_sessions};
use portcullis_signin::my_sign_ins::my_sign_ins;
use portcullis_signin::sign_out::request::SignOutMethod;
use portcullis_signin::sign_out::{SignOutCall, sign_out};

use super::form;
use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

pub(crate) async fn record(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    mut arrival: Arrival,
) -> Response {
    let (moment, cookies) = arrival.in_browser();
    let answer = my_sign_ins(&app.house, &moment, &tenant, cookies).await;
    respond::answer(&app, &arrival, answer)
}

pub(crate) async fn sessions(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    mut arrival: Arrival,
) -> Response {
    let (moment, cookies) = arrival.in_browser();
    let answer = my_sessions(&app.house, &moment, &tenant, cookies).await;
    respond::answer(&app, &arrival, answer)
}

pub(crate) async fn end_sessions_by_form(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !form::is_from_our_page(&headers, &app.house.public_url) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let text = match form::text(&headers, &body) {
        Ok(text) => text,
        Err(status) => return status.into_response(),
    };
    let (mut moment, cookies) = arrival.in_browser();
    let form = (tenant.as_str(), text.as_bytes());
    let ended = end_sessions(&app.house, &mut moment, form, cookies).await;
    app.back_channel.tell(ended.deliveries);
    respond::answer(&app, &arrival, ended.answer)
}

pub(crate) async fn end_by_query(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    arrival: Arrival,
) -> Response {
    let query = query.unwrap_or_default();
    let call = SignOutCall {
        tenant_segment: &tenant,
        parameters: query.as_bytes(),
        method: SignOutMethod::Get,
    };
    end(&app, arrival, call).await
}

pub(crate) async fn end_by_form(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match form::text(&headers, &body) {
        Ok(form) => {
            let call = SignOutCall {
                tenant_segment: &tenant,
                parameters: form.as_bytes(),
                method: SignOutMethod::Post,
            };
            end(&app, arrival, call).await
        }
        Err(status) => status.into_response(),
    }
}

async fn end(app: &App, mut arrival: Arrival, call: SignOutCall<'_>) -> Response {
    let (mut moment, cookies) = arrival.in_browser();
    let ended = sign_out(&app.house, &mut moment, call, cookies).await;
    app.back_channel.tell(ended.deliveries);
    respond::answer(app, &arrival, ended.answer)
}
