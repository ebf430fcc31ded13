use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::builtin::Observer;
use crate::checks::{CheckKind, Source};
use crate::criterion::{Bounds, Criterion};
use crate::measure::Value;
use crate::outcome::SetupError;
use crate::template::TemplateModel;

const RATE: CheckKind = CheckKind::SuccessRate(Observer::Istio);
const HTTP_RATE: CheckKind = CheckKind::SuccessRate(Observer::Http);
const DURATION: CheckKind = CheckKind::Duration(Observer::Istio);
const HTTP_DURATION: CheckKind = CheckKind::Duration(Observer::Http);

fn check(kind: CheckKind, min: Option<f64>, max: Option<f64>) -> Check {
    let metric = match kind {
        CheckKind::SuccessRate(_) => "request-success-rate",
        CheckKind::Duration(_) => "request-duration",
        CheckKind::Inline | CheckKind::Template => "errors",
    };
    let model = TemplateModel {
        name: "shop".into(),
        namespace: "prod".into(),
        target: "app".into(),
        ..TemplateModel::default()
    };
    Check {
        metric: metric.into(),
        kind,
        source: Source::Query("up".into()),
        criterion: Criterion::Within(Bounds { min, max }),
        model,
        metrics_provider: "istio".into(),
    }
}

#[rstest]
#[case::rate_low(
    RATE,
    Some(99.0),
    None,
    98.7449,
    Some("Halt shop.prod advancement success rate 98.74% < 99%")
)]
#[case::rate_bound(
    RATE,
    Some(99.5),
    None,
    0.0,
    Some("Halt shop.prod advancement success rate 0.00% < 99.5%")
)]
#[case::rate_high(
    RATE,
    Some(1.0),
    Some(90.0),
    100.0,
    Some("Halt shop.prod advancement success rate 100.00% > 90%")
)]
#[case::rate_equal(RATE, Some(99.0), Some(99.0), 99.0, None)]
#[case::rate_just_below(
    RATE,
    Some(99.0),
    None,
    98.999_999,
    Some("Halt shop.prod advancement success rate 99.00% < 99%")
)]
#[case::duration_high(
    DURATION,
    None,
    Some(500.0),
    1515.9,
    Some("Halt shop.prod advancement request duration 1.515s > 500ms")
)]
#[case::duration_low(
    DURATION,
    Some(2000.0),
    None,
    30.0,
    Some("Halt shop.prod advancement request duration 30ms < 2s")
)]
#[case::duration_http(
    HTTP_DURATION,
    None,
    Some(500.0),
    61.0,
    Some("Halt shop.prod advancement request duration 1m1s > 500ms")
)]
#[case::duration_cut_to_equal(DURATION, None, Some(500.0), 500.9, None)]
#[case::duration_bound_cut(
    DURATION,
    None,
    Some(500.9),
    501.0,
    Some("Halt shop.prod advancement request duration 501ms > 500ms")
)]
#[case::duration_http_equal(HTTP_DURATION, None, Some(500.0), 0.5009, None)]
#[case::duration_unset(
    DURATION,
    None,
    Some(0.0),
    1.0,
    Some("Halt shop.prod advancement request duration 1ms > 0s")
)]
#[case::duration_zero(DURATION, None, Some(0.0), 0.4, None)]
#[case::inline_high(
    CheckKind::Inline,
    None,
    Some(0.5),
    1.204,
    Some("Halt shop.prod advancement errors 1.20 > 0.5")
)]
#[case::template_low(
    CheckKind::Template,
    Some(0.00001),
    None,
    0.0,
    Some("Halt shop.prod advancement errors 0.00 < 1e-05")
)]
#[case::template_infinite(
    CheckKind::Template,
    None,
    Some(1.0),
    f64::INFINITY,
    Some("Halt shop.prod advancement errors +Inf > 1")
)]
#[case::template_low_first(
    CheckKind::Template,
    Some(5.0),
    Some(1.0),
    3.0,
    Some("Halt shop.prod advancement errors 3.00 < 5")
)]
#[case::template_unbounded(CheckKind::Template, None, None, 1e300, None)]
fn holds_values_against_bounds(
    #[case] kind: CheckKind,
    #[case] min: Option<f64>,
    #[case] max: Option<f64>,
    #[case] value: f64,
    #[case] message: Option<&str>,
) {
    let verdict = judge(&check(kind, min, max), &Outcome::sample(value));
    assert_eq!(verdict.message.as_deref(), message);
    assert_eq!(verdict.kind == VerdictKind::Pass, message.is_none());
    assert_eq!(verdict.kind, if message.is_none() { VerdictKind::Pass } else { VerdictKind::Fail });
}

#[rstest]
#[case(
    RATE,
    "Halt advancement no values found for istio metric request-success-rate probably app.prod is not receiving traffic: running query failed: no values found"
)]
#[case(
    HTTP_RATE,
    "Halt advancement no values found for istio metric request-success-rate probably app.prod is not receiving traffic: no values found"
)]
#[case(
    DURATION,
    "Halt advancement no values found for istio metric request-duration probably app.prod is not receiving traffic"
)]
#[case(CheckKind::Inline, "Halt advancement no values found for metric: errors")]
#[case(CheckKind::Template, "Halt advancement no values found for custom metric: errors: no values found")]
fn says_that_there_is_no_value(#[case] kind: CheckKind, #[case] message: &str) {
    let check = check(kind, Some(0.0), None);
    for outcome in [Outcome::NoData(NO_VALUES.into()), Outcome::sample(f64::NAN)] {
        let verdict = judge(&check, &outcome);
        assert_eq!(verdict.kind, VerdictKind::NoData);
        assert_eq!((verdict.message.as_deref(), verdict.value), (Some(message), None));
    }
}

#[rstest]
#[case(RATE, "Prometheus query failed: running query failed: boom")]
#[case(HTTP_RATE, "Prometheus query failed: boom")]
#[case(HTTP_DURATION, "Prometheus query failed: running query failed: boom")]
#[case(CheckKind::Inline, "Prometheus query failed for errors: boom")]
#[case(CheckKind::Template, "Metric query failed for errors: boom")]
fn says_that_the_query_failed(#[case] kind: CheckKind, #[case] message: &str) {
    let verdict = judge(&check(kind, None, None), &Outcome::Error("boom".into()));
    assert_eq!(verdict.kind, VerdictKind::Error);
    assert_eq!(verdict.message.as_deref(), Some(message));
}

#[test]
fn a_broken_setup_is_reported_in_its_own_words() {
    let verdict = judge(&check(CheckKind::Template, None, None), &Outcome::Setup(SetupError::NothingToQuery));
    let message = "Metric query failed for no usable metrics template and query were configured";
    assert_eq!((verdict.message.as_deref(), verdict.kind), (Some(message), VerdictKind::Error));
}

#[rstest]
#[case(RATE, Some(99.0), None, 99.5, 99.5, "99.50%", Some(">= 99%"))]
#[case(DURATION, Some(10.0), Some(1500.0), 30.9, 0.03, "30ms", Some(">= 10ms, <= 1.5s"))]
#[case(HTTP_DURATION, None, Some(500.0), 1.5, 1.5, "1.5s", Some("<= 500ms"))]
#[case(CheckKind::Inline, None, Some(0.5), 0.001_234_5, 0.001_234_5, "0.001234", Some("<= 0.5"))]
#[case(CheckKind::Template, None, None, 7.0, 7.0, "7", None)]
fn explains_value_and_bounds(
    #[case] kind: CheckKind,
    #[case] min: Option<f64>,
    #[case] max: Option<f64>,
    #[case] value: f64,
    #[case] gauge: f64,
    #[case] text: &str,
    #[case] bounds: Option<&str>,
) {
    let check = check(kind, min, max);
    let verdict = judge(&check, &Outcome::sample(value));
    assert_eq!(verdict.value, Some(gauge));
    assert_eq!(verdict.bound_text.as_deref(), bounds);
    let outcome = CheckOutcome { query: Some("up".into()), outcome: Outcome::sample(value) };
    let status = verdict.status(&check, &outcome);
    assert_eq!((status.value.as_deref(), status.query.as_deref()), (Some(text), Some("up")));
}

fn any_kind() -> impl Strategy<Value = CheckKind> {
    prop::sample::select(vec![
        RATE,
        HTTP_RATE,
        DURATION,
        HTTP_DURATION,
        CheckKind::Inline,
        CheckKind::Template,
    ])
}

#[test]
fn a_series_passes_when_each_of_its_numbers_does() {
    let judged = |numbers: &[f64]| {
        let value = Outcome::Value(Value::Series(numbers.to_vec()));
        let verdict = judge(&check(CheckKind::Inline, None, Some(5.0)), &value);
        (verdict.kind, verdict.value)
    };
    assert_eq!(judged(&[1.0, 5.0, 2.0]), (VerdictKind::Pass, Some(2.0)));
    assert_eq!(judged(&[1.0, 6.0, 7.0, 2.0]), (VerdictKind::Fail, Some(6.0)));
    assert_eq!(judged(&[2.0, f64::NAN]), (VerdictKind::Pass, Some(2.0)));
    assert_eq!(judged(&[f64::NAN]), (VerdictKind::NoData, None));
    assert_eq!(judged(&[]), (VerdictKind::NoData, None));
}

proptest! {
    #[test]
    fn an_infinite_value_breaks_a_bound(kind in any_kind(), bound in -1e9..1e9f64) {
        let above = check(kind, None, Some(bound));
        prop_assert!(judge(&above, &Outcome::sample(f64::INFINITY)).kind != VerdictKind::Pass);
        let below = check(kind, Some(bound), None);
        prop_assert!(judge(&below, &Outcome::sample(f64::NEG_INFINITY)).kind != VerdictKind::Pass);
    }

    #[test]
    fn a_worse_value_never_passes_where_a_better_one_fails(
        kind in any_kind(), max in 0.0..1e6f64, value in 0.0..1e6f64, more in 0.0..1e6f64,
    ) {
        let check = check(kind, None, Some(max));
        let (low, high) = (judge(&check, &Outcome::sample(value)), judge(&check, &Outcome::sample(value + more)));
        prop_assert!(low.kind == VerdictKind::Pass || high.kind != VerdictKind::Pass);
    }

    #[test]
    fn only_a_pass_has_no_message(kind in any_kind(), value in proptest::num::f64::ANY, min: f64, max: f64) {
        let verdict = judge(&check(kind, Some(min), Some(max)), &Outcome::sample(value));
        prop_assert_eq!(verdict.kind == VerdictKind::Pass, verdict.message.is_none());
    }
}
