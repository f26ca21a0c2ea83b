//! Conditional Access policies in Graph's shape: listed, shown, made, changed and removed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use portcullis_signin::change_guard::{Cause, GuardFinding};
use portcullis_signin::conditional_access_policies::{
    PolicyCall, PolicyRefusal, Written, create_policy, delete_policy, find_policy, list_policies,
    update_policy,
};

use super::resource::{answered, graph_call, refused, status, text};
use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

/// Tells of a change that was made what does not hold now.
const GUARD: HeaderName = HeaderName::from_static("x-portcullis-guard");
/// More is not told in a header.
const GUARD_CHARACTERS_MAX: usize = 1024;

pub(crate) async fn list(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    mut arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let call = graph_call(&headers, &query);
    answered(list_policies(&app.house, &arrival.moment(), call).await)
}

pub(crate) async fn find(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    mut arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let call = graph_call(&headers, &query);
    answered(find_policy(&app.house, &arrival.moment(), call, &id).await)
}

pub(crate) async fn create(
    State(app): State<Arc<App>>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = call(&headers, &body);
    written(create_policy(&app.house, &mut arrival.moment(), call).await)
}

pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = call(&headers, &body);
    written(update_policy(&app.house, &mut arrival.moment(), call, &id).await)
}

pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = call(&headers, &body);
    written(delete_policy(&app.house, &mut arrival.moment(), call, &id).await)
}

fn call<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> PolicyCall<'a> {
    PolicyCall {
        authorization: text(headers, &AUTHORIZATION),
        body,
    }
}

fn written(result: Result<Written, PolicyRefusal>) -> Response {
    match result {
        Ok(Written { entity, findings }) => {
            let mut response = match entity {
                Some(entity) => respond::json(StatusCode::CREATED, &entity),
                None => StatusCode::NO_CONTENT.into_response(),
            };
            if let Some(told) = told(&findings) {
                response.headers_mut().insert(GUARD, told);
            }
            response
        }
        Err(PolicyRefusal::Graph(error)) => refused(&error),
        Err(refusal @ PolicyRefusal::Guarded(_)) => {
            respond::json(status(refusal.status()), &refusal.body())
        }
    }
}

/// The sentences of what does not hold, what the change broke first; what a header cannot carry becomes `?`.
fn told(findings: &[GuardFinding]) -> Option<HeaderValue> {
    let sentences = |cause: Cause| {
        let findings = findings.iter().filter(move |one| one.cause == cause);
        findings.filter_map(|one| one.lines.first().map(String::as_str))
    };
    let all = sentences(Cause::Change).chain(sentences(Cause::Before));
    let all: Vec<&str> = all.collect();
    let is_plain = |character: char| character == ' ' || character.is_ascii_graphic();
    let text: String = all
        .join("; ")
        .chars()
        .map(|character| if is_plain(character) { character } else { '?' })
        .take(GUARD_CHARACTERS_MAX)
        .collect();
    (!all.is_empty())
        .then(|| HeaderValue::try_from(text).ok())
        .flatten()
}
