//! Whose request it is: the address of the socket's peer, or what a proxy that is trusted says about it.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::http::HeaderMap;
use kos_shared::networks::{InvalidNetwork, Networks};

/// Networks of proxies whose `X-Forwarded-For` is believed (`KOS_TRUSTED_PROXIES`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Networks);

impl FromStr for TrustedProxies {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        text.parse().map(Self)
    }
}

impl TrustedProxies {
    /// The address that a request came from. `X-Forwarded-For` is read from its end, where the nearest proxy wrote: up to
    /// the first address that is no trusted proxy's. Anything before that is anybody's claim.
    pub fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.ip().to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let mut said: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        while self.0.contain(address) {
            let Some(before) = said.pop().and_then(read) else { break };
            address = before;
        }
        address
    }
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

/// Who counts as one client: whoever has one address of an IPv6 network of 64 bits has them all.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted: TrustedProxies = trusted.parse().unwrap();
        trusted.client(SocketAddr::new(peer.parse().unwrap(), 4_000), &headers).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("10.0.0.0/8", "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn the_last_address_that_no_trusted_proxy_has_counts() {
        let through = |forwarded: &[&str]| client("10.0.0.0/8, ::1", "10.0.0.1", forwarded);
        assert_eq!(through(&["1.1.1.1, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(through(&["1.1.1.1", "198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(through(&["198.51.100.7:51234"]), "198.51.100.7");
        assert_eq!(through(&["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(through(&[]), "10.0.0.1");
        assert_eq!(through(&["1.1.1.1, nonsense"]), "10.0.0.1");
        assert_eq!(client("10.0.0.0/8", "::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn a_list_that_is_none_is_named() {
        let error = "10.0.0.0/8,localhost".parse::<TrustedProxies>().unwrap_err().to_string();
        assert!(error.contains("\"localhost\""), "{error}");
    }
}
