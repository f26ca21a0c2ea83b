//! The addresses of an application, in one table, and the thin functions behind them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::cookies::fresh_id;
use crate::page::{self, FrameAncestors, guarded};
use crate::relying_party::RelyingParty;
use crate::trouble::Trouble;
use crate::visit::{Answer, Purpose, locked};

/// No form that arrives here is longer than this.
const BODY_BYTES_MAX: usize = 64 * 1024;

type Party = State<Arc<RelyingParty>>;

/// Every address of one application.
pub(crate) fn routes(party: Arc<RelyingParty>) -> Router {
    let at = |name: &str| format!("{}{name}", party.application.path);
    let home = if party.application.path.is_empty() {
        "/".to_owned()
    } else {
        at("")
    };
    Router::new()
        .route(&home, get(show_home))
        .route(&at("/style.css"), get(show_style))
        .route(&at("/icon.svg"), get(show_icon))
        .route(&at("/sign-in"), get(begin_sign_in))
        .route(&at("/step-up"), get(begin_step_up))
        .route(&at("/answer-challenge"), get(begin_challenge))
        .route(&at("/callback"), get(take_answer).post(take_posted_answer))
        .route(&at("/callback/continue"), get(take_kept_answer))
        .route(&at("/refresh"), post(refresh))
        .route(&at("/sign-out"), post(sign_out))
        .route(&at("/frontchannel-logout"), get(front_channel_logout))
        .route(&at("/backchannel-logout"), post(back_channel_logout))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(party)
}

async fn show_home(State(party): Party, headers: HeaderMap) -> Response {
    let browser = party.cookie.find(&headers).unwrap_or_default();
    let visits = locked(&party.memory.visits);
    match visits.find(&browser) {
        Some(visit) => page::visit(&party, visit),
        None => page::welcome(&party, None),
    }
}

async fn show_style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "max-age=300"),
    ];
    (headers, include_str!("../templates/style.css")).into_response()
}

async fn show_icon() -> Response {
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, "max-age=300"),
    ];
    (headers, include_str!("../templates/icon.svg")).into_response()
}

async fn begin_sign_in(State(party): Party, headers: HeaderMap) -> Response {
    begin(&party, &headers, Purpose::SignIn).await
}

async fn begin_step_up(State(party): Party, headers: HeaderMap) -> Response {
    let browser = party.cookie.find(&headers).unwrap_or_default();
    if locked(&party.memory.visits).find(&browser).is_none() {
        return page::trouble(&party, &Trouble::NotSignedIn);
    }
    begin(&party, &headers, Purpose::StepUp).await
}

async fn begin_challenge(State(party): Party, headers: HeaderMap) -> Response {
    let browser = party.cookie.find(&headers).unwrap_or_default();
    let claims = locked(&party.memory.visits)
        .find(&browser)
        .and_then(|visit| visit.challenge.clone());
    let purpose = claims.map_or(Purpose::SignIn, |claims| Purpose::Challenge { claims });
    begin(&party, &headers, purpose).await
}

async fn begin(party: &RelyingParty, headers: &HeaderMap, purpose: Purpose) -> Response {
    let browser = party.cookie.find(headers).unwrap_or_else(fresh_id);
    match party.begin(&browser, purpose).await {
        Ok(location) => redirect(party, location.as_str(), Some(&browser)),
        Err(trouble) => page::trouble(party, &trouble),
    }
}

async fn take_answer(
    State(party): Party,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    // The provider comes back here as well when somebody signed out: without a code and without an error.
    if answer.code.is_none() && answer.error.is_none() {
        return page::welcome(&party, Some("You are signed out."));
    }
    complete(&party, &headers, answer).await
}

/// A form that another site's page posted brings no cookie along, so the answer is kept and asked for again.
async fn take_posted_answer(State(party): Party, Form(answer): Form<Answer>) -> Response {
    let Some(state) = answer.state.clone() else {
        return page::trouble(&party, &Trouble::UnknownSignIn);
    };
    // What belongs to no sign-in under way takes no room.
    if locked(&party.memory.pending).find(&state).is_none() {
        return page::trouble(&party, &Trouble::UnknownSignIn);
    }
    let encoded: String = byte_serialize(state.as_bytes()).collect();
    locked(&party.memory.answers).insert(state, answer);
    let location = format!(
        "{}/callback/continue?state={encoded}",
        party.application.path
    );
    redirect(&party, &location, None)
}

async fn take_kept_answer(
    State(party): Party,
    headers: HeaderMap,
    Query(asked): Query<Answer>,
) -> Response {
    let state = asked.state.unwrap_or_default();
    let kept = locked(&party.memory.answers).take(&state);
    match kept {
        Some(answer) => complete(&party, &headers, answer).await,
        None => page::trouble(&party, &Trouble::UnknownSignIn),
    }
}

async fn complete(party: &RelyingParty, headers: &HeaderMap, answer: Answer) -> Response {
    let browser = party.cookie.find(headers).unwrap_or_default();
    match party.complete(&browser, answer).await {
        Ok(fresh) => redirect(party, home_of(party), Some(&fresh)),
        Err(trouble) => page::trouble(party, &trouble),
    }
}

async fn refresh(State(party): Party, headers: HeaderMap) -> Response {
    let browser = party.cookie.find(&headers).unwrap_or_default();
    match party.refresh(&browser).await {
        Ok(()) => redirect(&party, home_of(&party), None),
        Err(trouble) => page::trouble(&party, &trouble),
    }
}

async fn sign_out(State(party): Party, headers: HeaderMap) -> Response {
    let browser = party.cookie.find(&headers).unwrap_or_default();
    match party.sign_out(&browser).await {
        Ok(location) => redirect(&party, location.as_str(), None),
        Err(trouble) => page::trouble(&party, &trouble),
    }
}

/// OpenID Connect Front-Channel Logout §2.
#[derive(serde::Deserialize)]
struct FrontChannelNews {
    iss: Option<String>,
    sid: Option<String>,
}

async fn front_channel_logout(
    State(party): Party,
    Query(news): Query<FrontChannelNews>,
) -> Response {
    party.front_channel_logout(news.iss.as_deref(), news.sid.as_deref());
    guarded(
        &party,
        StatusCode::OK.into_response(),
        FrameAncestors::Provider,
    )
}

/// OpenID Connect Back-Channel Logout §2.5.
#[derive(serde::Deserialize)]
struct BackChannelNews {
    logout_token: String,
}

async fn back_channel_logout(State(party): Party, Form(news): Form<BackChannelNews>) -> Response {
    let status = match party.back_channel_logout(&news.logout_token).await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    };
    guarded(&party, status.into_response(), FrameAncestors::Nobody)
}

fn home_of(party: &RelyingParty) -> &str {
    if party.application.path.is_empty() {
        "/"
    } else {
        &party.application.path
    }
}

/// 303, so that a form's body goes no further.
fn redirect(party: &RelyingParty, location: &str, browser: Option<&str>) -> Response {
    let location = match Url::parse(location) {
        Ok(absolute) => absolute.to_string(),
        Err(_) => location.to_owned(),
    };
    let response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    let mut response = guarded(party, response, FrameAncestors::Nobody);
    if let Some(Ok(cookie)) = browser.map(|browser| party.cookie.set(browser).parse()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
