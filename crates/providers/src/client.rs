use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

use crate::aws::Aws;
use crate::error::ClientError;
use crate::limits::Limits;
use google::Google;

pub(crate) mod google;

/// What all providers share: HTTP clients, one for each way to treat certificates, so that checks reuse connections;
/// limits; and the clock.
///
/// The environment's proxy variables (`HTTPS_PROXY`, `NO_PROXY` and so on) are read once, when these are made.
#[derive(Clone)]
pub struct Clients {
    verifying: Client,
    trusting: Client,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) cluster: Option<kube::Client>,
    pub(crate) aws: Aws,
    pub(crate) google: Google,
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("limits", &self.limits).finish_non_exhaustive()
    }
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
        let verifying = verifying.map_err(ClientError)?;
        Ok(Self {
            aws: Aws::new(verifying.clone(), limits),
            verifying,
            trusting: trusting.map_err(ClientError)?,
            limits,
            clock: Clock::system(),
            cluster: None,
            google: Google::new(),
        })
    }

    /// Uses another clock, for providers that ask for a window of time.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Uses the operator's own cluster, for providers that are part of it.
    #[must_use]
    pub fn with_cluster(self, client: kube::Client) -> Self {
        Self { cluster: Some(client), ..self }
    }

    /// Uses this URL for CloudWatch in all regions, as `AWS_ENDPOINT_URL_CLOUDWATCH` does.
    #[must_use]
    pub fn with_cloudwatch(self, endpoint: &str) -> Self {
        Self { aws: self.aws.with_endpoint(endpoint), ..self }
    }

    /// Uses this URL for Cloud Monitoring and for Google Cloud's metadata server.
    #[must_use]
    pub fn with_google(self, address: &str) -> Self {
        Self { google: self.google.at(address), ..self }
    }

    /// Uses this content for the file that `GOOGLE_APPLICATION_CREDENTIALS` names.
    #[must_use]
    pub fn with_google_credentials(self, file: &[u8]) -> Self {
        Self { google: self.google.with_file(file), ..self }
    }

    /// The client for a provider with this `insecureSkipVerify`. It follows no redirect.
    pub(crate) fn get(&self, insecure_skip_verify: bool) -> Client {
        if insecure_skip_verify { self.trusting.clone() } else { self.verifying.clone() }
    }
}

fn builder() -> ClientBuilder {
    Client::builder().user_agent(concat!("serin/", env!("CARGO_PKG_VERSION"))).redirect(Policy::none())
}

/// What tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The computer's clock.
    pub fn system() -> Self {
        Self(Arc::new(SystemTime::now))
    }

    /// A clock that stands still.
    pub fn at(time: SystemTime) -> Self {
        Self(Arc::new(move || time))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }

    /// Since the beginning of 1970.
    pub(crate) fn since_epoch(&self) -> Duration {
        self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
