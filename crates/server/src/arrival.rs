//! What every handler needs of a request: when, from where, with which cookies, under which correlation id.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::header::USER_AGENT;
use http::request::Parts;
use portcullis_model::Timestamp;
use portcullis_model::country::CountryCode;
use portcullis_model::entropy::Entropy;
use portcullis_model::id::CorrelationId;
use portcullis_signin::house::Moment;

use crate::app::App;
use crate::cookies::RequestCookies;

/// A request's moment and cookies.
pub(crate) struct Arrival {
    pub(crate) now: Timestamp,
    pub(crate) cookies: RequestCookies,
    pub(crate) ip_address: IpAddr,
    country: Option<CountryCode>,
    pub(crate) correlation_id: CorrelationId,
    user_agent: Option<String>,
    entropy: Box<dyn Entropy>,
}

/// Longest user agent that is kept, in characters.
const USER_AGENT_CHARACTERS_MAX: usize = 512;

impl Arrival {
    /// The moment, as the use cases want it.
    pub(crate) fn moment(&mut self) -> Moment<'_> {
        self.in_browser().0
    }

    /// The moment and the cookies.
    pub(crate) fn in_browser(&mut self) -> (Moment<'_>, &RequestCookies) {
        let moment = Moment {
            now: self.now,
            entropy: self.entropy.as_mut(),
            ip_address: Some(self.ip_address),
            country: self.country,
            user_agent: self.user_agent.clone(),
            correlation_id: self.correlation_id,
        };
        (moment, &self.cookies)
    }
}

impl FromRequestParts<Arc<App>> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let mut entropy = (app.surroundings.entropy)();
        let correlation_id = match parts.extensions.get::<CorrelationId>() {
            Some(known) => *known,
            None => CorrelationId::random(entropy.as_mut()),
        };
        let ip_address = client_address(parts, app);
        Ok(Self {
            now: (app.surroundings.clock)(),
            cookies: RequestCookies::read(&parts.headers, app.transport),
            ip_address,
            country: app.house.countries.country(ip_address),
            correlation_id,
            user_agent: parts
                .headers
                .get(USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect()),
            entropy,
        })
    }
}

/// The client's address; a request that came over no socket (a test's) comes from this machine.
fn client_address(parts: &Parts, app: &App) -> IpAddr {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0.ip());
    let forwarded = parts.headers.get_all("x-forwarded-for");
    app.trusted_proxies.client(
        peer,
        forwarded
            .iter()
            .map(|value| value.to_str().unwrap_or("unreadable")),
    )
}
