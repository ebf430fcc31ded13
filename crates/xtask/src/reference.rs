//! The reference pages: one table for each object of a kind's schema.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};
use std::fmt::Write as _;

mod node;
mod words;

use crate::links::anchor;
use node::Section;

/// The page of a kind.
pub(crate) fn page(crd: &CustomResourceDefinition) -> String {
    let kind = &crd.spec.names.kind;
    let mut out =
        format!("<!-- Generated from the types in crates/api by `cargo xtask generate`. -->\n# {kind}\n\n");
    for version in &crd.spec.versions {
        let Some(root) = root(version) else { continue };
        push(&mut out, &words::sentence(root.description.as_deref().unwrap_or_default()));
        push(&mut out, &format!("`apiVersion: {}/{}`, `kind: {kind}`", crd.spec.group, version.name));
        push(&mut out, &columns(version));
        for section in node::sections(root) {
            push(&mut out, &render(&section));
        }
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn push(out: &mut String, paragraph: &str) {
    if !paragraph.is_empty() {
        let _ = write!(out, "{}\n\n", paragraph.trim_end());
    }
}

fn root(version: &CustomResourceDefinitionVersion) -> Option<&JSONSchemaProps> {
    version.schema.as_ref()?.open_api_v3_schema.as_ref()
}

fn columns(version: &CustomResourceDefinitionVersion) -> String {
    let list = |wide: bool| {
        let all = version.additional_printer_columns.iter().flatten();
        let names = all.filter(|column| (column.priority.unwrap_or(0) > 0) == wide).map(|c| c.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    match (list(false), list(true)) {
        (shown, wide) if shown.is_empty() && wide.is_empty() => String::new(),
        (shown, wide) if wide.is_empty() => format!("`kubectl get` shows: {shown}."),
        (shown, wide) => format!("`kubectl get` shows: {shown}; with `-o wide` also: {wide}."),
    }
}

fn render(section: &Section) -> String {
    let mut out = format!("## {}\n\n", section.path);
    push(&mut out, &words::sentence(section.schema.description.as_deref().unwrap_or_default()));
    out.push_str("| field | type | default | meaning |\n|---|---|---|---|\n");
    for (name, field) in section.schema.properties.iter().flatten() {
        let default = default(section.schema, name, field);
        let kind = kind(section, name, field);
        let _ = writeln!(out, "| `{name}` | {kind} | {default} | {} |", words::meaning(field));
    }
    let rules = words::rules(section.schema);
    out.push_str(if rules.is_empty() { "" } else { "\n" });
    for rule in rules {
        let _ = writeln!(out, "- {rule}");
    }
    out
}

fn default(parent: &JSONSchemaProps, name: &str, field: &JSONSchemaProps) -> String {
    let required = parent.required.iter().flatten().any(|required| required == name);
    match &field.default {
        Some(value) => format!("`{}`", value.0),
        None if required => "required".to_owned(),
        None => String::new(),
    }
}

/// The type of a field; objects link to their section.
fn kind(section: &Section, name: &str, field: &JSONSchemaProps) -> String {
    match (&field.items, &field.additional_properties) {
        (Some(JSONSchemaPropsOrArray::Schema(items)), _) => format!("list of {}", kind(section, name, items)),
        (_, Some(JSONSchemaPropsOrBool::Schema(values))) => format!("map of {}", kind(section, name, values)),
        _ => match section.link(name) {
            Some(path) => format!("[object](#{})", anchor(path)),
            None => words::primitive(field).to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
