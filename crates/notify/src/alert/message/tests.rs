use rstest::rstest;
use serin_api::canary::{CanaryAnalysis, HttpMatch};

use super::*;

#[rstest]
#[case(None, [true, true, true])]
#[case(Some(AlertSeverity::Info), [true, true, true])]
#[case(Some(AlertSeverity::Warn), [false, true, true])]
#[case(Some(AlertSeverity::Error), [false, false, true])]
fn severities(#[case] severity: Option<AlertSeverity>, #[case] wanted: [bool; 3]) {
    let alert = CanaryAlert { severity, ..CanaryAlert::default() };
    let severities = [Severity::Info, Severity::Warn, Severity::Error];
    assert_eq!(severities.map(|severity| wants(&alert, severity)), wanted);
}

fn spec(analysis: CanaryAnalysis) -> CanarySpec {
    let mut spec = CanarySpec { analysis, ..CanarySpec::default() };
    spec.target_ref.kind = "Deployment".into();
    spec.target_ref.name = "podinfo".into();
    spec
}

/// The fields of a message as `<name>: <value>`.
fn fields(spec: &CanarySpec, fields: bool, cluster: &str) -> Vec<String> {
    let alert = Alert { severity: Severity::Info, message: "Hello".into(), fields };
    let message = Message::new("canary", "test", spec, &alert, cluster);
    assert_eq!((message.canary.as_str(), message.text.as_str()), ("canary.test", "Hello"));
    message.fields.iter().map(|field| format!("{}: {}", field.name, field.value)).collect()
}

#[test]
fn fields_in_order() {
    let mut spec = spec(CanaryAnalysis { step_weight: Some(10), ..CanaryAnalysis::default() });
    assert_eq!(
        fields(&spec, true, "eu-1"),
        [
            "Cluster: eu-1",
            "Target: Deployment/podinfo.test",
            "Failed checks threshold: 1",
            "Progress deadline: 600s",
            "Traffic routing: Weight step: 10 max: 0",
        ]
    );
    assert_eq!(fields(&spec, false, "eu-1"), ["Cluster: eu-1"]);
    assert!(fields(&spec, false, "").is_empty());
    spec.analysis.threshold = Some(5);
    spec.progress_deadline_seconds = Some(60);
    assert_eq!(fields(&spec, true, "")[1..3], ["Failed checks threshold: 5", "Progress deadline: 60s"]);
}

#[rstest]
#[case::ab(
    CanaryAnalysis { iterations: Some(10), match_: vec![HttpMatch::default()], ..CanaryAnalysis::default() },
    Some("A/B Testing")
)]
#[case::blue_green(CanaryAnalysis { iterations: Some(10), ..CanaryAnalysis::default() }, Some("Blue/Green"))]
#[case::step(
    CanaryAnalysis { step_weight: Some(5), max_weight: Some(50), ..CanaryAnalysis::default() },
    Some("Weight step: 5 max: 50")
)]
#[case::steps(
    CanaryAnalysis { step_weights: vec![1, 10, 80], ..CanaryAnalysis::default() },
    Some("Weight steps: 1,10,80 max: 0")
)]
#[case::none(CanaryAnalysis::default(), None)]
fn traffic_routing(#[case] analysis: CanaryAnalysis, #[case] value: Option<&str>) {
    assert_eq!(routing(&spec(analysis)).as_deref(), value);
}
