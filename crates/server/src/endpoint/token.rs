//! The token endpoint: forms by POST only; scripts of registered single page applications may read the answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, AUTHORIZATION, CONTENT_TYPE, ORIGIN, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use portcullis_model::id::{ClientId, TenantId};
use portcullis_protocol::oauth::error::{OauthError, WireError};
use portcullis_protocol::oauth::parameters::{Parameters, is_form};
use portcullis_signin::realm::Realm;
use portcullis_signin::token::{TokenCall, redeem as redeem_token};
use url::Url;

use crate::app::App;
use crate::arrival::Arrival;
use crate::respond;

pub(crate) async fn redeem(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    mut arrival: Arrival,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(is_form) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let call = TokenCall {
        tenant_segment: &tenant,
        body: &body,
        authorization: headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()),
    };
    let answer = redeem_token(&app.house, &mut arrival.moment(), call).await;
    let mut response = match answer {
        Ok(tokens) => respond::json(StatusCode::OK, &tokens),
        Err(error) => refusal(&error, call.authorization.is_some()),
    };
    if let Some(origin) = headers.get(ORIGIN) {
        let client = Parameters::parse(&body)
            .ok()
            .and_then(|form| form.find("client_id").map(str::to_owned));
        if is_registered(&app, &tenant, origin, Asking::Client(client.as_deref())).await {
            allow(&mut response, origin);
        }
    }
    response
}

/// Answers a browser that asks whether a script may post here (CORS). Grants nothing: the answer to the post is readable
/// only for the application that is named in it.
pub(crate) async fn preflight(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(origin) = headers.get(ORIGIN)
        && is_registered(&app, &tenant, origin, Asking::Anybody).await
    {
        allow(&mut response, origin);
        let headers = response.headers_mut();
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("POST"),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type, client-request-id"),
        );
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    }
    response
}

fn refusal(error: &WireError, has_tried_header: bool) -> Response {
    let status = StatusCode::from_u16(error.error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = respond::json(status, error);
    if error.error == OauthError::InvalidClient && has_tried_header {
        // RFC 6749 §5.2: by the scheme the client used.
        response.headers_mut().insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"portcullis\""),
        );
    }
    response
}

fn allow(response: &mut Response, origin: &HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(VARY, HeaderValue::from_static("origin"));
}

/// Who asks from another origin.
enum Asking<'a> {
    /// A browser, before the post: whose application it is is not known yet.
    Anybody,
    /// The application named in the post, if one is named.
    Client(Option<&'a str>),
}

/// Whether a single page application is registered at this origin: the named one, or any that the tenant uses.
async fn is_registered(app: &App, segment: &str, origin: &HeaderValue, asking: Asking<'_>) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let Ok(realm) = Realm::find(&app.house, segment).await else {
        return false;
    };
    match asking {
        Asking::Client(client) => {
            let Some(client) = client.and_then(|client| client.parse::<ClientId>().ok()) else {
                return false;
            };
            match app.house.store.find_application_owner(client).await {
                Ok(Some(owner)) => owner_has(app, owner, origin, Some(client)).await,
                Ok(None) | Err(_) => false,
            }
        }
        Asking::Anybody => match realm {
            // Nothing is granted yet, and no tenant is named whose applications could be looked through.
            Realm::Undiscovered => Url::parse(origin).is_ok_and(|url| url.origin().is_tuple()),
            Realm::Tenant(tenant) => {
                let principals = &tenant.configuration.service_principals;
                let mut owners: BTreeSet<TenantId> = principals
                    .iter()
                    .filter_map(|principal| principal.app_owner_organization_id)
                    .collect();
                owners.insert(tenant.id());
                for owner in owners {
                    if owner_has(app, owner, origin, None).await {
                        return true;
                    }
                }
                false
            }
        },
    }
}

/// Whether this tenant has registered a single page application, the named one or any, at this origin.
async fn owner_has(app: &App, owner: TenantId, origin: &str, client: Option<ClientId>) -> bool {
    match app.house.tenants.find(owner).await {
        Ok(Some(owner)) => owner
            .configuration
            .applications
            .iter()
            .filter(|application| client.is_none_or(|client| application.app_id == client))
            .flat_map(|application| &application.spa.redirect_uris)
            .any(|uri| is_of_origin(uri, origin)),
        Ok(None) | Err(_) => false,
    }
}

fn is_of_origin(uri: &str, origin: &str) -> bool {
    Url::parse(uri)
        .is_ok_and(|uri| uri.origin().is_tuple() && uri.origin().ascii_serialization() == origin)
}
