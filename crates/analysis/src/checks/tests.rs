use std::collections::BTreeMap;

use serin_api::canary::ThresholdRange;

use super::*;
use crate::criterion::Bounds;

fn subject() -> Subject {
    let model = TemplateModel {
        name: "shop".into(),
        namespace: "prod".into(),
        target: "app".into(),
        service: "app".into(),
        ingress: "app".into(),
        route: "app".into(),
        ..TemplateModel::default()
    };
    Subject { model, metrics_provider: "gatewayapi:v1".into(), pods: PodNames::default() }
}

fn metric(name: &str) -> CanaryMetric {
    CanaryMetric { name: name.into(), ..CanaryMetric::default() }
}

fn with_query(name: &str, query: &str) -> CanaryMetric {
    CanaryMetric { query: Some(query.into()), ..metric(name) }
}

fn with_template(name: &str, namespace: Option<&str>) -> CanaryMetric {
    let reference = CrossNamespaceRef { name: "latency".into(), namespace: namespace.map(str::to_owned) };
    CanaryMetric { template_ref: Some(reference), ..metric(name) }
}

fn summary(checks: &[Check]) -> Vec<String> {
    let show = |check: &Check| format!("{} {:?} {:?}", check.metric, check.kind, check.source);
    checks.iter().map(show).collect()
}

#[test]
fn templates_come_last_and_one_metric_can_yield_three_checks() {
    let everything = CanaryMetric {
        query: Some("up{n=\"{{ name }}\"}[{{ interval }}]".into()),
        interval: Some("30s".into()),
        ..with_template("request-duration", Some("metrics"))
    };
    let metrics =
        [with_template("custom", None), metric("unusable"), everything, with_query("own", "vector(1)")];
    let checks = plan(&metrics, &subject());
    let kinds: Vec<_> = checks.iter().map(|check| (check.metric.as_str(), check.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("request-duration", CheckKind::Duration(Observer::Http)),
            ("request-duration", CheckKind::Inline),
            ("own", CheckKind::Inline),
            ("custom", CheckKind::Template),
            ("unusable", CheckKind::Template),
            ("request-duration", CheckKind::Template),
        ]
    );
    assert_eq!(
        summary(&checks[1..]),
        [
            r#"request-duration Inline Query("up{n=\"shop\"}[30s]")"#,
            r#"own Inline Query("vector(1)")"#,
            r#"custom Template Template(TemplateName { name: "latency", namespace: "prod" })"#,
            "unusable Template Settled(Setup(NothingToQuery))",
            r#"request-duration Template Template(TemplateName { name: "latency", namespace: "metrics" })"#,
        ]
    );
}

#[test]
fn queries_are_kept_as_they_are_written() {
    let written = "\n# errors of {{ name }}\nvector(0.02)  # a share\n  * 100\n";
    let sent = "# errors of shop\nvector(0.02)  # a share\n  * 100";
    let check = &plan(&[with_query("own", written)], &subject())[0];
    assert_eq!(check.source, Source::Query(sent.to_owned()));
    let template = TemplateName { name: "t".to_owned(), namespace: "prod".to_owned() };
    assert_eq!(check.render(&template, written), Ok(sent.to_owned()));
}

#[test]
fn built_in_queries_follow_the_provider() {
    let subject = Subject { metrics_provider: "contour".into(), ..subject() };
    let checks = plan(&[metric("request-success-rate")], &subject);
    assert_eq!(checks[0].kind, CheckKind::SuccessRate(Observer::Contour));
    assert!(matches!(&checks[0].source, Source::Query(query) if query.contains("prod_app-canary_")));
}

#[test]
fn built_in_queries_follow_the_names_of_the_targets_pods() {
    let subject = Subject { pods: PodNames::of("DaemonSet"), ..subject() };
    let checks = plan(&[metric("request-duration")], &subject);
    assert!(matches!(&checks[0].source, Source::Query(query) if query.contains(r#"=~"app-[0-9a-zA-Z]+"}"#)));
}

#[rstest::rstest]
#[case(None, "1m")]
#[case(Some(""), "1m")]
#[case(Some("2m30s"), "2m30s")]
fn the_interval_defaults_for_every_kind(#[case] interval: Option<&str>, #[case] expected: &str) {
    let set = |metric| CanaryMetric { interval: interval.map(str::to_owned), ..metric };
    let metrics =
        [metric("request-duration"), with_query("own", "x"), with_template("custom", None)].map(set);
    let checks = plan(&metrics, &subject());
    assert!(checks.iter().all(|check| check.model.interval == expected), "{checks:?}");
}

#[test]
fn an_inline_query_that_does_not_render_is_settled() {
    let checks = plan(&[with_query("own", "{{ nonsense }}")], &subject());
    assert!(
        matches!(&checks[0].source, Source::Settled(Outcome::Error(text)) if text.contains("nonsense")),
        "{checks:?}"
    );
}

#[test]
fn a_template_renders_with_the_metrics_variables() {
    let variables = BTreeMap::from([("code".to_owned(), "5..".to_owned())]);
    let metric = CanaryMetric { template_variables: Some(variables), ..with_template("custom", None) };
    let checks = plan(&[metric], &subject());
    let name = TemplateName { name: "latency".into(), namespace: "prod".into() };
    let query = "x{code=~\"{{ variables.code }}\"}[{{ interval }}]";
    assert_eq!(checks[0].render(&name, query).as_deref(), Ok("x{code=~\"5..\"}[1m]"));
    insta::assert_snapshot!(checks[0].render(&name, "{{ variables.cod }}").unwrap_err(), @"Metric template latency.prod query render error: line 1: no template variable \"cod\"; set it in templateVariables of the Canary's metric");
}

#[rstest::rstest]
#[case("request-success-rate", Some(99.0), None, (Some(99.0), None))]
#[case("request-success-rate", None, None, (Some(0.0), None))]
#[case("request-duration", Some(500.0), None, (None, Some(500.0)))]
#[case("request-duration", None, None, (None, Some(0.0)))]
#[case("own", Some(1.0), None, (None, Some(1.0)))]
#[case("own", Some(1.0), Some((None, None)), (None, None))]
#[case("request-success-rate", Some(1.0), Some((Some(2.0), Some(3.0))), (Some(2.0), Some(3.0)))]
fn bounds_follow_the_range_then_the_threshold(
    #[case] name: &str,
    #[case] threshold: Option<f64>,
    #[case] range: Option<(Option<f64>, Option<f64>)>,
    #[case] (min, max): (Option<f64>, Option<f64>),
) {
    let threshold_range = range.map(|(min, max)| ThresholdRange { min, max });
    let metric = CanaryMetric { threshold, threshold_range, ..with_query(name, "x") };
    let checks = plan(&[metric], &subject());
    assert_eq!(checks[0].criterion, Criterion::Within(Bounds { min, max }));
}
