//! The answers of InfluxDB 1.

use serde::Deserialize;
use serde_json::Value;

use crate::answer::{Fault, json, list};

/// Whether a query is InfluxQL. No Flux begins in this way.
pub(super) fn is(query: &str) -> bool {
    let first = query.split_whitespace().next();
    first.is_some_and(|word| word.eq_ignore_ascii_case("select"))
}

#[derive(Deserialize)]
struct Response {
    #[serde(default, deserialize_with = "list")]
    results: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(default, deserialize_with = "list")]
    series: Vec<Series>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    /// The time comes first.
    columns: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    values: Vec<Vec<Value>>,
}

/// The first value of the first column that is not the time.
pub(super) fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = json(body)?;
    let statement = response.results.into_iter().next().ok_or(Fault::NoValues)?;
    if let Some(error) = statement.error {
        return Err(Fault::Rejected(error));
    }
    let series = statement.series.first().ok_or(Fault::NoValues)?;
    let column = series.columns.iter().position(|name| name != "time").ok_or(Fault::NoValues)?;
    let cells = series.values.iter().filter_map(|row| row.get(column));
    let cell = cells.into_iter().find(|cell| !cell.is_null()).ok_or(Fault::NoValues)?;
    cell.as_f64().ok_or_else(|| Fault::malformed(format!("{cell} is not a number")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("SELECT mean(value) FROM cpu", true)]
    #[case("\n  select last(value) FROM cpu", true)]
    #[case("from(bucket: \"default\") |> range(start: -2h)", false)]
    #[case("selected = from(bucket: \"a\")", false)]
    #[case("", false)]
    fn a_select_is_influxql(#[case] query: &str, #[case] expected: bool) {
        assert_eq!(is(query), expected);
    }

    fn series(columns: &str, values: &str) -> String {
        format!(
            r#"{{"results":[{{"statement_id":0,"series":[{{"name":"cpu","columns":{columns},"values":{values}}}]}}]}}"#
        )
    }

    #[rstest]
    #[case::one(r#"["time","mean"]"#, r#"[["2026-11-21T15:00:00Z",1.5]]"#, Ok(1.5))]
    #[case::whole(r#"["time","count"]"#, r#"[["1970-01-01T00:00:00Z",7]]"#, Ok(7.0))]
    #[case::first(r#"["time","a","b"]"#, r#"[["t",1,2],["t",3,4]]"#, Ok(1.0))]
    #[case::first_that_is_there(r#"["time","a"]"#, r#"[["t",null],["t",3]]"#, Ok(3.0))]
    #[case::none_is_there(r#"["time","a"]"#, r#"[["t",null]]"#, Err(Fault::NoValues))]
    #[case::no_column(r#"["time"]"#, r#"[["t"]]"#, Err(Fault::NoValues))]
    #[case::no_row(r#"["time","a"]"#, "[]", Err(Fault::NoValues))]
    #[case::text(r#"["time","a"]"#, r#"[["t","up"]]"#, Err(Fault::malformed("\"up\" is not a number")))]
    fn reads_a_series(#[case] columns: &str, #[case] values: &str, #[case] expected: Result<f64, Fault>) {
        assert_eq!(value(series(columns, values).as_bytes()), expected);
    }

    #[rstest]
    #[case(r#"{"results":[{"statement_id":0}]}"#, Fault::NoValues)]
    #[case(r#"{"results":[]}"#, Fault::NoValues)]
    #[case(
        r#"{"results":[{"statement_id":0,"error":"database not found: mydb"}]}"#,
        Fault::Rejected("database not found: mydb".into())
    )]
    fn nothing_and_errors(#[case] body: &str, #[case] expected: Fault) {
        assert_eq!(value(body.as_bytes()), Err(expected));
    }
}
