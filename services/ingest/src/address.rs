//! Which addresses may be fetched: those of the public internet, and the networks that an operator lists.
//!
//! A producer names addresses freely, so a page on it must not become a way to what only this machine can
//! reach: its own ports, the private network, a cloud's metadata service.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use kos_shared::networks::{InvalidNetwork, Networks};

/// Networks that may be fetched though they are not public (`KOS_FETCH_ALLOW`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedNetworks(Networks);

impl FromStr for AllowedNetworks {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        text.parse().map(Self)
    }
}

impl AllowedNetworks {
    /// Whether an address may be fetched: it is public, or the operator lists it.
    pub fn permit(&self, address: IpAddr) -> bool {
        // `::ffff:127.0.0.1` reaches what 127.0.0.1 does, so it is judged as that.
        let address = address.to_canonical();
        is_public(address) || self.0.contain(address)
    }
}

/// Whether a port may be asked for pages: none that another protocol lives on, which a request could be made to
/// speak to (the "bad ports" of the Fetch standard, section 2.9).
pub fn is_web_port(port: u16) -> bool {
    const BAD: [u16; 83] = [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
        109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526,
        530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045,
        4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    ];
    BAD.binary_search(&port).is_err()
}

/// Whether an address is one of the public internet: globally reachable by the special-purpose address
/// registries of IANA (RFC 6890), and not a way round them.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        (0 | 10 | 127, ..) => true, // this network, private, loopback
        (100, 64..=127, _) => true, // shared by carriers (RFC 6598); 100.100.100.200 is a metadata service
        (169, 254, _) => true,      // link-local, most metadata services
        (172, 16..=31, _) => true,  // private
        (192, 0, 0 | 2) => true,    // protocol assignments, documentation
        (192, 31, 196) => true,     // AS112
        (192, 52, 193) => true,     // automatic multicast tunnels
        (192, 88, 99) => true,      // 6to4 relays, withdrawn
        (192, 168, _) => true,      // private
        (192, 175, 48) => true,     // AS112
        (198, 18 | 19, _) => true,  // benchmarks
        (198, 51, 100) => true,     // documentation
        (203, 0, 113) => true,      // documentation
        (168, 63, 129) => address == AZURE_PLATFORM,
        (224..=255, ..) => true, // multicast, reserved, broadcast
        _ => false,
    };
    !special
}

/// Azure's platform service: a public address by its number, answered by the machine's own host.
const AZURE_PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    // Only 2000::/3 is given out (RFC 4291 section 2.4): this refuses unspecified, loopback,
    // IPv4-compatible, NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard-only 100::/64, 5f00::/16,
    // unique local fc00::/7, link-local fe80::/10, site-local fec0::/10 and multicast ff00::/8.
    if a & 0xe000 != 0x2000 {
        return false;
    }
    let special = match (a, b, c) {
        (0x2001, 0..=0x01ff, _) => true,  // protocol assignments: Teredo, ORCHID, benchmarks
        (0x2001, 0x0db8, _) => true,      // documentation
        (0x2002, ..) => true,             // 6to4 carries an IPv4 address of anybody's choice
        (0x2620, 0x004f, 0x8000) => true, // AS112
        (0x3fff, 0..=0x0fff, _) => true,  // documentation
        _ => false,
    };
    !special
}

/// Whether a name without an address here can only be one of a private network: no proxy is asked for it (RFC 6761,
/// RFC 6762, RFC 8375, and `internal`, which ICANN keeps for that).
pub fn is_private_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let Some((_, last)) = host.rsplit_once('.') else { return true };
    matches!(last, "localhost" | "local" | "internal" | "intranet" | "lan" | "home" | "corp" | "private" | "onion")
        || host.ends_with(".home.arpa")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn public_addresses_are_permitted() {
        for public in ["1.1.1.1", "93.184.216.34", "100.128.0.1", "172.32.0.1", "192.0.1.1", "168.63.129.17"] {
            assert!(is_public(ip(public)), "{public}");
        }
        for public in ["2606:4700::1111", "2a00:1450:4001:81b::200e", "2001:4860:4860::8888", "::ffff:1.1.1.1"] {
            assert!(is_public(ip(public)), "{public}");
        }
    }

    #[test]
    fn addresses_that_are_not_of_the_public_internet_are_refused() {
        for refused in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!is_public(ip(refused)), "{refused}");
        }
        for refused in [
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(ip(refused)), "{refused}");
        }
    }

    #[test]
    fn ports_of_other_protocols_are_told_from_those_of_the_web() {
        for bad in [0, 22, 25, 53, 110, 143, 465, 587, 993, 2049, 5060, 6000, 6667, 10_080] {
            assert!(!is_web_port(bad), "{bad}");
        }
        for good in [80, 443, 3000, 4222, 8000, 8080, 8443, 8888, 49_152] {
            assert!(is_web_port(good), "{good}");
        }
    }

    #[test]
    fn listed_networks_are_permitted_and_nothing_else() {
        let allowed: AllowedNetworks = " 127.0.0.0/8, 10.1.2.3 ,fd00::/8,".parse().unwrap();
        for yes in ["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "fd12::1", "1.1.1.1"] {
            assert!(allowed.permit(ip(yes)), "{yes}");
        }
        for no in ["10.1.2.4", "::1", "169.254.169.254"] {
            assert!(!allowed.permit(ip(no)), "{no}");
        }
        assert!(!"".parse::<AllowedNetworks>().unwrap().permit(ip("127.0.0.1")));
    }

    #[test]
    fn what_is_no_network_is_named() {
        let error = "127.0.0.0/8,localhost".parse::<AllowedNetworks>().unwrap_err().to_string();
        assert!(error.contains("\"localhost\"") && error.contains("127.0.0.0/8"), "{error}");
    }

    #[test]
    fn names_of_private_networks_are_known() {
        for private in ["router", "db.internal", "printer.local.", "nas.home.arpa", "A.LOCALHOST"] {
            assert!(is_private_name(private), "{private}");
        }
        for public in ["example.com", "internal.example.com", "local.news"] {
            assert!(!is_private_name(public), "{public}");
        }
    }
}
