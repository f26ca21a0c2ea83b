//! What is done with an access token: userinfo, and in Graph's shape the sign-in log, What If, templates and the end of sessions.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use portcullis_protocol::oauth::parameters::is_form;
use portcullis_signin::access_token::BearerRefusal;
use portcullis_signin::conditional_access_evaluation::{EvaluationCall, evaluate};
use portcullis_signin::conditional_access_templates::{find_template, list_templates};
use portcullis_signin::graph_caller::GraphCall;
use portcullis_signin::session_revocation::{RevocationCall, revoke_sign_in_sessions};
use portcullis_signin::sign_in_report::{GraphError, list_sign_ins};
use portcullis_signin::user_info::{UserInfoCall, user_info};
use serde_json::Value;

use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

pub(crate) async fn userinfo(
    State(app): State<Arc<App>>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let has_form = text(&headers, &CONTENT_TYPE).is_some_and(is_form);
    let call = UserInfoCall {
        authorization: text(&headers, &AUTHORIZATION),
        form: has_form.then_some(body.as_ref()),
    };
    match user_info(&app.house, &arrival.moment(), call).await {
        Ok(claims) => respond::json(StatusCode::OK, &claims),
        Err(refusal) => challenge(&refusal),
    }
}

/// RFC 6750 §3: the challenge says what is wrong; a request without a token gets one without an error.
fn challenge(refusal: &BearerRefusal) -> Response {
    if let BearerRefusal::Unavailable(cause) = refusal {
        tracing::error!(%cause, "an access token cannot be checked");
    }
    let status = status(refusal.status());
    let error = refusal.oauth_error();
    let body = match error {
        Some(error) => serde_json::json!({"error": error.as_str()}),
        None => serde_json::json!({}),
    };
    let mut response = respond::json(status, &body);
    let value = match error {
        Some(error) => format!("Bearer error=\"{}\"", error.as_str()),
        None => "Bearer".to_owned(),
    };
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

pub(crate) async fn sign_ins(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    mut arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let call = graph_call(&headers, &query);
    answered(list_sign_ins(&app.house, &arrival.moment(), call).await)
}

pub(crate) async fn revoke_sessions(
    State(app): State<Arc<App>>,
    Path(user): Path<String>,
    mut arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let call = RevocationCall {
        authorization: text(&headers, &AUTHORIZATION),
        user: &user,
    };
    match revoke_sign_in_sessions(&app.house, &mut arrival.moment(), call).await {
        Ok(deliveries) => {
            app.back_channel.tell(deliveries);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(error) => refused(&error),
    }
}

pub(crate) async fn evaluate_conditional_access(
    State(app): State<Arc<App>>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = EvaluationCall {
        authorization: text(&headers, &AUTHORIZATION),
        body: &body,
    };
    answered(evaluate(&app.house, &arrival.moment(), call).await)
}

pub(crate) async fn templates(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    mut arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let call = graph_call(&headers, &query);
    answered(list_templates(&app.house, &arrival.moment(), call).await)
}

pub(crate) async fn template(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    mut arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let call = graph_call(&headers, &query);
    answered(find_template(&app.house, &arrival.moment(), call, &id).await)
}

/// A request to read.
pub(super) fn graph_call<'a>(headers: &'a HeaderMap, query: &'a str) -> GraphCall<'a> {
    GraphCall {
        authorization: text(headers, &AUTHORIZATION),
        query: query.as_bytes(),
    }
}

/// An answer, or a refusal, in Graph's form.
pub(super) fn answered(result: Result<Value, GraphError>) -> Response {
    match result {
        Ok(answer) => respond::json(StatusCode::OK, &answer),
        Err(error) => refused(&error),
    }
}

/// A refusal in Graph's form.
pub(super) fn refused(error: &GraphError) -> Response {
    let mut response = respond::json(status(error.status), &error.body());
    if error.status == 401 {
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

pub(super) fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &http::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
