//! Who comes in, as what. This module is the one place where identity is decided: the edge asks it before a request
//! reaches any handler, and handlers take the [`Identity`] it found. Another way to show who one is, such as OpenID Connect,
//! is one more variant of [`Access`].

mod keys;
mod rate;
mod roles;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use ledger_app::poster::Poster;
use ledger_domain::command::{Actor, Role};

use crate::problem::{self, Problem};

pub use keys::KeyRing;
pub(crate) use keys::too_often;
pub(crate) use rate::Counted;
pub(crate) use roles::Right;

/// How the service lets people in.
pub enum Access {
    /// Everybody is a vendor. Only on a loopback address.
    Open,
    /// Whoever holds an API key.
    Keys(Arc<KeyRing>),
}

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that events carry.
    pub name: Arc<str>,
    /// What they may do.
    pub role: Role,
    /// The partner whose licenses alone they see and touch; `None`: every license.
    pub partner: Option<Arc<str>>,
    /// The public part of their key; for the log.
    pub key_id: Arc<str>,
}

impl Access {
    /// Who sends the request. It is counted, if there is a key: whether it comes too often is up to the caller to ask.
    ///
    /// # Errors
    /// No key, or one that is not taken: 401.
    pub(crate) async fn identify(&self, headers: &HeaderMap) -> Result<(Identity, Option<Counted>), Problem> {
        match self {
            Self::Open if is_meant_for_loopback(headers) => Ok((Identity::anybody(), None)),
            Self::Open => Err(not_loopback()),
            Self::Keys(ring) => {
                let given = headers.get(header::AUTHORIZATION).ok_or_else(no_key)?;
                ring.identify(given.as_bytes()).await.map(|(identity, counted)| (identity, Some(counted)))
            }
        }
    }
}

impl Access {
    /// Whether somebody who was let in would be so now. Asked by whatever goes on for long.
    pub(crate) fn still_admits(&self, identity: &Identity) -> bool {
        match self {
            Self::Open => true,
            Self::Keys(ring) => ring.still_admits(&identity.key_id),
        }
    }
}

/// Whether the address answers without a key.
pub(crate) fn is_public(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/openapi.json" | "/docs") || path.starts_with("/docs/")
}

/// Whether the request names this machine as its host. A page of some other host may have had its name point here, so
/// that a browser lets it talk to an open service.
fn is_meant_for_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.is_none_or(|host| {
        let name = host.host().trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    })
}

fn not_loopback() -> Problem {
    let en = "an open service answers only where it is called by a loopback address, such as 127.0.0.1";
    let ru = "служба без ключей отвечает, только если к ней обращаются по локальному адресу, например 127.0.0.1";
    Problem::new(&problem::FORBIDDEN, en, ru)
}

fn no_key() -> Problem {
    let en = "send the header Authorization: Bearer ll_…, with a key that `license-ledger keys create` has made";
    let ru =
        "передайте заголовок Authorization: Bearer ll_… с ключом, который создала команда `license-ledger keys create`";
    Problem::new(&problem::NO_KEY, en, ru)
}

impl Identity {
    /// Whoever reaches an open service.
    fn anybody() -> Self {
        Self { name: "open".into(), role: Role::Vendor, partner: None, key_id: "open".into() }
    }

    /// As whom they post commands.
    pub(crate) fn poster(&self) -> Poster {
        let actor = Actor { name: self.name.as_ref().to_owned(), role: self.role };
        Poster::with_key(actor, self.partner.as_deref().map(str::to_owned))
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    /// The identity that the edge found. Where it looked for none, there is none.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(no_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_service_is_called_by_a_loopback_name() {
        let is_taken = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            is_meant_for_loopback(&headers)
        };
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080"] {
            assert!(is_taken(host), "{host}");
        }
        for host in ["attacker.example", "attacker.example:8080", "127.0.0.1.attacker.example", "10.0.0.1", "[::2]:80"]
        {
            assert!(!is_taken(host), "{host}");
        }
    }

    #[test]
    fn only_health_and_documentation_are_public() {
        for path in ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/redoc.js"] {
            assert!(is_public(path), "{path}");
        }
        for path in ["/", "/v1/licenses", "/metrics", "/docs2", "/healthz/../v1/licenses", "//healthz", "/HEALTHZ"] {
            assert!(!is_public(path), "{path}");
        }
    }
}
