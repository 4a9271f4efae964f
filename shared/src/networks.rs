//! Lists of networks, as operators write them.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// Networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// An entry of a list of networks that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected networks such as 127.0.0.0/8 or fd00::/8 separated by commas, got {0:?}")]
pub struct InvalidNetwork(String);

impl FromStr for Networks {
    type Err = InvalidNetwork;

    /// Reads networks or single addresses, separated by commas; an empty text names none.
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let network = |entry: &str| {
            let single = || entry.parse::<IpAddr>().map(IpNet::from);
            entry.parse::<IpNet>().or_else(|_| single()).map_err(|_| InvalidNetwork(entry.to_owned()))
        };
        text.split(',').map(str::trim).filter(|e| !e.is_empty()).map(network).collect::<Result<_, _>>().map(Self)
    }
}

impl Networks {
    /// Whether an address is in one of them.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_read_and_nothing_else() {
        let networks: Networks = " 10.0.0.0/8, ::1 ,".parse().unwrap();
        for (address, is_in) in [("10.2.3.4", true), ("::1", true), ("11.0.0.1", false), ("::2", false)] {
            assert_eq!(networks.contain(address.parse().unwrap()), is_in, "{address}");
        }
        for wrong in ["10.0.0.0/33", "localhost", "10.0.0.0/8;::1"] {
            assert!(wrong.parse::<Networks>().unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }
}
