//! What a client tells us of itself: the platform from its user agent, the kind of client from its registration.
//!
//! A user agent is a hint that anybody can forge (requirement V11): what it does not say is unknown, and a condition
//! on all platforms covers the unknown too.

use portcullis_model::conditional_access::{ClientAppType, DevicePlatform};

/// The platform a user agent speaks of; `None` is unknown. One table, read from the top (decision 22).
pub fn platform_of_user_agent(user_agent: &str) -> Option<DevicePlatform> {
    PLATFORMS
        .iter()
        .find(|(marks, _)| marks.iter().any(|mark| user_agent.contains(mark)))
        .and_then(|(_, platform)| *platform)
}

/// The first row with a mark that occurs decides. Windows Phone says Android and iPhone too, Android says Linux, and
/// iOS says Mac OS X, hence the order.
const PLATFORMS: [(&[&str], Option<DevicePlatform>); 7] = [
    (&["Windows Phone"], Some(DevicePlatform::WindowsPhone)),
    (&["Android"], Some(DevicePlatform::Android)),
    (&["iPhone", "iPad", "iPod"], Some(DevicePlatform::Ios)),
    (&["CrOS"], None),
    (&["Windows"], Some(DevicePlatform::Windows)),
    (
        &["Macintosh", "Mac OS X", "Darwin"],
        Some(DevicePlatform::MacOs),
    ),
    (&["Linux", "X11"], Some(DevicePlatform::Linux)),
];

/// Whether a client can keep a secret (RFC 6749 section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// It authenticates itself.
    Confidential,
    /// It cannot: native applications, and pages that run in a browser.
    Public,
}

/// The client app type of an OpenID Connect client (specification 4.6).
pub const fn client_app_type(kind: ClientKind) -> ClientAppType {
    match kind {
        ClientKind::Confidential => ClientAppType::Browser,
        ClientKind::Public => ClientAppType::MobileAppsAndDesktopClients,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v11_user_agents_of_the_wild_and_the_unknown() {
        use DevicePlatform as P;
        for (user_agent, expect) in [
            (
                "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) Mobile Safari/537.36",
                Some(P::WindowsPhone),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
                Some(P::Android),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1",
                Some(P::Ios),
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
                Some(P::Ios),
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
                None,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
                Some(P::Windows),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
                Some(P::MacOs),
            ),
            ("CFNetwork/1494.0.7 Darwin/23.4.0", Some(P::MacOs)),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
                Some(P::Linux),
            ),
            ("curl/8.5.0", None),
            ("", None),
        ] {
            assert_eq!(platform_of_user_agent(user_agent), expect, "{user_agent}");
        }
    }

    #[test]
    fn a_confidential_client_is_a_browser_and_a_public_one_a_native_application() {
        assert_eq!(
            client_app_type(ClientKind::Confidential),
            ClientAppType::Browser
        );
        assert_eq!(
            client_app_type(ClientKind::Public),
            ClientAppType::MobileAppsAndDesktopClients
        );
    }
}
