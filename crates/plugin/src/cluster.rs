//! The requests that a command takes.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::{
    Api, Client, Config,
    api::{Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, DynamicObject, GroupVersionKind},
};
use serde_json::Value;
use serin_api::Canary;
use serin_core::{build::target, rollout::TargetKind};
use tokio::time::Instant;

use crate::{
    args::Connection,
    message::{AtStake, Message, at_stake},
};

/// Not one of kubectl's: Flux removes what managers of such names wrote.
const FIELD_MANAGER: &str = "serin-cli";
/// How long to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look for it: who may give commands may not watch.
const OFTEN: Duration = Duration::from_millis(200);

/// Why a command could not be given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// No kubeconfig, or none that can be used.
    #[error("the kubeconfig cannot be used: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    /// A request failed.
    #[error("{0}")]
    Request(#[from] kube::Error),
    /// There is no revision to be meant.
    #[error("canary {0} has had no rollout yet: there is nothing to command")]
    NoRollout(String),
    /// Of the target's kind no revision can be told.
    #[error("the revision of a {0} cannot be told: name it with --revision")]
    UnknownKind(String),
}

/// One namespace of a cluster.
pub(crate) struct Cluster {
    client: Client,
    namespace: String,
}

impl Cluster {
    /// Uses the kubeconfig, as kubectl does.
    ///
    /// # Errors
    /// When it cannot be used.
    pub(crate) async fn connect(connection: &Connection) -> Result<Self, ClusterError> {
        let kubeconfig = match &connection.kubeconfig {
            Some(path) => Kubeconfig::read_from(path)?,
            None => Kubeconfig::read()?,
        };
        let options =
            KubeConfigOptions { context: connection.context.clone(), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
        if connection.act_as.is_some() {
            config.auth_info.impersonate.clone_from(&connection.act_as);
        }
        let namespace = connection.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
        Ok(Self { client: Client::try_from(config)?, namespace })
    }

    fn canaries(&self) -> Api<Canary> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Reads a Canary.
    ///
    /// # Errors
    /// When it does not exist, or cannot be read.
    pub(crate) async fn canary(&self, name: &str) -> Result<Canary, ClusterError> {
        Ok(self.canaries().get(name).await?)
    }

    /// Who asks, as the API server knows; `None` where it does not say.
    pub(crate) async fn user(&self) -> Option<String> {
        let api = Api::<SelfSubjectReview>::all(self.client.clone());
        let review = api.create(&PostParams::default(), &SelfSubjectReview::default()).await.ok()?;
        review.status?.user_info?.username
    }

    /// The revision that a command without one is meant for.
    ///
    /// # Errors
    /// When there was no rollout yet, or the target cannot be read.
    pub(crate) async fn revision(&self, canary: &Canary) -> Result<String, ClusterError> {
        match at_stake(canary) {
            AtStake::Revision(revision) => Ok(revision),
            AtStake::Targets => self.targets_revision(canary).await,
            AtStake::Nothing => {
                Err(ClusterError::NoRollout(canary.metadata.name.clone().unwrap_or_default()))
            }
        }
    }

    async fn targets_revision(&self, canary: &Canary) -> Result<String, ClusterError> {
        let reference = &canary.spec.target_ref;
        let (kind, group) = match reference.kind.as_str() {
            "Deployment" => (TargetKind::Deployment, "apps"),
            "DaemonSet" => (TargetKind::DaemonSet, "apps"),
            "Service" => (TargetKind::Service, ""),
            other => return Err(ClusterError::UnknownKind(other.to_owned())),
        };
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind.name()));
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let object = api.get(&reference.name).await?;
        let object: Value = serde_json::to_value(object).map_err(kube::Error::SerdeError)?;
        Ok(target::revision(kind, &object))
    }

    /// Gives a command.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub(crate) async fn give(&self, canary: &Canary, message: &Message) -> Result<(), ClusterError> {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        let name = canary.metadata.name.as_deref().unwrap_or_default();
        let patch = message.patch(canary);
        self.canaries().patch_metadata(name, &params, &Patch::Merge(&patch)).await?;
        Ok(())
    }

    /// The Canary with the answer to a command; `None` when none comes.
    ///
    /// # Errors
    /// When the Canary cannot be read any more.
    pub(crate) async fn answered(
        &self,
        name: &str,
        message: &Message,
    ) -> Result<Option<Canary>, ClusterError> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let canary = self.canary(name).await?;
            if message.answer(&canary).is_some() {
                return Ok(Some(canary));
            }
            tokio::time::sleep(OFTEN).await;
        }
        Ok(None)
    }
}
