//! The course of the measurement.

use std::time::Duration;

use anyhow::{Context, Result};
use kube::Client;
use serin_e2e::{access, spare::Gateway};

use crate::{
    args::Args,
    figures::{ANALYSIS, Figures, Measured},
    flows,
    ground::Ground,
    operator::Operator,
    probe::Probe,
    progress::Progress,
    prometheus::Prometheus,
    timeline::Timeline,
    watch::Record,
    workload,
};

/// How long its token is good for: longer than any run.
const VALID: Duration = Duration::from_secs(6 * 3600);

/// How long the operator may take to come to rest.
const REST: Duration = Duration::from_secs(30);

/// Sets everything up, measures, and ends the operator.
///
/// # Errors
/// Something cannot be set up, or rollouts do not end in time.
pub(crate) async fn run(args: &Args, ground: &Ground, progress: Progress) -> Result<Figures> {
    let missing =
        || format!("no operator at {}: build it, or name it by --operator", args.operator.display());
    let program = args.operator.canonicalize().with_context(missing)?;
    progress.say("starting a control plane");
    ground.up(args.canaries).await?;
    ground.install().await?;
    let client = ground.client().await?;
    flows::install(&client).await?;
    let _gateway = Gateway::start(&client);
    let kubeconfig = ground.file("cluster/operator.kubeconfig");
    access::write(&client, &ground.kubeconfig()?, access::SERIN, &kubeconfig, VALID).await?;
    let prometheus = Prometheus::start().await?;
    progress.say("starting the operator");
    let log = ground.file("operator.log");
    let operator = Operator::start(&program, &kubeconfig, prometheus.url(), log).await?;
    let bench = Bench { args, client: &client, prometheus: &prometheus, progress };
    Ok(Figures::of(&bench.measure(operator).await?))
}

struct Bench<'a> {
    args: &'a Args,
    client: &'a Client,
    prometheus: &'a Prometheus,
    progress: Progress,
}

impl Bench<'_> {
    async fn measure(&self, mut operator: Operator) -> Result<Measured> {
        let (args, progress) = (self.args, self.progress);
        let namespaces = workload::namespaces(args.canaries);
        let record = Record::start(self.client, &namespaces);
        progress.say(format!("creating {} canaries", args.canaries));
        workload::create(self.client, &namespaces).await?;
        let initialized = record.until_all("initialized", args.patience(), Timeline::initialized);
        operator.alive(initialized).await??;
        let came_to_rest = operator.at_rest(REST).await?;

        progress.say(format!("counting requests of {} s without a rollout", args.idle));
        let probe = Probe { client: self.client, prometheus: self.prometheus };
        let before = probe.now(&operator).await?;
        operator.alive(tokio::time::sleep(args.idle())).await?;
        let start = probe.now(&operator).await?;

        progress.say("changing all targets");
        workload::change(self.client, &namespaces, |namespace| record.change(namespace)).await?;
        let limit = args.patience() + Duration::from_secs_f64(ANALYSIS);
        operator.alive(record.until_all("at their end", limit, Timeline::ended)).await??;
        progress.say("all rollouts have ended");
        operator.at_rest(REST).await?;
        let end = probe.now(&operator).await?;
        let (idle, rollouts) = (before.until(&start), start.until(&end));
        Ok(Measured { idle, came_to_rest, rollouts, timelines: record.timelines() })
    }
}
