//! What the tests of all providers share.

use std::time::{Duration, SystemTime};

use serin_api::metric_template::{MetricTemplateProvider, SecretRef};
use serin_providers::{Clients, Clock, ConfigError, Credentials, Limits, Provider, QueryError, Setup};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// Now, in the tests: 2026-11-21T15:00:00Z.
pub(crate) const NOW: u64 = 1_795_273_200;

/// A provider as the shared tests see it. Each value of the Secret begins with `hush`.
pub(crate) struct Stub {
    /// `provider.type`
    pub(crate) kind: &'static str,
    /// A Secret with all keys.
    pub(crate) secret: &'static [(&'static str, &'static str)],
    /// Keys that must be there.
    pub(crate) required: &'static [&'static str],
    /// Whether it has a default address.
    pub(crate) address_optional: bool,
    /// Whether `provider.address` does not count.
    pub(crate) address_ignored: bool,
    /// `provider.region`
    pub(crate) region: Option<&'static str>,
    /// A query that it understands.
    pub(crate) query: &'static str,
    /// The body of an answer with this value.
    pub(crate) answer: fn(&str) -> String,
    /// How an answer writes NaN; `None` where it cannot.
    pub(crate) nan: Option<&'static str>,
    /// How an answer writes positive infinity; `None` where it cannot.
    pub(crate) infinite: Option<&'static str>,
    /// Bodies without a value.
    pub(crate) empty: &'static [&'static str],
    /// Bodies that this provider never sends.
    pub(crate) malformed: &'static [&'static str],
    /// What it is made with for a server at this address.
    pub(crate) clients: fn(Limits, &str) -> Clients,
    /// The `provider` of a template for a server at this address.
    pub(crate) spec: fn(&Stub, &str) -> MetricTemplateProvider,
}

impl Stub {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            secret: &[],
            required: &[],
            address_optional: false,
            address_ignored: false,
            region: None,
            query: "",
            answer: str::to_owned,
            nan: None,
            infinite: None,
            empty: &[],
            malformed: &[],
            clients: |limits, _| clients(limits),
            spec: Stub::own_spec,
        }
    }

    /// The `provider` of a template for it.
    pub(crate) fn spec(&self, address: &str) -> MetricTemplateProvider {
        (self.spec)(self, address)
    }

    /// The `provider` of a template that names the address, or none when it is empty.
    pub(crate) fn own_spec(&self, address: &str) -> MetricTemplateProvider {
        MetricTemplateProvider {
            type_: self.kind.to_owned(),
            address: Some(address.to_owned()).filter(|address| !address.is_empty()),
            secret_ref: if self.secret.is_empty() { None } else { Some(secret_ref()) },
            region: self.region.map(str::to_owned),
            ..MetricTemplateProvider::default()
        }
    }

    /// It with its whole Secret.
    pub(crate) fn at(&self, address: &str) -> Provider {
        self.limited(address, Limits::default())
    }

    pub(crate) fn limited(&self, address: &str, limits: Limits) -> Provider {
        let clients = (self.clients)(limits, address);
        provider(&clients, &self.spec(address), &credentials(self.secret)).unwrap()
    }

    /// It with this Secret.
    pub(crate) fn with(&self, address: &str, secret: &Credentials) -> Result<Provider, ConfigError> {
        provider(&(self.clients)(Limits::default(), address), &self.spec(address), secret)
    }

    /// What it makes of an answer with this body.
    pub(crate) async fn value(&self, body: &str) -> Result<f64, QueryError> {
        let server = answering(ResponseTemplate::new(200).set_body_string(body)).await;
        self.at(&server.uri()).query(self.query).await
    }

    /// What it sends for a query, and what it makes of an answer with this value.
    pub(crate) async fn exchange(&self, query: &str, value: &str) -> (Request, Result<f64, QueryError>) {
        let server = answering(ResponseTemplate::new(200).set_body_string((self.answer)(value))).await;
        let result = self.at(&server.uri()).query(query).await;
        (server.received_requests().await.unwrap().remove(0), result)
    }

    /// What it sends to learn whether the server is there.
    pub(crate) async fn probe(&self, answer: ResponseTemplate) -> (Request, Result<(), String>) {
        let server = answering(answer).await;
        let result = self.at(&server.uri()).is_online().await;
        let requests = server.received_requests().await.unwrap();
        (requests[0].clone(), result.map_err(|error| error.to_string()))
    }
}

/// A server that gives `answer` to everything.
pub(crate) async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

pub(crate) fn clients(limits: Limits) -> Clients {
    Clients::new(limits).unwrap().with_clock(Clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)))
}

pub(crate) fn provider(
    clients: &Clients,
    provider: &MetricTemplateProvider,
    credentials: &Credentials,
) -> Result<Provider, ConfigError> {
    Provider::new(&Setup { clients, provider, credentials, interval: "1m" })
}

pub(crate) fn secret_ref() -> SecretRef {
    SecretRef { name: "login".into() }
}

pub(crate) fn credentials(data: &[(&str, &str)]) -> Credentials {
    data.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

/// Path and decoded parameters of a request, in their order.
pub(crate) fn target(request: &Request) -> (String, Vec<(String, String)>) {
    (request.url.path().to_owned(), request.url.query_pairs().into_owned().collect())
}

/// The parameters as [`target`] gives them.
pub(crate) fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn header<'r>(request: &'r Request, name: &str) -> Vec<&'r str> {
    request.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}
