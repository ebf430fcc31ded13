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

fn pods(query: &str) -> Vec<promql_parser::label::Matcher> {
    use promql_parser::parser::Expr;
    fn selector(expr: &Expr) -> Vec<promql_parser::label::Matcher> {
        match expr {
            Expr::Binary(binary) => [selector(&binary.lhs), selector(&binary.rhs)].concat(),
            Expr::Aggregate(aggregate) => selector(&aggregate.expr),
            Expr::Call(call) => call.args.args.iter().flat_map(|arg| selector(arg)).collect(),
            Expr::MatrixSelector(range) => range.vs.matchers.find_matchers("kubernetes_pod_name"),
            _ => Vec::new(),
        }
    }
    selector(&promql_parser::parser::parse(query).unwrap())
}

#[rstest]
#[case::deployment(PodNames::of("Deployment"), "the-target-7d9c5b8f6d-x2x7k", true)]
#[case::primary(PodNames::of("Deployment"), "the-target-primary-7d9c5b8f6d-x2x7k", false)]
#[case::daemon_set(PodNames::of("DaemonSet"), "the-target-x2x7k", true)]
#[case::primary_daemon_set(PodNames::of("DaemonSet"), "the-target-primary-x2x7k", false)]
#[case::other_daemon_set(PodNames::of("DaemonSet"), "the-target-web-x2x7k", false)]
fn pods_of_the_canary_are_told_from_the_primarys(
    #[case] names: PodNames,
    #[case] pod: &str,
    #[case] is_canary: bool,
) {
    for observer in [Observer::Http, Observer::AppMesh] {
        for check in [Builtin::SuccessRate, Builtin::Duration] {
            let matchers = pods(&observer.query(check, names, &model()).unwrap());
            assert!(!matchers.is_empty());
            assert!(matchers.iter().all(|matcher| matcher.is_match(pod) == is_canary), "{matchers:?}");
        }
    }
}

#[test]
fn names_of_pods_change_only_queries_by_pod() {
    for observer in ALL {
        let by = |pods| observer.query(Builtin::SuccessRate, pods, &model()).unwrap();
        let same = by(PodNames::OfReplicaSet) == by(PodNames::OfDaemonSet);
        assert_eq!(same, !matches!(observer, Observer::Http | Observer::AppMesh), "{observer:?}");
    }
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
