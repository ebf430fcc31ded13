//! Schema in words.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

/// The name of a type without parts.
pub(super) fn primitive(field: &JSONSchemaProps) -> &str {
    match field.type_.as_deref() {
        _ if field.x_kubernetes_int_or_string == Some(true) => "integer or string",
        Some("number") if field.multiple_of == Some(1.0) => "integer",
        Some("string") if field.format.as_deref() == Some("date-time") => "time",
        Some("object") => "any object",
        Some(name) => name,
        None => "any",
    }
}

/// The description of a field and what its value is held to, fit for a cell of a table.
pub(super) fn meaning(field: &JSONSchemaProps) -> String {
    let parts = [
        sentence(field.description.as_deref().unwrap_or_default()),
        choices(field),
        range(field),
        pattern(field),
    ];
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    text.replace('|', "\\|")
}

/// One paragraph that ends in a full stop.
pub(super) fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() || text.ends_with('.') { text } else { text + "." }
}

/// What an object's fields owe each other.
pub(super) fn rules(object: &JSONSchemaProps) -> Vec<String> {
    let alternatives = |list: &Option<Vec<JSONSchemaProps>>| {
        let sets = list.iter().flatten().filter_map(required).collect::<Vec<_>>();
        sets.join("; ")
    };
    let or_none = object.one_of.iter().flatten().any(|branch| branch.not.is_some());
    let (one, any) = (alternatives(&object.one_of), alternatives(&object.any_of));
    let fields = match (one.is_empty(), any.is_empty()) {
        (false, _) if or_none => Some(format!("At most one of these is set: {one}.")),
        (false, _) => Some(format!("Exactly one of these is set: {one}.")),
        (_, false) => Some(format!("At least one of these is set: {any}.")),
        _ => None,
    };
    let checks = object.x_kubernetes_validations.iter().flatten().filter_map(|rule| rule.message.as_deref());
    fields
        .into_iter()
        .chain(checks.map(|message| sentence(&format!("Checked at admission: {message}"))))
        .collect()
}

fn required(branch: &JSONSchemaProps) -> Option<String> {
    let names: Vec<_> = branch.required.iter().flatten().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(" with "))
}

/// The values that are allowed, unless the description names them all.
fn choices(field: &JSONSchemaProps) -> String {
    let shown = field.enum_.iter().flatten().map(|value| match value.0.as_str() {
        Some("") => "`\"\"`".to_owned(),
        Some(text) => format!("`{text}`"),
        None => format!("`{}`", value.0),
    });
    let shown: Vec<_> = shown.collect();
    let said = |choice: &String| field.description.as_ref().is_some_and(|text| text.contains(choice));
    if shown.iter().all(said) { String::new() } else { format!("One of {}.", shown.join(", ")) }
}

fn range(field: &JSONSchemaProps) -> String {
    match (field.minimum, field.maximum, field.max_items) {
        (Some(min), Some(max), _) => format!("From {min} to {max}."),
        (Some(min), None, _) => format!("At least {min}."),
        (None, Some(max), _) => format!("At most {max}."),
        (None, None, Some(items)) => format!("At most {items} entries."),
        _ => String::new(),
    }
}

fn pattern(field: &JSONSchemaProps) -> String {
    field.pattern.as_ref().map_or_else(String::new, |pattern| format!("Matches `{pattern}`."))
}
