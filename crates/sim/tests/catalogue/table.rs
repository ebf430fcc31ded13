//! The table, and Flagger's own list.

use super::moments as at;
use crate::scenario::Scenario;

/// Type of an event (`Error` is a Warning that is logged as an error) or severity of an alert, and the text.
pub(crate) type Row = (&'static str, &'static str);

/// What is told at one moment: the events in their order, then the alerts.
pub(crate) struct Moment {
    pub(crate) when: &'static str,
    pub(crate) play: fn() -> Scenario,
    pub(crate) told: &'static [Row],
}

macro_rules! moments {
    ($($play:ident: [$($kind:literal $text:literal),* $(,)?]),* $(,)?) => {
        &[$(Moment { when: stringify!($play), play: at::$play, told: &[$(($kind, $text)),*] }),*]
    };
}

pub(crate) const CATALOGUE: &[Moment] = moments! {
    suspended: [
        "Normal" "skipping canary run as object is suspended",
    ],
    initialisation: [
        "Normal" "all the metrics providers are available!",
        "Warning" "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Initialization done! podinfo.default",
        "info" "New Deployment detected, initialization completed.",
    ],
    initialisation_of_a_daemon_set: [
        "Normal" "all the metrics providers are available!",
        "Warning" "primary daemonset podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Initialization done! podinfo.default",
        "info" "New DaemonSet detected, initialization completed.",
    ],
    providers_down: [
        "Error" "Error checking metric providers: prometheus not avaiable: connection refused",
        "Warning" "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
    ],
    first_primary_fails: [
        "Warning" "podinfo-primary.default not ready: deployment exceeded its progress deadline",
        "error" "podinfo-primary.default not ready: deployment exceeded its progress deadline",
    ],
    promotion: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Starting canary analysis for podinfo.default",
        "Normal" "Advance podinfo.default canary weight 50",
        "Normal" "Copying podinfo.default template spec to podinfo-primary.default",
        "Warning" "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Routing all traffic to primary",
        "Normal" "Promotion completed! Scaling down podinfo.default",
        "info" "New revision detected, progressing canary analysis.",
        "info" "Canary analysis completed successfully, promotion finished.",
    ],
    promotion_of_a_daemon_set: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary damonset podinfo.default not ready with retryable true: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "info" "New revision detected, progressing canary analysis.",
    ],
    failure_of_a_daemon_set: [
        "Warning" "Rolling back podinfo.default progress deadline exceeded canary damonset podinfo.default not ready with retryable false: deployment exceeded its progress deadline",
        "error" "Progress deadline exceeded canary damonset podinfo.default not ready with retryable false: deployment exceeded its progress deadline",
    ],
    stepped_promotion: [
        "Normal" "Copying podinfo.default template spec to podinfo-primary.default",
        "Warning" "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Advance podinfo.default primary weight 80",
        "Normal" "Advance podinfo.default primary weight 100",
    ],
    skipped_analysis: [
        "Normal" "Routing all traffic to primary",
        "Normal" "Promotion completed! Canary analysis was skipped for podinfo.default",
        "info" "Canary analysis was skipped, promotion finished.",
    ],
    ab_test: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Starting canary analysis for podinfo.default",
        "Normal" "Advance podinfo.default canary iteration 1/2",
        "Normal" "Advance podinfo.default canary iteration 2/2",
        "info" "New revision detected, progressing canary analysis.",
    ],
    blue_green: [
        "Normal" "Routing all traffic to canary",
    ],
    blue_green_mirrored: [
        "Normal" "Stop traffic mirroring and route all traffic to canary",
    ],
    mirrored_step: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Starting canary analysis for podinfo.default",
        "Normal" "Advance podinfo.default canary weight 0",
        "info" "New revision detected, progressing canary analysis.",
    ],
    kubernetes_without_iterations: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Starting canary analysis for podinfo.default",
        "Warning" "A/B testing is not supported when using the kubernetes provider",
        "Warning" "Progressive traffic is not supported when using the kubernetes provider",
        "Warning" "Setting canaryAnalysis.iterations: 10",
        "Normal" "Advance podinfo.default canary iteration 1/10",
        "info" "New revision detected, progressing canary analysis.",
    ],
    nginx_leaves_out_what_it_cannot_do: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Starting canary analysis for podinfo.default",
        "Warning" "analysis.mirror is not supported by this provider, no request is copied",
        "Warning" "analysis.sessionAffinity is not supported by this provider, users may change sides",
        "Warning" "analysis.stepWeightPromotion of an A/B test is not supported by this provider, the promotion takes one step",
        "Normal" "Advance podinfo.default canary iteration 1/2",
        "info" "New revision detected, progressing canary analysis.",
    ],
    another_ingress_is_named_in_a_rollout: [
        "Normal" "Another route shifts the traffic of podinfo.default now! Restarting analysis",
    ],
    gates: [
        "Warning" "Halt podinfo.default advancement waiting for approval cr",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Normal" "Confirm-rollout check cr passed",
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Normal" "Starting canary analysis for podinfo.default",
        "Warning" "Halt podinfo.default advancement pre-rollout check pre failed no",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Normal" "Starting canary analysis for podinfo.default",
        "Normal" "Pre-rollout check pre passed",
        "Warning" "Halt podinfo.default advancement waiting for traffic increase approval cti",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Normal" "Starting canary analysis for podinfo.default",
        "Normal" "Pre-rollout check pre passed",
        "Normal" "Confirm-traffic-increase check cti passed",
        "Normal" "Advance podinfo.default canary weight 50",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Warning" "Halt podinfo.default advancement external check roll failed no",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Normal" "Confirm-traffic-increase check cti passed",
        "Warning" "Halt podinfo.default advancement waiting for promotion approval cp",
        "Normal" "Rollback hook rb not signaling a rollback",
        "Normal" "Confirm-promotion check cp passed",
        "Normal" "Copying podinfo.default template spec to podinfo-primary.default",
        "Warning" "podinfo-primary.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "warn" "Canary is waiting for approval.",
        "info" "New revision detected, progressing canary analysis.",
        "warn" "Canary traffic increase is waiting for approval.",
        "warn" "Canary promotion is waiting for approval.",
    ],
    rollback_hook: [
        "Warning" "Rollback check rb passed",
        "Warning" "Rolling back podinfo.default manual webhook invoked",
        "Warning" "Canary failed! Scaling down podinfo.default",
        "warn" "Rolling back manual webhook invoked",
    ],
    threshold: [
        "Warning" "Halt podinfo.default advancement external check roll failed no",
        "Warning" "Rolling back podinfo.default failed checks threshold reached 1",
        "Warning" "Canary failed! Scaling down podinfo.default",
        "error" "Failed checks threshold reached 1",
    ],
    deadline: [
        "Warning" "Rolling back podinfo.default progress deadline exceeded canary deployment podinfo.default not ready: deployment exceeded its progress deadline",
        "Warning" "Canary failed! Scaling down podinfo.default",
        "error" "Progress deadline exceeded canary deployment podinfo.default not ready: deployment exceeded its progress deadline",
    ],
    failed_promotion: [
        "Warning" "Promotion of podinfo.default failed, primary not ready: podinfo-primary.default not ready: deployment exceeded its progress deadline",
        "error" "Promotion failed, primary not ready: podinfo-primary.default not ready: deployment exceeded its progress deadline",
    ],
    newer_revision: [
        "Normal" "New revision detected! Restarting analysis for podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
    ],
    way_back: [
        "Normal" "podinfo.default is back at the promoted revision, ending the analysis",
        "Normal" "Analysis ended, nothing to promote. Scaling down podinfo.default",
        "info" "Canary analysis ended, the target is back at the promoted revision.",
    ],
    paused_by_a_person: [
        "Normal" "Command pause for podinfo.default by alice obeyed: checks go on, and nothing advances until it is resumed",
        "Normal" "Halt podinfo.default advancement paused by alice until it is resumed or promoted",
    ],
    aborted_by_a_person: [
        "Normal" "Command abort for podinfo.default by alice obeyed: all traffic goes to the primary (reason: errors)",
        "Warning" "Rolling back podinfo.default aborted by alice: errors",
        "Warning" "Canary failed! Scaling down podinfo.default",
        "warn" "Rolling back, aborted by alice: errors",
    ],
    nothing_to_abort: [
        "Normal" "Command abort for podinfo.default by alice has no effect: nothing is in progress",
    ],
    command_for_another_revision: [
        "Warning" "Command promote for podinfo.default by alice refused: it is for revision a, the rollout is of b",
    ],
    deletion: [
        "Normal" "Terminating canary podinfo.default",
        "Normal" "Terminated canary podinfo.default",
    ],
    deployment_is_missing: [
        "Warning" "deployment podinfo.default get query error: deployments.apps \"podinfo\" not found",
    ],
    daemon_set_is_missing: [
        "Warning" "daemonset podinfo.default get query error: daemonsets.apps \"podinfo\" not found",
    ],
    service_is_missing: [
        "Warning" "service podinfo-primary.default get query error: services \"podinfo\" not found",
    ],
    config_is_missing: [
        "Warning" "GetTargetConfigs failed: configmap app.default get query error: configmap app.default get query error: configmaps \"app\" not found",
    ],
    config_is_missing_at_first: [
        "Warning" "createPrimaryDeployment failed: GetTargetConfigs failed: configmap app.default get query error: configmap app.default get query error: configmaps \"app\" not found",
    ],
    some_config_is_missing: [
        "Warning" "a ConfigMap or Secret of the target is missing",
    ],
    autoscaler_is_missing: [
        "Warning" "HorizontalPodAutoscaler podinfo.default get query error: horizontalpodautoscalers.autoscaling \"podinfo\" not found",
    ],
    old_pods_end: [
        "Normal" "podinfo-primary.default waits for pods of the version before to end, 1 left",
    ],
    primary_is_gone: [
        "Normal" "Copying podinfo.default template spec to podinfo-primary.default",
    ],
    primary_is_gone_between_rollouts: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "info" "New revision detected, progressing canary analysis.",
    ],
    primary_is_gone_after_a_failure: [
        "Warning" "deployment podinfo-primary.default not found, and podinfo.default failed its analysis, so that none is made of it: give it a revision that passes, or the one that was promoted last",
    ],
    primary_that_was_there_before_fails: [
        "Warning" "podinfo-primary.default not ready: deployment exceeded its progress deadline; it was there before this Canary was looked at, and is not made anew from podinfo.default, which nobody has analysed: mend it, or delete it to have it made from the target",
    ],
    target_is_exchanged: [
        "Normal" "spec.targetRef of podinfo.default names deployment/web in the place of deployment/podinfo: its primary is made, the former one serves until then",
    ],
    service_is_renamed_in_a_rollout: [
        "Normal" "The Services of podinfo.default have other names now! Restarting analysis",
    ],
    another_route_takes_the_same_requests: [
        "Normal" "New revision detected! Scaling up podinfo.default",
        "Warning" "canary deployment podinfo.default not ready: waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available",
        "Normal" "Starting canary analysis for podinfo.default",
        "Warning" "requests of podinfo.default may go to another route that is older: HTTPRoute podinfo.default parent gateway: OverlapFound: with a/b; let only one route have these hosts and matches",
        "Normal" "Advance podinfo.default canary weight 50",
        "info" "New revision detected, progressing canary analysis.",
    ],
    provider_is_changed_in_a_rollout: [
        "Normal" "No HTTPRoute shifts the traffic of podinfo.default any more! Restarting analysis",
        "Normal" "Starting canary analysis for podinfo.default",
        "Normal" "Advance podinfo.default canary weight 50",
    ],
    route_is_not_accepted: [
        "Warning" "HTTPRoute podinfo.default parent gateway is not ready (status: False, observed generation: 1, current generation: 2): No: ",
    ],
    canary_without_endpoints: [
        "Warning" "Service podinfo-canary.default has no ready endpoints: check that its pods are ready and that service.targetPort names a port of the container",
    ],
    target_is_unreadable: [
        "Warning" "target could not be read: timeout",
    ],
    configs_are_unreadable: [
        "Warning" "tracked configs could not be read: timeout",
    ],
    service_is_unreadable: [
        "Warning" "Service could not be read: timeout",
    ],
    rate_is_low: [
        "Warning" "Halt podinfo.default advancement success rate 98.74% < 99%",
    ],
    rate_is_high: [
        "Warning" "Halt podinfo.default advancement success rate 100.00% > 99.5%",
    ],
    rate_has_no_values: [
        "Warning" "Halt advancement no values found for gatewayapi:v1 metric request-success-rate probably podinfo.default is not receiving traffic: no values found",
    ],
    rate_cannot_be_had: [
        "Error" "Prometheus query failed: connection refused",
    ],
    duration_is_low: [
        "Warning" "Halt podinfo.default advancement request duration 30ms < 100ms",
    ],
    duration_is_high: [
        "Warning" "Halt podinfo.default advancement request duration 1.515s > 500ms",
    ],
    duration_has_no_values: [
        "Warning" "Halt advancement no values found for gatewayapi:v1 metric request-duration probably podinfo.default is not receiving traffic",
    ],
    duration_cannot_be_had: [
        "Error" "Prometheus query failed: running query failed: connection refused",
    ],
    query_is_low: [
        "Warning" "Halt podinfo.default advancement errors 0.50 < 1",
    ],
    query_is_high: [
        "Warning" "Halt podinfo.default advancement errors 2.50 > 2",
    ],
    query_shows_the_revision_before: [
        "Warning" "Halt podinfo.default advancement errors 2.50 > 2 is not counted: its window of 1m0s reaches back into the traffic of the revision before, which ended at 2024-10-04T00:00:14Z",
    ],
    query_has_no_values: [
        "Warning" "Halt advancement no values found for metric: errors",
    ],
    query_cannot_be_had: [
        "Error" "Prometheus query failed for errors: connection refused",
    ],
    template_is_low: [
        "Warning" "Halt podinfo.default advancement errors 0.50 < 1",
    ],
    template_is_high: [
        "Warning" "Halt podinfo.default advancement errors 2.50 > 2",
    ],
    template_has_no_values: [
        "Warning" "Halt advancement no values found for custom metric: errors: no values found",
    ],
    template_cannot_be_had: [
        "Error" "Metric query failed for errors: connection refused",
    ],
    nothing_to_query: [
        "Error" "Metric query failed for no usable metrics template and query were configured",
    ],
    metrics_server_is_unusable: [
        "Error" "Error building Prometheus client for x://y why",
    ],
    template_is_missing: [
        "Error" "Metric template t.default error: why",
    ],
    secret_is_missing: [
        "Error" "Metric template t.default secret s error: why",
    ],
    provider_is_unusable: [
        "Error" "Metric template t.default provider datadog error: why",
    ],
    template_does_not_render: [
        "Error" "Metric template t.default query render error: why",
    ],
};

/// Told by the controller, of the answers of post-rollout hooks.
pub(crate) const SHELL: &[Row] = &[
    ("Normal", "Post-rollout check done passed"),
    ("Warning", "Post-rollout hook done failed why"),
    // Where the port of a live route is exchanged.
    (
        "Warning",
        "spec.service.port 9898 of podinfo.default has no ready endpoints yet: the route stays on the former one",
    ),
    // With the condition `Stalled`.
    (
        "Warning",
        "Service podinfo-primary.default selects pods of others too (web-5d4f): give the pods of Deployment podinfo a label in spec.selector.matchLabels that those do not have",
    ),
    // A reason in `waitingFor`; the event tells more.
    (
        "Warning",
        "Halt podinfo.default advancement waiting for a window of errors without traffic of the revision before",
    ),
];

/// Flagger's formats. Left out are those of Knative, of Flagger's faults, and of errors of the API server, which the
/// controller tells.
pub(crate) const FLAGGERS: &[Row] = &[
    ("Normal", "skipping canary run as object is suspended"),
    ("Normal", "all the metrics providers are available!"),
    ("Error", "Error checking metric providers: {}"),
    ("Normal", "Initialization done! {}.{}"),
    ("Normal", "Confirm-rollout check {} passed"),
    ("Warning", "Halt {}.{} advancement waiting for approval {}"),
    ("Normal", "New revision detected! Scaling up {}.{}"),
    ("Normal", "New revision detected! Restarting analysis for {}.{}"),
    ("Normal", "Starting canary analysis for {}.{}"),
    ("Normal", "Pre-rollout check {} passed"),
    ("Warning", "Halt {}.{} advancement pre-rollout check {} failed {}"),
    ("Warning", "Halt {}.{} advancement external check {} failed {}"),
    ("Normal", "Confirm-traffic-increase check {} passed"),
    ("Warning", "Halt {}.{} advancement waiting for traffic increase approval {}"),
    ("Normal", "Advance {}.{} canary weight {}"),
    ("Normal", "Advance {}.{} canary iteration {}/{}"),
    ("Normal", "Confirm-promotion check {} passed"),
    ("Warning", "Halt {}.{} advancement waiting for promotion approval {}"),
    ("Normal", "Routing all traffic to canary"),
    ("Normal", "Stop traffic mirroring and route all traffic to canary"),
    ("Normal", "Copying {}.{} template spec to {}.{}"),
    ("Normal", "Routing all traffic to primary"),
    ("Normal", "Advance {}.{} primary weight {}"),
    ("Normal", "Promotion completed! Scaling down {}.{}"),
    ("Normal", "Promotion completed! Canary analysis was skipped for {}.{}"),
    ("Normal", "Post-rollout check {} passed"),
    ("Warning", "Post-rollout hook {} failed {}"),
    ("Normal", "Rollback hook {} not signaling a rollback"),
    ("Warning", "Rollback check {} passed"),
    ("Warning", "Rolling back {}.{} manual webhook invoked"),
    ("Warning", "Rolling back {}.{} failed checks threshold reached {}"),
    ("Warning", "Rolling back {}.{} progress deadline exceeded {}"),
    ("Warning", "Canary failed! Scaling down {}.{}"),
    ("Warning", "Promotion of {}.{} failed, primary not ready: {}"),
    ("Warning", "A/B testing is not supported when using the kubernetes provider"),
    ("Warning", "Progressive traffic is not supported when using the kubernetes provider"),
    ("Warning", "Setting canaryAnalysis.iterations: 10"),
    (
        "Warning",
        "Halt advancement no values found for {} metric {} probably {}.{} is not receiving traffic: {}",
    ),
    ("Warning", "Halt advancement no values found for {} metric {} probably {}.{} is not receiving traffic"),
    ("Warning", "Halt advancement no values found for metric: {}"),
    ("Warning", "Halt advancement no values found for custom metric: {}: {}"),
    ("Error", "Prometheus query failed: {}"),
    ("Error", "Prometheus query failed for {}: {}"),
    ("Error", "Metric query failed for {}: {}"),
    ("Error", "Metric query failed for no usable metrics template and query were configured"),
    ("Error", "Metric template {}.{} error: {}"),
    ("Error", "Metric template {}.{} secret {} error: {}"),
    ("Error", "Metric template {}.{} provider {} error: {}"),
    ("Error", "Metric template {}.{} query render error: {}"),
    ("Error", "Error building Prometheus client for {} {}"),
    ("Warning", "Halt {}.{} advancement success rate {}% < {}%"),
    ("Warning", "Halt {}.{} advancement success rate {}% > {}%"),
    ("Warning", "Halt {}.{} advancement request duration {} < {}"),
    ("Warning", "Halt {}.{} advancement request duration {} > {}"),
    ("Warning", "Halt {}.{} advancement {} < {}"),
    ("Warning", "Halt {}.{} advancement {} > {}"),
    ("Normal", "Terminating canary {}.{}"),
    ("Normal", "Terminated canary {}.{}"),
    ("Warning", "deployment {}.{} get query error: deployments.apps \"{}\" not found"),
    (
        "Warning",
        "GetTargetConfigs failed: configmap {}.{} get query error: configmap {}.{} get query error: configmaps \"{}\" not found",
    ),
    (
        "Warning",
        "HTTPRoute {}.{} parent {} is not ready (status: {}, observed generation: {}, current generation: {})",
    ),
    ("Warning", "{}-primary.{} not ready: {}"),
    ("Warning", "canary deployment {}.{} not ready: {}"),
    // Alerts.
    ("info", "New {} detected, initialization completed."),
    ("info", "New revision detected, progressing canary analysis."),
    ("warn", "Canary is waiting for approval."),
    ("warn", "Canary traffic increase is waiting for approval."),
    ("warn", "Canary promotion is waiting for approval."),
    ("warn", "Rolling back manual webhook invoked"),
    ("error", "Failed checks threshold reached {}"),
    ("error", "Progress deadline exceeded {}"),
    ("error", "Promotion failed, primary not ready: {}"),
    ("info", "Canary analysis completed successfully, promotion finished."),
    ("info", "Canary analysis was skipped, promotion finished."),
];
