use std::collections::BTreeSet;

use serin_controller::Options;

use super::*;
use crate::{flags::normalised, operator};

/// Every flag of Flagger 1.44, but `-version`: see `flags`.
const FLAGS: [&str; 31] = [
    "cluster-name",
    "control-loop-interval",
    "enable-config-tracking",
    "enable-leader-election",
    "event-webhook",
    "include-label-prefix",
    "ingress-annotations-prefix",
    "ingress-class",
    "kubeconfig",
    "kubeconfig-burst",
    "kubeconfig-qps",
    "kubeconfig-service-mesh",
    "leader-election-namespace",
    "log-level",
    "master",
    "mesh-provider",
    "metrics-server",
    "msteams-proxy-url",
    "msteams-url",
    "namespace",
    "no-cross-namespace-refs",
    "port",
    "selector-labels",
    "slack-channel",
    "slack-proxy-url",
    "slack-token",
    "slack-url",
    "slack-user",
    "threadiness",
    "zap-encoding",
    "zap-replace-globals",
];

/// Where a setting of the operator is found.
type Probe = fn(&Options) -> String;

/// Arguments as users of Flagger write them, and what they mean.
const MEANINGS: [(&str, Probe, &str); 38] = [
    ("", |o| format!("{:?}", o.namespace), "None"),
    ("-namespace=test", |o| format!("{:?}", o.namespace), "Some(\"test\")"),
    ("-kubeconfig=/k", |o| format!("{:?}", o.kubeconfig), "Some(\"/k\")"),
    ("-kubeconfig=/k -kubeconfig-service-mesh=/k", |o| format!("{:?}", o.kubeconfig), "Some(\"/k\")"),
    ("-master=https://m", |o| format!("{:?}", o.master), "Some(\"https://m\")"),
    ("", |o| o.metrics_server.clone(), "http://prometheus:9090"),
    ("-metrics-server=http://p:9090", |o| o.metrics_server.clone(), "http://p:9090"),
    ("", |o| o.listen.to_string(), "0.0.0.0:8080"),
    ("-port=8081", |o| o.listen.to_string(), "0.0.0.0:8081"),
    ("", |o| o.settings.mesh_provider.clone(), "gatewayapi:v1"),
    ("-mesh-provider=kubernetes", |o| o.settings.mesh_provider.clone(), "kubernetes"),
    ("", |o| o.settings.ingress_annotations.clone(), "nginx.ingress.kubernetes.io"),
    ("-ingress-annotations-prefix=custom.io", |o| o.settings.ingress_annotations.clone(), "custom.io"),
    ("", |o| o.settings.selector_labels.join("|"), "app|name|app.kubernetes.io/name"),
    ("-selector-labels=team,app", |o| o.settings.selector_labels.join("|"), "team|app"),
    ("", |o| o.settings.include_label_prefix.join("|"), ""),
    ("-include-label-prefix=a,b", |o| o.settings.include_label_prefix.join("|"), "a|b"),
    ("-include-label-prefix=*", |o| o.settings.include_label_prefix.join("|"), "*"),
    ("", |o| o.settings.config_tracking.to_string(), "true"),
    ("-enable-config-tracking=false", |o| o.settings.config_tracking.to_string(), "false"),
    ("-enable-config-tracking=0", |o| o.settings.config_tracking.to_string(), "false"),
    ("", |o| o.settings.no_cross_namespace_refs.to_string(), "false"),
    ("-no-cross-namespace-refs", |o| o.settings.no_cross_namespace_refs.to_string(), "true"),
    ("-no-cross-namespace-refs=true", |o| o.settings.no_cross_namespace_refs.to_string(), "true"),
    ("", lease, "none"),
    ("-enable-leader-election", lease, "kube-system/flagger-leader-election 60s"),
    ("-enable-leader-election -leader-election-namespace=f", lease, "f/flagger-leader-election 60s"),
    (
        "-enable-leader-election -leader-election-namespace=f -namespace=test",
        lease,
        "test/flagger-leader-election 60s",
    ),
    ("", |o| format!("{:?}", o.cluster_name), "None"),
    ("-cluster-name=prod", |o| format!("{:?}", o.cluster_name), "Some(\"prod\")"),
    ("-event-webhook=http://e/", |o| format!("{:?}", o.event_webhook), "Some(\"http://e/\")"),
    ("", receiver, "none"),
    ("-slack-token=t", receiver, "none"),
    ("-slack-url=http://s/", receiver, "Slack as flagger to general, no token, no proxy"),
    (
        "-slack-url=http://s/ -slack-user=u -slack-channel=c -slack-token=t -slack-proxy-url=http://p",
        receiver,
        "Slack as u to c, token, proxy",
    ),
    ("-msteams-url=http://t/", receiver, "MsTeams as flagger to general, no token, no proxy"),
    (
        "-msteams-url=http://t/ -msteams-proxy-url=http://p -slack-url=http://s/",
        receiver,
        "MsTeams as flagger to general, no token, proxy",
    ),
    ("-namespace=one -namespace=two", |o| format!("{:?}", o.namespace), "Some(\"two\")"),
];

fn lease(options: &Options) -> String {
    let lease = |election: &serin_controller::Election| {
        format!("{}/{} {:?}", election.namespace, election.lease, election.duration)
    };
    options.election.as_ref().map_or_else(|| "none".to_owned(), lease)
}

fn receiver(options: &Options) -> String {
    let Some(receiver) = &options.alert_receiver else { return "none".to_owned() };
    let token = if receiver.token.is_some() { "token" } else { "no token" };
    let proxy = if receiver.proxy.is_some() { "proxy" } else { "no proxy" };
    format!("{:?} as {} to {}, {token}, {proxy}", receiver.kind, receiver.username, receiver.channel)
}

fn try_parse(args: &str) -> Result<RunArgs, String> {
    let args = ["serin", "run"].into_iter().chain(args.split_whitespace()).map(Into::into);
    match Cli::try_parse_from(normalised(args)).map_err(|error| error.to_string())?.command {
        Command::Run(args) => Ok(*args),
        other => panic!("{other:?}"),
    }
}

fn parse(args: &str) -> RunArgs {
    try_parse(args).unwrap()
}

fn options(args: &str) -> anyhow::Result<Options> {
    operator::options(parse(args), &|_| None)
}

#[test]
fn the_definition_is_sound() {
    <Cli as clap::CommandFactory>::command().debug_assert();
}

#[test]
fn flags_of_flagger_have_their_meaning() {
    for (args, probe, expected) in MEANINGS {
        assert_eq!(probe(&options(args).unwrap()), expected, "{args}");
    }
}

#[test]
fn flags_of_the_log_have_their_meaning() {
    let args = parse("-log-level=warning -zap-encoding=console");
    assert_eq!(args.log_level, "warning");
    assert!(matches!(args.log_format, LogFormat::Console));
    assert!(matches!(parse("").log_format, LogFormat::Json));
    assert!(try_parse("-zap-encoding=xml").unwrap_err().contains("possible values: json, console"));
}

/// Arguments without a meaning, and their flag as the log names it.
const IGNORED: [(&str, &str); 15] = [
    ("-kubeconfig-qps=100", "kubeconfig-qps"),
    ("-kubeconfig-burst 250", "kubeconfig-burst"),
    ("-control-loop-interval=10s", "control-loop-interval"),
    ("-threadiness=2", "threadiness"),
    ("-zap-replace-globals", "zap-replace-globals"),
    ("-zap-replace-globals=false", "zap-replace-globals"),
    ("-ingress-class=contour", "ingress-class"),
    ("-v=4", "v"),
    ("-v 4", "v"),
    ("-logtostderr", "logtostderr"),
    ("-alsologtostderr=true", "alsologtostderr"),
    ("-stderrthreshold=WARNING", "stderrthreshold"),
    ("-vmodule=reflector=4", "vmodule"),
    ("-log_dir=/tmp", "log_dir"),
    ("-skip_headers=true", "skip_headers"),
];

#[test]
fn flags_without_a_meaning_are_taken_and_told() {
    for (args, flag) in IGNORED {
        let parsed = parse(&format!("{args} -namespace=test"));
        let told: Vec<_> = parsed.ignored.set.iter().map(|(name, _)| *name).collect();
        assert_eq!((told, parsed.namespace.as_str()), (vec![flag], "test"), "{args}");
    }
    assert!(parse("").ignored.set.is_empty());
}

#[test]
fn routes_in_another_cluster_are_refused() {
    let error = options("-kubeconfig=/k -kubeconfig-service-mesh=/mesh").unwrap_err().to_string();
    assert!(error.contains("--kubeconfig-service-mesh is not supported"), "{error}");
}

#[test]
fn no_flag_of_flagger_is_forgotten() {
    let tested = MEANINGS.iter().map(|(args, ..)| *args).chain(IGNORED.map(|(args, _)| args));
    let names = tested.flat_map(str::split_whitespace).filter_map(|arg| arg.strip_prefix('-'));
    let mut names: BTreeSet<_> = names.filter_map(|arg| arg.split('=').next()).collect();
    names.extend(["log-level", "zap-encoding"]);
    let missing: Vec<_> = FLAGS.into_iter().filter(|flag| !names.contains(flag)).collect();
    assert_eq!(missing, [] as [&str; 0]);
}

#[test]
fn variables_have_precedence_over_flags_unless_they_are_empty() {
    let flags = "-slack-url=http://flag/ -slack-token=flag -slack-proxy-url=http://flag \
                 -event-webhook=http://flag/";
    let variables: [(&str, &str); 4] = [
        ("SLACK_URL", "http://variable/"),
        ("SLACK_TOKEN", "variable"),
        ("SLACK_PROXY_URL", "http://variable"),
        ("EVENT_WEBHOOK_URL", "http://variable/"),
    ];
    let read = |empty: bool| {
        let find = |name: &str| {
            let value = variables.iter().find(|(variable, _)| *variable == name)?.1;
            Some(if empty { String::new() } else { value.to_owned() })
        };
        let options = operator::options(parse(flags), &find).unwrap();
        let receiver = options.alert_receiver.unwrap();
        let secret = |value: &str| Some(serin_notify::alert::Secret::new(value));
        let expected = if empty { "flag" } else { "variable" };
        assert_eq!(receiver.address, serin_notify::alert::Secret::new(&format!("http://{expected}/")));
        assert_eq!(receiver.token, secret(expected));
        assert_eq!(receiver.proxy, secret(&format!("http://{expected}")));
        assert_eq!(options.event_webhook, Some(format!("http://{expected}/")));
    };
    read(false);
    read(true);
}

#[test]
fn variables_of_microsoft_teams_come_before_slack() {
    let find = |name: &str| match name {
        "MSTEAMS_URL" => Some("http://teams/".to_owned()),
        "MSTEAMS_PROXY_URL" => Some("http://proxy".to_owned()),
        "SLACK_URL" => Some("http://slack/".to_owned()),
        _ => None,
    };
    let options = operator::options(parse(""), &find).unwrap();
    assert_eq!(receiver(&options), "MsTeams as flagger to general, no token, proxy");
}

#[test]
fn values_may_be_arguments_of_their_own_but_not_truth_values() {
    let args = parse("-enable-leader-election -log-level warn");
    assert!(args.election.enable_leader_election);
    assert_eq!(args.log_level, "warn");
}

#[test]
fn times_are_those_of_go() {
    assert_eq!(parse("--min-interval=1s --drain 250ms").drain, Duration::from_millis(250));
}

#[test]
fn spaces_in_lists_do_not_count_and_the_last_list_wins() {
    let args =
        ["serin", "-selector-labels=a", "-selector-labels= app , team,", "-include-label-prefix= a, b"];
    let Command::Run(args) = Cli::parse_from(normalised(args.map(Into::into))).command else { panic!() };
    assert_eq!(args.selector_labels.0, ["app", "team"]);
    assert_eq!(args.include_label_prefix.0, ["a", "b"]);
}

#[test]
fn credentials_are_not_shown() {
    let args = parse(
        "-slack-url=http://secret -slack-token=secret -slack-proxy-url=http://secret -msteams-url=http://secret \
         -msteams-proxy-url=http://secret -event-webhook=http://secret",
    );
    let shown = format!("{args:?}");
    assert!(!shown.contains("secret"), "{shown}");
}
