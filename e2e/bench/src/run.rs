//! The course of the measurement.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use kube::Client;
use serin_e2e::{access, control_plane::Gateway, flagger_program};

use crate::{
    args::Args,
    beside::{Beside, Spent},
    cluster::BenchCluster,
    figures::{ANALYSIS, Figures, Measured},
    flows,
    operator::Operator,
    probe::Probe,
    progress::Progress,
    prometheus::Prometheus,
    side::Side,
    timeline::Timeline,
    watch::Record,
    workload,
};

/// How long its token is good for: longer than any run.
const VALID: Duration = Duration::from_secs(6 * 3600);

/// How long a program beside the operator takes to start.
const SETTLE: Duration = Duration::from_secs(5);

/// How long the operator may take to come to rest.
const REST: Duration = Duration::from_secs(30);

/// The program of an operator; Flagger's is built the first time.
///
/// # Errors
/// It is not there, or cannot be built.
pub(crate) async fn program(args: &Args, side: Side) -> Result<PathBuf> {
    let missing =
        || format!("no operator at {}: build it, or name it by --operator", args.operator.display());
    match side {
        Side::Serin => args.operator.canonicalize().with_context(missing),
        Side::Flagger => flagger_program::program().await,
    }
}

/// Sets everything up anew, measures one operator, and ends it.
///
/// # Errors
/// Something cannot be set up, or rollouts do not end in time.
pub(crate) async fn run(
    args: &Args,
    side: Side,
    cluster: &BenchCluster,
    progress: Progress,
) -> Result<Figures> {
    let (name, program) = (side.name(), program(args, side).await?);
    progress.say(format!("starting a control plane for {name}"));
    cluster.up(args.canaries).await?;
    cluster.install(side).await?;
    let client = cluster.client().await?;
    flows::install(&client, side.account()).await?;
    let _gateway = Gateway::start(&client);
    let kubeconfig = cluster.file("cluster/operator.kubeconfig");
    access::write(&client, &cluster.kubeconfig()?, side.account(), &kubeconfig, VALID).await?;
    let prometheus = Prometheus::start().await?;
    progress.say(format!("starting {name}"));
    let log = cluster.file(&format!("{name}.log"));
    let elected = !args.beside.is_empty();
    let operator = Operator::start(side, &program, &kubeconfig, prometheus.url(), elected, log).await?;
    let started = (1..).zip(&args.beside).map(|(number, command)| {
        Beside::start(command, &kubeconfig, &cluster.file(&format!("beside-{number}.log")))
    });
    let beside = started.collect::<Result<_>>()?;
    let patience = args.patience(side);
    let bench = Bench { args, patience, client: &client, prometheus: &prometheus, beside, progress };
    Ok(Figures::of(&bench.measure(operator).await?))
}

struct Bench<'a> {
    args: &'a Args,
    patience: Duration,
    client: &'a Client,
    prometheus: &'a Prometheus,
    beside: Vec<Beside>,
    progress: Progress,
}

impl Bench<'_> {
    async fn measure(&self, mut operator: Operator) -> Result<Measured> {
        let (args, progress) = (self.args, self.progress);
        let mut beside = BTreeMap::new();
        self.look_beside(&mut beside).await?;
        let namespaces = workload::namespaces(args.canaries);
        let record = Record::start(self.client, &namespaces);
        progress.say(format!("creating {} canaries", args.canaries));
        workload::create(self.client, &namespaces).await?;
        let initialized = record.until_all("initialized", self.patience, Timeline::initialized);
        operator.alive(initialized).await??;
        let came_to_rest = operator.at_rest(REST).await?;

        progress.say(format!("counting requests of {} s without a rollout", args.idle));
        let probe = Probe { client: self.client, prometheus: self.prometheus };
        self.look_beside(&mut beside).await?;
        let before = probe.now(&operator).await?;
        operator.alive(tokio::time::sleep(args.idle())).await?;
        let start = probe.now(&operator).await?;
        self.look_beside(&mut beside).await?;

        progress.say("changing all targets");
        workload::change(self.client, &namespaces, |namespace| record.change(namespace)).await?;
        let limit = self.patience + Duration::from_secs_f64(ANALYSIS);
        operator.alive(record.until_all("at their end", limit, Timeline::ended)).await??;
        progress.say("all rollouts have ended");
        operator.at_rest(REST).await?;
        let end = probe.now(&operator).await?;
        self.look_beside(&mut beside).await?;
        let (idle, rollouts) = (before.until(&start), start.until(&end));
        Ok(Measured { idle, came_to_rest, rollouts, timelines: record.timelines(), beside })
    }

    /// Notes what the programs beside the operator have used so far; when they start they are given time to settle.
    async fn look_beside(&self, spent: &mut BTreeMap<String, Vec<Spent>>) -> Result<()> {
        for program in &self.beside {
            let of_program: &mut Vec<Spent> = spent.entry(program.command().to_owned()).or_default();
            if of_program.is_empty() {
                tokio::time::sleep(SETTLE).await;
            }
            of_program.push(program.spent().await?);
        }
        Ok(())
    }
}
