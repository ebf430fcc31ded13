//! The text of a Go value that Flagger hashes: every field with its type, set or not.

use std::fmt::{self, Write};

use serde_json::{Map, Value};

use super::{
    canonical, quantity,
    table::{Field, Shape, shape},
};

/// The text of `value` as a Go value of this type.
///
/// What the type does not have, because Kubernetes got it later, follows as JSON: Flagger does not see it, but
/// a change of it is a change. A value without any such field has exactly Flagger's text.
pub(super) fn go_text(type_: &'static str, value: &Value) -> String {
    let mut writer = Writer::default();
    writer.typed(type_, Some(value), &Path::Value);
    if !writer.unknown.is_empty() {
        let unknown = canonical(&Value::Object(writer.unknown));
        writer.text.push_str(&unknown.to_string());
    }
    writer.text
}

#[derive(Default)]
struct Writer {
    text: String,
    /// What the types do not have, by path.
    unknown: Map<String, Value>,
}

impl Writer {
    fn push(&mut self, part: impl std::fmt::Display) {
        // Writing to a String does not fail.
        let _ = write!(self.text, "{part}");
    }

    /// A value after its type.
    fn typed(&mut self, type_: &'static str, value: Option<&Value>, path: &Path) {
        self.push(format_args!("({type_})"));
        self.value(shape(type_), value, path);
    }

    fn value(&mut self, shape: Shape, value: Option<&Value>, path: &Path) {
        let value = value.filter(|value| !value.is_null());
        match (shape, value) {
            (Shape::Pointer(_) | Shape::List(_) | Shape::Map(_), None) => self.push("<nil>"),
            (Shape::Pointer(of), value) => self.value(super::table::shape(of), value, path),
            (Shape::List(of), Some(Value::Array(items))) => self.list(of, items, path),
            (Shape::Map(of), Some(Value::Object(entries))) => self.map(of, entries, path),
            (Shape::Struct(fields), Some(Value::Object(entries))) => self.struct_(fields, entries, path),
            (Shape::Text, Some(Value::String(text))) => self.push(text),
            (Shape::Int, Some(Value::Number(number))) => self.push(number),
            (Shape::Bool, Some(Value::Bool(is))) => self.push(is),
            (Shape::IntOrString, Some(value @ (Value::Number(_) | Value::String(_)))) => {
                self.int_or_string(value);
            }
            (Shape::Quantity, Some(value)) => self.quantity(value, path),
            (shape, None) => self.unset(shape),
            (shape, Some(value)) => {
                self.unset(shape);
                self.unknown(path, value);
            }
        }
    }

    /// The value of what is not set.
    fn unset(&mut self, shape: Shape) {
        match shape {
            Shape::Pointer(_) | Shape::List(_) | Shape::Map(_) => self.push("<nil>"),
            Shape::Struct(fields) => self.struct_(fields, &Map::new(), &Path::Value),
            Shape::Text => {}
            Shape::Int => self.push(0),
            Shape::Bool => self.push(false),
            Shape::IntOrString => self.int_or_string(&Value::from(0)),
            Shape::Quantity => self.push(quantity::UNSET),
            Shape::Time => {
                self.push("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}");
            }
        }
    }

    fn list(&mut self, of: &'static str, items: &[Value], path: &Path) {
        self.push("[");
        for (index, item) in items.iter().enumerate() {
            self.push(if index == 0 { "" } else { " " });
            self.value(shape(of), Some(item), &Path::Item(path, index));
        }
        self.push("]");
    }

    fn map(&mut self, of: &'static str, entries: &Map<String, Value>, path: &Path) {
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by_key(|(key, _)| *key);
        self.push("map[");
        for (index, (key, value)) in sorted.into_iter().enumerate() {
            self.push(format_args!("{}{key}:", if index == 0 { "" } else { " " }));
            self.value(shape(of), Some(value), &Path::Field(path, key));
        }
        self.push("]");
    }

    fn struct_(&mut self, fields: &'static [Field], entries: &Map<String, Value>, path: &Path) {
        for (key, value) in entries.iter().filter(|(key, v)| !v.is_null() && !knows(fields, key)) {
            self.unknown(&Path::Field(path, key), value);
        }
        self.fields(fields, entries, path);
    }

    fn fields(&mut self, fields: &'static [Field], entries: &Map<String, Value>, path: &Path) {
        self.push("{");
        for (index, field) in fields.iter().enumerate() {
            self.push(format_args!("{}{}:", if index == 0 { "" } else { " " }, field.go));
            match (field.json, shape(field.type_)) {
                (Some(json), _) => {
                    self.typed(field.type_, entries.get(json), &Path::Field(path, json));
                }
                (None, Shape::Struct(inner)) => {
                    self.push(format_args!("({})", field.type_));
                    self.fields(inner, entries, path);
                }
                (None, _) => self.typed(field.type_, None, path),
            }
        }
        self.push("}");
    }

    fn int_or_string(&mut self, value: &Value) {
        let (kind, number, text) = match value {
            Value::String(text) => (1, 0, text.as_str()),
            other => (0, other.as_i64().unwrap_or(0), ""),
        };
        self.push(format_args!("{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}"));
    }

    fn quantity(&mut self, value: &Value, path: &Path) {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        if let Some(known) = quantity::go_text(&text) {
            return self.push(known);
        }
        self.push(quantity::UNSET);
        self.unknown(path, value);
    }

    fn unknown(&mut self, path: &Path, value: &Value) {
        self.unknown.insert(path.to_string(), value.clone());
    }
}

/// Whether one of the fields, or of those of embedded structs, has this name in JSON.
fn knows(fields: &'static [Field], name: &str) -> bool {
    fields.iter().any(|field| match field.json {
        Some(json) => json == name,
        None => matches!(shape(field.type_), Shape::Struct(inner) if knows(inner, name)),
    })
}

/// Where something is in the value. It is spelled out only for what the types do not have.
enum Path<'a> {
    /// The value itself.
    Value,
    Field(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => Ok(()),
            Self::Field(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}
