//! Google Cloud Monitoring, asked in its Monitoring Query Language.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{self, Fault, number};
use crate::auth::Auth;
use crate::client::Clock;
use crate::cluster::{Target, is_name};
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::google::{Account, ServiceAccountKey, account};
use crate::http::Server;
use crate::setup::Setup;

/// The key of the Secret that holds a service account's key.
const KEY: &str = "serviceAccountKey";

/// The metrics of a project of Google Cloud.
#[derive(Debug, Clone)]
pub struct Stackdriver {
    server: Server,
    target: Target,
    account: Account,
    clock: Clock,
}

impl Stackdriver {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let unusable = |key, cause| ConfigError::Credential { provider: setup.kind().to_owned(), key, cause };
        let project = setup.required("project", "a project id")?;
        let project = project.reveal();
        if !is_name(project) {
            return Err(unusable("project", "it is not the id of a project".to_owned()));
        }
        let key = match setup.document(KEY) {
            Some(text) => Some(ServiceAccountKey::parse(text).map_err(|cause| unusable(KEY, cause))?),
            None => None,
        };
        let server = Server::of_address(setup, &setup.clients.google.monitoring, None)?;
        let target = Target::below(server.at(""), &["v3", "projects", project, "timeSeries:query"]);
        Ok(Self { account: account(setup, key)?, server, target, clock: setup.clients.clock.clone() })
    }

    /// The first value of the newest point of the first time series.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is none; others when the query cannot be answered.
    pub async fn query(&self, mql: &str) -> Result<f64, QueryError> {
        let server = self.server().await?;
        server.ask(self.request(&server, mql), value).await
    }

    /// Whether queries are answered: an empty one must be refused as such, and for no other reason.
    ///
    /// # Errors
    /// Why they are not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let server = self.server().await.map_err(ProbeError::Request)?;
        let (status, body) = server.exchange(self.request(&server, "")).await.map_err(ProbeError::Request)?;
        if status.is_success() || (status == StatusCode::BAD_REQUEST && is_invalid_argument(&body)) {
            return Ok(());
        }
        Err(ProbeError::Request(server.refused(status, &body)))
    }

    /// The server, asked with a token of now.
    async fn server(&self) -> Result<Server, QueryError> {
        let token = self.account.token(self.clock.now()).await?;
        Ok(self.server.clone().with_auth(Auth::Bearer(token)))
    }

    fn request(&self, server: &Server, query: &str) -> reqwest::RequestBuilder {
        server.post(self.target.url()).json(&serde_json::json!({ "query": query }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(default)]
    time_series_data: Vec<Series>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    #[serde(default)]
    point_data: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    #[serde(default)]
    values: Vec<TypedValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypedValue {
    /// A number, or the name of one that JSON does not have.
    double_value: Option<Value>,
    /// A whole number, written as text.
    int64_value: Option<Value>,
}

fn value(body: &[u8]) -> Result<f64, Fault> {
    let response: Response = answer::json(body)?;
    let point = response.time_series_data.first().and_then(|series| series.point_data.first());
    let value = point.and_then(|point| point.values.first()).ok_or(Fault::NoValues)?;
    match value.double_value.as_ref().or(value.int64_value.as_ref()) {
        Some(Value::Number(value)) => value.as_f64().ok_or_else(|| Fault::malformed("a number out of range")),
        Some(Value::String(name)) => named(name),
        _ => Err(Fault::malformed("the first value is not a number; make the query return one")),
    }
}

/// A number as protocol buffers write it in JSON.
fn named(name: &str) -> Result<f64, Fault> {
    match name {
        "NaN" => Ok(f64::NAN),
        "Infinity" => Ok(f64::INFINITY),
        "-Infinity" => Ok(f64::NEG_INFINITY),
        other => number(other),
    }
}

fn is_invalid_argument(body: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    answer["error"]["status"] == "INVALID_ARGUMENT"
}
