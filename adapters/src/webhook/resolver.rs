//! Names to addresses, with the guard in between: what is checked is what is dialed.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;
use tokio::net::lookup_host;

use super::guard::Guard;

/// A name leads to an address that may not be called. The address itself is not told: it would
/// let a partner explore the network behind this installation.
#[derive(Clone, Copy, Debug, Error)]
#[error("the name leads to an address that is not on the public Internet")]
pub(super) struct ForbiddenAddress;

/// Resolves as the machine does, and refuses a name if any of its addresses is refused: a name
/// with one private address among public ones is an attack or a mistake.
#[derive(Clone, Copy, Debug)]
pub(super) struct GuardedResolver(pub(super) Guard);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0;
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = lookup_host((name.as_str(), 0)).await?.collect();
            if !addresses.iter().all(|address| guard.allows(address.ip())) {
                return Err(ForbiddenAddress.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
