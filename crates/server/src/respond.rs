//! Turns what a use case answers into an HTTP response.

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, StatusCode};
use portcullis_model::id::CorrelationId;
use portcullis_signin::page::{Answer, Step};
use serde::Serialize;

use crate::app::App;
use crate::arrival::Arrival;
use crate::page::Rendered;
use crate::security_headers;

/// Marks a response whose body is meant; an error response without it gets a page of ours for a body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Composed;

/// A use case's answer to the browser.
pub(crate) fn answer(app: &App, arrival: &Arrival, answer: Answer) -> Response {
    let mut response = match answer.step {
        Step::Show(shown) => page(app.pages.show(&shown)),
        // 303 also after a form with a password in it: the browser must not send it on (requirement A18).
        Step::SeeOther(path) => see_other(app, arrival, &path),
        Step::Redirect(address) => see_other(app, arrival, &address),
        Step::FormPost { action, fields } => page(app.pages.form_post(&action, &fields)),
        Step::Refuse(refusal) => page(app.pages.refuse(&refusal)),
    };
    for change in &answer.cookies {
        let cookie = app.transport.set_cookie(change, arrival.now);
        if let Ok(value) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
    response
}

/// A page with the policy it needs.
pub(crate) fn page(rendered: Rendered) -> Response {
    let policy = security_headers::page_policy(&rendered);
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, rendered.html).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Some(policy) = policy {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if let Some(seconds) = rendered.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(Composed);
    response
}

/// A page about the request itself.
pub(crate) fn status(app: &App, correlation_id: CorrelationId, status: StatusCode) -> Response {
    page(app.pages.status(status.as_u16(), correlation_id))
}

/// 303 to a path of ours or an address of a client.
fn see_other(app: &App, arrival: &Arrival, address: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(address) else {
        tracing::error!("an address cannot be written into a header");
        return status(
            app,
            arrival.correlation_id,
            StatusCode::INTERNAL_SERVER_ERROR,
        );
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, location);
    response
}

/// JSON with a status; an error among them keeps its body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, Json(body)).into_response();
    response.extensions_mut().insert(Composed);
    response
}

/// A plain body of a given kind.
pub(crate) fn content(content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
