//! What the operator's surroundings say of Google Cloud.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Mutex;

use crate::credentials::Secret;

/// Cloud Monitoring's API.
const MONITORING: &str = "https://monitoring.googleapis.com";

/// Where a pod or machine learns who it is; `GCE_METADATA_HOST` names another one, as for Google's own libraries.
const METADATA_HOST: &str = "metadata.google.internal";

/// The file with the operator's own credentials, as for Google's own libraries.
pub(crate) const CREDENTIALS_FILE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// What the operator's surroundings give it of Google Cloud: shared by all providers, so that tokens are fetched once.
#[derive(Clone)]
pub(crate) struct Google {
    /// Cloud Monitoring.
    pub(crate) monitoring: String,
    /// The metadata server.
    pub(crate) metadata: String,
    /// Content of the credentials file, or why there is none.
    pub(crate) file: Option<Result<Vec<u8>, String>>,
    /// Those in use, by whose they are.
    pub(crate) tokens: Arc<Mutex<BTreeMap<Identity, Token>>>,
}

/// The hash of a key, or nothing for the metadata server's account.
pub(crate) type Identity = [u8; 32];

/// A token, and when it ends.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) ends: SystemTime,
}

impl fmt::Debug for Google {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Google")
    }
}

impl Google {
    pub(crate) fn new() -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let host = set("GCE_METADATA_HOST").unwrap_or_else(|| METADATA_HOST.to_owned());
        let read =
            |path: String| std::fs::read(&path).map_err(|error| format!("cannot read {path}: {error}"));
        Self {
            monitoring: MONITORING.to_owned(),
            metadata: format!("http://{host}"),
            file: set(CREDENTIALS_FILE).map(read),
            tokens: Arc::default(),
        }
    }

    pub(crate) fn at(self, address: &str) -> Self {
        Self { monitoring: address.to_owned(), metadata: address.to_owned(), file: None, ..self }
    }

    /// Uses this content for the credentials file.
    pub(crate) fn with_file(self, content: &[u8]) -> Self {
        Self { file: Some(Ok(content.to_vec())), ..self }
    }
}
