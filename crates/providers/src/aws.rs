//! AWS: whose permissions the operator has, and where the services are.

mod connector;
mod source;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_credential_types::Credentials;
use reqwest::Client;
use tokio::sync::Mutex;

use crate::credentials::Secret;
use crate::error::QueryError;
use crate::limits::Limits;
use connector::Connector;
use source::Source;

/// The environment variables with which all AWS clients are sent to other endpoints.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_CLOUDWATCH", "AWS_ENDPOINT_URL"];

/// What the operator's surroundings give it of AWS: shared by all providers, so that credentials are fetched once.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    connector: Connector,
    /// Where CloudWatch is, if not at its usual place; there may be a password in it.
    endpoint: Option<Secret>,
    /// The sources of credentials by region, as the region's own STS may be asked.
    sources: Arc<Mutex<BTreeMap<String, Arc<Source>>>>,
}

impl Aws {
    pub(crate) fn new(client: Client, limits: Limits) -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let endpoint = ENDPOINTS.into_iter().find_map(set).map(Secret::new);
        Self { connector: Connector::new(client, limits), endpoint, sources: Arc::default() }
    }

    pub(crate) fn with_endpoint(self, endpoint: &str) -> Self {
        Self { endpoint: Some(Secret::new(endpoint)), ..self }
    }

    /// The URL of CloudWatch in a region.
    pub(crate) fn cloudwatch(&self, region: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.reveal().to_owned(),
            None => format!("https://monitoring.{region}.{}", domain(region)),
        }
    }

    /// The operator's own credentials, from the environment, a profile, a web identity (IRSA), the container (EKS Pod
    /// Identity) or the instance.
    pub(crate) async fn credentials(&self, region: &str) -> Result<Credentials, QueryError> {
        let source = {
            let mut sources = self.sources.lock().await;
            let new = || Arc::new(Source::new(self.connector.clone(), region.to_owned()));
            Arc::clone(sources.entry(region.to_owned()).or_insert_with(new))
        };
        source.get().await
    }
}

/// The domain of a region's services.
fn domain(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "amazonaws.com.cn",
        _ if region.starts_with("us-isof-") => "csp.hci.ic.gov",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("eu-isoe-") => "cloud.adc-e.uk",
        _ if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("eu-west-1", "amazonaws.com")]
    #[case("us-gov-west-1", "amazonaws.com")]
    #[case("cn-north-1", "amazonaws.com.cn")]
    #[case("us-iso-east-1", "c2s.ic.gov")]
    #[case("us-isob-east-1", "sc2s.sgov.gov")]
    #[case("eusc-de-east-1", "amazonaws.eu")]
    fn partitions_have_domains_of_their_own(#[case] region: &str, #[case] expected: &str) {
        assert_eq!(domain(region), expected);
    }
}
