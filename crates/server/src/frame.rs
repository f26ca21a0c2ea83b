//! Around every request: its correlation id, its line in the log, its metrics, its headers, and a body where an error lacks one.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{ALLOW, CONNECTION, HeaderName, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderValue, StatusCode, Uri};
use portcullis_model::id::CorrelationId;
use tracing::Instrument as _;

use crate::app::App;
use crate::error_body;
use crate::respond::Composed;
use crate::route::reader_at;
use crate::security_headers;

/// By which a client names its own correlation id, as a header or a query parameter.
const CLIENT_REQUEST_ID: &str = "client-request-id";
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

pub(crate) async fn frame(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let correlation_id = correlation_id(&app, &request);
    request.extensions_mut().insert(correlation_id);
    let method = request.method().clone();
    // The route, never the address: queries carry codes and hints, paths whatever somebody typed.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", %method, route, %correlation_id);
    let mut response = if has_known_length(&request) {
        next.run(request).instrument(span.clone()).await
    } else {
        (StatusCode::LENGTH_REQUIRED, [(CONNECTION, "close")]).into_response()
    };

    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if is_error && response.extensions().get::<Composed>().is_none() {
        let reader = reader_at(&route);
        let mut composed = error_body::compose(&app, reader, correlation_id, status);
        for name in [ALLOW, CONNECTION, RETRY_AFTER] {
            if let Some(value) = response.headers_mut().remove(&name) {
                composed.headers_mut().insert(name, value);
            }
        }
        response = composed;
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(correlation_id.to_string()) {
        headers.insert(CORRELATION_ID, value);
    }
    security_headers::complete(headers, app.transport);

    let elapsed = began.elapsed();
    let labels = [
        ("route", route),
        ("method", method.to_string()),
        ("status", status.as_u16().to_string()),
    ];
    metrics::counter!("portcullis_requests_total", &labels).increment(1);
    metrics::histogram!("portcullis_request_seconds", &labels).record(elapsed.as_secs_f64());
    span.in_scope(|| {
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), milliseconds, "answered");
        } else {
            tracing::info!(status = status.as_u16(), milliseconds, "answered");
        }
    });
    response
}

/// Whether nobody on the way can have read another length of the body than we do. A request with both `Transfer-Encoding`
/// and `Content-Length` is how requests are smuggled past proxies (RFC 9112 §6.3, requirement T11); the server's parser
/// has removed the one when it shows us the other, so neither is taken: no form needs to come in chunks.
fn has_known_length(request: &Request) -> bool {
    !request.headers().contains_key(TRANSFER_ENCODING)
}

/// The client's own id if it sent a valid one, else a fresh one.
fn correlation_id(app: &App, request: &Request) -> CorrelationId {
    let header = request
        .headers()
        .get(CLIENT_REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    header
        .or_else(|| query_parameter(request.uri(), CLIENT_REQUEST_ID))
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| CorrelationId::random((app.surroundings.entropy)().as_mut()))
}

/// A parameter of the query as it stands; a GUID needs no decoding.
fn query_parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}
