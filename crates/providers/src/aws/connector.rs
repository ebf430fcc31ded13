//! The HTTP client of the credentials' sources: ours, with its proxies, limits and deadline.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, Url};

use crate::limits::Limits;

/// Most bytes of an answer with credentials.
const LIMIT: usize = 1 << 20;

/// Sends what the official library wants to have sent.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    client: Client,
    /// For the node's own addresses, which no proxy can reach.
    direct: Arc<OnceLock<Client>>,
    limits: Limits,
}

impl Connector {
    pub(super) fn new(client: Client, limits: Limits) -> Self {
        Self { client, direct: Arc::default(), limits }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let answer = tokio::time::timeout(self.limits.timeout, self.exchange(request)).await;
        answer.unwrap_or_else(|error| Err(ConnectorError::timeout(error.into())))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let user = |error| ConnectorError::user(error);
        let request = request.try_into_http1x().map_err(|error| user(error.into()))?;
        let request = request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default());
        let request = reqwest::Request::try_from(request).map_err(|error| user(error.into()))?;
        let client = if is_near(request.url()) { self.direct() } else { &self.client };
        let failed = |error: reqwest::Error| ConnectorError::io(error.without_url().into());
        let mut response = client.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LIMIT {
                return Err(ConnectorError::other(format!("more than {LIMIT} bytes").into(), None));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(SdkBody::from(body));
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
    }

    fn direct(&self) -> &Client {
        self.direct
            .get_or_init(|| Client::builder().no_proxy().build().unwrap_or_else(|_| self.client.clone()))
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().send(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Whether a URL is one of the node's own: loopback, or the link-local addresses of the metadata services.
fn is_near(url: &Url) -> bool {
    match url.host_str().map(|host| host.trim_matches(['[', ']'])).and_then(|host| host.parse().ok()) {
        Some(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Some(IpAddr::V6(address)) => address.is_loopback() || address.segments()[0] == 0xfd00,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://169.254.169.254/latest/api/token", true)]
    #[case("http://169.254.170.23/v1/credentials", true)]
    #[case("http://[fd00:ec2::23]/v1/credentials", true)]
    #[case("http://127.0.0.1:1234/", true)]
    #[case("https://sts.eu-west-1.amazonaws.com/", false)]
    #[case("http://10.0.0.1/", false)]
    fn metadata_services_are_asked_without_a_proxy(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_near(&Url::parse(url).unwrap()), expected);
    }
}
