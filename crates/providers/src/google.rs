//! Google Cloud: whose permissions a request has.

mod federation;
mod key;

use std::time::{Duration, SystemTime};

use reqwest::RequestBuilder;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::answer::json;
use crate::auth::Auth;
use crate::client::google::{CREDENTIALS_FILE, Google, Identity, Token};
use crate::credentials::Secret;
use crate::error::{ConfigError, QueryError};
use crate::http::Server;
use crate::setup::Setup;
use federation::{Document, Federation, short};
pub(crate) use key::ServiceAccountKey;

/// What a token may be used for.
const SCOPE: &str = "https://www.googleapis.com/auth/monitoring.read";

/// How long before its end a token is not used any more.
const SLACK: Duration = Duration::from_secs(60);

/// Most tokens that are kept.
const TOKENS: usize = 100;

/// Returns the account that requests are made with: that of this key, or else that of the operator's credentials
/// file, or else that of its pod.
pub(crate) fn account(setup: &Setup<'_>, key: Option<ServiceAccountKey>) -> Result<Account, ConfigError> {
    let google = &setup.clients.google;
    let source = match (key, &google.file) {
        (Some(key), _) => Source::Key(Server::of_address(setup, &key.token_uri, None)?, Box::new(key)),
        (None, Some(Ok(file))) => of_file(setup, file)?,
        (None, Some(Err(cause))) => Source::None(cause.clone()),
        (None, None) => Source::Metadata(Server::of_address(setup, &google.metadata, None)?),
    };
    Ok(Account { provider: setup.kind().to_owned(), google: google.clone(), source })
}

/// Whom the operator's own file describes. Other types than those of keys can name files and servers to be read, so
/// that they do not count in a Secret.
fn of_file(setup: &Setup<'_>, file: &[u8]) -> Result<Source, ConfigError> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: String,
    }
    let unusable = |cause| Ok(Source::None(format!("{CREDENTIALS_FILE}: {cause}")));
    if serde_json::from_slice::<Typed>(file).is_ok_and(|typed| typed.kind == "external_account") {
        return match Document::parse(file) {
            Ok(document) => Ok(Source::Federation(Box::new(Federation::new(setup, document)?))),
            Err(cause) => unusable(cause),
        };
    }
    match ServiceAccountKey::parse(file) {
        Ok(key) => Ok(Source::Key(Server::of_address(setup, &key.token_uri, None)?, Box::new(key))),
        Err(cause) => unusable(cause),
    }
}

/// Somebody whom Google Cloud knows. Its `Debug` text holds no secret.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    provider: String,
    google: Google,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    /// A service account's key, exchanged for tokens at this server.
    Key(Server, Box<ServiceAccountKey>),
    /// The metadata server: Workload Identity, or the machine's account.
    Metadata(Server),
    /// An identity of another cloud or cluster, exchanged for tokens.
    Federation(Box<Federation>),
    /// No usable account, for this reason.
    None(String),
}

impl Account {
    /// A token for `now`: a kept one, or a new one.
    pub(crate) async fn token(&self, now: SystemTime) -> Result<Secret, QueryError> {
        let identity = self.identity();
        let mut tokens = self.google.tokens.lock().await;
        if let Some(token) = tokens.get(&identity).filter(|token| token.ends > now + SLACK) {
            return Ok(token.secret.clone());
        }
        let token = self.fetch(now).await?;
        if tokens.len() >= TOKENS {
            tokens.clear();
        }
        tokens.insert(identity, token.clone());
        Ok(token.secret)
    }

    /// Only who has the whole key gets its token.
    fn identity(&self) -> Identity {
        match &self.source {
            Source::Key(_, key) => Sha256::digest(key.text()).into(),
            Source::Federation(federation) => Sha256::digest(federation.text()).into(),
            Source::Metadata(_) | Source::None(_) => Identity::default(),
        }
    }

    async fn fetch(&self, now: SystemTime) -> Result<Token, QueryError> {
        match &self.source {
            Source::Key(server, key) => {
                let assertion = key.assertion(SCOPE, now).map_err(|cause| self.failed(cause))?;
                let form = [("grant_type", key::GRANT), ("assertion", assertion.reveal())];
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                let request = server.post(server.at(""));
                let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
                // A server that repeats what it was sent must not make it public.
                let server = server.clone().with_auth(Auth::Signed(vec![assertion]));
                self.exchange(&server, request, now).await
            }
            Source::Metadata(server) => {
                let url = server.at("computeMetadata/v1/instance/service-accounts/default/token");
                let request = server.get(url).header("metadata-flavor", "Google").query(&[("scopes", SCOPE)]);
                self.exchange(server, request, now).await
            }
            Source::Federation(federation) => {
                let granted = federation.token(SCOPE, now).await;
                granted.map(|(secret, ends)| Token { secret, ends }).map_err(|cause| self.failed(cause))
            }
            Source::None(cause) => Err(self.failed(cause.clone())),
        }
    }

    async fn exchange(
        &self,
        server: &Server,
        request: RequestBuilder,
        now: SystemTime,
    ) -> Result<Token, QueryError> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            expires_in: u64,
        }
        let body = server.fetch(request).await.map_err(|error| self.failed(short(&error)))?;
        let unusable = |_| self.failed(format!("{} sent no token", server.peer().address));
        let answer: Answer = json(&body).map_err(unusable)?;
        let ends = now.checked_add(Duration::from_secs(answer.expires_in)).unwrap_or(now);
        Ok(Token { secret: Secret::new(answer.access_token), ends })
    }

    fn failed(&self, cause: String) -> QueryError {
        let remedy = match self.source {
            Source::Key(..) => "check the service account's key, and that it is not deleted or disabled",
            Source::Federation(_) => {
                "check that the provider of the workload identity pool takes this token, and that who it stands for may \
                 impersonate the service account"
            }
            Source::Metadata(_) | Source::None(_) => {
                "let the operator's ServiceAccount act as a service account of Google Cloud (Workload Identity), or \
                 put a serviceAccountKey into the Secret of provider.secretRef"
            }
        };
        QueryError::Credentials { provider: self.provider.clone(), cause, remedy }
    }
}
