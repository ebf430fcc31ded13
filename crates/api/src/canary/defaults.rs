//! What holds where a manifest is silent. The values are Flagger's.

use chrono::TimeDelta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{CanaryAnalysis, CanaryMetric, CanaryService, CanarySpec, CanaryWebhook, TargetRef};
use crate::duration::{self, DurationError};

/// Time between two rounds of checks when `analysis.interval` is absent or cannot be read.
pub const ANALYSIS_INTERVAL: TimeDelta = TimeDelta::seconds(60);

/// The shortest interval that Flagger knows; shorter ones are raised to it.
pub const SHORTEST_INTERVAL: TimeDelta = TimeDelta::seconds(10);

/// Time span of a metric's query when `metrics[].interval` is absent.
pub const METRIC_INTERVAL: &str = "1m";

/// Limit of a webhook's attempt when `webhooks[].timeout` is absent.
pub const WEBHOOK_TIMEOUT: TimeDelta = TimeDelta::seconds(10);

/// Time for a revision to become ready when `progressDeadlineSeconds` is absent.
pub const PROGRESS_DEADLINE: TimeDelta = TimeDelta::seconds(600);

impl CanarySpec {
    /// Name of the apex Service and of the route.
    pub fn apex_name(&self) -> &str {
        let own = self.service.as_ref().and_then(|service| non_empty(service.name.as_deref()));
        own.unwrap_or(&self.target_ref.name)
    }

    /// Name of the primary Service.
    pub fn primary_service_name(&self) -> String {
        format!("{}-primary", self.apex_name())
    }

    /// Name of the canary Service.
    pub fn canary_service_name(&self) -> String {
        format!("{}-canary", self.apex_name())
    }

    /// Time for a revision to become ready, at most 2^31 seconds, so that it can be added to a date.
    pub fn progress_deadline(&self) -> TimeDelta {
        let clamp = |seconds: i64| seconds.clamp(i32::MIN.into(), i32::MAX.into());
        self.progress_deadline_seconds.map_or(PROGRESS_DEADLINE, |seconds| TimeDelta::seconds(clamp(seconds)))
    }
}

impl TargetRef {
    /// Name of the primary workload.
    pub fn primary_name(&self) -> String {
        format!("{}-primary", self.name)
    }

    /// Whether the target is a Knative Service.
    pub fn is_knative_service(&self) -> bool {
        self.kind == "Service" && self.api_version == "serving.knative.dev/v1"
    }
}

impl CanaryService {
    /// Name of the port.
    pub fn port_name_or_default(&self) -> &str {
        non_empty(self.port_name.as_deref()).unwrap_or("http")
    }

    /// Port of the container. 0 counts as unset, as in Flagger. A number is one also as a text: no port has such a
    /// name.
    pub fn target_port_or_default(&self) -> IntOrString {
        let unset = || IntOrString::Int(i32::try_from(self.port).unwrap_or_default());
        match &self.target_port {
            Some(IntOrString::String(name)) if !name.is_empty() => match quoted(name) {
                Some(0) => unset(),
                Some(port) => IntOrString::Int(port),
                None => IntOrString::String(name.clone()),
            },
            Some(IntOrString::Int(port)) if *port != 0 => IntOrString::Int(*port),
            _ => unset(),
        }
    }
}

impl CanaryAnalysis {
    /// Time between two rounds of checks, not below `shortest`.
    pub fn interval_or_default(&self, shortest: TimeDelta) -> TimeDelta {
        duration::parse_or(self.interval.as_deref(), ANALYSIS_INTERVAL).max(shortest)
    }

    /// Failed checks that end in a rollback, at least 1.
    pub fn threshold_or_default(&self) -> i64 {
        self.threshold.unwrap_or_default().max(1)
    }

    /// Weight in percent at which the promotion starts: the last of `stepWeights`, at most 100; without those
    /// `maxWeight`, if it is above 0.
    pub fn max_weight_or_default(&self) -> i64 {
        match self.step_weights.last() {
            Some(last) => (*last).min(100),
            None => self.max_weight.filter(|weight| *weight > 0).unwrap_or(100),
        }
    }

    /// Percent of the primary's replicas that must be available.
    pub fn primary_ready_threshold_or_default(&self) -> i64 {
        self.primary_ready_threshold.unwrap_or(100)
    }

    /// Percent of the canary's replicas that must be available.
    pub fn canary_ready_threshold_or_default(&self) -> i64 {
        self.canary_ready_threshold.unwrap_or(100)
    }
}

impl CanaryMetric {
    /// Time span that the query looks back over, as it stands in the manifest.
    pub fn interval_or_default(&self) -> &str {
        non_empty(self.interval.as_deref()).unwrap_or(METRIC_INTERVAL)
    }
}

impl CanaryWebhook {
    /// Limit of one attempt.
    ///
    /// # Errors
    ///
    /// [`DurationError`] when the field passes the schema and still is no duration, such as `5min`.
    pub fn timeout_or_default(&self) -> Result<TimeDelta, DurationError> {
        non_empty(self.timeout.as_deref()).map_or(Ok(WEBHOOK_TIMEOUT), duration::parse)
    }
}

fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// The number that a text is; numbers beyond 32 bits are the greatest that fits.
fn quoted(text: &str) -> Option<i32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().unwrap_or(i32::MAX))
}
