//! Every URL we answer, in one table, and the router that is made of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;
use ipnet::IpNet;
use portcullis_signin::house::House;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;
use crate::back_channel::{BackChannel, BackChannelError, Reach};
use crate::charge::{Named, Reader, Till, charge};
use crate::client_address::TrustedProxies;
use crate::cookies::Transport;
use crate::endpoint::{
    authorize, branding, fixed, metadata, operator, policy, resource, session, sign_in, token,
};
use crate::frame::frame;
use crate::page::{Pages, WordsError};
use crate::surroundings::Surroundings;
use crate::tenant_budget::{TenantAllowance, TenantBudgets};

/// How requests reach us.
#[derive(Debug, Clone, Default)]
pub struct ServerConfiguration {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Browsers reach us by HTTPS, ended here or at a trusted proxy: cookies are `Secure`, HSTS is sent.
    pub is_secure: bool,
    /// Back-channel logout may go to this machine itself, without TLS: for the demo and for tests.
    pub back_channel_to_loopback: bool,
    /// How much each tenant may ask for.
    pub tenant_allowance: TenantAllowance,
}

/// The router cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The catalogue of words.
    #[error(transparent)]
    Words(#[from] WordsError),
    /// The outbound client.
    #[error(transparent)]
    BackChannel(#[from] BackChannelError),
}

/// The largest body we read; forms of ours are far smaller.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Nothing takes longer; a password check in the longest queue takes two seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A URL and what answers there.
struct Route {
    path: &'static str,
    /// How its requests are charged to tenants; `None` for what belongs to no tenant.
    charged: Option<(Named, Reader)>,
    endpoint: fn() -> MethodRouter<Arc<App>>,
}

/// Pages of a tenant.
const PAGE: Option<(Named, Reader)> = Some((Named::ByPath, Reader::Person));
/// What clients of a tenant ask for.
const OAUTH: Option<(Named, Reader)> = Some((Named::ByPath, Reader::OauthClient));

/// Every URL.
const ROUTES: &[Route] = &[
    Route {
        path: "/",
        charged: None,
        endpoint: || get(fixed::start),
    },
    Route {
        path: "/error",
        charged: None,
        endpoint: || get(fixed::error),
    },
    Route {
        path: "/assets/{file}",
        charged: None,
        endpoint: || get(fixed::asset),
    },
    Route {
        path: "/favicon.ico",
        charged: None,
        endpoint: || get(fixed::icon),
    },
    Route {
        path: "/healthz",
        charged: None,
        endpoint: || get(operator::health),
    },
    Route {
        path: "/readyz",
        charged: None,
        endpoint: || get(operator::ready),
    },
    Route {
        path: "/metrics",
        charged: None,
        endpoint: || get(operator::metrics),
    },
    Route {
        path: "/{tenant}/branding/style.css",
        charged: PAGE,
        endpoint: || get(branding::style),
    },
    Route {
        path: "/{tenant}/branding/logo",
        charged: PAGE,
        endpoint: || get(branding::logo),
    },
    Route {
        path: "/{tenant}/oauth2/v2.0/authorize",
        charged: PAGE,
        endpoint: || get(authorize::by_query).post(authorize::by_form),
    },
    Route {
        path: "/{tenant}/signin",
        charged: PAGE,
        endpoint: || get(sign_in::show).post(sign_in::submit),
    },
    Route {
        path: "/{tenant}/oauth2/v2.0/token",
        charged: OAUTH,
        endpoint: || post(token::redeem).options(token::preflight),
    },
    Route {
        path: "/{tenant}/v2.0/.well-known/openid-configuration",
        charged: OAUTH,
        endpoint: || get(metadata::discovery),
    },
    Route {
        path: "/{tenant}/discovery/v2.0/keys",
        charged: OAUTH,
        endpoint: || get(metadata::keys),
    },
    Route {
        path: "/{tenant}/oauth2/v2.0/logout",
        charged: PAGE,
        endpoint: || get(session::end_by_query).post(session::end_by_form),
    },
    Route {
        path: "/{tenant}/my-sign-ins",
        charged: PAGE,
        endpoint: || get(session::record),
    },
    Route {
        path: "/{tenant}/my-sessions",
        charged: PAGE,
        endpoint: || get(session::sessions).post(session::end_sessions_by_form),
    },
    Route {
        path: "/oidc/userinfo",
        charged: Some((Named::ByToken, Reader::OauthClient)),
        endpoint: || get(resource::userinfo).post(resource::userinfo),
    },
    Route {
        path: "/v1.0/auditLogs/signIns",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || get(resource::sign_ins),
    },
    Route {
        path: "/v1.0/identity/conditionalAccess/evaluate",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || post(resource::evaluate_conditional_access),
    },
    Route {
        path: "/v1.0/identity/conditionalAccess/policies",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || get(policy::list).post(policy::create),
    },
    Route {
        path: "/v1.0/identity/conditionalAccess/policies/{id}",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || {
            get(policy::find)
                .patch(policy::update)
                .delete(policy::delete)
        },
    },
    Route {
        path: "/v1.0/identity/conditionalAccess/templates",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || get(resource::templates),
    },
    Route {
        path: "/v1.0/identity/conditionalAccess/templates/{id}",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || get(resource::template),
    },
    Route {
        path: "/v1.0/users/{user}/revokeSignInSessions",
        charged: Some((Named::ByToken, Reader::GraphClient)),
        endpoint: || post(resource::revoke_sessions),
    },
];

/// Who reads the answers at a path of the table.
pub(crate) fn reader_at(path: &str) -> Option<Reader> {
    let route = ROUTES.iter().find(|route| route.path == path)?;
    route.charged.map(|(_, reader)| reader)
}

/// Every path of the table, for tests and documents.
pub fn paths() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.path)
}

/// The router of an installation.
pub fn router(
    house: Arc<House>,
    configuration: ServerConfiguration,
) -> Result<Router, RouterError> {
    router_with(house, configuration, Surroundings::system())
}

/// The router, with time and chance of the caller's.
pub fn router_with(
    house: Arc<House>,
    configuration: ServerConfiguration,
    surroundings: Surroundings,
) -> Result<Router, RouterError> {
    let reach = if configuration.back_channel_to_loopback {
        Reach::DangerPublicAndLoopback
    } else {
        Reach::Public
    };
    let transport = if configuration.is_secure {
        Transport::Encrypted
    } else {
        Transport::PlainLoopback
    };
    operator::record_metrics();
    let app = Arc::new(App {
        house,
        pages: Pages::english()?,
        transport,
        trusted_proxies: TrustedProxies::new(configuration.trusted_proxies),
        back_channel: BackChannel::new(reach)?,
        surroundings,
        tenant_budgets: Mutex::new(TenantBudgets::new(configuration.tenant_allowance)),
    });
    let mut router = Router::new();
    for route in ROUTES {
        let mut endpoint = (route.endpoint)();
        if let Some((named, reader)) = route.charged {
            let app = Arc::clone(&app);
            endpoint = endpoint.layer(from_fn_with_state(Till { app, named, reader }, charge));
        }
        router = router.route(route.path, endpoint);
    }
    Ok(router
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(from_fn_with_state(Arc::clone(&app), frame))
        .with_state(app))
}
