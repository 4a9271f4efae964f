//! Names to addresses, refused ones left out.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::AllowedNetworks;

/// The addresses that a name stands for, or why it has none.
pub type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks names up.
pub trait Lookup: fmt::Debug + Send + Sync + 'static {
    /// All addresses of a name.
    fn lookup(&self, name: &str) -> Looking;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: &str) -> Looking {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|a| a.ip()).collect()) })
    }
}

/// Why a name gave no address to connect to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResolveError {
    /// All its addresses are refused; this is one of them.
    #[error("{0} is no public address")]
    Refused(IpAddr),
    /// It has none, or nobody could be asked.
    #[error("{0}")]
    Unknown(String),
}

/// A resolver, minus addresses that are not permitted.
#[derive(Debug)]
pub(super) struct CheckingResolver {
    pub lookup: Arc<dyn Lookup>,
    pub allowed: Arc<AllowedNetworks>,
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, allowed) = (self.lookup.lookup(name.as_str()), Arc::clone(&self.allowed));
        Box::pin(async move {
            let found = found.await.map_err(|e| ResolveError::Unknown(e.to_string()))?;
            Ok(sockets(permitted(found, &allowed)?))
        })
    }
}

/// A resolver that knows the proxies and nothing else: whatever the client does, it connects to nobody else by name.
#[derive(Debug)]
pub(super) struct ProxyResolver {
    pub lookup: Arc<dyn Lookup>,
    pub proxies: Vec<String>,
}

impl Resolve for ProxyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.proxies.iter().any(|p| p == name.as_str()).then(|| self.lookup.lookup(name.as_str()));
        Box::pin(async move {
            let found = found.ok_or_else(|| ResolveError::Unknown("it is no proxy".into()))?.await;
            Ok(sockets(found.map_err(|e| ResolveError::Unknown(e.to_string()))?))
        })
    }
}

fn sockets(addresses: Vec<IpAddr>) -> Addrs {
    Box::new(addresses.into_iter().map(|a| SocketAddr::new(a, 0)))
}

fn permitted(found: Vec<IpAddr>, allowed: &AllowedNetworks) -> Result<Vec<IpAddr>, ResolveError> {
    let first = found.first().copied();
    let permitted: Vec<_> = found.into_iter().filter(|a| allowed.permit(*a)).collect();
    match (permitted.is_empty(), first) {
        (false, _) => Ok(permitted),
        (true, Some(refused)) => Err(ResolveError::Refused(refused)),
        (true, None) => Err(ResolveError::Unknown("the name exists and has no address".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_addresses_are_left_out() {
        let none = AllowedNetworks::default();
        let (inside, outside): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "1.1.1.1".parse().unwrap());
        assert_eq!(permitted(vec![inside, outside], &none), Ok(vec![outside]));
        assert_eq!(permitted(vec![inside], &none), Err(ResolveError::Refused(inside)));
        assert_eq!(permitted(vec![inside], &"10.0.0.0/8".parse().unwrap()), Ok(vec![inside]));
        assert!(matches!(permitted(vec![], &none), Err(ResolveError::Unknown(_))));
    }
}
