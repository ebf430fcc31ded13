//! Serin's own metrics.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::requests::Requests;
use crate::error::Category;

/// Seconds; most reconciles read only memory.
const RECONCILE_BUCKETS: [f64; 11] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];
/// Bounds of the histogram of lateness, in seconds.
const LATENESS_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How reconciles go and what they cost.
pub(crate) struct OperatorMetrics {
    reconciles: Family<Result, Counter>,
    errors: Family<Error, Counter>,
    duration: Histogram,
    lateness: Histogram,
    leader: Gauge,
    pub(super) requests: Requests,
}

/// How a reconcile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReconcileResult {
    /// Nothing is left to do.
    Done,
    /// Something failed, and the reconcile is tried again.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Result {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Error {
    category: &'static str,
}

impl OperatorMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            reconciles: Family::default(),
            errors: Family::default(),
            duration: Histogram::new(RECONCILE_BUCKETS),
            lateness: Histogram::new(LATENESS_BUCKETS),
            leader: Gauge::default(),
            requests: Requests::register(registry),
        };
        registry.register("serin_reconciles", "Reconciles by result", metrics.reconciles.clone());
        registry.register("serin_errors", "Errors by category", metrics.errors.clone());
        let duration = "Seconds from taking a canary from the queue to being done with it";
        registry.register("serin_reconcile_duration_seconds", duration, metrics.duration.clone());
        let lateness = "Seconds by which a check began after it was due";
        registry.register("serin_check_lateness_seconds", lateness, metrics.lateness.clone());
        registry.register("serin_leader", "1 while this replica acts", metrics.leader.clone());
        metrics
    }

    /// Counts a reconcile.
    pub(crate) fn reconciled(&self, outcome: ReconcileResult, took: Duration) {
        let result = match outcome {
            ReconcileResult::Done => "done",
            ReconcileResult::Failed => "failed",
        };
        self.reconciles.get_or_create(&Result { result }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Counts an error.
    pub(crate) fn error(&self, category: Category) {
        self.errors.get_or_create(&Error { category: category.label() }).inc();
    }

    /// Records how late a check is.
    pub(crate) fn late(&self, seconds: f64) {
        self.lateness.observe(seconds.max(0.0));
    }

    /// Whether this replica acts.
    pub(crate) fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// A layer that counts the requests of a client.
    pub(crate) fn request_layer(&self) -> super::RequestLayer {
        super::RequestLayer::new(self.requests.clone())
    }
}
