//! Amazon CloudWatch.

mod form;
mod sign;
mod xml;

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::auth::Auth;
use crate::aws::Aws;
use crate::client::Clock;
use crate::credentials::Secret;
use crate::error::{ConfigError, ProbeError, QueryError};
use crate::http::Server;
use crate::setup::Setup;

/// The window of a query, in intervals of the metric.
const INTERVALS: u32 = 10;

/// How often a request is sent again, as Flagger's client does.
const RETRIES: usize = 3;

/// Before the first of these; each further pause is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// Values of one answer.
const DATAPOINTS: &str = "20";

/// CloudWatch in one region, asked for values between ten intervals ago and now.
#[derive(Debug, Clone)]
pub struct CloudWatch {
    server: Server,
    aws: Aws,
    clock: Clock,
    window: Duration,
    region: String,
    /// From `provider.secretRef`; without it, the operator's own.
    credentials: Option<Credentials>,
}

impl CloudWatch {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let region = region(setup)?;
        let aws = setup.clients.aws.clone();
        let server = Server::of_address(setup, &aws.cloudwatch(&region), Some(Auth::None))?;
        Ok(Self {
            server,
            aws,
            clock: setup.clients.clock.clone(),
            window: setup.window(INTERVALS)?,
            region,
            credentials: credentials(setup)?,
        })
    }

    /// The newest value of the first result; `query` is a JSON array of `MetricDataQuery`.
    ///
    /// # Errors
    /// [`QueryError::NoValues`] when there is none; others when the query cannot be answered.
    pub async fn query(&self, query: &str) -> Result<f64, QueryError> {
        let wrong = |error: serde_json::Error| QueryError::Query {
            provider: self.server.peer().provider,
            cause: error.to_string(),
        };
        let queries: Vec<serde_json::Map<String, Value>> = serde_json::from_str(query).map_err(wrong)?;
        let (end, parts) = (self.clock.now(), form::queries(queries));
        let start = end.checked_sub(self.window).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut fields = vec![("EndTime".to_owned(), time(end)), ("StartTime".to_owned(), time(start))];
        fields.push(("MaxDatapoints".to_owned(), DATAPOINTS.to_owned()));
        let (status, body, server) = self.request(fields.into_iter().chain(parts).collect()).await?;
        if !status.is_success() {
            return Err(server.refused(status, &body));
        }
        match xml::value(&body) {
            Ok(value) if value.is_nan() => Err(QueryError::NoValues),
            Ok(value) => Ok(value),
            Err(fault) => Err(server.unusable(fault, &body)),
        }
    }

    /// Whether CloudWatch answers and takes the credentials: it refuses a query of nothing as wrong.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn is_online(&self) -> Result<(), ProbeError> {
        let never = || "0001-01-01T00:00:00Z".to_owned();
        let nothing = [("EndTime", never()), ("MetricDataQueries", String::new()), ("StartTime", never())];
        let fields = nothing.map(|(name, value)| (name.to_owned(), value)).to_vec();
        match self.request(fields).await.map_err(ProbeError::Request)? {
            (status, ..) if status.is_success() || status == StatusCode::BAD_REQUEST => Ok(()),
            (status, body, server) => Err(ProbeError::Request(server.refused(status, &body))),
        }
    }

    /// Sends `GetMetricData`, several times if need be; the last answer, and a server that knows what to hide of it.
    async fn request(
        &self,
        mut fields: Vec<(String, String)>,
    ) -> Result<(StatusCode, Vec<u8>, Server), QueryError> {
        let credentials = match &self.credentials {
            Some(credentials) => credentials.clone(),
            None => self.aws.credentials(&self.region).await?,
        };
        let server = self.server.clone().with_auth(Auth::Signed(secrets(&credentials)));
        fields.extend([("Action", "GetMetricData"), ("Version", "2010-08-01")].map(own));
        fields.sort();
        let pauses = ExponentialBuilder::new().with_min_delay(PAUSE).with_max_times(RETRIES).with_jitter();
        let send = || self.send(&server, &credentials, &fields);
        let answer = send.retry(pauses).when(|error| !matches!(error, Failed::For(_))).await;
        match answer {
            Ok((status, body)) | Err(Failed::With(status, body)) => Ok((status, body, server)),
            Err(Failed::Broken(error) | Failed::For(error)) => Err(error),
        }
    }

    async fn send(
        &self,
        server: &Server,
        credentials: &Credentials,
        fields: &[(String, String)],
    ) -> Result<(StatusCode, Vec<u8>), Failed> {
        let url = server.at("");
        let body = form::encode(fields);
        let signature = sign::headers(credentials, &self.region, self.clock.now(), &url, &body);
        let unsigned = |cause| QueryError::Credentials {
            provider: server.peer().provider,
            cause,
            remedy: "check that the credentials are plain text",
        };
        let headers = signature.map_err(|cause| Failed::For(unsigned(cause)))?;
        let request = server.post(url).header(CONTENT_TYPE, sign::FORM).headers(headers).body(body);
        match server.exchange(request).await {
            Ok((status, body)) if is_transient(status, &body) => Err(Failed::With(status, body)),
            Ok(answer) => Ok(answer),
            Err(error @ QueryError::Unreachable { .. }) => Err(Failed::Broken(error)),
            Err(error) => Err(Failed::For(error)),
        }
    }
}

/// What becomes of a request that has no good end.
enum Failed {
    /// An answer that may be a better one next time.
    With(StatusCode, Vec<u8>),
    /// A connection that may hold next time.
    Broken(QueryError),
    /// The query failed for good.
    For(QueryError),
}

fn is_transient(status: StatusCode, body: &[u8]) -> bool {
    let throttled = || xml::code(body).is_some_and(|code| code.contains("Throttl"));
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || !status.is_success() && throttled()
}

fn region(setup: &Setup<'_>) -> Result<String, ConfigError> {
    let region = setup.provider.region.as_deref().unwrap_or_default();
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.is_empty() || region.len() > 63 || !region.chars().all(good) {
        return Err(ConfigError::Region { provider: setup.kind().to_owned() });
    }
    Ok(region.to_owned())
}

/// The keys of the Secret, if it has any.
fn credentials(setup: &Setup<'_>) -> Result<Option<Credentials>, ConfigError> {
    let Some(id) = setup.optional("aws_access_key_id")? else { return Ok(None) };
    let secret = setup.required("aws_secret_access_key", "aws_secret_access_key")?;
    let token = setup.optional("aws_session_token")?.map(|token| token.reveal().to_owned());
    Ok(Some(Credentials::new(id.reveal(), secret.reveal(), token, None, "provider.secretRef")))
}

fn secrets(credentials: &Credentials) -> Vec<Secret> {
    let token = credentials.session_token().map(Secret::new);
    std::iter::once(Secret::new(credentials.secret_access_key())).chain(token).collect()
}

fn own((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn time(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}
