//! What the program can be told. Names and meanings of Flagger's flags are kept.

use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

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
    Run(Box<RunArgs>),
    /// Run the load tester that the webhooks of Canaries call.
    Loadtester(serin_loadtester::Config),
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
    /// Serve only this namespace.
    #[arg(long, env = "SERIN_NAMESPACE", default_value = "")]
    pub(crate) namespace: String,
    /// What routes the traffic of Canaries without spec.provider.
    #[arg(long, env = "SERIN_MESH_PROVIDER", default_value = "gatewayapi:v1")]
    pub(crate) mesh_provider: String,
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
    #[arg(long, env = "SERIN_INCLUDE_LABEL_PREFIX", value_delimiter = ',')]
    pub(crate) include_label_prefix: Vec<String>,
    /// Labels of which one must select the target's pods; the first one found is used.
    #[arg(
        long,
        env = "SERIN_SELECTOR_LABELS",
        value_delimiter = ',',
        default_value = "app,name,app.kubernetes.io/name"
    )]
    pub(crate) selector_labels: Vec<String>,
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
    pub(crate) event_webhook: String,
    /// Hook of Slack. [env: `SLACK_URL`]
    #[arg(long, default_value = "")]
    pub(crate) slack_url: String,
    /// Token of Slack's API. [env: `SLACK_TOKEN`]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) slack_token: String,
    /// HTTP proxy on the way to Slack. [env: `SLACK_PROXY_URL`]
    #[arg(long, default_value = "")]
    pub(crate) slack_proxy_url: String,
    /// Sender in Slack.
    #[arg(long, default_value = "flagger")]
    pub(crate) slack_user: String,
    /// Channel of Slack.
    #[arg(long, default_value = "")]
    pub(crate) slack_channel: String,
    /// Hook of Microsoft Teams. [env: `MSTEAMS_URL`]
    #[arg(long, default_value = "")]
    pub(crate) msteams_url: String,
    /// HTTP proxy on the way to Microsoft Teams. [env: `MSTEAMS_PROXY_URL`]
    #[arg(long, default_value = "")]
    pub(crate) msteams_proxy_url: String,
    /// Name of the cluster in alerts.
    #[arg(long, env = "SERIN_CLUSTER_NAME", default_value = "")]
    pub(crate) cluster_name: String,
}

/// Flags of Flagger without a meaning here. Manifests written for it may set them.
#[derive(Debug, Args)]
pub(crate) struct IgnoredArgs {
    /// Taken and ignored: the API server's own fairness limits requests.
    #[arg(long, hide = true)]
    pub(crate) kubeconfig_qps: Option<String>,
    /// Taken and ignored.
    #[arg(long, hide = true)]
    pub(crate) kubeconfig_burst: Option<String>,
    /// Refused unless it is empty or the same as --kubeconfig.
    #[arg(long, hide = true, default_value = "")]
    pub(crate) kubeconfig_service_mesh: String,
    /// Taken and ignored: nothing is polled.
    #[arg(long, hide = true)]
    pub(crate) control_loop_interval: Option<String>,
    /// Taken and ignored: see --concurrency.
    #[arg(long, hide = true)]
    pub(crate) threadiness: Option<String>,
    /// Taken and ignored.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) zap_replace_globals: Option<String>,
    /// Taken and ignored: belongs to a provider that is not supported.
    #[arg(long, hide = true)]
    pub(crate) ingress_annotations_prefix: Option<String>,
    /// Taken and ignored: belongs to a provider that is not supported.
    #[arg(long, hide = true)]
    pub(crate) ingress_class: Option<String>,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For people.
    Console,
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
mod tests {
    use super::*;
    use crate::flags::normalised;

    fn parse(args: &str) -> RunArgs {
        let args = std::iter::once("serin").chain(args.split_whitespace()).map(Into::into);
        match Cli::try_parse_from(normalised(args)).unwrap().command {
            Command::Run(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_definition_is_sound() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn every_flag_of_flagger_is_taken() {
        let args = parse(
            "-kubeconfig=/k -master=https://m -kubeconfig-qps=100 -kubeconfig-burst=250 \
             -kubeconfig-service-mesh=/k -metrics-server=http://p:9090 -control-loop-interval=10s \
             -log-level=debug -port=8081 -slack-url=http://s -slack-token=t -slack-proxy-url=http://x \
             -slack-user=u -slack-channel=c -msteams-url=http://t -msteams-proxy-url=http://y \
             -event-webhook=http://e -include-label-prefix=app,team -threadiness=2 -zap-replace-globals=false \
             -zap-encoding=json -namespace=test -mesh-provider=kubernetes -selector-labels=app,name \
             -ingress-annotations-prefix=nginx -ingress-class=n -enable-leader-election \
             -leader-election-namespace=flagger -enable-config-tracking=false -cluster-name=prod \
             -no-cross-namespace-refs=true",
        );
        assert_eq!(args.port, 8081);
        assert_eq!(args.include_label_prefix, ["app", "team"]);
        assert!(args.election.enable_leader_election && args.no_cross_namespace_refs);
        assert!(!args.enable_config_tracking);
    }

    #[test]
    fn values_may_be_arguments_of_their_own_but_not_truth_values() {
        let args = parse("-enable-leader-election -log-level warn");
        assert!(args.election.enable_leader_election);
        assert_eq!(args.log_level, "warn");
    }

    #[test]
    fn times_are_those_of_go() {
        assert_eq!(parse("run --min-interval=1s --drain 250ms").drain, Duration::from_millis(250));
    }
}
