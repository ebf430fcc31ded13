use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;

use super::*;

fn configs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn digits_become_flaggers_letters() {
    assert_eq!(safe_encode("0123456789"), "456789bcdf");
}

#[rstest]
#[case(None, "", "758df7c9fc")]
#[case(
    Some([("configmap/a", "1111111111111111"), ("secret/b", "2222222222222222")].as_slice()),
    "7b5dd8ff9d",
    "5f66847b4b"
)]
fn webhook_checksum_is_flaggers(
    #[case] tracked: Option<&[(&str, &str)]>,
    #[case] spec: &str,
    #[case] expected: &str,
) {
    assert_eq!(checksum(tracked.map(configs).as_ref(), spec), expected);
}

#[rstest]
#[case::config_map(json!({"data": {"color": "red"}}), "241889ca0604e333")]
#[case::secret(json!({"data": {"apiKey": "dGVzdA=="}, "type": "Opaque"}), "3930f0692c2295eb")]
#[case::no_data(json!({"metadata": {"name": "empty"}}), "74234e98afe7498f")]
#[case::null_data(json!({"data": null, "binaryData": {}}), "74234e98afe7498f")]
fn config_checksum_is_flaggers(#[case] config: Value, #[case] expected: &str) {
    assert_eq!(config_checksum(&config), expected);
}

#[test]
fn json_is_escaped_like_go() {
    let json = json!({"b": "<&>\u{2028}\u{2029}", "a": "\u{8}\u{c}\n\r\t\u{1}\u{7f}é"}).to_string();
    assert_eq!(
        escape_like_go(&json),
        "{\"a\":\"\\b\\f\\n\\r\\t\\u0001\u{7f}é\",\"b\":\"\\u003c\\u0026\\u003e\\u2028\\u2029\"}"
    );
}

#[test]
fn binary_data_extends_the_checksum() {
    let plain = config_checksum(&json!({"data": {"color": "red"}}));
    let with = config_checksum(&json!({"data": {"color": "red"}, "binaryData": {"logo": "AAEC"}}));
    assert_ne!(plain, with);
    assert!(with.starts_with(&format!("{plain}-")));
}

#[rstest]
#[case::null_field(json!({"metadata": {"creationTimestamp": null, "labels": {"app": "a"}}, "spec": {"x": null}}))]
#[case::order(serde_json::from_str(r#"{"spec":{},"metadata":{"labels":{"app":"a"}}}"#).unwrap())]
fn revision_ignores_spelling(#[case] template: Value) {
    assert_eq!(revision(&template), revision(&json!({"metadata": {"labels": {"app": "a"}}, "spec": {}})));
}

#[test]
fn empty_metadata_says_nothing() {
    let bare = json!({"spec": {"containers": []}});
    let empty = json!({"metadata": {"creationTimestamp": null}, "spec": {"containers": []}});
    assert_eq!(revision(&bare), revision(&empty));
}

/// Values and hashes made with Flagger's own function.
const VECTORS: &str = include_str!("../../tests/fixtures/flagger-hashes.tsv");

#[test]
fn revisions_are_flaggers() {
    let lines: Vec<&str> = VECTORS.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() > 15);
    for line in lines {
        let [kind, expected, json]: [&str; 3] = line.splitn(3, '\t').collect::<Vec<_>>().try_into().unwrap();
        let value = serde_json::from_str(json).unwrap();
        let hash = match kind {
            "template" => revision(&value),
            "daemonset" => daemon_set_revision(&value),
            "service" => service_revision(&value),
            other => panic!("{other}"),
        };
        assert_eq!(hash, expected, "{kind} {json}");
    }
}

#[test]
fn fields_that_flagger_never_heard_of_count_too() {
    let template = |more: Value| {
        let mut template = json!({"spec": {"containers": [{"name": "c", "image": "i"}]}});
        template["spec"]["containers"][0]["ofTheFuture"] = more;
        revision(&template)
    };
    assert_eq!(
        template(json!(null)),
        revision(&json!({"spec": {"containers": [{"name": "c", "image": "i"}]}}))
    );
    assert_ne!(template(json!(null)), template(json!({"a": 1})));
    assert_ne!(template(json!({"a": 1})), template(json!({"a": 2})));
    assert_eq!(template(json!({"a": 1, "b": 2})), template(json!({"b": 2, "a": 1})));
}

#[rstest]
#[case::quantity(json!({"resources": {"limits": {"cpu": "many"}}}), json!({"resources": {"limits": {"cpu": "more"}}}))]
#[case::kind(json!({"args": "a"}), json!({"args": "b"}))]
#[case::time(json!({"volumes": [{"time": 1}]}), json!({"volumes": [{"time": 2}]}))]
fn values_that_go_would_refuse_count_too(#[case] one: Value, #[case] other: Value) {
    let of = |container: Value| revision(&json!({"spec": {"containers": [container]}}));
    assert_ne!(of(one), of(other));
}

#[test]
fn promotion_id_names_uid_revision_and_configs() {
    let id = promotion_id("u", "r", &configs(&[("configmap/a", "1")]));
    assert_eq!(id, promotion_id("u", "r", &configs(&[("configmap/a", "1")])));
    assert_ne!(id, promotion_id("v", "r", &configs(&[("configmap/a", "1")])));
    assert_ne!(id, promotion_id("u", "s", &configs(&[("configmap/a", "1")])));
    assert_ne!(id, promotion_id("u", "r", &configs(&[("configmap/a", "2")])));
    assert_ne!(id, promotion_id("u", "r", &configs(&[])));
    assert!(Uuid::parse_str(&id).is_ok());
}

/// Values with everything that says nothing.
fn values() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3u8).prop_map(Value::from)];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "metadata", "creationTimestamp"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key.prop_map(ToOwned::to_owned), inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_the_same_has_one_canonical_form(one in values(), other in values()) {
        prop_assert_eq!(same(&one, &other), canonical(&one) == canonical(&other));
    }

    #[test]
    fn revisions_differ_by_image(a in "[a-z]{1,12}", b in "[a-z]{1,12}") {
        let template = |image: &str| json!({"spec": {"containers": [{"image": image}]}});
        prop_assert!((1..=10).contains(&revision(&template(&a)).len()));
        prop_assert_eq!(a == b, revision(&template(&a)) == revision(&template(&b)));
    }
}
