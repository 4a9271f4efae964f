//! Names to addresses, refused ones left out.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::AllowedNetworks;

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

/// The system's resolver, minus addresses that are not permitted.
#[derive(Debug)]
pub(super) struct CheckingResolver {
    allowed: Arc<AllowedNetworks>,
}

impl CheckingResolver {
    pub(super) fn new(allowed: Arc<AllowedNetworks>) -> Self {
        Self { allowed }
    }
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found = found.map_err(|e| ResolveError::Unknown(e.to_string()))?;
            Ok(Box::new(permitted(found.collect(), &allowed)?.into_iter()) as Addrs)
        })
    }
}

fn permitted(found: Vec<SocketAddr>, allowed: &AllowedNetworks) -> Result<Vec<SocketAddr>, ResolveError> {
    let first = found.first().map(SocketAddr::ip);
    let permitted: Vec<_> = found.into_iter().filter(|a| allowed.permit(a.ip())).collect();
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
        let (inside, outside): (SocketAddr, SocketAddr) = ("10.0.0.1:0".parse().unwrap(), "1.1.1.1:0".parse().unwrap());
        assert_eq!(permitted(vec![inside, outside], &none), Ok(vec![outside]));
        assert_eq!(permitted(vec![inside], &none), Err(ResolveError::Refused(inside.ip())));
        assert_eq!(permitted(vec![inside], &"10.0.0.0/8".parse().unwrap()), Ok(vec![inside]));
        assert!(matches!(permitted(vec![], &none), Err(ResolveError::Unknown(_))));
    }
}
