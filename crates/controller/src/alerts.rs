//! Alerts to people.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde::Deserialize;
use serin_api::{
    AlertProvider, Canary,
    canary::{AlertSeverity, CanaryAlert, Notification},
};
use serin_core::{outbox, plan::Severity, stall::Stall};
use serin_notify::{
    AlertClient, AlertError, Message, Receiver,
    alert::{Credentials, wants},
};

use crate::{cluster::Cluster, error::ApiError, events, key::Key, kind::Kind};

/// Sends alerts.
#[derive(Clone)]
pub(crate) struct Alerts {
    cluster: Cluster,
    client: AlertClient,
    /// Who is told about Canaries that name nobody.
    global: Option<Receiver>,
    /// The operator's `-cluster-name`.
    cluster_name: String,
}

/// Why an alert did not reach a receiver.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undelivered {
    /// The AlertProvider could not be read.
    #[error("{0}")]
    Unreadable(ApiError),
    /// There is no such AlertProvider.
    #[error("alertproviders.flagger.app {0:?} not found")]
    NoProvider(String),
    /// The AlertProvider is not what the API says.
    #[error("it cannot be understood")]
    Malformed,
    /// The Secret could not be read.
    #[error("secretRef error: {0}")]
    UnreadableSecret(ApiError),
    /// There is no such Secret.
    #[error("secretRef error: secrets {0:?} not found")]
    NoSecret(String),
    /// The receiver could not be told.
    #[error(transparent)]
    Alert(#[from] AlertError),
}

impl Undelivered {
    /// What the user can do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::UnreadableSecret(_) => {
                "look at the API server, and at the role of the operator"
            }
            Self::NoProvider(_) => "create it, or correct providerRef in spec.analysis.alerts",
            Self::Malformed => "apply the AlertProvider again, with the CRD of this version installed",
            Self::NoSecret(_) => "create it beside the AlertProvider, or correct spec.secretRef",
            Self::Alert(error) => error.remedy(),
        }
    }

    /// One word for the condition.
    fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::UnreadableSecret(_) => "Unreadable",
            Self::NoProvider(_) => "ProviderNotFound",
            Self::NoSecret(_) => "SecretNotFound",
            Self::Alert(AlertError::NoAddress) => "SecretIncomplete",
            Self::Alert(AlertError::Refused { .. }) => "Refused",
            Self::Alert(AlertError::Unreachable { .. }) => "Unreachable",
            Self::Malformed | Self::Alert(_) => "InvalidProvider",
        }
    }
}

/// An alert that did not reach a receiver, in the words of Flagger's log.
struct Failure {
    reason: &'static str,
    text: String,
}

impl Alerts {
    /// Sends alerts to the receivers that Canaries name, or to `global`.
    pub(crate) fn new(
        cluster: Cluster,
        client: AlertClient,
        global: Option<Receiver>,
        cluster_name: Option<String>,
    ) -> Self {
        Self { cluster, client, global, cluster_name: cluster_name.unwrap_or_default() }
    }

    /// How serious alerts are that nobody wants to know of.
    pub(crate) fn unwanted(&self, canary: &Canary) -> BTreeSet<AlertSeverity> {
        let receivers = &canary.spec.analysis.alerts;
        let wanted = |severity| {
            receivers.is_empty() && self.global.is_some() || receivers.iter().any(|r| wants(r, severity))
        };
        Severity::ALL.into_iter().filter(|severity| !wanted(*severity)).map(AlertSeverity::from).collect()
    }

    /// Sends alerts in order. The future is meant to be spawned; what cannot be sent is logged, and returned for the
    /// Canary's condition.
    pub(crate) fn deliver(
        &self,
        canary: &Canary,
        item: &Notification,
    ) -> impl Future<Output = Option<Stall>> + Send + use<> {
        let key = Key::of(canary);
        let receivers = canary.spec.analysis.alerts.clone();
        let messages: Vec<Message> =
            (0..item.alerts.len()).map(|index| self.message(canary, item, index)).collect();
        let sender = self.clone();
        async move {
            let mut failures = Vec::new();
            for message in &messages {
                failures.extend(sender.send(&key, &receivers, message).await);
            }
            let reason = failures.first()?.reason;
            let text: Vec<String> = failures.into_iter().map(|failure| failure.text).collect();
            Some(Stall::new(reason, outbox::truncated(&text.join("; "))))
        }
    }

    fn message(&self, canary: &Canary, item: &Notification, index: usize) -> Message {
        let key = Key::of(canary);
        let uid = canary.metadata.uid.as_deref().unwrap_or_default();
        let alert = outbox::alert(&item.alerts[index]);
        let message = Message::new(&key.name, &key.namespace, &canary.spec, &alert, &self.cluster_name);
        Message { id: format!("{uid}-{}", outbox::id(item.at, index)), ..message }
    }

    async fn send(&self, canary: &Key, receivers: &[CanaryAlert], message: &Message) -> Vec<Failure> {
        if receivers.is_empty() {
            return self.send_to_global(message).await.into_iter().collect();
        }
        let wanted = receivers.iter().filter(|entry| wants(entry, message.severity));
        let sent = join_all(wanted.map(|entry| self.send_to(canary, entry, message))).await;
        sent.into_iter().flatten().collect()
    }

    /// The operator's own receiver.
    async fn send_to_global(&self, message: &Message) -> Option<Failure> {
        let receiver = self.global.as_ref()?;
        let error = self.client.send(receiver, message).await.err()?;
        let (canary, provider, remedy) = (&message.canary, receiver.kind.name(), error.remedy());
        tracing::error!(canary, provider, remedy, "alert can't be sent: {error}");
        let text = format!("alert can't be sent to the operator's own {provider}: {error}; {remedy}");
        Some(Failure { reason: Undelivered::Alert(error).reason(), text })
    }

    /// One entry of `analysis.alerts`.
    async fn send_to(&self, canary: &Key, entry: &CanaryAlert, message: &Message) -> Option<Failure> {
        let own = entry.provider_ref.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        let namespace = own.unwrap_or(&canary.namespace);
        let provider = Key::new(namespace, entry.provider_ref.name.as_str());
        let error = self.try_send(&provider, message).await.err()?;
        let (canary, provider, remedy) = (&message.canary, events::full_name(&provider), error.remedy());
        tracing::error!(canary, provider, remedy, "alert provider {provider} error: {error}");
        let text = format!("alert provider {provider} error: {error}; {remedy}");
        Some(Failure { reason: error.reason(), text })
    }

    async fn try_send(&self, provider: &Key, message: &Message) -> Result<(), Undelivered> {
        let receiver = self.receiver(provider).await?;
        Ok(self.client.send(&receiver, message).await?)
    }

    /// The receiver that an `AlertProvider` describes. Alerts are rare: nothing is watched for them.
    async fn receiver(&self, key: &Key) -> Result<Receiver, Undelivered> {
        let found = self.cluster.get(Kind::AlertProvider, key).await.map_err(Undelivered::Unreadable)?;
        let found = found.ok_or_else(|| Undelivered::NoProvider(key.name.to_string()))?;
        // What serde says may quote the URL of the hook.
        let provider = AlertProvider::deserialize(found.as_ref()).map_err(|_| Undelivered::Malformed)?;
        let credentials = match &provider.spec.secret_ref {
            Some(secret) => Some(self.credentials(&key.sibling(secret.name.as_str())).await?),
            None => None,
        };
        Ok(Receiver::new(&provider.spec, credentials)?)
    }

    async fn credentials(&self, key: &Key) -> Result<Credentials, Undelivered> {
        let data = self.cluster.secret(key).await.map_err(Undelivered::UnreadableSecret)?;
        let data = data.ok_or_else(|| Undelivered::NoSecret(key.name.to_string()))?;
        Ok(Credentials::read(|name| data.get(name).map(Vec::as_slice))?)
    }
}

#[cfg(test)]
mod tests;
