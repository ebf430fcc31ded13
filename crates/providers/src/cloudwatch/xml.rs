//! The answers of CloudWatch's query protocol.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::answer::{Fault, number};

#[derive(Deserialize)]
struct Response {
    #[serde(rename = "GetMetricDataResult")]
    result: MetricDataResult,
}

#[derive(Deserialize)]
struct MetricDataResult {
    #[serde(rename = "MetricDataResults", default)]
    results: List<MetricData>,
}

#[derive(Deserialize)]
struct MetricData {
    #[serde(rename = "Values", default)]
    values: List<String>,
    /// `Complete`, `PartialData`, `InternalError` or `Forbidden`.
    #[serde(rename = "StatusCode", default)]
    status: String,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(rename = "member", default = "Vec::new")]
    members: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { members: Vec::new() }
    }
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "Error")]
    error: Details,
}

#[derive(Deserialize)]
struct Details {
    #[serde(rename = "Code")]
    code: String,
}

/// The first value, which is the newest one, of the first result.
pub(super) fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = read(body).map_err(Fault::Malformed)?;
    let first = response.result.results.members.first().ok_or(Fault::NoValues)?;
    match (first.values.members.first(), first.status.as_str()) {
        (Some(text), _) => number(text),
        (None, status @ ("Forbidden" | "InternalError")) => {
            Err(Fault::Rejected(format!("the status of the result is {status}")))
        }
        (None, _) => Err(Fault::NoValues),
    }
}

/// The code of a refusal, such as `Throttling`.
pub(super) fn code(body: &[u8]) -> Option<String> {
    read::<Refusal>(body).ok().map(|refusal| refusal.error.code)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    quick_xml::de::from_str(text).map_err(|error| error.to_string())
}
