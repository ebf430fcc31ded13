//! Shipping versions of the release, good and bad ones.

use anyhow::{Context, Result};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Secret},
};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use serin_api::{CanaryStatus, Phase};

use super::Scene;
use crate::history::{Version, Versions};

/// Where podinfo's images are.
const IMAGE: &str = "ghcr.io/stefanprodan/podinfo";

/// How podinfo misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    None,
    /// A third of the answers are errors; of those, a third are of the server (5xx).
    Errors,
    /// Every answer takes 2 to 2.5 s.
    Delay,
    /// The pod never gets ready.
    Unready,
}

impl Fault {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Errors => &["--random-error=true"],
            Self::Delay => &[
                "--random-delay=true",
                "--random-delay-unit=ms",
                "--random-delay-min=2000",
                "--random-delay-max=2500",
            ],
            Self::Unready => &["--unready=true"],
        }
    }
}

/// The moment at which something was shipped: so many versions had been seen before.
#[derive(Clone, Copy, Debug)]
pub struct Shipment(pub(super) usize);

impl Shipment {
    /// What has been seen since.
    pub fn after(self, versions: &Versions) -> &[Version] {
        versions.after(self.0)
    }
}

impl Scene {
    /// Applies podinfo, its metric templates and a Canary, and waits until the Canary is initialised.
    ///
    /// # Errors
    /// The cluster refuses, or the operator does not initialise the Canary in time.
    pub async fn install(&self, canary: &str) -> Result<CanaryStatus> {
        self.install_changed(canary, json!({})).await
    }

    /// As [`Self::install`], with a patch merged into the Canary.
    ///
    /// # Errors
    /// As [`Self::install`].
    pub async fn install_changed(&self, canary: &str, change: Value) -> Result<CanaryStatus> {
        self.apply("podinfo.yaml").await?;
        self.take_up(canary, change).await?;
        self.until_phase(Phase::Initialized).await
    }

    /// Applies the metric templates and a Canary with a patch merged into it, for a target that exists, or not.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn take_up(&self, canary: &str, change: Value) -> Result<()> {
        self.apply("metric-templates.yaml").await?;
        self.apply_changed(canary, change).await
    }

    /// Changes the target to this version, as `kubectl set image` would, with this fault.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn ship(&self, version: &str, fault: Fault) -> Result<Shipment> {
        let shipment = self.shipment();
        let mut command = vec!["./podinfo", "--port=9898", "--port-metrics=9797", "--level=info"];
        command.extend(fault.flags());
        let container =
            json!({"name": "podinfod", "image": format!("{IMAGE}:{version}"), "command": command});
        self.patch_template(json!({"spec": {"containers": [container]}})).await?;
        Ok(shipment)
    }

    /// Now, for a change that is made in another way.
    pub fn shipment(&self) -> Shipment {
        Shipment(self.history.look(Versions::count))
    }

    /// Changes the target's pod template; lists merge by their keys.
    ///
    /// # Errors
    /// The cluster refuses.
    pub async fn patch_template(&self, template: Value) -> Result<()> {
        let api: Api<Deployment> = Api::namespaced(self.cluster.client.clone(), &self.namespace);
        let patch = Patch::Strategic(json!({"spec": {"template": template}}));
        let changed = api.patch(&self.app.target, &PatchParams::default(), &patch).await;
        changed.context("changing the target's pod template").map(drop)
    }

    /// The image that a Deployment runs.
    ///
    /// # Errors
    /// There is no such Deployment.
    pub async fn image(&self, deployment: &str) -> Result<String> {
        let api: Api<Deployment> = Api::namespaced(self.cluster.client.clone(), &self.namespace);
        let found = api.get(deployment).await?;
        let template = found.spec.and_then(|spec| spec.template.spec);
        let container = template.and_then(|pod| pod.containers.into_iter().next());
        container.and_then(|container| container.image).context("a Deployment without an image")
    }

    /// The data of a ConfigMap.
    ///
    /// # Errors
    /// There is no such ConfigMap.
    pub async fn config_map(&self, name: &str) -> Result<ConfigMap> {
        let api: Api<ConfigMap> = Api::namespaced(self.cluster.client.clone(), &self.namespace);
        api.get(name).await.with_context(|| format!("ConfigMap {name}"))
    }

    /// The data of a Secret.
    ///
    /// # Errors
    /// There is no such Secret.
    pub async fn secret(&self, name: &str) -> Result<Secret> {
        let api: Api<Secret> = Api::namespaced(self.cluster.client.clone(), &self.namespace);
        api.get(name).await.with_context(|| format!("Secret {name}"))
    }
}
