use rstest::rstest;

use super::*;

#[rstest]
#[case("gatewayapi:v1", Some("gatewayapi:v1"))]
#[case("gatewayapi:v1beta1", Some("gatewayapi:v1"))]
#[case("gatewayapi", Some("gatewayapi:v1"))]
#[case("nginx", Some("nginx"))]
#[case("kubernetes", Some("kubernetes"))]
#[case("istio", None)]
#[case("", None)]
fn providers_have_a_router(#[case] provider: &str, #[case] expected: Option<&str>) {
    assert_eq!(of_provider(provider).map(Router::provider), expected);
}

#[test]
fn each_router_answers_to_its_own_name_alone() {
    for router in ROUTERS {
        let answering: Vec<_> = ROUTERS.iter().filter(|other| other.answers(router.provider())).collect();
        assert_eq!(answering.len(), 1, "{router:?}");
    }
}

#[test]
fn entries_lead_back_to_their_router() {
    for router in ROUTERS.iter().filter(|router| router.capabilities().weights) {
        let entry = entry(*router, "podinfo");
        let found = of_entry(&entry).unwrap();
        assert_eq!((found.router.provider(), found.name), (router.provider(), "podinfo"), "{entry}");
        assert!(router.kinds().contains(&found.kind));
    }
}

#[rstest]
#[case("")]
#[case("service/podinfo")]
#[case("configmap/podinfo")]
fn what_is_no_route_has_none(#[case] entry: &str) {
    assert!(of_entry(entry).is_none());
}

/// The operator may do what its routers need, and the role says so in one place.
#[test]
fn the_role_has_the_rights_of_every_kind() {
    let manifest = include_str!("../../../../deploy/kustomize/base/cluster-role.yaml");
    let documents: Vec<Value> = serde_saphyr::from_multiple(manifest).unwrap();
    let rules = documents[0]["rules"].as_array().unwrap();
    let has = |list: &Value, text: &str| list.as_array().unwrap().iter().any(|item| item == text);
    for kind in kinds() {
        let rule = rules
            .iter()
            .find(|rule| has(&rule["apiGroups"], kind.group) && has(&rule["resources"], kind.plural));
        let rule = rule.unwrap_or_else(|| panic!("{kind:?}"));
        assert!(kind.verbs.iter().all(|verb| has(&rule["verbs"], verb)), "{kind:?}");
    }
}
