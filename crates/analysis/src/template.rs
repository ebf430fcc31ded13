//! Flagger's query templates: `{{ namespace }}`, `{{ variables.x }}`, `printf`, trim markers, comments.
//!
//! The text around actions follows Go's rules and never passes through the renderer, so braces and
//! backslashes in a query mean nothing special. What is inside an action is checked word by word and
//! then evaluated by handlebars. Anything Go could do beyond that is an error, never a wrong query.

mod action;
mod error;
mod functions;
mod model;
mod scan;
mod tokens;

use std::sync::LazyLock;

use handlebars::Handlebars;
use serde_json::Value;

pub use error::TemplateError;
pub use model::TemplateModel;

use action::{Action, Scope};
use scan::Piece;

static RENDERER: LazyLock<Handlebars<'static>> = LazyLock::new(functions::registry);

/// Renders a query template (`spec.query` of a MetricTemplate, or a metric's inline `query`).
///
/// # Errors
/// Names the line and the unknown name, missing variable or unsupported construct.
pub fn render(template: &str, model: &TemplateModel) -> Result<String, TemplateError> {
    let mut data = serde_json::to_value(model).unwrap_or_default();
    let mut query = String::with_capacity(template.len());
    for piece in scan::scan(template)? {
        match piece {
            Piece::Text(text) => query.push_str(text),
            Piece::Action { code, line } => match read(code, line, model, &data)? {
                Action::Print(value) => query.push_str(&evaluate(&value, code, line, &data)?),
                Action::Define(name, value) => {
                    data[name] = Value::String(evaluate(&value, code, line, &data)?);
                }
            },
        }
    }
    Ok(query)
}

fn read(code: &str, line: usize, model: &TemplateModel, data: &Value) -> Result<Action, TemplateError> {
    let keys = |key: &str| model.variables.contains_key(key);
    let defined = |name: &str| data.get(name).is_some();
    action::read(code, line, &Scope { keys: &keys, defined: &defined })
}

fn evaluate(value: &str, code: &str, line: usize, data: &Value) -> Result<String, TemplateError> {
    RENDERER.render_template(&format!("{{{{print {value}}}}}"), data).map_err(|error| {
        let reason = match error.reason() {
            handlebars::RenderErrorReason::Other(reason) => reason.clone(),
            handlebars::RenderErrorReason::TemplateError(_) => "it is not an expression".to_owned(),
            handlebars::RenderErrorReason::HelperNotFound(name) => format!("{name} is not a function"),
            other => other.to_string(),
        };
        TemplateError::Action { line, action: code.to_owned(), reason }
    })
}

#[cfg(test)]
mod tests;
