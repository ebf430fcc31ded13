//! The `Canary` kind: what to release, how traffic reaches it, and what decides about it.

use std::fmt;

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::Origin;

pub mod alert;
pub mod analysis;
pub mod command;
pub mod cors;
pub mod defaults;
pub mod matching;
pub mod metric;
pub mod notification;
pub mod reference;
pub mod run;
pub mod service;
pub mod session;
pub mod status;
pub mod strategy;
pub mod traffic;
pub mod webhook;

pub use alert::{AlertSeverity, CanaryAlert};
pub use analysis::CanaryAnalysis;
pub use command::{COMMAND, CommandRecord, Pause};
pub use cors::CorsPolicy;
pub use matching::{HttpMatch, StringMatch};
pub use metric::{CanaryMetric, ThresholdRange};
pub use notification::{Notification, NotificationAlert, NotificationEvent};
pub use reference::{AutoscalerRef, CrossNamespaceRef, ObjectRef, ScalerReplicas, TargetRef, UpstreamRef};
pub use run::{Progress, Run, RunStep, Waiting};
pub use service::{CanaryService, CustomMetadata, GatewayRef, UnmanagedMetadata};
pub use session::SessionAffinity;
pub use status::{CanaryCondition, CanaryStatus, CheckStatus};
pub use strategy::Strategy;
pub use traffic::{HeaderOperations, Headers, HttpRetry, HttpRewrite, MirrorBackendRef, MirrorTarget};
pub use webhook::{CanaryWebhook, WebhookType};

/// What the user wants of a canary (`Canary.spec`).
#[expect(clippy::duplicated_attributes, reason = "printer columns share types and priorities")]
#[derive(CustomResource, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "flagger.app",
    version = "v1beta1",
    kind = "Canary",
    plural = "canaries",
    singular = "canary",
    category = "all",
    namespaced,
    status = "CanaryStatus",
    derive = "Default",
    derive = "PartialEq",
    doc = "Canary releases new revisions of a workload step by step and rolls back those that fail their checks.",
    annotation("helm.sh/resource-policy", "keep"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Weight", type_ = "string", json_path = ".status.canaryWeight"),
    printcolumn(name = "Suspended", type_ = "boolean", json_path = ".spec.suspend", priority = 1),
    printcolumn(name = "FailedChecks", type_ = "string", json_path = ".status.failedChecks", priority = 1),
    printcolumn(name = "Interval", type_ = "string", json_path = ".spec.analysis.interval", priority = 1),
    printcolumn(name = "Mirror", type_ = "boolean", json_path = ".spec.analysis.mirror", priority = 1),
    printcolumn(
        name = "StepWeight",
        type_ = "string",
        json_path = ".spec.analysis.stepWeight",
        priority = 1
    ),
    printcolumn(
        name = "StepWeights",
        type_ = "string",
        json_path = ".spec.analysis.stepWeights",
        priority = 1
    ),
    printcolumn(name = "MaxWeight", type_ = "string", json_path = ".spec.analysis.maxWeight", priority = 1),
    printcolumn(name = "LastTransitionTime", type_ = "string", json_path = ".status.lastTransitionTime")
)]
#[serde(rename_all = "camelCase")]
pub struct CanarySpec {
    /// Routing provider of this canary, such as `gatewayapi:v1`. The operator's own setting applies when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "apisix", "appmesh", "appmesh:v1beta2", "contour", "gatewayapi:v1", "gatewayapi:v1beta1", "gloo", "istio",
        "knative", "kubernetes", "kuma", "linkerd", "nginx", "osm", "skipper", "smi:v1alpha1", "smi:v1alpha2",
        "smi:v1alpha3", "traefik",
    ]))]
    pub provider: Option<String>,

    /// URL of the Prometheus server for built-in and inline metrics. The operator's own setting applies when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics_server: Option<String>,

    /// The workload whose revisions are released.
    pub target_ref: TargetRef,

    /// The autoscaler of the target; the primary gets a copy of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler_ref: Option<AutoscalerRef>,

    /// The Ingress that carries the traffic; for the nginx and skipper providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress_ref: Option<ObjectRef>,

    /// The route that carries the traffic; for the apisix provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<ObjectRef>,

    /// The upstream whose settings are copied; for the gloo provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream_ref: Option<UpstreamRef>,

    /// How the workload is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<CanaryService>,

    /// How a new revision is judged.
    pub analysis: CanaryAnalysis,

    /// Seconds that a revision may take to become ready before it is rolled back; 600 when unset.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub progress_deadline_seconds: Option<i64>,

    /// Promote a new revision as soon as it is ready, without analysis.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip_analysis: bool,

    /// Put the changed objects back as they were when the canary is deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revert_on_deletion: bool,

    /// Leave everything as it is until this is false again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,
}

impl fmt::Debug for CanarySpec {
    /// The metrics server may hold a password: only the server is shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            provider,
            metrics_server,
            target_ref,
            autoscaler_ref,
            ingress_ref,
            route_ref,
            upstream_ref,
            service,
            analysis,
            progress_deadline_seconds,
            skip_analysis,
            revert_on_deletion,
            suspend,
        } = self;
        formatter
            .debug_struct("CanarySpec")
            .field("provider", provider)
            .field("metrics_server", &Origin(metrics_server.as_deref()))
            .field("target_ref", target_ref)
            .field("autoscaler_ref", autoscaler_ref)
            .field("ingress_ref", ingress_ref)
            .field("route_ref", route_ref)
            .field("upstream_ref", upstream_ref)
            .field("service", service)
            .field("analysis", analysis)
            .field("progress_deadline_seconds", progress_deadline_seconds)
            .field("skip_analysis", skip_analysis)
            .field("revert_on_deletion", revert_on_deletion)
            .field("suspend", suspend)
            .finish()
    }
}
