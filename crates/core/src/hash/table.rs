//! The Go types of a pod template and of a Service's spec, as Flagger 1.44 was built with them.
//!
//! The table is frozen: it is what makes Serin's hashes those of Flagger, whatever Kubernetes the cluster has.

use std::{collections::BTreeMap, sync::LazyLock};

/// One type a line: `=name<TAB>kind` names a kind, any other line begins a struct, and `<TAB>` its fields.
const TYPES: &str = include_str!("go_types.tsv");

static TABLE: LazyLock<Table> = LazyLock::new(|| parse(TYPES));

/// A field of a Go struct.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in Go.
    pub(super) go: &'static str,
    /// Its name in JSON; `None` when the fields of its struct stand in its place.
    pub(super) json: Option<&'static str>,
    /// Its type as Go prints it.
    pub(super) type_: &'static str,
}

/// What a type is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Pointer(&'static str),
    List(&'static str),
    /// The keys are texts.
    Map(&'static str),
    Struct(&'static [Field]),
    Text,
    Int,
    Bool,
    Quantity,
    IntOrString,
    Time,
}

struct Table {
    structs: BTreeMap<&'static str, Vec<Field>>,
    named: BTreeMap<&'static str, &'static str>,
}

/// The shape of a type; one that the table does not have counts as text.
pub(super) fn shape(type_: &'static str) -> Shape {
    let table = &*TABLE;
    if let Some(of) = type_.strip_prefix('*') {
        return Shape::Pointer(of);
    }
    if let Some(of) = type_.strip_prefix("[]") {
        return Shape::List(of);
    }
    if let Some((_, of)) = type_.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
        return Shape::Map(of);
    }
    if let Some(fields) = table.structs.get(type_) {
        return Shape::Struct(fields);
    }
    match type_ {
        "resource.Quantity" => Shape::Quantity,
        "intstr.IntOrString" => Shape::IntOrString,
        "v1.Time" => Shape::Time,
        "bool" => Shape::Bool,
        "int32" | "int64" => Shape::Int,
        other => table.named.get(other).map_or(Shape::Text, |kind| shape(kind)),
    }
}

fn parse(text: &'static str) -> Table {
    let mut table = Table { structs: BTreeMap::new(), named: BTreeMap::new() };
    let mut current: &'static str = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, kind)) = line.strip_prefix('=').and_then(|named| named.split_once('\t')) {
            table.named.insert(name, kind);
        } else if let Some(row) = line.strip_prefix('\t') {
            table.structs.entry(current).or_default().extend(field(row));
        } else {
            current = line;
            table.structs.insert(current, Vec::new());
        }
    }
    table
}

fn field(row: &'static str) -> Option<Field> {
    let mut columns = row.split('\t');
    let (go, json, type_) = (columns.next()?, columns.next()?, columns.next()?);
    Some(Field { go, json: (json != "-").then_some(json), type_ })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_table_is_known() {
        for field in TABLE.structs.values().flatten() {
            let mut type_ = field.type_;
            loop {
                match shape(type_) {
                    Shape::Pointer(of) | Shape::List(of) | Shape::Map(of) => type_ = of,
                    Shape::Text => {
                        let known = type_ == "string" || TABLE.named.get(type_) == Some(&"string");
                        assert!(known || type_ == "*v1.FieldsV1" || type_ == "v1.FieldsV1", "{field:?}");
                        break;
                    }
                    _ => break,
                }
            }
        }
    }
}
