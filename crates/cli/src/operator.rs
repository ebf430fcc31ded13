//! `serin run`.

use anyhow::{Context, bail};
use chrono::TimeDelta;
use serin_api::AlertProviderSpec;
use serin_controller::{
    Election, Options,
    telemetry::{self, Encoding},
};
use serin_core::validate::Settings;
use serin_notify::Receiver;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{LogFormat, PeopleArgs, RunArgs},
    ignored::IgnoredArgs,
};

/// How long running reconciles may take to end after a signal; Kubernetes grants 30 seconds in all.
const GRACE: std::time::Duration = std::time::Duration::from_secs(15);

/// The value of a variable, if it is set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Runs the operator until `stop` is cancelled.
pub(crate) async fn run(args: RunArgs, stop: CancellationToken) -> anyhow::Result<()> {
    telemetry::init(&args.log_level, encoding(args.log_format));
    tell_of_ignored(&args.ignored);
    let options = options(args, &|variable| std::env::var(variable).ok())?;
    serin_controller::run(options, stop).await?;
    Ok(())
}

fn encoding(format: LogFormat) -> Encoding {
    match format {
        LogFormat::Json => Encoding::Json,
        LogFormat::Console => Encoding::Console,
    }
}

fn tell_of_ignored(args: &IgnoredArgs) {
    for (flag, reason) in &args.set {
        tracing::info!(flag, reason, "this flag of Flagger is ignored");
    }
}

/// What the operator is told by its arguments and the environment.
pub(crate) fn options(args: RunArgs, environment: Environment<'_>) -> anyhow::Result<Options> {
    let mesh = &args.kubeconfig_service_mesh;
    if !mesh.is_empty() && *mesh != args.kubeconfig {
        bail!(
            "--kubeconfig-service-mesh is not supported: routes are written to the cluster of the Canaries"
        );
    }
    let settings = settings(&args)?;
    let namespace = some(args.namespace);
    let election = args.election.enable_leader_election.then(|| Election {
        duration: args.election.lease_duration,
        ..Election::in_namespace(namespace.clone().unwrap_or(args.election.leader_election_namespace))
    });
    Ok(Options {
        kubeconfig: some(args.kubeconfig),
        master: some(args.master),
        namespace,
        settings,
        metrics_server: args.metrics_server,
        event_webhook: some(variable_or(environment, "EVENT_WEBHOOK_URL", &args.people.event_webhook.0)),
        alert_receiver: receiver(&args.people, environment)?,
        cluster_name: some(args.people.cluster_name),
        listen: ([0, 0, 0, 0], args.port).into(),
        concurrency: usize::from(args.concurrency.max(1)),
        election,
        grace: GRACE,
    })
}

fn settings(args: &RunArgs) -> anyhow::Result<Settings> {
    let span =
        |name: &str, value| TimeDelta::from_std(value).with_context(|| format!("--{name} is too long"));
    Ok(Settings {
        mesh_provider: args.mesh_provider.clone(),
        ingress_annotations: args.ingress_annotations_prefix.clone(),
        min_interval: span("min-interval", args.min_interval)?,
        selector_labels: args.selector_labels.0.clone(),
        include_label_prefix: args.include_label_prefix.0.clone(),
        config_tracking: args.enable_config_tracking,
        no_cross_namespace_refs: args.no_cross_namespace_refs,
        drain: span("drain", args.drain)?,
    })
}

/// Returns the receiver for Canaries without alerts of their own. Microsoft Teams has precedence.
fn receiver(people: &PeopleArgs, environment: Environment<'_>) -> anyhow::Result<Option<Receiver>> {
    let setting = |name, flag: &str| variable_or(environment, name, flag);
    let slack = setting("SLACK_URL", &people.slack_url.0);
    let teams = setting("MSTEAMS_URL", &people.msteams_url.0);
    let (kind, address, proxy) = match (slack.is_empty(), teams.is_empty()) {
        (_, false) => ("msteams", teams, setting("MSTEAMS_PROXY_URL", &people.msteams_proxy_url.0)),
        (false, true) => ("slack", slack, setting("SLACK_PROXY_URL", &people.slack_proxy_url.0)),
        (true, true) => return Ok(None),
    };
    let spec = AlertProviderSpec {
        type_: kind.to_owned(),
        channel: some(people.slack_channel.clone()),
        username: some(people.slack_user.clone()),
        address: Some(address),
        proxy: some(proxy),
        secret_ref: None,
    };
    let mut receiver = Receiver::new(&spec, None).context("the receiver of alerts cannot be used")?;
    receiver.token = some(setting("SLACK_TOKEN", &people.slack_token.0))
        .map(|token| serin_notify::alert::Secret::new(&token));
    Ok(Some(receiver))
}

/// A variable of the environment, or what a flag says when it is unset or empty.
fn variable_or(environment: Environment<'_>, name: &str, flag: &str) -> String {
    environment(name).filter(|value| !value.is_empty()).unwrap_or_else(|| flag.to_owned())
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
