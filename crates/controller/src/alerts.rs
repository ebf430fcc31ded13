//! Alerts to people.

use serin_api::{AlertProvider, CanarySpec, canary::CanaryAlert};
use serin_core::{Rollout, plan::Alert};
use serin_notify::{
    AlertClient, Message, Receiver,
    alert::{Credentials, wants},
};

use crate::{cluster::Cluster, key::Key, kind::Kind};

/// Sends alerts.
#[derive(Clone)]
pub struct Alerts {
    cluster: Cluster,
    client: AlertClient,
    /// Who is told about Canaries that name nobody.
    global: Option<Receiver>,
    /// The operator's `-cluster-name`.
    cluster_name: String,
}

impl Alerts {
    /// Sends alerts to the receivers that Canaries name, or to `global`.
    pub fn new(
        cluster: Cluster,
        client: AlertClient,
        global: Option<Receiver>,
        cluster_name: Option<String>,
    ) -> Self {
        Self { cluster, client, global, cluster_name: cluster_name.unwrap_or_default() }
    }

    /// Sends alerts in order. The future is meant to be spawned; what cannot be sent is logged.
    pub fn deliver(&self, rollout: &Rollout, alerts: &[Alert]) -> impl Future<Output = ()> + Send + use<> {
        let (name, namespace) = (rollout.name.clone(), rollout.namespace.clone());
        let spec: CanarySpec = rollout.spec.clone();
        let (sender, alerts) = (self.clone(), alerts.to_vec());
        async move {
            for alert in &alerts {
                let message = Message::new(&name, &namespace, &spec, alert, &sender.cluster_name);
                sender.send(&namespace, &spec.analysis.alerts, &message).await;
            }
        }
    }

    async fn send(&self, namespace: &str, receivers: &[CanaryAlert], message: &Message) {
        if receivers.is_empty() {
            if let Some(receiver) = &self.global {
                self.send_to(receiver, message).await;
            }
            return;
        }
        for entry in receivers.iter().filter(|entry| wants(entry, message.severity)) {
            let own = entry.provider_ref.namespace.as_deref().filter(|namespace| !namespace.is_empty());
            let provider = Key::new(own.unwrap_or(namespace), entry.provider_ref.name.as_str());
            match self.receiver(&provider).await {
                Ok(receiver) => self.send_to(&receiver, message).await,
                Err(error) => {
                    let provider = format!("{}.{}", provider.name, provider.namespace);
                    tracing::error!(canary = message.canary, "alert provider {provider} error: {error}");
                }
            }
        }
    }

    async fn send_to(&self, receiver: &Receiver, message: &Message) {
        if let Err(error) = self.client.send(receiver, message).await {
            tracing::error!(canary = message.canary, "alert can't be sent: {error}");
        }
    }

    /// The receiver that an `AlertProvider` describes. Alerts are rare: nothing is watched for them.
    async fn receiver(&self, key: &Key) -> Result<Receiver, String> {
        let found = self.cluster.get(Kind::AlertProvider, key).await.map_err(|error| error.to_string())?;
        let found = found.ok_or_else(|| format!("alertproviders.flagger.app {:?} not found", key.name))?;
        let provider: AlertProvider = serde_json::from_value(found).map_err(|error| error.to_string())?;
        let credentials = match &provider.spec.secret_ref {
            Some(secret) => Some(self.credentials(&key.sibling(secret.name.as_str())).await?),
            None => None,
        };
        Receiver::new(&provider.spec, credentials).map_err(|error| error.to_string())
    }

    async fn credentials(&self, key: &Key) -> Result<Credentials, String> {
        let data = self.cluster.secret(key).await.map_err(|error| format!("secretRef error: {error}"))?;
        let data = data.ok_or_else(|| format!("secretRef error: secrets {:?} not found", key.name))?;
        Credentials::read(|name| data.get(name).map(Vec::as_slice)).map_err(|error| error.to_string())
    }
}
