use std::time::Duration;

use reqwest::{Client, ClientBuilder};

use crate::error::ClientError;

/// What one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From connecting to the last byte of the answer.
    pub timeout: Duration,
    /// Bytes of an answer.
    pub body: usize,
}

impl Default for Limits {
    /// Five seconds, as Flagger, and 8 MiB.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), body: 8 << 20 }
    }
}

/// The HTTP clients of all providers: one for each way to treat certificates, so that checks reuse connections.
///
/// The environment's proxy variables (`HTTPS_PROXY`, `NO_PROXY` and so on) are read once, when these are made.
#[derive(Debug, Clone)]
pub struct Clients {
    verifying: Client,
    trusting: Client,
    pub(crate) limits: Limits,
}

impl Clients {
    /// Makes the clients. An image without root certificates is no error; only requests to https addresses fail then.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new(limits: Limits) -> Result<Self, ClientError> {
        let verifying = builder().build().or_else(|error| {
            tracing::warn!(%error, "no root certificates: https metric providers will not be trusted");
            builder().tls_certs_only([]).build()
        });
        let trusting = builder().tls_danger_accept_invalid_certs(true).build();
        Ok(Self {
            verifying: verifying.map_err(ClientError)?,
            trusting: trusting.map_err(ClientError)?,
            limits,
        })
    }

    /// The client for a provider with this `insecureSkipVerify`.
    pub(crate) fn get(&self, insecure_skip_verify: bool) -> Client {
        if insecure_skip_verify { self.trusting.clone() } else { self.verifying.clone() }
    }
}

fn builder() -> ClientBuilder {
    Client::builder().user_agent(concat!("serin/", env!("CARGO_PKG_VERSION")))
}
