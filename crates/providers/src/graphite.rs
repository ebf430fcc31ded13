//! Graphite's render API.

use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::answer::{Fault, json, list, number};
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// A query that every Graphite answers, if only with nothing.
const PROBE: &str = "target=test";

/// A server with Graphite's render API.
#[derive(Debug, Clone)]
pub struct Graphite(Server);

impl Graphite {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        Ok(Self(Server::new(setup, "", setup.basic()?)?.with_insecure(setup)))
    }

    /// The last value of the last series; `query` is the query part of the URL, such as `target=…&from=-2min`.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is none; others when the query cannot be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        let request = self.0.get(self.0.at("render")).query(&parameters(query));
        self.0.ask(request, value).await
    }

    /// Whether queries are answered.
    ///
    /// # Errors
    /// Why they are not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        match self.query(PROBE).await {
            Ok(_) | Err(QueryError::NoValues) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The parameters in the order of their names, as Flagger sends them, `format` being its own. Line breaks around a
/// parameter, as in a query of several lines, are no part of it.
fn parameters(query: &str) -> Vec<(String, String)> {
    let trimmed = |(name, value): (String, String)| (name.trim().to_owned(), value.trim().to_owned());
    let users = form_urlencoded::parse(query.as_bytes()).into_owned().map(trimmed);
    let users = users.filter(|(name, _)| !name.is_empty() && name != "format");
    let mut all: Vec<_> = users.chain([("format".to_owned(), "json".to_owned())]).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[derive(Deserialize)]
struct Series {
    /// Value and time.
    #[serde(default, deserialize_with = "list")]
    datapoints: Vec<(Value, Value)>,
}

fn value(body: &[u8]) -> Result<f64, Fault> {
    let series: Vec<Series> = json(body)?;
    let mut last = None;
    for (value, _) in series.iter().flat_map(|series| &series.datapoints) {
        match value {
            Value::Null => {}
            Value::Number(number) => last = number.as_f64(),
            Value::String(text) => last = Some(number(text)?),
            other => return Err(Fault::malformed(format!("{other} is not a number"))),
        }
    }
    last.ok_or(Fault::NoValues)
}
