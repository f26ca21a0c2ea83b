//! Form bodies: their media type, and whether a browser was made to send them from elsewhere.

use axum::body::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, ORIGIN};
use http::{HeaderName, StatusCode};
use portcullis_protocol::oauth::parameters::is_form;
use url::Url;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The body as text, if it is a form; else the status to answer with.
pub(super) fn text(headers: &HeaderMap, body: &Bytes) -> Result<String, StatusCode> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(is_form) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    std::str::from_utf8(body)
        .map(str::to_owned)
        .map_err(|_| StatusCode::BAD_REQUEST)
}

/// Whether the form came from a page of ours (requirement S04). Browsers say so themselves; older ones name the origin,
/// or hide it because our pages ask for no referrer. The flow cookie decides where neither is sent.
pub(super) fn is_from_our_page(headers: &HeaderMap, public_url: &Url) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text(&FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, None | Some("null")) => true,
        (None, Some(origin)) => origin == public_url.origin().ascii_serialization(),
    }
}
