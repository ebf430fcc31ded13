use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::json;

use super::page;

fn kettle() -> CustomResourceDefinition {
    let temperature = json!({"type": "number", "multipleOf": 1.0, "minimum": 20.0, "maximum": 100.0});
    let part = json!({"type": "object", "description": "A part", "required": ["name"],
        "properties": {"name": {"type": "string", "pattern": "^(a|b)$", "description": "Its name"}}});
    let mut spare = part.clone();
    spare["description"] = json!("Another part");
    let spec = json!({
        "type": "object",
        "description": "What to boil",
        "required": ["temperature"],
        "oneOf": [{"required": ["parts"]}, {"required": ["spare", "labels"]}],
        "x-kubernetes-validations": [{"rule": "true", "message": "water must be hot"}],
        "properties": {
            "temperature": temperature,
            "mode": {"type": "string", "enum": ["", "fast"], "default": "fast", "description": "How"},
            "parts": {"type": "array", "items": part, "maxItems": 3},
            "spare": spare,
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "port": {"x-kubernetes-int-or-string": true},
            "rest": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }
    });
    let crd = json!({
        "metadata": {"name": "kettles.example.org"},
        "spec": {
            "group": "example.org", "scope": "Namespaced",
            "names": {"kind": "Kettle", "plural": "kettles"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "additionalPrinterColumns": [
                    {"name": "Mode", "type": "string", "jsonPath": ".spec.mode"},
                    {"name": "Port", "type": "string", "jsonPath": ".spec.port", "priority": 1}],
                "schema": {"openAPIV3Schema":
                    {"type": "object", "description": "Kettle boils water", "properties": {"spec": spec}}}
            }]
        }
    });
    serde_json::from_value(crd).unwrap()
}

#[test]
fn a_page_has_a_table_for_each_object() {
    insta::assert_snapshot!(page(&kettle()));
}

#[test]
fn every_kind_has_a_page_without_gaps() {
    for crd in serin_api::crds() {
        let text = page(&crd);
        assert!(text.contains("## spec\n"), "{text}");
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = row.split(" | ").collect();
            assert!(cells.len() == 4 && !cells[3].trim_matches(['|', ' ']).is_empty(), "no meaning: {row}");
        }
    }
}
