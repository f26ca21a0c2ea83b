//! An organisation's look, as a style sheet and an image: policies on pages allow neither inline styles nor data.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use portcullis_model::organization::Organization;
use portcullis_signin::realm::{Realm, RealmError};

use super::fixed::cached;
use crate::app::App;
use crate::{branding, respond};

const CACHE: &str = "public, max-age=300";

pub(crate) async fn style(State(app): State<Arc<App>>, Path(tenant): Path<String>) -> Response {
    served(&app, &tenant, |organization| {
        branding::style_sheet(organization)
            .map(|sheet| respond::content("text/css; charset=utf-8", sheet))
    })
    .await
}

pub(crate) async fn logo(State(app): State<Arc<App>>, Path(tenant): Path<String>) -> Response {
    served(&app, &tenant, |organization| {
        branding::logo(organization).map(|logo| respond::content(logo.content_type, logo.bytes))
    })
    .await
}

async fn served(
    app: &App,
    tenant: &str,
    part: impl FnOnce(&Organization) -> Option<Response>,
) -> Response {
    match Realm::find(&app.house, tenant).await {
        Ok(Realm::Tenant(tenant)) => match part(&tenant.configuration.organization) {
            Some(response) => cached(response, CACHE),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Ok(Realm::Undiscovered) | Err(RealmError::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Err(RealmError::Store(error)) => {
            tracing::error!(%error, "a tenant's branding cannot be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
