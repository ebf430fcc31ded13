use std::fmt::Write;

use rstest::rstest;

use super::*;

const ALL: [Observer; 13] = [
    Observer::AppMesh,
    Observer::Apisix,
    Observer::Contour,
    Observer::Gloo,
    Observer::Http,
    Observer::Istio,
    Observer::Knative,
    Observer::Kuma,
    Observer::Linkerd,
    Observer::Nginx,
    Observer::Osm,
    Observer::Skipper,
    Observer::Traefik,
];

fn model() -> TemplateModel {
    TemplateModel {
        name: "the-canary".into(),
        namespace: "the-namespace".into(),
        target: "the-target".into(),
        service: "the-service".into(),
        ingress: "the-ingress".into(),
        route: "the-route".into(),
        interval: "90s".into(),
        variables: std::collections::BTreeMap::new(),
    }
}

#[test]
fn queries_are_promql() {
    let mut text = String::new();
    for observer in ALL {
        for check in [Builtin::SuccessRate, Builtin::Duration] {
            let query = observer.query(check, &model()).unwrap();
            promql_parser::parser::parse(&query).unwrap();
            writeln!(text, "{observer:?} {check:?}\n{query}\n").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[rstest]
#[case("istio", None, false, "istio")]
#[case("istio", Some(""), false, "istio")]
#[case("istio", Some("gatewayapi:v1"), false, "gatewayapi:v1")]
#[case("gatewayapi:v1", Some("contour"), true, "contour:service")]
#[case("linkerd", Some("gatewayapi:v1"), false, "linkerd")]
#[case("gatewayapi:linkerd", None, false, "gatewayapi:linkerd")]
#[case("smi:crossover", None, false, "crossover")]
#[case("smi:crossover", Some("nginx"), false, "nginx")]
#[case("kubernetes", None, true, "kubernetes:service")]
fn chooses_a_provider(
    #[case] global: &str,
    #[case] canary: Option<&str>,
    #[case] service_target: bool,
    #[case] expected: &str,
) {
    assert_eq!(metrics_provider(global, canary, service_target), expected);
}

#[rstest]
#[case("appmesh:v1beta2", Observer::AppMesh)]
#[case("gloo:v1", Observer::Gloo)]
#[case("gatewayapi", Observer::Http)]
#[case("gatewayapi:v1beta1", Observer::Http)]
#[case("gatewayapi:v1:service", Observer::Http)]
#[case("kubernetes", Observer::Http)]
#[case("kubernetes:service", Observer::Istio)]
#[case("contour", Observer::Contour)]
#[case("contour:service", Observer::Istio)]
#[case("crossover", Observer::Istio)]
#[case("smi:istio", Observer::Istio)]
#[case("linkerd", Observer::Linkerd)]
#[case("", Observer::Istio)]
fn chooses_an_observer(#[case] provider: &str, #[case] expected: Observer) {
    assert_eq!(observer(provider), expected);
}

#[rstest]
#[case(Observer::Http, 1.5159, 1515)]
#[case(Observer::Http, 0.0004, 0)]
#[case(Observer::Istio, 1515.9, 1515)]
#[case(Observer::Istio, f64::INFINITY, i64::MAX)]
#[case(Observer::Http, f64::NEG_INFINITY, i64::MIN)]
fn durations_are_whole_milliseconds(#[case] observer: Observer, #[case] value: f64, #[case] expected: i64) {
    assert_eq!(observer.milliseconds(value), expected);
}
