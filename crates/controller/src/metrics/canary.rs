//! Metrics with Flagger's names and labels: dashboards and alerts made for it keep working.

use std::time::Duration;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use serin_api::Phase;
use serin_core::{Routing, plan::RolloutEnd};

/// Go's default buckets, in seconds.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type FloatGauge = Gauge<f64, std::sync::atomic::AtomicU64>;
type Durations = Family<Target, Histogram, fn() -> Histogram>;

/// See section "operator metrics" of Flagger's documentation; `name` is the target's. Descriptions are Flagger's, and
/// labels are in the order of their names, as Go's clients write them.
pub(crate) struct CanaryMetrics {
    total: Family<Namespace, Gauge>,
    status: Family<Target, Gauge>,
    weight: Family<Workload, Gauge>,
    duration: Durations,
    analysis: Family<Analysis, FloatGauge>,
    successes: Family<End, Counter>,
    failures: Family<End, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Info {
    mesh_provider: String,
    version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Namespace {
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Target {
    name: String,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Workload {
    namespace: String,
    workload: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Analysis {
    metric: String,
    name: String,
    namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct End {
    analysis_status: &'static str,
    deployment_strategy: &'static str,
    name: String,
    namespace: String,
}

impl CanaryMetrics {
    pub(super) fn register(registry: &mut Registry, version: &str, provider: &str) -> Self {
        let info = Family::<Info, Gauge>::default();
        let labels = Info { version: version.to_owned(), mesh_provider: provider.to_owned() };
        info.get_or_create(&labels).set(1);
        registry.register("flagger_info", "Flagger version and mesh provider information", info);
        let metrics = Self {
            total: Family::default(),
            status: Family::default(),
            weight: Family::default(),
            duration: Durations::new_with_constructor(|| Histogram::new(BUCKETS)),
            analysis: Family::default(),
            successes: Family::default(),
            failures: Family::default(),
        };
        metrics.register_families(registry);
        metrics
    }

    fn register_families(&self, registry: &mut Registry) {
        registry.register("flagger_canary_total", "Total number of canary object", self.total.clone());
        registry.register("flagger_canary_status", "Last canary analysis result", self.status.clone());
        let weight = "The virtual service destination weight current value";
        registry.register("flagger_canary_weight", weight, self.weight.clone());
        let duration = "Seconds spent performing canary analysis.";
        registry.register("flagger_canary_duration_seconds", duration, self.duration.clone());
        let analysis = "Last canary analysis result per metric";
        registry.register("flagger_canary_metric_analysis", analysis, self.analysis.clone());
        let successes = "Total number of canary successes";
        registry.register("flagger_canary_successes", successes, self.successes.clone());
        let failures = "Total number of canary failures";
        registry.register("flagger_canary_failures", failures, self.failures.clone());
    }

    /// Sets the number of canaries in each namespace; those without any go.
    pub(crate) fn count<'a>(&self, namespaces: impl Iterator<Item = &'a str>) {
        let mut counts = std::collections::BTreeMap::<&str, i64>::new();
        namespaces.for_each(|namespace| *counts.entry(namespace).or_default() += 1);
        self.total.clear();
        for (namespace, count) in counts {
            self.total.get_or_create(&Namespace { namespace: namespace.to_owned() }).set(count);
        }
    }

    /// Records where a canary stands.
    pub(crate) fn phase(&self, target: &str, namespace: &str, phase: Phase) {
        let value = match phase {
            Phase::Progressing => 0,
            Phase::Failed => 2,
            _ => 1,
        };
        self.status.get_or_create(&labels(target, namespace)).set(value);
    }

    /// Records the split of traffic.
    pub(crate) fn routing(&self, target: &str, namespace: &str, routing: Routing) {
        let set = |workload: String, weight: u8| {
            let labels = Workload { workload, namespace: namespace.to_owned() };
            self.weight.get_or_create(&labels).set(i64::from(weight));
        };
        set(target.to_owned(), routing.canary);
        set(format!("{target}-primary"), routing.primary());
    }

    /// Records how long a round of the analysis took.
    pub(crate) fn analysed(&self, target: &str, namespace: &str, took: Duration) {
        self.duration.get_or_create(&labels(target, namespace)).observe(took.as_secs_f64());
    }

    /// Records the value of a metric.
    pub(crate) fn value(&self, target: &str, namespace: &str, metric: &str, value: f64) {
        let (name, namespace) = (target.to_owned(), namespace.to_owned());
        self.analysis.get_or_create(&Analysis { name, namespace, metric: metric.to_owned() }).set(value);
    }

    /// Counts the end of a rollout.
    pub(crate) fn ended(&self, target: &str, namespace: &str, end: RolloutEnd) {
        let labels = End {
            name: target.to_owned(),
            namespace: namespace.to_owned(),
            deployment_strategy: end.kind.label(),
            analysis_status: if end.skipped { "skipped" } else { "completed" },
        };
        let counters = if end.success { &self.successes } else { &self.failures };
        counters.get_or_create(&labels).inc();
    }

    /// Removes the gauges of a deleted canary, with its metrics of these names. Counters stay: a counter
    /// that disappears looks like a reset.
    pub(crate) fn remove<'a>(&self, target: &str, namespace: &str, metrics: impl Iterator<Item = &'a str>) {
        self.status.remove(&labels(target, namespace));
        self.duration.remove(&labels(target, namespace));
        for workload in [target.to_owned(), format!("{target}-primary")] {
            self.weight.remove(&Workload { workload, namespace: namespace.to_owned() });
        }
        for metric in metrics {
            let (name, namespace) = (target.to_owned(), namespace.to_owned());
            self.analysis.remove(&Analysis { name, namespace, metric: metric.to_owned() });
        }
    }
}

fn labels(target: &str, namespace: &str) -> Target {
    Target { name: target.to_owned(), namespace: namespace.to_owned() }
}

#[cfg(test)]
mod tests {
    use serin_core::strategy::Kind;

    use super::*;
    use crate::metrics::Metrics;

    fn sample() -> Metrics {
        let metrics = Metrics::new("0.1.0", "gatewayapi:v1");
        metrics.canary.count(["test", "test", "prod"].into_iter());
        metrics.canary.phase("podinfo", "test", Phase::Failed);
        metrics.canary.routing("podinfo", "test", Routing::weighted(20));
        metrics.canary.analysed("podinfo", "test", Duration::from_millis(20));
        metrics.canary.value("podinfo", "test", "request-duration", 0.25);
        let end = RolloutEnd { success: true, skipped: false, kind: Kind::BlueGreen };
        metrics.canary.ended("podinfo", "test", end);
        metrics
    }

    #[test]
    fn names_and_labels_are_flaggers() {
        let text = sample().render().unwrap();
        for line in [
            r#"flagger_info{mesh_provider="gatewayapi:v1",version="0.1.0"} 1"#,
            r#"flagger_canary_total{namespace="test"} 2"#,
            r#"flagger_canary_status{name="podinfo",namespace="test"} 2"#,
            r#"flagger_canary_weight{namespace="test",workload="podinfo-primary"} 80"#,
            r#"flagger_canary_weight{namespace="test",workload="podinfo"} 20"#,
            r#"flagger_canary_duration_seconds_count{name="podinfo",namespace="test"} 1"#,
            r#"flagger_canary_metric_analysis{metric="request-duration",name="podinfo",namespace="test"} 0.25"#,
            r#"flagger_canary_successes_total{analysis_status="completed",deployment_strategy="blue-green",name="podinfo",namespace="test"} 1"#,
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn types_and_descriptions_are_flaggers() {
        let metrics = sample();
        metrics.canary.ended(
            "podinfo",
            "test",
            RolloutEnd { success: false, skipped: false, kind: Kind::AbTest },
        );
        let text = metrics.render().unwrap();
        for (name, kind, help) in [
            ("flagger_info", "gauge", "Flagger version and mesh provider information"),
            ("flagger_canary_total", "gauge", "Total number of canary object"),
            ("flagger_canary_status", "gauge", "Last canary analysis result"),
            ("flagger_canary_weight", "gauge", "The virtual service destination weight current value"),
            ("flagger_canary_duration_seconds", "histogram", "Seconds spent performing canary analysis."),
            ("flagger_canary_metric_analysis", "gauge", "Last canary analysis result per metric"),
            ("flagger_canary_successes_total", "counter", "Total number of canary successes"),
            ("flagger_canary_failures_total", "counter", "Total number of canary failures"),
        ] {
            let described = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name}");
            assert!(text.contains(&described), "{described} in\n{text}");
        }
    }

    #[test]
    fn a_phase_is_progressing_failed_or_neither() {
        let values = [
            (Phase::Initializing, 1),
            (Phase::Initialized, 1),
            (Phase::Waiting, 1),
            (Phase::Progressing, 0),
            (Phase::WaitingPromotion, 1),
            (Phase::Promoting, 1),
            (Phase::Finalising, 1),
            (Phase::Succeeded, 1),
            (Phase::Failed, 2),
            (Phase::Terminating, 1),
            (Phase::Terminated, 1),
        ];
        for (phase, value) in values {
            let metrics = Metrics::new("0.1.0", "gatewayapi:v1");
            metrics.canary.phase("podinfo", "test", phase);
            let line = format!("flagger_canary_status{{name=\"podinfo\",namespace=\"test\"}} {value}\n");
            assert!(metrics.render().unwrap().contains(&line), "{phase}");
        }
    }

    #[test]
    fn ends_are_counted_by_strategy_and_analysis() {
        let ends = [
            (true, false, Kind::Progressive, "successes_total", "canary", "completed"),
            (true, true, Kind::Progressive, "successes_total", "canary", "skipped"),
            (true, false, Kind::BlueGreen, "successes_total", "blue-green", "completed"),
            (true, false, Kind::AbTest, "successes_total", "ab-testing", "completed"),
            (false, false, Kind::Progressive, "failures_total", "canary", "completed"),
        ];
        for (success, skipped, kind, counter, strategy, analysis) in ends {
            let metrics = Metrics::new("0.1.0", "gatewayapi:v1");
            metrics.canary.ended("podinfo", "test", RolloutEnd { success, skipped, kind });
            let line = format!(
                "flagger_canary_{counter}{{analysis_status=\"{analysis}\",\
                 deployment_strategy=\"{strategy}\",name=\"podinfo\",namespace=\"test\"}} 1\n"
            );
            let text = metrics.render().unwrap();
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn durations_have_the_default_buckets_of_go() {
        let text = sample().render().unwrap();
        for bucket in ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"]
        {
            let series = format!("flagger_canary_duration_seconds_bucket{{le=\"{bucket}\"");
            assert!(text.contains(&series), "{series} is missing in\n{text}");
        }
    }

    #[test]
    fn gauges_go_with_the_canary() {
        let metrics = sample();
        metrics.canary.remove("podinfo", "test", ["request-duration"].into_iter());
        metrics.canary.count(["prod"].into_iter());
        let text = metrics.render().unwrap();
        let left: Vec<_> = text.lines().filter(|line| line.contains("podinfo")).collect();
        assert_eq!(left.len(), 1, "{left:?}");
        assert!(left[0].starts_with("flagger_canary_successes_total"));
        assert!(!text.contains(r#"flagger_canary_total{namespace="test"}"#));
    }
}
