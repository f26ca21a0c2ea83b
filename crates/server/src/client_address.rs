//! The address a request came from: the last hop that no trusted proxy vouches for (requirement T06).

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Proxies whose `X-Forwarded-For` is believed; without any, the peer itself is the client.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

/// More hops than that are not looked at.
const HOPS_MAX: usize = 32;

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether anybody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this peer is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: from the peer leftwards through the values of `X-Forwarded-For` (in header order), until
    /// somebody is not trusted. A hop that is no address ends the walk at the proxy that passed it on.
    pub fn client<'a>(&self, peer: IpAddr, forwarded_for: impl Iterator<Item = &'a str>) -> IpAddr {
        let hops: Vec<&str> = forwarded_for.flat_map(|value| value.split(',')).collect();
        let mut client = peer.to_canonical();
        for hop in hops.iter().rev().take(HOPS_MAX) {
            if !self.trusts(client) {
                break;
            }
            match parse_hop(hop.trim()) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }
}

/// An address, with or without a port, v4-mapped forms turned into v4; zones and names are none.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    bare.parse::<IpAddr>()
        .or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t06_the_client_is_the_rightmost_hop_that_no_proxy_of_ours_is() {
        let none: &[&str] = &[];
        let table: &[(&str, &[&str], &str)] = &[
            // No proxy: whatever the peer says of others is not believed.
            ("198.51.100.7", none, "198.51.100.7"),
            ("198.51.100.7", &["203.0.113.9"], "198.51.100.7"),
            // Through one proxy, through two, through both headers.
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9", "10.0.0.2"], "203.0.113.9"),
            // What the client itself wrote, to the left of the first untrusted hop, is not believed.
            ("10.0.0.1", &["192.0.2.66, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["10.0.0.9, 203.0.113.9"], "203.0.113.9"),
            // Nothing, garbage, names, zones: the proxy itself is as far as we know.
            ("10.0.0.1", none, "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, bad"], "10.0.0.1"),
            ("10.0.0.1", &["fe80::1%eth0"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, "], "10.0.0.1"),
            // Everybody is ours: the leftmost.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Ports, brackets, v6, v4 in v6's clothes.
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::9]:443"], "2001:db8::9"),
            ("10.0.0.1", &["[2001:db8::9]"], "2001:db8::9"),
            ("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("fd00::1", &["2001:db8::9"], "2001:db8::9"),
        ];
        let proxies = TrustedProxies::new(vec![
            "10.0.0.0/8".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ]);
        for (peer, headers, expected) in table {
            let client = proxies.client(peer.parse().unwrap(), headers.iter().copied());
            assert_eq!(client.to_string(), *expected, "{peer} {headers:?}");
        }
        let nobody = TrustedProxies::default();
        let client = nobody.client("10.0.0.1".parse().unwrap(), ["203.0.113.9"].into_iter());
        assert_eq!(client.to_string(), "10.0.0.1");
    }
}
