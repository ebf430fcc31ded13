//! The functions of Go's template language that queries use.

use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderErrorReason, no_escape,
};
use serde_json::Value;

/// A renderer with exactly these functions: strict, and without HTML escaping.
pub(super) fn registry() -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    for builtin in ["if", "unless", "each", "with", "lookup", "raw", "log"] {
        registry.unregister_helper(builtin);
    }
    registry.set_strict_mode(true);
    registry.register_escape_fn(no_escape);
    for (name, function) in [("print", print as Function), ("printf", printf), ("index", index)] {
        registry.register_helper(
            name,
            Box::new(
                move |call: &Helper<'_>,
                      _: &Handlebars<'_>,
                      _: &Context,
                      _: &mut RenderContext<'_, '_>,
                      out: &mut dyn Output|
                      -> HelperResult {
                    let text = arguments(call)
                        .and_then(|given| function(&given))
                        .map_err(RenderErrorReason::Other)?;
                    Ok(out.write(&text)?)
                },
            ),
        );
    }
    registry
}

type Function = fn(&[&Value]) -> Result<String, String>;

fn arguments<'h>(call: &'h Helper<'_>) -> Result<Vec<&'h Value>, String> {
    let missing = |name: Option<&String>| format!("{} is no value", name.map_or("an argument", |n| n));
    let values = call.params().iter().map(|argument| {
        if argument.is_value_missing() {
            Err(missing(argument.relative_path()))
        } else {
            Ok(argument.value())
        }
    });
    values.collect()
}

fn print(arguments: &[&Value]) -> Result<String, String> {
    match arguments {
        [value] => Ok(plain(value)),
        _ => Err("one value is expected; only a function takes arguments".to_owned()),
    }
}

/// `printf` with the verbs `%s %v %d %q %%`.
fn printf(arguments: &[&Value]) -> Result<String, String> {
    let mut arguments = arguments.iter();
    let Some(Value::String(format)) = arguments.next() else {
        return Err("printf needs a format string first".to_owned());
    };
    let mut out = String::new();
    let mut parts = format.split('%');
    out.push_str(parts.next().unwrap_or_default());
    while let Some(part) = parts.next() {
        let Some(verb) = part.chars().next() else {
            out.push('%');
            out.push_str(parts.next().ok_or("printf: the format ends inside a verb")?);
            continue;
        };
        let value = arguments.next().ok_or_else(|| format!("printf: no argument for %{verb}"))?;
        out.push_str(&formatted(verb, value)?);
        out.push_str(&part[verb.len_utf8()..]);
    }
    arguments.next().map_or(Ok(out), |_| Err("printf: more arguments than verbs".to_owned()))
}

fn formatted(verb: char, value: &Value) -> Result<String, String> {
    match (verb, value) {
        ('s', Value::String(text)) => Ok(text.clone()),
        ('v', value) => Ok(plain(value)),
        ('d', Value::Number(number)) if number.is_i64() => Ok(number.to_string()),
        ('q', Value::String(_)) => Ok(value.to_string()),
        ('s' | 'd' | 'q', value) => Err(format!("printf: %{verb} cannot write {value}")),
        _ => Err(format!("printf: %{verb} is not supported; use %s, %v, %d, %q or %%")),
    }
}

/// `index variables "a-key"`: for keys that the dotted form cannot spell.
fn index(arguments: &[&Value]) -> Result<String, String> {
    let [Value::Object(map), Value::String(key)] = arguments else {
        return Err("index needs a map and a key, as in `index variables \"a-key\"`".to_owned());
    };
    let missing =
        || format!("no template variable {key:?}; set it in templateVariables of the Canary's metric");
    map.get(key).map(plain).ok_or_else(missing)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
