//! The body of an error that no handler composed, in the words of whoever reads it: a page, OAuth's JSON or Graph's.

use axum::response::Response;
use http::StatusCode;
use portcullis_model::id::CorrelationId;
use portcullis_protocol::oauth::error::{ErrorStamp, Fault, WireError};
use portcullis_protocol::oauth::error_catalogue::{Channel, ErrorCode};
use portcullis_signin::realm;
use portcullis_signin::sign_in_report::GraphError;

use crate::app::App;
use crate::charge::Reader;
use crate::respond;

/// An answer with this status and a body for its reader; what belongs to nobody is read by a person.
pub(crate) fn compose(
    app: &App,
    reader: Option<Reader>,
    correlation_id: CorrelationId,
    status: StatusCode,
) -> Response {
    match reader {
        Some(Reader::Person) | None => respond::status(app, correlation_id, status),
        Some(Reader::OauthClient) => {
            respond::json(status, &oauth(app, &fault(status), correlation_id))
        }
        Some(Reader::GraphClient) => respond::json(status, &graph(status).body()),
    }
}

/// The body of a refusal to an OAuth client (RFC 6749 §5.2).
fn oauth(app: &App, fault: &Fault, correlation_id: CorrelationId) -> WireError {
    let stamp = ErrorStamp {
        trace_id: correlation_id.to_string(),
        correlation_id: correlation_id.to_string(),
        timestamp: (app.surroundings.clock)(),
        error_uri_base: Some(realm::base(&app.house.public_url).to_owned()),
    };
    fault.wire(Channel::Token, &stamp)
}

/// What is wrong, as far as the status says it.
fn fault(status: StatusCode) -> Fault {
    let code = match status {
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ErrorCode::BadHttpMethod
        }
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::MsodsServiceUnavailable,
        status if status.is_server_error() => ErrorCode::InternalFault,
        _ => ErrorCode::InvalidUserInput,
    };
    Fault::with_detail(code, reason(status))
}

fn graph(status: StatusCode) -> GraphError {
    let code = match status {
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable",
        status if status.is_server_error() => "InternalServerError",
        _ => "BadRequest",
    };
    GraphError {
        status: status.as_u16(),
        code,
        message: reason(status).to_owned(),
    }
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("an error")
}
