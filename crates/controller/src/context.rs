//! What every reconcile shares.

use std::sync::Arc;

use kube::Client;
use serin_notify::{AlertClient, EventSink, WebhookClient};
use serin_providers::{Clients, Limits};
use tokio::{sync::watch, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    alerts::Alerts, cache::Caches, cluster::Cluster, events::Events, lease::Term, local_state::LocalState,
    metrics::Metrics, options::Options, queue::Queue, sequence::Sequence,
};

/// Handles and configuration of the operator.
pub(crate) struct Context {
    /// What the operator was told at its start.
    pub(crate) options: Options,
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The exported figures.
    pub(crate) metrics: Arc<Metrics>,
    /// Writes events on Canaries.
    pub(crate) events: Events,
    /// Calls gates and hooks.
    pub(crate) webhooks: WebhookClient,
    /// Sends events on to webhooks.
    pub(crate) event_sink: EventSink,
    /// Tells people.
    pub(crate) alerts: Alerts,
    /// Connections to metric providers.
    pub(crate) providers: Clients,
    /// What is kept about each Canary between two looks; losing it does no harm.
    pub(crate) local: Arc<LocalState>,
    /// Deliveries that nobody waits for.
    pub(crate) tasks: TaskTracker,
    /// The order of events on their way to webhooks.
    pub(crate) told: Sequence,
    /// The order of alerts.
    pub(crate) alerted: Sequence,
    /// Until when this replica may act.
    pub(crate) term: watch::Receiver<Term>,
    /// Cancelled when the operator is to end.
    pub(crate) stop: CancellationToken,
}

/// The HTTP clients cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The clients of metric providers.
    #[error(transparent)]
    Providers(#[from] serin_providers::ClientError),
    /// The clients of webhooks and alerts.
    #[error("cannot set up HTTP clients for webhooks and alerts: {0}")]
    Webhooks(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Context {
    /// A context for a client of the API server.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub(crate) fn new(
        options: Options,
        client: Client,
        metrics: Arc<Metrics>,
        term: watch::Receiver<Term>,
        stop: CancellationToken,
    ) -> Result<Self, ContextError> {
        let web = |error: Box<dyn std::error::Error + Send + Sync>| ContextError::Webhooks(error);
        let webhooks = WebhookClient::new().map_err(|error| web(error.into()))?;
        let people = AlertClient::new().map_err(|error| web(error.into()))?;
        let (caches, queue) =
            (Arc::new(Caches::new(&options.settings.mesh_provider)), Arc::new(Queue::default()));
        let cluster = Cluster {
            client: client.clone(),
            caches,
            queue,
            namespace: options.namespace.clone(),
            actor: None,
        };
        let (receiver, name) = (options.alert_receiver.clone(), options.cluster_name.clone());
        Ok(Self {
            event_sink: EventSink::new(
                webhooks.clone(),
                options.event_webhook.as_deref().unwrap_or_default(),
            ),
            events: Events::new(client),
            providers: Clients::new(Limits::default())?,
            alerts: Alerts::new(cluster.clone(), people, receiver, name),
            local: Arc::default(),
            tasks: TaskTracker::new(),
            told: Sequence::default(),
            alerted: Sequence::default(),
            cluster,
            webhooks,
            metrics,
            options,
            term,
            stop,
        })
    }

    /// Uses `client` for the metric APIs of the cluster.
    #[must_use]
    pub(crate) fn with_metrics_of(self, client: Client) -> Self {
        Self { providers: self.providers.with_cluster(client), ..self }
    }

    /// Whether this replica may act at this very moment. It may have lost its Lease without having been
    /// told, for example while the process was frozen.
    pub(crate) fn may_act(&self) -> bool {
        self.term.borrow().is_some_and(|until| Instant::now() < until)
    }
}
