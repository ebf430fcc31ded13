//! What the operator knows about a canary (`Canary.status`).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Notification, Pause, Progress, Run, Waiting};
use crate::Phase;

/// The memory of a rollout. `phase`, `failedChecks`, `canaryWeight` and `iterations` are always written, as Flagger
/// does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStatus {
    /// Where the canary stands.
    #[serde(default)]
    pub phase: Phase,

    /// Checks that failed in this rollout.
    #[serde(default, deserialize_with = "crate::number::required")]
    pub failed_checks: i64,

    /// Share of the traffic in percent that the canary gets; 0 in A/B and blue/green releases.
    #[serde(default, deserialize_with = "crate::number::required")]
    pub canary_weight: i64,

    /// Rounds of checks that passed; may be -1 in a status that Flagger wrote.
    #[serde(default, deserialize_with = "crate::number::required")]
    pub iterations: i64,

    /// Cookie (`name=value`) of the rollout before, which is being taken back from browsers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_session_affinity_cookie: Option<String>,

    /// Cookie (`name=value`) that keeps users on the canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_affinity_cookie: Option<String>,

    /// Cookie (`name=value`) that keeps users on the primary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_session_affinity_cookie: Option<String>,

    /// Checksums of the ConfigMaps and Secrets that the target uses, by `configmap/<name>` and `secret/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracked_configs: Option<BTreeMap<String, String>>,

    /// Checksums of the `binaryData` of those that have any; Flagger does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracked_binary_data: Option<BTreeMap<String, String>>,

    /// Hash of the target's pod template that was seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_applied_spec: Option<String>,

    /// Hash of the pod template that was promoted last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_promoted_spec: Option<String>,

    /// When the status was written last, in whole seconds.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<DateTime<Utc>>,

    /// What the phase means for those who wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<CanaryCondition>,

    /// Generation of the Canary that the status speaks about.
    #[serde(default, deserialize_with = "crate::number::optional", skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// Start of the present analysis window, to the millisecond.
    #[serde(default, serialize_with = "crate::time::micros", skip_serializing_if = "Option::is_none")]
    pub last_check_time: Option<DateTime<Utc>>,

    /// When the canary of a rollout had traffic last, to the millisecond. What a metric measured
    /// before is of another revision.
    #[serde(default, serialize_with = "crate::time::micros", skip_serializing_if = "Option::is_none")]
    pub canary_traffic_ended: Option<DateTime<Utc>>,

    /// Whether the canary lost the traffic that its step gives it, with its endpoints: it comes back when the canary
    /// has been ready for one `analysis.interval`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canary_lost_traffic: bool,

    /// Why nothing moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<String>,

    /// What `waitingFor` is about, since when, and until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,

    /// How far the steps of the analysis are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,

    /// The present rollout, or the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,

    /// Set while a person holds the rollout: checks go on, and nothing advances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,

    /// Whether a person has the revision promoted without the steps and checks that are left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promote_full: bool,

    /// The `service.name` under which the Services and the route were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,

    /// The target for which the primary was made: `<kind>/<name>`, the kind in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_name: Option<String>,

    /// The autoscaler of which the primary has a copy: `<kind>/<name>`, the kind in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler_name: Option<String>,

    /// The route that splits the traffic: the name of an HTTPRoute, or `nginx/<name>` of an Ingress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_name: Option<String>,

    /// Names that were in use before and under which something may be left: `service/<name>`, `configmap/<name>`,
    /// `secret/<name>`, and `<kind>/<name>` of a former target or autoscaler.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<String>,

    /// Why the rollback that is under way was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_reason: Option<String>,

    /// The primary's `flagger-id` under which Flagger promoted `lastAppliedSpec`, when Serin took over in the middle
    /// of a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted_promotion: Option<String>,

    /// The last round of checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckStatus>,

    /// What happened last, with the alerts and hooks that are still to be told of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending_notifications: Vec<Notification>,

    /// Deprecated: what operators up to 0.1 wrote in the place of `pendingNotifications`. It is
    /// read, and moved there with the next write.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub news: Vec<Notification>,
}

impl CanaryStatus {
    /// What is still to be told, whichever operator wrote it, in the order in which it was decided.
    pub fn notifications(&self) -> impl Iterator<Item = &Notification> {
        self.news.iter().chain(&self.pending_notifications)
    }

    /// Moves what an operator before 0.2 wrote to where it is kept now.
    pub fn move_news(&mut self) {
        let kept = std::mem::take(&mut self.pending_notifications);
        self.pending_notifications = std::mem::take(&mut self.news);
        self.pending_notifications.extend(kept);
    }
}

/// One condition, such as `Promoted`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanaryCondition {
    /// What the condition is about.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// When the condition was written last, in whole seconds.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub last_update_time: Option<DateTime<Utc>>,
    /// When `status` changed last, in whole seconds.
    #[serde(default, serialize_with = "crate::time::seconds", skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<DateTime<Utc>>,
    /// The reason in one word; for `Promoted` it is the phase.
    pub reason: String,
    /// The reason in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// The outcome of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckStatus {
    /// Name of the metric or hook.
    pub name: String,
    /// The query as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The value that came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The bound that the value was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<String>,
    /// `Pass`, `Fail`, `Held`, `NoData` or `Error`. What is held broke its bound, but its window reaches back into the
    /// traffic of the revision before: it does not count.
    pub verdict: String,
    /// More about the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
