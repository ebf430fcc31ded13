//! What the load tester exports at `/metrics`.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The Canary that a load is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct LoadLabels {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    namespace: String,
    name: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    r#type: &'static str,
    outcome: &'static str,
}

/// The exported metrics; clones share their values.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    registry: Arc<Registry>,
    tasks: Family<TaskLabels, Counter>,
    running: Gauge,
    requests: Family<RequestLabels, Counter>,
    latencies: Family<LoadLabels, Histogram, fn() -> Histogram>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("serin_loadtester");
        let tasks = Family::default();
        registry.register("tasks", "Tasks, by type and outcome", tasks.clone());
        let running = Gauge::default();
        registry.register("tasks_running", "Tasks that are running", running.clone());
        let requests = Family::default();
        registry.register("requests", "Requests of the built-in load generator, by result", requests.clone());
        let latencies = Family::new_with_constructor(histogram as fn() -> Histogram);
        let help = "Latency of answers to the built-in load generator";
        registry.register("request_duration_seconds", help, latencies.clone());
        Self { registry: Arc::new(registry), tasks, running, requests, latencies }
    }

    /// Counts a task of the given type that ended, or that was not started.
    pub(crate) fn task(&self, r#type: &'static str, outcome: &'static str) {
        self.tasks.get_or_create(&TaskLabels { r#type, outcome }).inc();
    }

    /// Counts a task as running until the guard is dropped.
    pub(crate) fn running(&self) -> Running {
        self.running.inc();
        Running(self.running.clone())
    }

    /// Counts a request: its class of status, or its kind of error.
    pub(crate) fn request(
        &self,
        labels: &LoadLabels,
        result: Result<&'static str, &'static str>,
        latency: Duration,
    ) {
        let LoadLabels { namespace, name } = labels.clone();
        let (Ok(text) | Err(text)) = result;
        self.requests.get_or_create(&RequestLabels { namespace, name, result: text }).inc();
        if result.is_ok() {
            self.latencies.get_or_create(labels).observe(latency.as_secs_f64());
        }
    }

    /// All metrics in the `OpenMetrics` text format.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts a task as running.
#[derive(Debug)]
pub(crate) struct Running(Gauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}
