//! What the program can be told. Names and meanings of Flagger's flags are kept.

use std::{fmt, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::{ignored::IgnoredArgs, probe::ProbeArgs};

/// Canary releases for Kubernetes, in the place of Flagger.
#[derive(Debug, Parser)]
#[command(name = "serin", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the operator.
    // Go takes the last of several.
    #[command(args_override_self = true)]
    Run(Box<RunArgs>),
    /// Run the load tester that the webhooks of Canaries call.
    Loadtester(serin_loadtester::Config),
    /// Ask an address whether a program is well, for probes that run a command.
    Probe(ProbeArgs),
    /// Print the custom resource definitions.
    Crds,
}

/// Arguments of the operator.
///
/// The port's variable is not called `SERIN_PORT`: Kubernetes sets that name to a URL in every pod beside a
/// Service called `serin`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Path of a kubeconfig. Without it, KUBECONFIG or the pod's service account is used.
    #[arg(long, default_value = "")]
    pub(crate) kubeconfig: String,
    /// Address of the API server instead of the kubeconfig's.
    #[arg(long, default_value = "")]
    pub(crate) master: String,
    /// Refused unless it is empty or the same as --kubeconfig.
    #[arg(long, hide = true, default_value = "")]
    pub(crate) kubeconfig_service_mesh: String,
    /// Serve only this namespace.
    #[arg(long, env = "SERIN_NAMESPACE", default_value = "")]
    pub(crate) namespace: String,
    /// What routes the traffic of Canaries without spec.provider.
    #[arg(long, env = "SERIN_MESH_PROVIDER", default_value = "gatewayapi:v1")]
    pub(crate) mesh_provider: String,
    /// Prefix of the annotations that the NGINX Ingress controller reads.
    #[arg(long, env = "SERIN_INGRESS_ANNOTATIONS_PREFIX", default_value = "nginx.ingress.kubernetes.io")]
    pub(crate) ingress_annotations_prefix: String,
    /// Prometheus of Canaries without spec.metricsServer.
    #[arg(long, env = "SERIN_METRICS_SERVER", default_value = "http://prometheus:9090")]
    pub(crate) metrics_server: String,
    /// debug, info, warn or error.
    #[arg(long, env = "SERIN_LOG_LEVEL", default_value = "info")]
    pub(crate) log_level: String,
    /// Form of the log.
    #[arg(
        long = "zap-encoding",
        visible_alias = "log-format",
        env = "SERIN_LOG_FORMAT",
        default_value = "json"
    )]
    pub(crate) log_format: LogFormat,
    /// Port of health and metrics.
    #[arg(long, env = "SERIN_LISTEN_PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Prefixes of labels and annotations that go from the target to the primary; * stands for all.
    #[arg(long, env = "SERIN_INCLUDE_LABEL_PREFIX", default_value = "")]
    pub(crate) include_label_prefix: List,
    /// Labels of which one must select the target's pods; the first one found is used.
    #[arg(long, env = "SERIN_SELECTOR_LABELS", default_value = "app,name,app.kubernetes.io/name")]
    pub(crate) selector_labels: List,
    /// Whether changes of ConfigMaps and Secrets start a rollout.
    #[arg(long, env = "SERIN_ENABLE_CONFIG_TRACKING", default_value_t = true, action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) enable_config_tracking: bool,
    /// Whether templates and alert providers must be in the Canary's namespace.
    #[arg(long, env = "SERIN_NO_CROSS_NAMESPACE_REFS", default_value_t = false, action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) no_cross_namespace_refs: bool,
    /// The shortest interval of an analysis; shorter ones are raised to it.
    #[arg(long, env = "SERIN_MIN_INTERVAL", default_value = "10s", value_parser = duration)]
    pub(crate) min_interval: Duration,
    /// How long requests under way may take to end before the canary is scaled down.
    #[arg(long, env = "SERIN_DRAIN", default_value = "500ms", value_parser = duration)]
    pub(crate) drain: Duration,
    /// How many Canaries are worked on at a time.
    #[arg(long, env = "SERIN_CONCURRENCY", default_value_t = 64)]
    pub(crate) concurrency: u16,
    #[command(flatten)]
    pub(crate) election: ElectionArgs,
    #[command(flatten)]
    pub(crate) people: PeopleArgs,
    #[command(flatten)]
    pub(crate) ignored: IgnoredArgs,
}

/// Which replica acts.
#[derive(Debug, Args)]
pub(crate) struct ElectionArgs {
    /// Whether several replicas elect the one that acts.
    #[arg(long, env = "SERIN_ENABLE_LEADER_ELECTION", default_value_t = false, action = ArgAction::Set,
        num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) enable_leader_election: bool,
    /// Namespace of the Lease; --namespace has precedence.
    #[arg(long, env = "SERIN_LEADER_ELECTION_NAMESPACE", default_value = "kube-system")]
    pub(crate) leader_election_namespace: String,
    /// How long the acting replica may be silent before another takes over.
    #[arg(long, env = "SERIN_LEASE_DURATION", default_value = "60s", value_parser = duration)]
    pub(crate) lease_duration: Duration,
}

/// Whom to tell about Canaries that name nobody. The environment's variables have precedence, as in Flagger.
#[derive(Debug, Args)]
pub(crate) struct PeopleArgs {
    /// Where every event is sent, unless a Canary has webhooks of type event. [env: `EVENT_WEBHOOK_URL`]
    #[arg(long, default_value = "")]
    pub(crate) event_webhook: Hidden,
    /// Hook of Slack. [env: `SLACK_URL`]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) slack_url: Hidden,
    /// Token of Slack's API. [env: `SLACK_TOKEN`]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) slack_token: Hidden,
    /// HTTP proxy on the way to Slack. [env: `SLACK_PROXY_URL`]
    #[arg(long, default_value = "")]
    pub(crate) slack_proxy_url: Hidden,
    /// Sender in Slack.
    #[arg(long, default_value = "flagger")]
    pub(crate) slack_user: String,
    /// Channel of Slack.
    #[arg(long, default_value = "")]
    pub(crate) slack_channel: String,
    /// Hook of Microsoft Teams. [env: `MSTEAMS_URL`]
    #[arg(long, default_value = "")]
    pub(crate) msteams_url: Hidden,
    /// HTTP proxy on the way to Microsoft Teams. [env: `MSTEAMS_PROXY_URL`]
    #[arg(long, default_value = "")]
    pub(crate) msteams_proxy_url: Hidden,
    /// Name of the cluster in alerts.
    #[arg(long, env = "SERIN_CLUSTER_NAME", default_value = "")]
    pub(crate) cluster_name: String,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Console,
}

/// A text that may hold credentials.
#[derive(Clone)]
pub(crate) struct Hidden(pub(crate) String);

impl From<&str> for Hidden {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("(hidden)")
    }
}

/// Entries that are separated by commas.
#[derive(Clone, Debug)]
pub(crate) struct List(pub(crate) Vec<String>);

impl From<&str> for List {
    /// Spaces around entries do not count, and neither do empty ones.
    fn from(text: &str) -> Self {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        Self(entries.map(str::to_owned).collect())
    }
}

/// A truth value as Go's flags take it.
fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("use true or false".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = serin_api::duration::parse(text).map_err(|error| error.to_string())?;
    duration.to_std().map_err(|_| "it must not be negative".to_owned())
}

#[cfg(test)]
mod tests;
