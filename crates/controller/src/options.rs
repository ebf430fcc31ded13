//! What the operator is told at its start.

use std::{fmt, net::SocketAddr, time::Duration};

use chrono::TimeDelta;
use serin_api::redact;
use serin_core::validate::Settings;
use serin_notify::Receiver;

/// The operator's configuration.
#[derive(Clone)]
pub struct Options {
    /// Path of a kubeconfig; `None` reads the environment, or the pod's service account.
    pub kubeconfig: Option<String>,
    /// Address of the API server instead of the kubeconfig's.
    pub master: Option<String>,
    /// The only namespace to serve; `None` serves all.
    pub namespace: Option<String>,
    /// What validation and building depend on.
    pub settings: Settings,
    /// Prometheus of Canaries that name none.
    pub metrics_server: String,
    /// Where events of Canaries without a hook of type `event` are sent.
    pub event_webhook: Option<String>,
    /// Who is told about Canaries whose `analysis.alerts` is empty.
    pub alert_receiver: Option<Receiver>,
    /// Name of the cluster in alerts.
    pub cluster_name: Option<String>,
    /// Where health and metrics are served.
    pub listen: SocketAddr,
    /// How many Canaries are worked on at a time; most of that time is spent on waiting for answers.
    pub concurrency: usize,
    /// The election, if there is one.
    pub election: Option<Election>,
    /// How long running reconciles may take to end after a signal.
    pub grace: Duration,
}

impl fmt::Debug for Options {
    /// The addresses may hold passwords and tokens.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("namespace", &self.namespace)
            .field("settings", &self.settings)
            .field("metrics_server", &redact::origin(&self.metrics_server))
            .field("event_webhook", &self.event_webhook.as_deref().map(redact::origin))
            .field("alert_receiver", &self.alert_receiver)
            .field("election", &self.election)
            .finish_non_exhaustive()
    }
}

/// Leader election.
#[derive(Clone, Debug)]
pub struct Election {
    /// Namespace of the Lease.
    pub namespace: String,
    /// Name of the Lease; Flagger's, so that both never act at once.
    pub lease: String,
    /// How long a leader may be silent before another takes over.
    pub duration: Duration,
}

impl Election {
    /// Flagger's Lease in this namespace.
    pub fn in_namespace(namespace: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            lease: "flagger-leader-election".to_owned(),
            duration: Duration::from_secs(60),
        }
    }
}

/// The shortest pause before something that failed is tried again.
pub(crate) const BACKOFF_MIN: Duration = Duration::from_secs(1);
/// The longest pause before something that failed is tried again.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// A Canary is looked at again at least this often, however far away the next thing that it waits for is.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// A span of time of the core as one of the runtime; a negative one is none.
pub(crate) fn span(delta: TimeDelta) -> Duration {
    delta.to_std().unwrap_or_default()
}
