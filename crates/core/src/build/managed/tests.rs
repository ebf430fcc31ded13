use super::*;

fn service() -> Value {
    json!({
        "metadata": {"name": "podinfo", "managedFields": [
            {"manager": "flagger", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
             "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:team": {}}, "f:ownerReferences": {".": {}}},
                "f:spec": {"f:ports": {".": {}, "k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
                           "f:selector": {}, "f:type": {}}}},
            {"manager": "kubectl-edit", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
             "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:metadata": {"f:labels": {"f:mine": {}}}}},
            {"manager": "flagger", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
             "subresource": "status", "fieldsV1": {"f:status": {}}},
        ]}
    })
}

fn entries(object: &Value) -> Vec<Value> {
    items(object, ENTRIES).cloned().collect()
}

#[test]
fn what_is_kept_of_the_entries_answers_the_same() {
    let whole = service();
    let mut short = service();
    trim(&mut short);
    assert!(short.to_string().len() < whole.to_string().len() / 2, "{short}");
    for object in [&whole, &short] {
        assert_eq!(keys(object, "labels"), ["app", "team"].map(str::to_owned).into());
        assert!(outlives(object));
        assert!(!stray_port(object, &json!([{"port": 80, "protocol": "TCP"}])));
        assert!(stray_port(object, &json!([{"port": 81, "protocol": "TCP"}])));
        assert!(stray_keys(object, &json!({"metadata": {"labels": {"app": "x"}}})));
        assert!(!stray_keys(object, &json!({"metadata": {"labels": {"app": "x", "team": "y", "new": ""}}})));
        assert_eq!(template_written(object), None);
    }
}

#[test]
fn an_object_without_entries_has_none() {
    let mut object = json!({"metadata": {"name": "a"}});
    trim(&mut object);
    assert_eq!(object, json!({"metadata": {"name": "a"}}));
    assert!(!outlives(&object) && keys(&object, "labels").is_empty());
}

#[test]
fn the_time_of_the_template_is_that_of_its_last_writer() {
    let writer = |manager: &str, time: &str, fields: Value| json!({"manager": manager, "operation": "Apply", "time": time, "fieldsV1": {"f:spec": fields}});
    let mut target = json!({"metadata": {"managedFields": [
        writer("flux", "2026-01-01T00:00:00Z", json!({"f:template": {"f:spec": {}}, "f:replicas": {}})),
        writer("helm", "2026-01-03T00:00:00Z", json!({"f:template": {"f:metadata": {}}})),
        writer("kube-controller-manager", "2026-01-04T00:00:00Z", json!({"f:replicas": {}})),
        writer("flagger", "2026-01-05T00:00:00Z", json!({"f:template": {"f:spec": {"f:nodeSelector": {}}}})),
    ]}});
    let expected = DateTime::parse_from_rfc3339("2026-01-03T00:00:00Z").unwrap().to_utc();
    assert_eq!(template_written(&target), Some(expected));
    trim(&mut target);
    assert_eq!(template_written(&target), Some(expected));
}

#[test]
fn what_flagger_owned_becomes_serins() {
    let over = handed_over(&entries(&service())).unwrap();
    let managers: Vec<_> = over.iter().map(|e| (text(e, "/manager"), text(e, "/operation"))).collect();
    let update = Some("Update");
    assert_eq!(
        managers,
        [(Some("kubectl-edit"), update), (Some("flagger"), update), (Some("serin"), Some("Apply"))]
    );
    assert_eq!(over[2]["fieldsV1"], service()["metadata"]["managedFields"][0]["fieldsV1"]);
    assert_eq!(over[1]["subresource"], "status");
    assert_eq!(handed_over(&over), None);
}

#[test]
fn serins_own_fields_stay_serins() {
    let mut all = entries(&service());
    all.push(json!({"manager": "serin", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:selector": {"f:app": {}}, "f:clusterIP": {}}}}));
    let over = handed_over(&all).unwrap();
    assert_eq!(over.len(), 3);
    let spec = &over[2]["fieldsV1"]["f:spec"];
    assert_eq!(spec["f:selector"], json!({"f:app": {}}));
    assert!(spec.get("f:clusterIP").is_some() && spec.get("f:type").is_some());
}
