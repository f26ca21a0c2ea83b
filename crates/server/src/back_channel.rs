//! The one outbound HTTP client: it posts logout tokens to applications, and nobody can aim it at our own network.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use portcullis_signin::sign_out::LogoutDelivery;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect;
use url::{Host, Url};

/// Where outbound requests may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses, HTTPS only.
    Public,
    /// Loopback as well, also without TLS: for the demo and for tests, where every application is on this machine.
    DangerPublicAndLoopback,
}

/// Posts logout tokens.
#[derive(Debug, Clone)]
pub struct BackChannel {
    client: reqwest::Client,
    reach: Reach,
}

/// The client cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot build the outbound HTTP client")]
pub struct BackChannelError(#[from] reqwest::Error);

/// One whole attempt.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Waits between attempts; there is one attempt more.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

impl BackChannel {
    /// A client: 5 seconds, no redirects, no proxy of the environment, addresses checked where they are resolved.
    pub fn new(reach: Reach) -> Result<Self, BackChannelError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .dns_resolver(CheckedResolver { reach })
            .user_agent("portcullis")
            .build()?;
        Ok(Self { client, reach })
    }

    /// Tells every application, each on its own: a slow one delays nobody (requirement K09).
    pub fn tell(&self, notices: Vec<LogoutDelivery>) {
        for notice in notices {
            let channel = self.clone();
            tokio::spawn(async move { channel.deliver(&notice).await });
        }
    }

    /// Posts one token, with retries; whether the application took it.
    pub async fn deliver(&self, notice: &LogoutDelivery) -> bool {
        let host = notice.address.host_str().unwrap_or_default().to_owned();
        if !self.reach.permits_url(&notice.address) {
            tracing::warn!(host, "a back-channel logout address may not be reached");
            return false;
        }
        let body = [("logout_token", notice.logout_token.expose())];
        for attempt in 0..=PAUSES.len() {
            let sent = self
                .client
                .post(notice.address.clone())
                .form(&body)
                .send()
                .await;
            // The body of the answer is never read: it may be endless and has nothing to say.
            match sent {
                Ok(answer) if answer.status().is_success() => return true,
                Ok(answer) if answer.status().is_client_error() => {
                    tracing::warn!(
                        host,
                        status = answer.status().as_u16(),
                        "an application refused a logout token"
                    );
                    return false;
                }
                Ok(answer) => {
                    tracing::info!(
                        host,
                        status = answer.status().as_u16(),
                        attempt,
                        "a logout token was not taken"
                    );
                }
                Err(error) => {
                    tracing::info!(host, error = %error.without_url(), attempt, "a logout token did not arrive");
                }
            }
            if let Some(pause) = PAUSES.get(attempt) {
                tokio::time::sleep(*pause).await;
            }
        }
        metrics::counter!("portcullis_back_channel_logout_failures_total").increment(1);
        false
    }
}

impl Reach {
    fn permits_url(self, url: &Url) -> bool {
        let is_loopback_host = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return false,
        };
        let has_scheme = match (self, url.scheme()) {
            (_, "https") => true,
            (Self::DangerPublicAndLoopback, "http") => is_loopback_host,
            (Self::Public | Self::DangerPublicAndLoopback, _) => false,
        };
        // A literal address is not resolved, so it is checked here; a name when it is resolved.
        let has_address = match url.host() {
            Some(Host::Ipv4(address)) => self.permits(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => self.permits(IpAddr::V6(address)),
            Some(Host::Domain(_)) => true,
            None => false,
        };
        has_scheme && has_address && url.username().is_empty() && url.password().is_none()
    }

    /// Whether a connection may be made to this address (requirement T02).
    pub fn permits(self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::DangerPublicAndLoopback, address) if address.is_loopback() => true,
            (Self::Public | Self::DangerPublicAndLoopback, address) => is_public(address),
        }
    }
}

/// Global unicast addresses of the public Internet; everything with a special purpose (RFC 6890) is not.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            let is_protocol = first == 192 && second == 0 && third == 0;
            let is_relay = first == 192 && second == 88 && third == 99;
            let is_benchmark = first == 198 && (second == 18 || second == 19);
            !(first == 0
                || first >= 224
                || address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_documentation()
                || is_shared
                || is_protocol
                || is_relay
                || is_benchmark)
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            // 2000::/3 is all that is handed out; within it Teredo, 6to4, documentation and benchmarking are not.
            let is_global = first & 0xe000 == 0x2000;
            let is_special = (first == 0x2001 && (second < 0x0200 || second == 0x0db8))
                || first == 0x2002
                || first == 0x3fff;
            is_global && !is_special
        }
    }
}

/// Resolves names and hands on only permitted addresses, so that the address that was checked is the one connected to
/// (requirement T04).
struct CheckedResolver {
    reach: Reach,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> = found
                .filter(|address| reach.permits(address.ip()))
                .collect();
            if permitted.is_empty() {
                return Err("the name leads to no address that may be reached".into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t02_our_own_network_cannot_be_reached_in_any_spelling() {
        let inside = [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.255.255.254/",
            "https://0.0.0.0/",
            "https://0/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://172.31.255.255/",
            "https://192.168.1.1/",
            "https://169.254.169.254/",
            "https://100.64.0.1/",
            "https://100.127.255.255/",
            "https://192.0.0.8/",
            "https://192.0.2.1/",
            "https://198.18.0.1/",
            "https://198.51.100.1/",
            "https://203.0.113.1/",
            "https://224.0.0.1/",
            "https://240.0.0.1/",
            "https://255.255.255.255/",
            "https://192.88.99.1/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[2001::1]/",
            "https://[fc00::1]/",
            "https://[fd12:3456::1]/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
            "https://[2001:db8::1]/",
            "https://[100::1]/",
            "https://[3fff::1]/",
            // Not HTTPS, credentials, no host.
            "http://93.184.216.34/",
            "https://user@93.184.216.34/",
            "ftp://93.184.216.34/",
            "file:///etc/passwd",
        ];
        for address in inside {
            let url = Url::parse(address).unwrap();
            assert!(!Reach::Public.permits_url(&url), "{address}");
        }
        for address in [
            "https://93.184.216.34/",
            "https://[2606:4700::1]/",
            "https://app.example/",
        ] {
            assert!(
                Reach::Public.permits_url(&Url::parse(address).unwrap()),
                "{address}"
            );
        }
    }

    #[test]
    fn loopback_is_reached_only_where_somebody_chose_so() {
        let permits = |address: &str| {
            Reach::DangerPublicAndLoopback.permits_url(&Url::parse(address).unwrap())
        };
        assert!(permits("http://127.0.0.1:8090/logout"));
        assert!(permits("http://localhost:8090/logout"));
        assert!(permits("https://[::1]:8090/logout"));
        assert!(!permits("http://93.184.216.34/"));
        assert!(!permits("https://10.0.0.1/"));
    }

    #[tokio::test]
    async fn t04_a_name_is_checked_where_it_is_resolved() {
        let channel = BackChannel::new(Reach::Public).unwrap();
        let error = channel
            .client
            .post("https://localhost:9/")
            .send()
            .await
            .unwrap_err();
        let mut chain = vec![error.to_string()];
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            chain.push(cause.to_string());
            source = cause.source();
        }
        assert!(
            chain.join(": ").contains("no address that may be reached"),
            "{chain:?}"
        );
    }
}
