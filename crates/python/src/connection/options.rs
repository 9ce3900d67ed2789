//! What a connection is told about TLS, or a server for its connections.

use crate::awaitable::{given, keep};
use crate::ffi::{Object, Owned, Raised, Result, Slot, collectable};

/// The arguments `ssl`, `server_hostname`, `ssl_handshake_timeout`, `ssl_shutdown_timeout`. All zero bytes: none.
#[derive(Default)]
pub(crate) struct Tls {
    ssl: Slot,
    hostname: Slot,
    handshake_timeout: Slot,
    shutdown_timeout: Slot,
}

collectable!(Tls, holds: [ssl, hostname, handshake_timeout, shutdown_timeout]);

impl Tls {
    /// Keeps the arguments of a new coroutine.
    pub(crate) fn fill(
        &self,
        ssl: Option<&Object>,
        hostname: Option<&Object>,
        handshake_timeout: Option<&Object>,
        shutdown_timeout: Option<&Object>,
    ) {
        keep(&self.ssl, ssl);
        keep(&self.hostname, hostname);
        keep(&self.handshake_timeout, handshake_timeout);
        keep(&self.shutdown_timeout, shutdown_timeout);
    }

    /// `ssl`.
    pub(crate) fn context(&self) -> Option<Owned> {
        self.ssl.get()
    }

    /// Whether the connection is to be encrypted.
    pub(crate) fn is_wanted(&self) -> Result<bool> {
        self.ssl.get().map_or(Ok(false), |ssl| ssl.is_true())
    }

    /// `server_hostname`.
    pub(super) fn hostname(&self) -> Option<Owned> {
        self.hostname.get()
    }

    /// Gives `server_hostname` a value.
    pub(super) fn set_hostname(&self, hostname: Owned) {
        self.hostname.set(hostname);
    }

    /// `ssl`, `ssl_handshake_timeout` and `ssl_shutdown_timeout`.
    pub(crate) fn values(&self) -> [Owned; 3] {
        [given(&self.ssl), given(&self.handshake_timeout), given(&self.shutdown_timeout)]
    }

    /// Refuses a `server_hostname` without TLS.
    pub(super) fn check_hostname(&self) -> Result<()> {
        if self.hostname.is_empty() { Ok(()) } else { Err(meaningless("server_hostname")) }
    }

    /// Refuses timeouts without TLS.
    pub(crate) fn check_timeouts(&self) -> Result<()> {
        self.timeout_given().map_or(Ok(()), |timeout| Err(meaningless(timeout)))
    }

    /// The first of the two timeouts that was given.
    pub(crate) fn timeout_given(&self) -> Option<&'static str> {
        if !self.handshake_timeout.is_empty() {
            Some("ssl_handshake_timeout")
        } else if !self.shutdown_timeout.is_empty() {
            Some("ssl_shutdown_timeout")
        } else {
            None
        }
    }
}

#[cold]
fn meaningless(argument: &str) -> Raised {
    Raised::value_error(format_args!("{argument} is only meaningful with ssl"))
}
