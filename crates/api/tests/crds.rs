//! The definitions: the generated files are up to date, and what the schema asks for is reviewed as an outline.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{fmt::Write as _, fs, path::PathBuf};

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::Value;
use serin_api::crds;

/// `SERIN_UPDATE=1 cargo test -p serin-api` writes the files instead of comparing them.
#[test]
fn generated_files_are_up_to_date() {
    for crd in crds() {
        let file = folder().join(format!("{}.yaml", name(&crd)));
        let expected = format!(
            "# Generated from the types in crates/api by: SERIN_UPDATE=1 cargo test -p serin-api\n{}",
            serde_saphyr::to_string(&crd).unwrap()
        );
        if std::env::var_os("SERIN_UPDATE").is_some() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&file, &expected).unwrap();
        }
        let present = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            present == expected,
            "{} is stale: run SERIN_UPDATE=1 cargo test -p serin-api and commit the result",
            file.display()
        );
    }
}

#[test]
fn generated_files_read_back_as_they_were() {
    for crd in crds() {
        let text = serde_saphyr::to_string(&crd).unwrap();
        assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), serde_json::to_value(&crd).unwrap());
    }
}

#[test]
fn outlines() {
    for crd in crds() {
        insta::assert_snapshot!(name(&crd), outline(&crd));
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/crds")
}

fn name(crd: &CustomResourceDefinition) -> &str {
    crd.metadata.name.as_deref().unwrap()
}

/// The definition without descriptions, one line for each node of the schema.
fn outline(crd: &CustomResourceDefinition) -> String {
    let version = &crd.spec.versions[0];
    let mut out = format!("{} {} {}\n", crd.spec.group, version.name, json(&crd.spec.names));
    for column in version.additional_printer_columns.iter().flatten() {
        writeln!(out, "column {}", json(column)).unwrap();
    }
    writeln!(out, "subresources {}", json(&version.subresources)).unwrap();
    node(&mut out, "", version.schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap());
    out
}

fn node(out: &mut String, path: &str, schema: &JSONSchemaProps) {
    let mut own = serde_json::to_value(schema).unwrap();
    let fields = own.as_object_mut().unwrap();
    for nested in ["description", "properties", "items", "additionalProperties"] {
        fields.remove(nested);
    }
    writeln!(out, "{path}: {own}").unwrap();
    for (name, property) in schema.properties.iter().flatten() {
        node(out, &format!("{path}.{name}"), property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        node(out, &format!("{path}[]"), items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        node(out, &format!("{path}{{}}"), values);
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
