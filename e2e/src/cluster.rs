//! The connection to the cluster under test.

use std::time::Duration;

use anyhow::{Context, Result};
use kube::{Api, Client, Config, config::KubeConfigOptions, core::DynamicObject};

use crate::{Kind, Settings};

/// A cluster and where things are in it.
#[derive(Clone)]
pub struct Cluster {
    /// The connection.
    pub client: Client,
    /// Where things are.
    pub settings: Settings,
    /// `http://<address>` of the shared Gateway, as the test reaches it.
    pub gateway: String,
    /// The same, as pods reach it.
    pub gateway_inside: String,
}

impl Cluster {
    /// Connects to the cluster that `KUBECONFIG` names.
    ///
    /// # Errors
    /// There is no such cluster, it does not answer, or it has no shared Gateway.
    pub async fn connect() -> Result<Self> {
        let settings = Settings::from_env();
        let client = client().await?;
        let gateway_inside = gateway_url(&client, &settings).await?;
        let gateway = settings.gateway_url.clone().unwrap_or_else(|| gateway_inside.clone());
        Ok(Self { client, settings, gateway, gateway_inside })
    }

    /// The objects of a kind in a namespace.
    pub fn api(&self, kind: Kind, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &kind.resource())
    }
}

/// A client for the cluster that `KUBECONFIG` names.
///
/// # Errors
/// There is no such file, or the API server does not answer.
pub async fn client() -> Result<Client> {
    let hint = "no cluster: set KUBECONFIG, or start one with `make cluster-up`, which prints it";
    let mut config = Config::from_kubeconfig(&KubeConfigOptions::default()).await.context(hint)?;
    config.connect_timeout = Some(Duration::from_secs(5));
    let client = Client::try_from(config)?;
    client.apiserver_version().await.context(hint)?;
    Ok(client)
}

async fn gateway_url(client: &Client, settings: &Settings) -> Result<String> {
    let (namespace, name) = (&settings.gateway_namespace, &settings.gateway_name);
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &Kind::GATEWAY.resource());
    let hint = || {
        format!(
            "no Gateway {namespace}/{name} with an address: \
             name another by SERIN_GATEWAY_NAMESPACE and SERIN_GATEWAY_NAME"
        )
    };
    let gateway = api.get(name).await.with_context(hint)?;
    let address = gateway.data.pointer("/status/addresses/0/value").and_then(|value| value.as_str());
    let port = gateway.data.pointer("/spec/listeners/0/port").and_then(serde_json::Value::as_i64);
    Ok(format!("http://{}:{}", address.with_context(hint)?, port.unwrap_or(80)))
}
