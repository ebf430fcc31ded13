//! All counters at one moment, and what they counted between two.

use std::{collections::BTreeMap, time::Instant};

use anyhow::Result;
use kube::Client;

use crate::{
    beside, exposition,
    flows::{self, ByVerb},
    operator::Operator,
    proc::{self, Machine, Usage},
    prometheus::Prometheus,
    quantiles::Buckets,
    requests::{Requests, difference},
};

/// What is read.
pub(crate) struct Probe<'a> {
    pub(crate) client: &'a Client,
    pub(crate) prometheus: &'a Prometheus,
}

/// All counters at one moment.
pub(crate) struct Moment {
    at: Instant,
    requests: Requests,
    server: ByVerb,
    usage: Usage,
    machine: Machine,
    lateness: Buckets,
    reconciles: u64,
    queries: u64,
    load: f64,
}

/// What was counted between two moments.
pub(crate) struct Window {
    pub(crate) seconds: f64,
    /// By the operator.
    pub(crate) requests: Requests,
    /// By the API server.
    pub(crate) server: ByVerb,
    pub(crate) cpu_seconds: f64,
    /// At the end.
    pub(crate) usage: Usage,
    /// The share of all processors that was busy, in percent.
    pub(crate) machine_busy: f64,
    /// Lateness of checks, by the operator.
    pub(crate) lateness: Buckets,
    /// By the operator; none for one that does not count.
    pub(crate) reconciles: u64,
    /// Queries to Prometheus.
    pub(crate) queries: u64,
    /// Load average at the beginning and at the end.
    pub(crate) load: [f64; 2],
}

impl Probe<'_> {
    /// Reads everything.
    ///
    /// # Errors
    /// The operator or the API server does not answer.
    pub(crate) async fn now(&self, operator: &Operator) -> Result<Moment> {
        let server = flows::counted(self.client).await?;
        let metrics = operator.metrics().await?;
        Ok(Moment {
            at: Instant::now(),
            requests: Requests::read(&metrics),
            server,
            usage: proc::usage(operator.pid())?,
            machine: Machine::read()?,
            lateness: lateness(&metrics),
            reconciles: beside::reconciles(&metrics),
            queries: self.prometheus.queries(),
            load: proc::load()?,
        })
    }
}

fn lateness(metrics: &str) -> Buckets {
    let samples = exposition::samples(metrics, "serin_check_lateness_seconds_bucket");
    let buckets = samples.filter_map(|sample| {
        let bound = sample.labels.get("le")?.parse().ok()?;
        Some((bound, sample.count()))
    });
    Buckets::new(buckets)
}

impl Moment {
    /// What was counted from here on.
    pub(crate) fn until(&self, later: &Self) -> Window {
        Window {
            seconds: (later.at - self.at).as_secs_f64(),
            requests: later.requests.since(&self.requests),
            server: difference(&later.server, &self.server),
            cpu_seconds: later.usage.cpu_seconds - self.usage.cpu_seconds,
            usage: later.usage,
            machine_busy: later.machine.busy_since(self.machine),
            lateness: later.lateness.since(&self.lateness),
            reconciles: later.reconciles - self.reconciles,
            queries: later.queries - self.queries,
            load: [self.load, later.load],
        }
    }
}

impl Window {
    /// The verbs of which operator and API server counted different numbers: theirs, in this order.
    ///
    /// None for an operator that does not count.
    pub(crate) fn disagreements(&self) -> BTreeMap<String, [u64; 2]> {
        if self.requests.by.is_empty() {
            return BTreeMap::new();
        }
        let own = self.requests.by_verb();
        let verbs = own.keys().chain(self.server.keys());
        let count = |of: &ByVerb, verb: &String| of.get(verb).copied().unwrap_or_default();
        let pairs = verbs.map(|verb| (verb.clone(), [count(&own, verb), count(&self.server, verb)]));
        pairs.filter(|(_, [own, server])| own != server).collect()
    }
}
