//! The result: what `make bench` prints, as a table and as JSON.

use std::{collections::BTreeMap, time::Instant};

use serde::Serialize;

use crate::{
    beside::Spent,
    probe::Window,
    quantiles::Quantiles,
    timeline::Timeline,
    watch::Timelines,
    workload::{INTERVAL, STEPS},
};

/// Seconds that the Canaries ask to be analysed for.
pub(crate) const ANALYSIS: f64 = INTERVAL * STEPS as f64;

/// The whole result. Times are seconds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) canaries: usize,
    pub(crate) succeeded: usize,
    pub(crate) machine: MachineFigures,
    pub(crate) idle: IdleFigures,
    pub(crate) rollout: RolloutFigures,
    pub(crate) times: Times,
    pub(crate) lateness: Lateness,
    /// Of the programs that ran beside the operator: what each had used at the moments of [`MOMENTS`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) beside: BTreeMap<String, Vec<Spent>>,
}

/// When programs beside the operator are looked at.
pub(crate) const MOMENTS: [&str; 4] = ["started", "canaries there", "idle time over", "rollouts over"];

/// What else went on: all processes share the machine with what is measured.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MachineFigures {
    pub(crate) processors: usize,
    /// Load average of a minute: before the idle time, and before and after the rollouts.
    pub(crate) load: [f64; 3],
    /// Percent of all processors during the rollouts.
    pub(crate) busy_percent: f64,
}

/// Without any rollout.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct IdleFigures {
    pub(crate) seconds: f64,
    /// By the operator's count.
    pub(crate) requests: BTreeMap<String, u64>,
    /// By the API server's count.
    pub(crate) server_requests: BTreeMap<String, u64>,
    pub(crate) cpu_seconds: f64,
    pub(crate) resident_mib: f64,
    /// Whether the operator came to rest before; one that does not count its requests never does.
    pub(crate) came_to_rest: bool,
}

/// Of all rollouts together, divided by their number.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RolloutFigures {
    pub(crate) requests: f64,
    pub(crate) writes: f64,
    /// By verb and resource.
    pub(crate) requests_by: BTreeMap<String, f64>,
    /// All requests that were refused, not divided.
    pub(crate) refused: BTreeMap<String, u64>,
    /// By the API server's count.
    pub(crate) server_requests: f64,
    /// The same by verb.
    pub(crate) server_requests_by: BTreeMap<String, f64>,
    /// Verbs that the two counted differently.
    pub(crate) disagreements: BTreeMap<String, [u64; 2]>,
    pub(crate) reconciles: f64,
    pub(crate) queries: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) resident_mib: f64,
    pub(crate) peak_mib: f64,
}

/// From the change of a target on.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Times {
    pub(crate) to_first_traffic: Quantiles,
    pub(crate) to_succeeded: Quantiles,
    /// Beyond the configured analysis.
    pub(crate) overhead: Quantiles,
    /// The part of it that the cluster took to bring up pods.
    pub(crate) pods: Quantiles,
    /// The rest: the operator's part, and the API server's with it.
    pub(crate) own: Quantiles,
    /// Its parts, one after the other.
    pub(crate) own_parts: OwnParts,
    /// From the last check, which is the start of the promotion, to the end.
    pub(crate) last_check_to_succeeded: Quantiles,
}

/// Where the operator's part of the overhead lies.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct OwnParts {
    /// From the change to the canary being scaled up.
    pub(crate) to_scaled: Quantiles,
    /// From the canary's pods being ready to its first traffic.
    pub(crate) ready_to_traffic: Quantiles,
    /// From the first traffic to the promotion, beyond the configured analysis.
    pub(crate) analysis: Quantiles,
    /// From the primary's pods being ready to the end; requests are given half a second to drain.
    pub(crate) primary_ready_to_end: Quantiles,
}

/// How late steps are, against a schedule that begins with the first traffic.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Lateness {
    /// As seen on the routes, and on the primary for the last step.
    pub(crate) steps: Quantiles,
    /// Checks, by the operator's histogram: how many, and bounds below which 50 and 99 % of them lie.
    pub(crate) checks: u64,
    pub(crate) checks_p50_below: Option<f64>,
    pub(crate) checks_p99_below: Option<f64>,
}

/// Everything that was measured.
pub(crate) struct Measured {
    pub(crate) idle: Window,
    pub(crate) came_to_rest: bool,
    pub(crate) rollouts: Window,
    pub(crate) timelines: Timelines,
    pub(crate) beside: BTreeMap<String, Vec<Spent>>,
}

impl Figures {
    pub(crate) fn of(measured: &Measured) -> Self {
        let Measured { idle, rollouts, timelines, came_to_rest, beside } = measured;
        let [before, start] = idle.load;
        Self {
            canaries: timelines.len(),
            succeeded: timelines.values().filter(|timeline| timeline.succeeded()).count(),
            machine: MachineFigures {
                processors: std::thread::available_parallelism().map_or(0, usize::from),
                load: [before, start, rollouts.load[1]],
                busy_percent: rollouts.machine_busy,
            },
            idle: IdleFigures::of(idle, *came_to_rest),
            rollout: RolloutFigures::of(rollouts, timelines.len()),
            times: Times::of(timelines),
            lateness: Lateness::of(timelines, rollouts),
            beside: beside.clone(),
        }
    }

    pub(crate) fn all_succeeded(&self) -> bool {
        self.succeeded == self.canaries
    }
}

impl IdleFigures {
    fn of(window: &Window, came_to_rest: bool) -> Self {
        Self {
            seconds: window.seconds,
            requests: window.requests.by.clone(),
            server_requests: window.server.clone(),
            cpu_seconds: window.cpu_seconds,
            resident_mib: mib(window.usage.resident_kib),
            came_to_rest,
        }
    }
}

impl RolloutFigures {
    fn of(window: &Window, rollouts: usize) -> Self {
        let each = |count: u64| number(count) / number(rollouts as u64).max(1.0);
        let by = &window.requests.by;
        Self {
            requests: each(window.requests.total()),
            writes: each(window.requests.writes()),
            requests_by: by.iter().map(|(what, count)| (what.clone(), each(*count))).collect(),
            refused: window.requests.refused.clone(),
            server_requests: each(window.server.values().sum()),
            server_requests_by: window
                .server
                .iter()
                .map(|(verb, count)| (verb.clone(), each(*count)))
                .collect(),
            disagreements: window.disagreements(),
            reconciles: each(window.reconciles),
            queries: each(window.queries),
            cpu_seconds: window.cpu_seconds / number(rollouts as u64).max(1.0),
            resident_mib: mib(window.usage.resident_kib),
            peak_mib: mib(window.usage.peak_kib),
        }
    }
}

impl Times {
    fn of(timelines: &Timelines) -> Self {
        let all = |time| over_all(timelines, time);
        Self {
            to_first_traffic: all(|t| between(t.changed, t.first_traffic())),
            to_succeeded: all(|t| between(t.changed, t.ended)),
            overhead: all(overhead),
            pods: all(pods),
            own: all(|t| Some(overhead(t)? - pods(t)?)),
            own_parts: OwnParts::of(timelines),
            last_check_to_succeeded: all(|t| between(t.promoting, t.ended)),
        }
    }
}

impl OwnParts {
    fn of(timelines: &Timelines) -> Self {
        let all = |time| over_all(timelines, time);
        Self {
            to_scaled: all(|t| between(t.changed, t.scaled)),
            ready_to_traffic: all(|t| between(t.ready, t.first_traffic())),
            analysis: all(|t| Some(between(t.first_traffic(), t.promoting)? - ANALYSIS)),
            primary_ready_to_end: all(|t| between(t.primary_ready, t.ended)),
        }
    }
}

fn over_all(timelines: &Timelines, time: fn(&Timeline) -> Option<f64>) -> Quantiles {
    Quantiles::of(timelines.values().filter_map(time))
}

fn overhead(timeline: &Timeline) -> Option<f64> {
    Some(between(timeline.changed, timeline.ended)? - ANALYSIS)
}

fn pods(timeline: &Timeline) -> Option<f64> {
    let canary = between(timeline.scaled, timeline.ready)?;
    Some(canary + between(timeline.promoting, timeline.primary_ready)?)
}

impl Lateness {
    fn of(timelines: &Timelines, window: &Window) -> Self {
        Self {
            steps: Quantiles::of(timelines.values().flat_map(steps_late)),
            checks: window.lateness.count(),
            checks_p50_below: window.lateness.below(50),
            checks_p99_below: window.lateness.below(99),
        }
    }
}

/// How late each step after the first was, the promotion being the last.
fn steps_late(timeline: &Timeline) -> Vec<f64> {
    let steps = timeline.weights.iter().map(|(at, _)| *at).chain(timeline.promoting);
    let first = timeline.first_traffic();
    let due = (1..=STEPS).map(|step| f64::from(step) * INTERVAL);
    let late = steps.skip(1).zip(due).map(|(at, due)| between(first, Some(at)).unwrap_or_default() - due);
    late.collect()
}

/// Seconds from one moment to another; negative if they are the other way round.
fn between(from: Option<Instant>, to: Option<Instant>) -> Option<f64> {
    let (from, to) = (from?, to?);
    let forwards = to.saturating_duration_since(from).as_secs_f64();
    Some(forwards - from.saturating_duration_since(to).as_secs_f64())
}

pub(crate) fn mib(kib: u64) -> f64 {
    number(kib) / 1024.0
}

#[expect(clippy::cast_precision_loss, reason = "counts are far from 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn rollout() -> Timeline {
        let start = Instant::now();
        let at = |millis| Some(start + Duration::from_millis(millis));
        let mut timeline = Timeline::default();
        (timeline.changed, timeline.scaled, timeline.ready) = (at(0), at(100), at(1100));
        for (step, weight) in (0..).zip([10, 20, 30, 40, 50]) {
            timeline.weights.extend(at(1200 + 10_010 * step).map(|at| (at, weight)));
        }
        (timeline.promoting, timeline.primary_ready) = (at(51_300), at(53_300));
        timeline.ended = at(54_000);
        timeline
    }

    fn about(actual: Option<f64>, expected: f64) {
        assert!((actual.unwrap() - expected).abs() < 1e-6, "{actual:?} is not {expected}");
    }

    #[test]
    fn overhead_is_split_between_pods_and_the_rest() {
        let timeline = rollout();
        about(overhead(&timeline), 4.0);
        about(pods(&timeline), 3.0);
        assert_eq!(overhead(&Timeline::default()), None);
    }

    #[test]
    fn lateness_adds_up_over_the_steps() {
        let late = steps_late(&rollout());
        let rounded: Vec<_> = late.iter().map(|seconds| (seconds * 1000.0).round()).collect();
        assert_eq!(rounded, [10.0, 20.0, 30.0, 40.0, 100.0]);
        assert!(steps_late(&Timeline::default()).is_empty());
    }

    #[test]
    fn moments_may_come_the_other_way_round() {
        let now = Instant::now();
        about(between(Some(now + Duration::from_secs(2)), Some(now)), -2.0);
    }
}
