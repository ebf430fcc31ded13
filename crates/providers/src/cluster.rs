//! Requests to the API server of the operator's own cluster, with the operator's own account.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::{Method, Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use url::{Position, Url};

use crate::answer::Fault;
use crate::error::{ConfigError, Peer, QueryError};
use crate::excerpt::excerpt;
use crate::setup::Setup;

/// The API server, with a provider's deadline and size limit.
#[derive(Clone)]
pub(crate) struct ClusterApi {
    client: Client,
    pub(crate) timeout: Duration,
    /// Most bytes of an answer.
    limit: usize,
    peer: Peer,
}

impl fmt::Debug for ClusterApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterApi").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl ClusterApi {
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, ConfigError> {
        let provider = setup.kind().to_owned();
        let Some(client) = setup.clients.cluster.clone() else {
            return Err(ConfigError::NoCluster { provider });
        };
        let (timeout, limit) = (setup.clients.limits.timeout, setup.clients.limits.body);
        let peer = Peer { provider, address: Peer::CLUSTER.to_owned() };
        Ok(Self { client, timeout, limit, peer })
    }

    /// The value that `read` finds in a good answer to a GET. NaN is no value.
    pub(crate) async fn ask(
        &self,
        target: &Target,
        read: impl FnOnce(&[u8]) -> Result<f64, Fault>,
    ) -> Result<f64, QueryError> {
        let body = self.send(Method::GET, target, Vec::new()).await?;
        match read(&body) {
            Ok(value) if value.is_nan() => Err(QueryError::NoValues),
            Ok(value) => Ok(value),
            Err(fault) => Err(self.unusable(fault, &body)),
        }
    }

    /// The body of a good answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        target: &Target,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, QueryError> {
        match tokio::time::timeout(self.timeout, self.converse(method, target, body)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.late(self.timeout)),
        }
    }

    /// An answer without a value.
    pub(crate) fn unusable(&self, fault: Fault, body: &[u8]) -> QueryError {
        fault.told(self.peer.clone(), &String::from_utf8_lossy(body))
    }

    /// No answer within this time.
    pub(crate) fn late(&self, timeout: Duration) -> QueryError {
        QueryError::Timeout { peer: self.peer.clone(), timeout }
    }

    async fn converse(&self, method: Method, target: &Target, body: Vec<u8>) -> Result<Vec<u8>, QueryError> {
        let request = Request::builder().method(method).uri(target.uri());
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body));
        let request = request.map_err(|error| self.unreachable(&error))?;
        let response = self.client.send(request).await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        match Limited::new(response.into_body(), self.limit).collect().await {
            Ok(body) if status.is_success() => Ok(body.to_bytes().to_vec()),
            Ok(body) => Err(self.refused(status, &body.to_bytes())),
            Err(_) if !status.is_success() => Err(self.refused(status, b"")),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(QueryError::TooLarge { peer: self.peer.clone(), limit: self.limit })
            }
            Err(error) => Err(self.unreachable(error.as_ref())),
        }
    }

    fn refused(&self, status: http::StatusCode, body: &[u8]) -> QueryError {
        QueryError::Status {
            peer: self.peer.clone(),
            status: status.as_u16(),
            reason: status.canonical_reason().unwrap_or_default(),
            body: excerpt(&String::from_utf8_lossy(body)),
        }
    }

    fn unreachable(&self, error: &(dyn Error + 'static)) -> QueryError {
        let mut cause = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        QueryError::Unreachable { peer: self.peer.clone(), cause: cause.to_string() }
    }
}

/// Path and query of a request. Each part of the path stays one part, whatever is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target(Url);

impl Target {
    /// `base` with these parts at the end of its path.
    pub(crate) fn below(mut base: Url, parts: &[&str]) -> Self {
        if let Ok(mut path) = base.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        Self(base)
    }

    /// A path of the cluster's API server.
    pub(crate) fn of_cluster(parts: &[&str]) -> Option<Self> {
        Url::parse("http://cluster/").ok().map(|base| Self::below(base, parts))
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.query_pairs_mut().append_pair(name, value);
        self
    }

    pub(crate) fn url(&self) -> Url {
        self.0.clone()
    }

    fn uri(&self) -> &str {
        &self.0[Position::BeforePath..]
    }
}

/// Whether a query may name an object so: a part of a path that leads nowhere else.
pub(crate) fn is_name(part: &str) -> bool {
    !part.is_empty() && part != "." && part != ".." && !part.contains(char::is_control)
}
