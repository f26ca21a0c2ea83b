//! The pages of a sign-in that is under way: shown by GET, answered by POST.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use portcullis_model::secret::SecretText;
use portcullis_protocol::oauth::parameters::Parameters;
use portcullis_signin::journey::resume;
use portcullis_signin::page::{ConsentChoice, Handle, StayChoice, Submission};

use super::form;
use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Path(page): Path<String>,
    RawQuery(query): RawQuery,
    mut arrival: Arrival,
) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes()).ok();
    let handle = parameters.and_then(|parameters| handle(&page, &parameters));
    match handle {
        Some(handle) => {
            let (moment, cookies) = arrival.in_browser();
            let answer = resume::show(&app.house, moment, cookies, handle).await;
            respond::answer(&app, &arrival, answer)
        }
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

pub(crate) async fn submit(
    State(app): State<Arc<App>>,
    Path(page): Path<String>,
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
    let read = Parameters::parse(text.as_bytes())
        .ok()
        .and_then(|form| Some((handle(&page, &form)?, submission(&form)?)));
    let Some((handle, submission)) = read else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let (moment, cookies) = arrival.in_browser();
    let answer = resume::resume(&app.house, moment, cookies, handle, submission, None).await;
    respond::answer(&app, &arrival, answer)
}

fn handle(page: &str, parameters: &Parameters) -> Option<Handle> {
    Handle::parse(page, parameters.find(Handle::PARAMETER)?)
}

/// What a form of ours says; `None` for what no page of ours sends.
fn submission(form: &Parameters) -> Option<Submission> {
    let typed = |name| form.find(name).unwrap_or_default();
    let choice = form.find("choice");
    match choice {
        Some("cancel") => return Some(Submission::Cancel),
        Some("start-over") => return Some(Submission::StartOver),
        Some(_) | None => {}
    }
    match form.find("form")? {
        "user-name" => Some(Submission::UserName {
            name: typed("name").to_owned(),
        }),
        "password" => Some(Submission::Password {
            password: SecretText::new(typed("password")),
        }),
        "account" => match form.find("session")? {
            "other" => Some(Submission::Account { session: None }),
            session => Some(Submission::Account {
                session: Some(session.parse().ok()?),
            }),
        },
        "code" => Some(Submission::Code {
            code: SecretText::new(typed("code")),
        }),
        "stay-signed-in" => Some(Submission::StaySignedIn {
            choice: match choice? {
                "stay" => StayChoice::Stay,
                "leave" => StayChoice::Leave,
                _ => return None,
            },
        }),
        "consent" => Some(Submission::Consent {
            choice: match choice? {
                "accept" => ConsentChoice::Accept,
                "decline" => ConsentChoice::Decline,
                _ => return None,
            },
        }),
        _ => None,
    }
}
