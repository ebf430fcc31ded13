//! One of each kind of thing that is told, as the rows of the table have it.

use std::collections::BTreeSet;

use serde_json::json;
use serin_analysis::VerdictKind;
use serin_core::{
    Rollout,
    command::Outcome,
    event::{AlertKind, EventKind, RollbackCause, TestKind, Told},
    reason::WaitReason,
    strategy::{Gate, Unsupported},
    validate::{Settings, validate},
};
use strum::VariantNames;

const NOT_READY: &str =
    "waiting for rollout to finish: 0 of 1 (readyThreshold 100%) updated replicas are available";
const OVERDUE: &str = "deployment exceeded its progress deadline";
const GATES: [(Gate, &str); 3] =
    [(Gate::Start, "cr"), (Gate::TrafficIncrease, "cti"), (Gate::Promotion, "cp")];

/// The Canary of the table, with an autoscaler.
pub(crate) fn rollout() -> Rollout {
    let scaler =
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "podinfo"});
    let canary = serin_testkit::canary(json!({"stepWeight": 50}), json!({"autoscalerRef": scaler}));
    validate(&canary.unwrap(), &Settings::default()).unwrap()
}

fn overdue() -> String {
    OVERDUE.to_owned()
}

fn alice() -> String {
    "alice".to_owned()
}

pub(crate) fn causes() -> Vec<RollbackCause> {
    let canary = format!("canary deployment podinfo.default not ready: {OVERDUE}");
    let abort = RollbackCause::Abort { by: Some(alice()), reason: Some("errors".to_owned()) };
    vec![RollbackCause::Threshold(1), RollbackCause::Hook, RollbackCause::Deadline(canary), abort]
}

pub(crate) fn alerts() -> Vec<AlertKind> {
    let mut kinds = vec![
        AlertKind::Initialized,
        AlertKind::InitializationFailed(overdue()),
        AlertKind::Progressing,
        AlertKind::PromotionFailed(overdue()),
        AlertKind::Succeeded,
        AlertKind::Skipped,
        AlertKind::Reverted,
    ];
    kinds.extend(GATES.map(|(gate, _)| AlertKind::Waiting(gate)));
    kinds.extend(causes().into_iter().map(AlertKind::RolledBack));
    kinds
}

/// Reasons in the words of whoever found them have no words here.
fn is_passed_on(reason: &WaitReason) -> bool {
    matches!(
        reason,
        WaitReason::Obstacle(_)
            | WaitReason::Unreachable(_)
            | WaitReason::RouteRefused(_)
            | WaitReason::Unattached(_)
            | WaitReason::NotAccepted(_)
    )
}

fn reasons() -> Vec<WaitReason> {
    let text = |text: &str| text.to_owned();
    let missing = text(
        "GetTargetConfigs failed: configmap app.default get query error: configmap app.default get query error: configmaps \"app\" not found",
    );
    let mut reasons = vec![
        WaitReason::Suspended,
        WaitReason::Obstacle(text("why")),
        WaitReason::Unreadable { what: "target", why: text("timeout") },
        WaitReason::TargetMissing,
        WaitReason::ConfigMissing { why: missing.clone(), needed: true },
        WaitReason::ConfigMissing { why: missing, needed: false },
        WaitReason::ScalerMissing,
        WaitReason::PrimaryMissing,
        WaitReason::PrimaryNotReady(text(NOT_READY)),
        WaitReason::PrimaryKept(overdue()),
        WaitReason::PrimaryPodsLeave(1),
        WaitReason::CanaryNotReady(text(NOT_READY)),
        WaitReason::NoEndpoints(text("podinfo-canary")),
        WaitReason::Unreachable(text("why")),
        WaitReason::PortNotReady,
        WaitReason::RouteRefused(text("why")),
        WaitReason::Unattached(text("why")),
        WaitReason::NotAccepted(text("why")),
        WaitReason::ForeignPods { service: text("podinfo-primary"), workloads: vec![text("web-5d4f")] },
        WaitReason::Paused { by: Some(alice()) },
        WaitReason::Window { metric: text("errors") },
    ];
    reasons.extend(GATES.map(|(gate, hook)| WaitReason::Gate { gate, hook: text(hook) }));
    reasons
}

pub(crate) fn events() -> Vec<EventKind> {
    let said = |reason: &WaitReason| !is_passed_on(reason);
    all_events()
        .into_iter()
        .filter(|kind| !matches!(kind, EventKind::Waiting(reason) if !said(reason)))
        .collect()
}

fn command(verb: &'static str, outcome: Outcome, words: &str) -> EventKind {
    let (by, words) = (Some(alice()), words.to_owned());
    EventKind::Command(Told { verb: Some(verb), by, reason: None, outcome, words })
}

fn all_events() -> Vec<EventKind> {
    let text = |text: &str| text.to_owned();
    let failed = |kind, hook: &str| EventKind::TestFailed { kind, hook: text(hook), why: text("no") };
    let overlap = "HTTPRoute podinfo.default parent gateway: OverlapFound: with a/b";
    let held = "Halt podinfo.default advancement errors 2.50 > 2 is not counted: its window of 1m0s reaches back into the \
                traffic of the revision before, which ended at 2024-10-04T00:00:14Z";
    let mut kinds = vec![
        EventKind::ProvidersAvailable,
        EventKind::ProvidersFailed(text("prometheus not avaiable: connection refused")),
        EventKind::Initialized,
        EventKind::InitializationFailed(overdue()),
        EventKind::Detected,
        EventKind::Restarting,
        EventKind::Reverted,
        EventKind::ServiceExchanged { renamed: true },
        EventKind::ServiceExchanged { renamed: false },
        EventKind::Starting,
        EventKind::Unsupported(Unsupported::AbTest),
        EventKind::Unsupported(Unsupported::Progressive),
        EventKind::Unsupported(Unsupported::Replaced),
        EventKind::Unsupported(Unsupported::Mirror),
        EventKind::Unsupported(Unsupported::Affinity),
        EventKind::Unsupported(Unsupported::PromotionSteps),
        EventKind::Overlap(text(overlap)),
        EventKind::Weight(50),
        EventKind::Iteration { n: 1, of: 2 },
        EventKind::RoutingToCanary,
        EventKind::MirroringEnds,
        EventKind::TestPassed { hook: text("pre") },
        failed(TestKind::Before, "pre"),
        failed(TestKind::Round, "roll"),
        EventKind::RollbackAsked { hook: text("rb") },
        EventKind::RollbackNotAsked { hook: text("rb") },
        EventKind::MetricFailed {
            verdict: VerdictKind::Error,
            message: text("Prometheus query failed: connection refused"),
        },
        EventKind::MetricHeld(text(held)),
        EventKind::Failed,
        EventKind::Copying,
        EventKind::PrimaryWeight(80),
        EventKind::RoutingToPrimary,
        EventKind::PromotionFailed(overdue()),
        EventKind::Promoted,
        EventKind::Skipped,
        EventKind::NothingToPromote,
        command("pause", Outcome::Obeyed, "checks go on, and nothing advances until it is resumed"),
        command("abort", Outcome::NoEffect, "nothing is in progress"),
        command("promote", Outcome::Refused, "it is for revision a, the rollout is of b"),
        EventKind::Terminating,
        EventKind::Terminated,
    ];
    kinds.extend(GATES.map(|(gate, hook)| EventKind::GatePassed { gate, hook: text(hook) }));
    kinds.extend(causes().into_iter().map(EventKind::RollingBack));
    kinds.extend(reasons().into_iter().map(EventKind::Waiting));
    kinds
}

/// Kinds with a row of their own only in a Canary that is not this one.
const ELSEWHERE: &[&str] = &["TargetExchanged"];

/// Every variant is among the ones above.
pub(crate) fn assert_complete() {
    fn check<K>(kinds: &[K], variants: &[&'static str])
    where
        for<'a> &'static str: From<&'a K>,
    {
        let found: BTreeSet<&str> = kinds.iter().map(<&'static str>::from).collect();
        let wanted = variants.iter().copied().filter(|name| !ELSEWHERE.contains(name)).collect();
        assert_eq!(found, wanted);
    }
    check(&all_events(), EventKind::VARIANTS);
    check(&alerts(), AlertKind::VARIANTS);
    check(&causes(), RollbackCause::VARIANTS);
    check(&reasons(), WaitReason::VARIANTS);
}
