//! The answers of InfluxDB 2: annotated CSV.

use csv::{ReaderBuilder, StringRecord};

use crate::answer::{Fault, number};

/// The value of the first row.
pub(super) fn value(body: &[u8]) -> Result<f64, Fault> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body);
    let mut table = Table::default();
    for record in reader.records() {
        let record = record.map_err(|error| Fault::Malformed(error.to_string()))?;
        match record.get(0) {
            Some("#datatype") => table = Table { types: record, ..Table::default() },
            Some("#default") => table.defaults = record,
            Some(note) if note.starts_with('#') || record.len() == 1 && note.trim().is_empty() => {}
            _ if table.types.is_empty() => return Err(Fault::malformed("the CSV has no annotations")),
            _ if record.len() != table.types.len() => {
                let (row, types) = (record.len(), table.types.len());
                return Err(Fault::malformed(format!("a row has {row} columns, and the table {types}")));
            }
            _ if table.names.is_empty() => table.names = record,
            _ => return table.value(&record),
        }
    }
    Err(Fault::NoValues)
}

/// What the first lines of a table say about its columns.
#[derive(Default)]
struct Table {
    types: StringRecord,
    defaults: StringRecord,
    names: StringRecord,
}

impl Table {
    fn value(&self, row: &StringRecord) -> Result<f64, Fault> {
        if self.names.get(1) == Some("error") {
            let text = self.cell(row, "error").unwrap_or("unknown query error");
            return Err(Fault::Rejected(text.to_owned()));
        }
        let text = self.cell(row, "_value").ok_or(Fault::NoValues)?;
        match self.column("_value").and_then(|index| self.types.get(index)) {
            Some("double" | "long" | "unsignedLong") => number(text),
            other => {
                let found = other.unwrap_or("nothing");
                Err(Fault::malformed(format!("_value is of type {found}, and must be a number")))
            }
        }
    }

    /// What a row has in a column, or else the column's default.
    fn cell<'r>(&'r self, row: &'r StringRecord, name: &str) -> Option<&'r str> {
        let index = self.column(name)?;
        let filled = |record: &'r StringRecord| record.get(index).filter(|text| !text.is_empty());
        filled(row).or_else(|| filled(&self.defaults))
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|column| column == name)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn table(kind: &str, default: &str, rows: &str) -> String {
        format!(
            "#datatype,string,long,dateTime:RFC3339,{kind},string\r\n#group,false,false,false,false,true\r\n\
             #default,_result,,,{default},\r\n,result,table,_time,_value,_field\r\n{rows}\r\n"
        )
    }

    #[rstest]
    #[case::double("double", "", ",,0,2026-11-21T15:00:00Z,1.4,f", Ok(1.4))]
    #[case::first_row_counts("double", "", ",,0,t,1.4,f\r\n,,0,t,6.6,f", Ok(1.4))]
    #[case::whole("long", "", ",,0,t,12,f", Ok(12.0))]
    #[case::without_sign("unsignedLong", "", ",,0,t,12,f", Ok(12.0))]
    #[case::infinite("double", "", ",,0,t,+Inf,f", Ok(f64::INFINITY))]
    #[case::by_default("double", "3", ",,0,t,,f", Ok(3.0))]
    #[case::quoted("double", "", ",,0,t,\"2\",\"a,\"\"b\"\"\"", Ok(2.0))]
    #[case::nothing("double", "", ",,0,t,,f", Err(Fault::NoValues))]
    #[case::no_row("double", "", "", Err(Fault::NoValues))]
    #[case::text(
        "string",
        "",
        ",,0,t,up,f",
        Err(Fault::malformed("_value is of type string, and must be a number"))
    )]
    #[case::no_number("double", "", ",,0,t,many,f", Err(Fault::malformed("\"many\" is not a number")))]
    fn reads_a_table(
        #[case] kind: &str,
        #[case] default: &str,
        #[case] rows: &str,
        #[case] expected: Result<f64, Fault>,
    ) {
        assert_eq!(value(table(kind, default, rows).as_bytes()), expected);
    }

    #[test]
    fn not_a_number_is_read_as_such() {
        assert!(value(table("double", "", ",,0,t,NaN,f").as_bytes()).unwrap().is_nan());
    }

    #[rstest]
    #[case::empty("", Err(Fault::NoValues))]
    #[case::blank("\r\n", Err(Fault::NoValues))]
    #[case::cut_off(
        "#datatype,string,long,double\n#group,false,false,false\n#default,_result,,\n,result,table,_value\n,,0",
        Err(Fault::malformed("a row has 3 columns, and the table 4"))
    )]
    #[case::no_csv("<html>login</html>", Err(Fault::malformed("the CSV has no annotations")))]
    #[case::no_value_column(
        "#datatype,string,long\n#group,false,false\n#default,_result,\n,result,table\n,,0\n",
        Err(Fault::NoValues)
    )]
    #[case::an_error_after_the_headers(
        "#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,failed to execute query,897\n",
        Err(Fault::Rejected("failed to execute query".into()))
    )]
    #[case::a_tag_of_that_name(
        "#datatype,string,long,double,string\n#group,false,false,false,true\n#default,_result,,,\n\
         ,result,table,_value,error\n,,0,2,timeout\n",
        Ok(2.0)
    )]
    fn other_answers(#[case] body: &str, #[case] expected: Result<f64, Fault>) {
        assert_eq!(value(body.as_bytes()), expected);
    }
}
