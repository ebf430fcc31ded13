//! The actions of a plan. Each is idempotent.

mod command;
pub(crate) mod finalizer;
mod orphans;
mod primary;

use std::sync::Arc;

use serde_json::Value;
use serin_api::Phase;
use serin_core::{
    Rollout,
    affinity::Cookies,
    build::{BuildError, managed, scaler, service_target, services, target::scaling},
    plan::{Action, ServiceRole},
    rollout::TargetKind,
    router::{How, Write},
    routing::Routing,
    snapshot::Snapshot,
    validate::Settings,
};

use crate::{
    cluster::Cluster,
    error::{ApiError, Category},
    key::Key,
    kind::Kind,
};

/// Why an action failed. The text is Flagger's event where it has one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActionError {
    /// The API server refused it.
    #[error("{text}")]
    Api {
        /// The event.
        text: String,
        /// What happened.
        source: Box<ApiError>,
    },
    /// The object cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// What was decided on is not what is there.
    #[error("{0} changed meanwhile")]
    Outdated(String),
}

impl ActionError {
    /// Why it failed.
    pub(crate) fn category(&self) -> Category {
        match self {
            Self::Api { source, .. } => source.category(),
            Self::Build(_) => Category::Spec,
            Self::Outdated(_) => Category::Conflict,
        }
    }

    /// The object that somebody else was faster with.
    pub(crate) fn contested(&self) -> Option<(Kind, &Key)> {
        match self {
            Self::Api { source, .. } if source.category() == Category::Conflict => {
                Some((source.kind, &source.key))
            }
            _ => None,
        }
    }

    /// `text` around what the API server said, and the remedy.
    fn api(text: impl FnOnce(&str) -> String, source: ApiError) -> Self {
        let text = text(&source.text()) + &source.remedy();
        Self::Api { text, source: Box::new(source) }
    }
}

/// Carries out the actions of one plan, on exactly the objects that it was decided on.
pub(crate) struct Executor<'a> {
    /// Where to act.
    pub(crate) cluster: &'a Cluster,
    /// The Canary.
    pub(crate) key: &'a Key,
    /// The Canary's checked fields.
    pub(crate) rollout: &'a Rollout,
    /// The operator's flags.
    pub(crate) settings: &'a Settings,
    /// What was decided on.
    pub(crate) seen: &'a Snapshot,
    /// The cookies of the status that was decided.
    pub(crate) cookies: Cookies,
}

impl Executor<'_> {
    /// Carries out one action.
    ///
    /// # Errors
    /// When it did not take effect; it is then decided on again later.
    pub(crate) async fn act(&self, action: &Action) -> Result<(), ActionError> {
        match action {
            Action::ApplyService(role) => self.apply_service(*role).await,
            Action::ApplyPrimary => self.apply_primary().await,
            Action::ApplyScaler => self.apply_scaler().await,
            Action::ApplyRoute(routing) => self.apply_route(*routing).await,
            Action::ScaleTarget(replicas) => self.scale_target(*replicas).await,
            Action::PauseScaler(paused) => self.pause_scaler(*paused).await,
            Action::AddFinalizer => finalizer::set(self.cluster, self.key, true).await,
            Action::RemoveFinalizer => finalizer::set(self.cluster, self.key, false).await,
            Action::RemoveCommand(text) => command::remove(self.cluster, self.key, text).await,
            Action::Remove(entry) => self.remove_orphans(entry).await,
            Action::ReleaseRoute(name) => self.release_route(name).await,
            Action::RevertApex => self.revert_apex().await,
            Action::RevertRoute => self.revert_route().await,
        }
    }

    fn target(&self) -> Result<&Value, ActionError> {
        self.seen.target.object().ok_or_else(|| ActionError::Outdated(self.rollout.target_name()))
    }

    fn live_service(&self, role: ServiceRole) -> Option<&Value> {
        match role {
            ServiceRole::Apex => self.seen.apex_service.object(),
            ServiceRole::Primary => self.seen.primary_service.object(),
            ServiceRole::Canary => self.seen.canary_service.object(),
        }
    }

    async fn apply_service(&self, role: ServiceRole) -> Result<(), ActionError> {
        let live = self.live_service(role);
        if !self.rollout.target_kind.has_pods() {
            return self.follow_target(live).await;
        }
        let body = self.seen.service(self.rollout, self.settings, role)?;
        self.write_service(&services::name(self.rollout, role), &body, live).await
    }

    /// A target that is a Service is copied for the canary.
    async fn follow_target(&self, live: Option<&Value>) -> Result<(), ActionError> {
        let body = service_target::canary(self.rollout, self.target()?, live);
        let name = self.rollout.canary_service();
        let key = self.key.sibling(name.as_str());
        let answer = self.cluster.put(Kind::Service, &key, &body).await;
        let text = |said: &str| match live {
            Some(_) => format!("updating service {name}.{} failed: {said}", self.rollout.namespace),
            // Flagger names the Canary here.
            None => format!("creating service {} query error: {said}", self.rollout.full_name()),
        };
        let text = |said: &str| format!("reconcileCanaryService failed: {}", text(said));
        answer.map(drop).map_err(|source| ActionError::api(text, source))
    }

    /// A body that names a version replaces the Service; any other is applied.
    async fn write_service(&self, name: &str, body: &Value, live: Option<&Value>) -> Result<(), ActionError> {
        let key = self.key.sibling(name);
        let answer = match body.pointer("/metadata/resourceVersion") {
            Some(_) => self.cluster.put(Kind::Service, &key, body).await,
            None => self.own(Kind::Service, &key, body, live.is_some_and(managed::outlives)).await,
        };
        let namespace = &self.rollout.namespace;
        answer.map(drop).map_err(|source| {
            let exists = live.is_some();
            let object = if exists { name.to_owned() } else { format!("{name}.{namespace}") };
            let doing = if exists { "update" } else { "create" };
            let text =
                |said: &str| format!("reconcileService failed: service {object} {doing} error: {said}");
            ActionError::api(text, source)
        })
    }

    /// Applies an object after taking over what Flagger owns of it, `theirs` telling whether there is any.
    async fn own(&self, kind: Kind, key: &Key, body: &Value, theirs: bool) -> Result<Arc<Value>, ApiError> {
        if theirs {
            self.cluster.hand_over(kind, key).await?;
        }
        self.cluster.apply(kind, key, body).await
    }

    async fn apply_scaler(&self) -> Result<(), ActionError> {
        let Some(reference) = &self.rollout.spec.autoscaler_ref else { return Ok(()) };
        let namespace = &self.rollout.namespace;
        let source = self.seen.scaler_source.object();
        let source =
            source.ok_or_else(|| ActionError::Outdated(format!("{}.{namespace}", reference.name)))?;
        let body = scaler::scaler(self.rollout, reference, source, self.seen.scaler_primary.object())?;
        let name = scaler::name(reference);
        let kind = Kind::of_scaler(reference);
        let answer = self.cluster.put(kind, &self.key.sibling(name.as_str()), &body).await;
        let what = match (kind, self.seen.scaler_primary.object()) {
            (Kind::ScaledObject, Some(_)) => "updating ScaledObject",
            (Kind::ScaledObject, None) => "creating Keda ScaledObject",
            (_, Some(_)) => "updating HorizontalPodAutoscaler v2",
            (_, None) => "creating HorizontalPodAutoscaler v2",
        };
        let text = |said: &str| format!("{what} {name}.{namespace} failed: {said}");
        answer.map(drop).map_err(|source| ActionError::api(text, source))
    }

    async fn pause_scaler(&self, paused: bool) -> Result<(), ActionError> {
        let Some(reference) = &self.rollout.spec.autoscaler_ref else { return Ok(()) };
        let (kind, key) = (Kind::of_scaler(reference), self.key.sibling(reference.name.as_str()));
        let answer = self.cluster.merge(kind, &key, &scaler::pausing(paused)).await;
        let doing = if paused { "pausing" } else { "resuming" };
        let text =
            |said: &str| format!("{doing} Keda ScaledObject {}.{} failed: {said}", key.name, key.namespace);
        answer.map(drop).map_err(|source| ActionError::api(text, source))
    }

    async fn apply_route(&self, routing: Routing) -> Result<(), ActionError> {
        let writes = self.seen.route_writes(self.rollout, self.settings, &self.cookies, routing)?;
        self.write_all(&writes).await
    }

    /// Sends the traffic of a route of a former name to its primary.
    async fn release_route(&self, entry: &str) -> Result<(), ActionError> {
        let write = self.seen.release_write(entry);
        self.write_all(write.as_slice()).await
    }

    async fn revert_route(&self) -> Result<(), ActionError> {
        self.write_all(&self.seen.revert_writes(self.rollout, self.settings)?).await
    }

    /// Carries out what a router wants written, in order.
    async fn write_all(&self, writes: &[Write]) -> Result<(), ActionError> {
        for write in writes {
            let (kind, key) = (Kind::Routed(write.object.kind), self.key.sibling(write.object.name.as_str()));
            let answer = match write.how {
                How::Apply { takes_over } => self.own(kind, &key, &write.body, takes_over).await,
                How::Merge => self.cluster.merge(kind, &key, &write.body).await,
            };
            answer.map_err(|source| ActionError::api(|said| write.failure.say(said), source))?;
        }
        Ok(())
    }

    async fn scale_target(&self, replicas: i32) -> Result<(), ActionError> {
        let (kind, key) = (self.rollout.target_kind, self.key.sibling(self.rollout.target.as_str()));
        let Some(patch) = scaling(kind, replicas) else { return Ok(()) };
        let answer = self.cluster.merge(Kind::of_target(kind), &key, &patch).await;
        let name = self.rollout.target_name();
        let phase = self.seen.canary.status.as_ref().map_or(Phase::None, |status| status.phase);
        let at_first = replicas == 0 && matches!(phase, Phase::None | Phase::Initializing);
        let text = |said: &str| match (kind, replicas) {
            (TargetKind::DaemonSet, 0) => format!("updating daemonset {name} failed: {said}"),
            (TargetKind::DaemonSet, _) => format!("scaling up daemonset {name} failed: {said}"),
            (_, 0) => format!("deployment {name} patch query error: {said}"),
            (_, n) => format!("scaling up {name} to {n} failed: {said}"),
        };
        let text = |said: &str| match text(said) {
            text if at_first => format!("scaling down canary {} {name} failed: {text}", kind.name()),
            text => text,
        };
        answer.map(drop).map_err(|source| ActionError::api(text, source))
    }

    async fn revert_apex(&self) -> Result<(), ActionError> {
        let (Some(live), target) = (self.seen.apex_service.object(), self.target()?) else { return Ok(()) };
        let reverted = services::reverted_apex(self.rollout, self.settings, target, live)?;
        match reverted {
            Some(body) => self.write_service(&self.rollout.apex, &body, Some(live)).await,
            None => Ok(()),
        }
    }
}
