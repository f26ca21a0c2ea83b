//! The pages: typed templates, and the headers each of them leaves with.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use url::Url;

use crate::claims::{ClaimRow, date};
use crate::relying_party::RelyingParty;
use crate::trouble::{ProviderAnswer, Trouble};
use crate::visit::Visit;

/// What all pages show.
pub(crate) struct Frame<'a> {
    pub(crate) name: &'a str,
    pub(crate) tagline: &'a str,
    /// Where the application lies, to put before its own addresses.
    pub(crate) path: &'a str,
    pub(crate) neighbours: &'a [(String, String)],
}

impl<'a> Frame<'a> {
    fn new(party: &'a RelyingParty) -> Self {
        let application = &party.application;
        Self {
            name: &application.name,
            tagline: &application.tagline,
            path: &application.path,
            neighbours: &party.neighbours,
        }
    }
}

/// Nobody is in.
#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome<'a> {
    frame: Frame<'a>,
    issuer: &'a str,
    note: Option<&'a str>,
}

/// Somebody is in.
#[derive(Template)]
#[template(path = "visit.html")]
struct VisitPage<'a> {
    frame: Frame<'a>,
    who: &'a str,
    username: Option<&'a str>,
    belonging: String,
    tenant: Option<&'a str>,
    sensitive_action: &'a str,
    approved_at: Option<String>,
    expires_at: Option<String>,
    scopes: &'a str,
    refreshed: u32,
    can_refresh: bool,
    has_mfa: bool,
    rows: Vec<ClaimRow>,
}

/// Something went wrong.
#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    frame: Frame<'a>,
    message: String,
    answer: Option<ProviderAnswer>,
    causes: Vec<String>,
    challenged: bool,
}

pub(crate) fn welcome(party: &RelyingParty, note: Option<&str>) -> Response {
    let page = Welcome {
        frame: Frame::new(party),
        issuer: &party.application.issuer,
        note,
    };
    render(party, StatusCode::OK, &page)
}

pub(crate) fn visit(party: &RelyingParty, visit: &Visit) -> Response {
    let page = VisitPage {
        frame: Frame::new(party),
        who: visit.claims.display_name(),
        username: visit.claims.text("preferred_username"),
        belonging: visit.claims.belonging(),
        tenant: visit.claims.text("tid"),
        sensitive_action: &party.application.sensitive_action,
        approved_at: visit.approved_at.and_then(date),
        expires_at: visit.expires_at.and_then(date),
        scopes: &visit.scopes,
        refreshed: visit.refreshed,
        can_refresh: visit.refresh_token.is_some(),
        has_mfa: visit.claims.shows_mfa(),
        rows: visit.claims.rows(),
    };
    render(party, StatusCode::OK, &page)
}

pub(crate) fn trouble(party: &RelyingParty, trouble: &Trouble) -> Response {
    let challenged = matches!(trouble, Trouble::TokensRefused(refusal) if refusal.claims.is_some());
    let page = TroublePage {
        frame: Frame::new(party),
        message: trouble.to_string(),
        answer: trouble.answer(),
        causes: trouble.causes(),
        challenged,
    };
    render(party, trouble.status(), &page)
}

fn render(party: &RelyingParty, status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => guarded(
            party,
            (status, Html(html)).into_response(),
            FrameAncestors::Nobody,
        ),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Who may put an answer into a frame.
#[derive(Clone, Copy)]
pub(crate) enum FrameAncestors {
    Nobody,
    /// The provider's page of sign-outs.
    Provider,
}

/// Adds the headers every answer leaves with.
pub(crate) fn guarded(
    party: &RelyingParty,
    mut response: Response,
    framed_by: FrameAncestors,
) -> Response {
    let provider =
        Url::parse(&party.application.issuer).map(|issuer| issuer.origin().ascii_serialization());
    let provider = provider.unwrap_or_else(|_| "'none'".to_owned());
    let ancestors = match framed_by {
        FrameAncestors::Nobody => "'none'",
        FrameAncestors::Provider => &provider,
    };
    // A form here may end at the provider, by redirect.
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'self' {provider}; frame-ancestors {ancestors}"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
