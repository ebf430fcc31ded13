//! The operator's own credentials, kept until shortly before they expire.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use tokio::sync::Mutex;

use super::connector::Connector;
use crate::error::QueryError;
use crate::excerpt::excerpt;

/// How long before their end credentials are fetched anew.
const MARGIN: Duration = Duration::from_secs(300);

/// How long all places together may take to give credentials.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where credentials come from.
#[derive(Debug)]
pub(super) struct Source {
    connector: Connector,
    region: String,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    chain: DefaultCredentialsChain,
    last: Option<Credentials>,
}

impl Source {
    pub(super) fn new(connector: Connector, region: String) -> Self {
        Self { connector, region, held: Mutex::new(None) }
    }

    /// The credentials at hand, or else new ones. Old ones do while there are no new ones and they have not expired.
    pub(super) async fn get(&self) -> Result<Credentials, QueryError> {
        let mut held = self.held.lock().await;
        if held.is_none() {
            *held = Some(Held { chain: self.chain().await, last: None });
        }
        let Some(Held { chain, last }) = held.as_mut() else { return Err(failed("no source")) };
        let now = SystemTime::now();
        if let Some(last) = last.as_ref().filter(|last| lasts(last, now + MARGIN)) {
            return Ok(last.clone());
        }
        match tokio::time::timeout(PATIENCE, chain.provide_credentials()).await {
            Ok(Ok(new)) => Ok(last.insert(new).clone()),
            refused => {
                let old = last.clone().filter(|last| lasts(last, now));
                old.ok_or_else(|| failed(&cause(refused.ok().and_then(Result::err).as_ref())))
            }
        }
    }

    async fn chain(&self) -> DefaultCredentialsChain {
        let config = ProviderConfig::without_region().with_http_client(self.connector.clone());
        let region = Region::new(self.region.clone());
        DefaultCredentialsChain::builder().configure(config).region(region).build().await
    }
}

fn lasts(credentials: &Credentials, until: SystemTime) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > until)
}

fn failed(cause: &str) -> QueryError {
    QueryError::Credentials {
        provider: "cloudwatch".to_owned(),
        cause: cause.to_owned(),
        remedy: "give the operator's service account a role (EKS Pod Identity or IRSA), or set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or name a Secret in provider.secretRef",
    }
}

/// What went wrong, in the words of the innermost error.
fn cause(error: Option<&CredentialsError>) -> String {
    match error {
        None => format!("no answer within {PATIENCE:?}"),
        Some(CredentialsError::CredentialsNotLoaded(_)) => {
            "there are none in the environment, a profile, a web identity, the container or the instance"
                .to_owned()
        }
        Some(error) => {
            let mut innermost: &dyn Error = error;
            while let Some(inner) = innermost.source() {
                innermost = inner;
            }
            excerpt(&innermost.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_last_until_they_expire() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let until = |expiry| Credentials::new("key", "secret", None, expiry, "test");
        assert!(lasts(&until(None), at(1000)));
        assert!(lasts(&until(Some(at(1001))), at(1000)));
        assert!(!lasts(&until(Some(at(1000))), at(1000)));
    }

    #[test]
    fn a_failure_names_provider_and_remedy() {
        let nothing = CredentialsError::not_loaded("nothing");
        let text = failed(&cause(Some(&nothing))).to_string();
        assert!(
            text.starts_with("cloudwatch credentials cannot be loaded: there are none in the environment"),
            "{text}"
        );
        assert!(text.contains("AWS_ACCESS_KEY_ID"), "{text}");
    }
}
