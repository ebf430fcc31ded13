//! The answer to an instant query.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::answer::{Fault, json, number};

const IN_A_FUNCTION: &str = "put the range into a function such as avg_over_time() or last_over_time()";
const AS_A_NUMBER: &str = "make the query an instant vector or a scalar";
const OF_A_HISTOGRAM: &str = "take a number of it, by histogram_quantile() or histogram_avg()";

#[derive(Deserialize)]
struct Response {
    status: Option<String>,
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    /// `vector`, `scalar`, `matrix` or `string`; servers that only resemble Prometheus may leave it out.
    result_type: Option<String>,
    result: Option<Value>,
}

#[derive(Deserialize)]
struct Series {
    /// Time and value of an instant.
    value: Option<(Value, Value)>,
    /// Times and values of a range.
    values: Option<Vec<IgnoredAny>>,
    /// Time and native histogram of an instant.
    histogram: Option<IgnoredAny>,
    /// Times and native histograms of a range.
    histograms: Option<Vec<IgnoredAny>>,
}

/// The value of a scalar, or of the last series of a vector. What the server warns of does not count.
pub(super) fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = json(body)?;
    if response.status.as_deref() == Some("error") {
        return Err(Fault::Rejected(response.error.unwrap_or_default()));
    }
    let Some(data) = response.data else { return Err(Fault::NoValues) };
    let result = data.result.unwrap_or_default();
    let value = match data.result_type.as_deref() {
        Some("string") => return Err(Fault::ResultType { found: "a string", remedy: AS_A_NUMBER }),
        Some("matrix") => return Err(range()),
        Some("scalar") => scalar(result)?,
        _ => last_of(result)?,
    };
    value.filter(|value| !value.is_nan()).ok_or(Fault::NoValues)
}

fn scalar(result: Value) -> Result<Option<f64>, Fault> {
    let (_, value): (Value, Value) = decoded(result)?;
    numeric(&value)
}

fn last_of(result: Value) -> Result<Option<f64>, Fault> {
    let mut last = None;
    for series in decoded::<Option<Vec<Series>>>(result)?.unwrap_or_default() {
        if series.values.is_some() || series.histograms.is_some() {
            return Err(range());
        }
        if series.histogram.is_some() {
            return Err(Fault::ResultType { found: "a native histogram", remedy: OF_A_HISTOGRAM });
        }
        let (_, value) = series.value.ok_or_else(|| Fault::malformed("a series has no value"))?;
        last = numeric(&value)?.or(last);
    }
    Ok(last)
}

/// Prometheus writes every number as text.
fn numeric(value: &Value) -> Result<Option<f64>, Fault> {
    value.as_str().map(number).transpose()
}

fn range() -> Fault {
    Fault::ResultType { found: "a matrix, with a range of values for each series", remedy: IN_A_FUNCTION }
}

fn decoded<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Fault> {
    serde_json::from_value(value).map_err(|error| Fault::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of_type(kind: &str, result: &str) -> String {
        format!(
            r#"{{"status":"success","data":{{"resultType":"{kind}","result":{result}}},"warnings":["w"],"infos":["i"]}}"#
        )
    }

    fn vector(series: &str) -> String {
        of_type("vector", &format!("[{series}]"))
    }

    #[rstest]
    #[case::one(r#"{"metric":{},"value":[1719.5,"99.5"]}"#, Ok(99.5))]
    #[case::last_wins(r#"{"value":[1,"1"]},{"value":[1,"2"]}"#, Ok(2.0))]
    #[case::exponent(r#"{"value":[1,"1e-05"]}"#, Ok(1e-5))]
    #[case::infinite(r#"{"value":[1,"+Inf"]}"#, Ok(f64::INFINITY))]
    #[case::minus_infinite(r#"{"value":[1,"-Inf"]}"#, Ok(f64::NEG_INFINITY))]
    #[case::not_a_number(r#"{"value":[1,"NaN"]}"#, Err(Fault::NoValues))]
    #[case::last_is_not_a_number(r#"{"value":[1,"1"]},{"value":[1,"NaN"]}"#, Err(Fault::NoValues))]
    #[case::unquoted(r#"{"value":[1,1]}"#, Err(Fault::NoValues))]
    #[case::empty("", Err(Fault::NoValues))]
    #[case::range(r#"{"values":[[1,"1"]]}"#, Err(range()))]
    #[case::empty_range(r#"{"values":[]}"#, Err(range()))]
    #[case::range_of_histograms(r#"{"histograms":[[1,{}]]}"#, Err(range()))]
    fn reads_a_vector(#[case] series: &str, #[case] expected: Result<f64, Fault>) {
        assert_eq!(value(vector(series).as_bytes()), expected);
    }

    #[rstest]
    #[case::value(r#"[1719.5,"0.5"]"#, Ok(0.5))]
    #[case::infinite(r#"[1719.5,"+Inf"]"#, Ok(f64::INFINITY))]
    #[case::not_a_number(r#"[1719.5,"NaN"]"#, Err(Fault::NoValues))]
    fn a_scalar_is_a_value(#[case] result: &str, #[case] expected: Result<f64, Fault>) {
        assert_eq!(value(of_type("scalar", result).as_bytes()), expected);
    }

    #[rstest]
    #[case::string("string", r#"[1719.5,"0.5"]"#, "a string")]
    #[case::matrix("matrix", r#"[{"values":[[1,"1"]]}]"#, "a matrix, with a range of values for each series")]
    #[case::empty_matrix("matrix", "[]", "a matrix, with a range of values for each series")]
    #[case::histogram("vector", r#"[{"histogram":[1,{"count":"2"}]}]"#, "a native histogram")]
    fn what_is_no_number_is_named(#[case] kind: &str, #[case] result: &str, #[case] expected: &str) {
        let fault = value(of_type(kind, result).as_bytes());
        assert!(matches!(fault, Err(Fault::ResultType { found, .. }) if found == expected), "{fault:?}");
    }

    #[test]
    fn an_error_with_a_good_status_is_one() {
        let body = br#"{"status":"error","errorType":"execution","error":"too many samples"}"#;
        assert_eq!(value(body), Err(Fault::Rejected("too many samples".to_owned())));
    }

    #[rstest]
    #[case(r"{}")]
    #[case(r#"{"data":null}"#)]
    #[case(r#"{"data":{"result":null}}"#)]
    fn nothing_is_no_value(#[case] body: &str) {
        assert_eq!(value(body.as_bytes()), Err(Fault::NoValues));
    }

    #[rstest]
    #[case::no_json("<html>down</html>")]
    #[case::cut_off(r#"{"data":{"result":["#)]
    #[case::short_scalar(r#"{"data":{"resultType":"scalar","result":[1719]}}"#)]
    #[case::scalar_without_type(r#"{"data":{"result":[1719,"1"]}}"#)]
    #[case::no_value(r#"{"data":{"result":[{"metric":{}}]}}"#)]
    #[case::short_value(r#"{"data":{"result":[{"value":[1]}]}}"#)]
    #[case::no_number(r#"{"data":{"result":[{"value":[1,"many"]}]}}"#)]
    fn anything_else_is_malformed(#[case] body: &str) {
        assert!(matches!(value(body.as_bytes()), Err(Fault::Malformed(_))), "{body}");
    }
}
