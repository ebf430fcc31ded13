//! The answer to an instant query.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::answer::{Fault, json, number};

#[derive(Deserialize)]
struct Response {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    result: Option<Vec<Series>>,
}

#[derive(Deserialize)]
struct Series {
    /// Time and value of an instant.
    value: Option<(Value, Value)>,
    /// Times and values of a range.
    values: Option<Vec<IgnoredAny>>,
}

/// The value of the last series.
pub(super) fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = json(body)?;
    let mut last = None;
    for series in response.data.and_then(|data| data.result).unwrap_or_default() {
        if series.values.is_some() {
            return Err(Fault::MultipleValues);
        }
        let (_, value) = series.value.ok_or_else(|| Fault::malformed("a series has no value"))?;
        if let Value::String(text) = value {
            last = Some(number(&text)?);
        }
    }
    last.filter(|value: &f64| !value.is_nan()).ok_or(Fault::NoValues)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn vector(series: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{series}]}}}}"#)
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
    #[case::range(r#"{"values":[[1,"1"]]}"#, Err(Fault::MultipleValues))]
    #[case::empty_range(r#"{"values":[]}"#, Err(Fault::MultipleValues))]
    fn reads_a_vector(#[case] series: &str, #[case] expected: Result<f64, Fault>) {
        assert_eq!(value(vector(series).as_bytes()), expected);
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
    #[case::scalar(r#"{"data":{"resultType":"scalar","result":[1719,"1"]}}"#)]
    #[case::no_value(r#"{"data":{"result":[{"metric":{}}]}}"#)]
    #[case::short_value(r#"{"data":{"result":[{"value":[1]}]}}"#)]
    #[case::no_number(r#"{"data":{"result":[{"value":[1,"many"]}]}}"#)]
    fn anything_else_is_malformed(#[case] body: &str) {
        assert!(matches!(value(body.as_bytes()), Err(Fault::Malformed(_))), "{body}");
    }
}
