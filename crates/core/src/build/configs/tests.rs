use rstest::rstest;

use super::*;

fn refs(pod: &Value) -> Vec<(String, bool)> {
    let target = json!({"spec": {"template": {"spec": pod}}});
    config_refs(&target).into_iter().map(|r| (r.key(), r.required)).collect()
}

#[rstest]
#[case::volumes(
    json!({"volumes": [{"configMap": {"name": "a"}}, {"secret": {"secretName": "b", "optional": true}}, {"emptyDir": {}}]}),
    &[("configmap/a", true), ("secret/b", false)]
)]
#[case::projected(
    json!({"volumes": [{"projected": {"sources": [{"configMap": {"name": "a"}}, {"secret": {"name": "b"}}, {"downwardAPI": {}}]}}]}),
    &[("configmap/a", true), ("secret/b", true)]
)]
#[case::variables(
    json!({"containers": [{"env": [
        {"name": "A", "value": "x"},
        {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k", "optional": false}}},
        {"name": "C", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}},
        {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]}]}),
    &[("configmap/a", true), ("secret/b", true)]
)]
#[case::init_containers(
    json!({"initContainers": [{"envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}]}]}),
    &[("configmap/a", true), ("secret/b", true)]
)]
#[case::variables_of_init_containers(
    json!({"initContainers": [{"env": [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k", "optional": true}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}},
    ]}]}),
    &[("configmap/a", false), ("secret/b", true)]
)]
#[case::other_sources(
    json!({
        "volumes": [
            {"csi": {"driver": "d", "nodePublishSecretRef": {"name": "a"}}},
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
        ],
        "containers": [{"env": [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]}],
    }),
    &[]
)]
#[case::untracked(
    json!({"imagePullSecrets": [{"name": "a"}], "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "b"}}]}]}),
    &[]
)]
#[case::the_last_reference_decides(
    json!({
        "volumes": [{"configMap": {"name": "a"}}, {"configMap": {"name": "b", "optional": true}}],
        "containers": [{"envFrom": [{"configMapRef": {"name": "a", "optional": true}}, {"configMapRef": {"name": "b"}}]}],
    }),
    &[("configmap/a", false), ("configmap/b", true)]
)]
fn references(#[case] pod: Value, #[case] expected: &[(&str, bool)]) {
    let expected: Vec<_> = expected.iter().map(|(key, required)| ((*key).to_owned(), *required)).collect();
    assert_eq!(refs(&pod), expected);
}

#[rstest]
#[case(ConfigKind::ConfigMap, json!({}), false)]
#[case(ConfigKind::ConfigMap, json!({"metadata": {"annotations": {"flagger.app/config-tracking": "disabled"}}}), true)]
#[case(ConfigKind::ConfigMap, json!({"metadata": {"annotations": {"flagger.app/config-tracking": "disable"}}}), true)]
#[case(ConfigKind::Secret, json!({"metadata": {"annotations": {"flagger.app/config-tracking": "disabled-for-now"}}}), true)]
#[case(ConfigKind::ConfigMap, json!({"metadata": {"annotations": {"flagger.app/config-tracking": "enabled"}}}), false)]
#[case(ConfigKind::Secret, json!({"type": "kubernetes.io/basic-auth"}), false)]
#[case(ConfigKind::Secret, json!({"type": "kubernetes.io/ssh-auth"}), false)]
#[case(ConfigKind::Secret, json!({"type": "kubernetes.io/service-account-token"}), true)]
#[case(ConfigKind::Secret, json!({"type": "Opaque"}), false)]
#[case(ConfigKind::Secret, json!({"type": "kubernetes.io/tls"}), false)]
#[case(ConfigKind::Secret, json!({"type": "kubernetes.io/dockerconfigjson"}), true)]
#[case(ConfigKind::Secret, json!({}), false)]
fn ignores(#[case] kind: ConfigKind, #[case] config: Value, #[case] expected: bool) {
    assert_eq!(ignored(kind, &config), expected);
}

#[test]
fn every_tracked_reference_gets_the_suffix_and_no_other() {
    let refs = |suffix: &str| {
        let (map, secret) = (format!("a{suffix}"), format!("b{suffix}"));
        let container = json!({
            "env": [
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": map, "key": "k"}}},
                {"name": "B", "valueFrom": {"secretKeyRef": {"name": secret, "key": "k"}}},
            ],
            "envFrom": [{"configMapRef": {"name": map}}, {"secretRef": {"name": secret}}, {"secretRef": {"name": "own"}}],
        });
        json!({
            "imagePullSecrets": [{"name": "b"}],
            "volumes": [
                {"configMap": {"name": map}},
                {"secret": {"secretName": secret}},
                {"projected": {"sources": [{"configMap": {"name": map}}, {"secret": {"name": secret}}]}},
            ],
            "containers": [container],
            "initContainers": [container],
            "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "b"}}]}],
        })
    };
    let tracked = ["configmap/a", "secret/b"].map(|key| (key.to_owned(), String::new())).into();
    let mut pod = refs("");
    rename(&mut pod, &tracked);
    assert_eq!(pod, refs("-primary"));
}

#[test]
fn copies_that_the_primary_uses_need_no_look() {
    let uses = |names: &[&str]| {
        let sources: Vec<Value> = names.iter().map(|name| json!({"configMapRef": {"name": name}})).collect();
        json!({"spec": {"template": {"spec": {"containers": [{"envFrom": sources}]}}}})
    };
    let names = |target: &[&str], primary: Option<&[&str]>| -> Vec<String> {
        uncopied(&uses(target), primary.map(uses).as_ref()).into_iter().map(|r| r.name).collect()
    };
    assert_eq!(names(&["a", "b"], None), ["a", "b"]);
    assert_eq!(names(&["a", "b"], Some(&["a-primary"])), ["b"]);
    // The primary uses an object of that name as it is, for it is not tracked.
    assert_eq!(names(&["a", "a-primary"], Some(&["a-primary"])), ["a", "a-primary"]);
}

#[rstest]
#[case::the_same(json!({"type": "Opaque", "data": {"a": "b"}}), false)]
#[case::other_content(json!({"type": "Opaque", "data": {"a": "c"}}), false)]
#[case::another_type(json!({"type": "kubernetes.io/tls", "data": {"a": "b"}}), true)]
#[case::immutable(json!({"type": "Opaque", "immutable": true, "data": {"a": "c"}}), true)]
fn what_cannot_be_changed_is_made_anew(#[case] live: Value, #[case] expected: bool) {
    let desired = json!({"type": "Opaque", "data": {"a": "b"}, "metadata": {"name": "x", "uid": "1", "resourceVersion": "2"}});
    let made = made_anew(&desired, &live);
    assert_eq!(made.is_some(), expected);
    assert!(made.is_none_or(|made| made["metadata"] == json!({"name": "x"})));
}
