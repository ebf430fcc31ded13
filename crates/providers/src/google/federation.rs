//! Workload identity federation: a token of another cloud or cluster is exchanged for one of Google Cloud (RFC 8693).

mod document;
mod subject;

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::answer::json;
use crate::auth::Auth;
use crate::credentials::Secret;
use crate::error::{ConfigError, QueryError};
use crate::http::Server;
use crate::setup::Setup;
pub(super) use document::Document;
use subject::Subject;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What the exchanged token is for when it only serves to become a service account.
const IMPERSONATE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// An identity of another place, and where it is exchanged. Its `Debug` text holds no secret.
#[derive(Debug, Clone)]
pub(super) struct Federation {
    document: Document,
    subject: Subject,
    exchange: Server,
    /// Where the token of a service account is made, if one is to be impersonated.
    account: Option<Server>,
}

/// A token, and when it ends.
pub(super) type Granted = (Secret, SystemTime);

impl Federation {
    pub(super) fn new(setup: &Setup<'_>, document: Document) -> Result<Self, ConfigError> {
        let server = |address: &str| Server::of_address(setup, address, Some(Auth::None));
        Ok(Self {
            subject: Subject::new(setup, &document)?,
            exchange: server(&document.token_url)?,
            account: document.impersonation_url.as_deref().map(server).transpose()?,
            document,
        })
    }

    /// The file that it was read from.
    pub(super) fn text(&self) -> &[u8] {
        &self.document.text
    }

    /// A token of Google Cloud for this scope. An error says what went wrong, without secrets.
    pub(super) async fn token(&self, scope: &str, now: SystemTime) -> Result<Granted, String> {
        let subject = self.subject.token().await?;
        let wanted = if self.account.is_some() { IMPERSONATE } else { scope };
        // A server that refuses a token may repeat it.
        let granted = self.exchanged(&subject, wanted, now).await.map_err(|cause| subject.hide_in(&cause))?;
        match &self.account {
            Some(server) => self.impersonated(server, granted.0, scope).await,
            None => Ok(granted),
        }
    }

    async fn exchanged(&self, subject: &Secret, scope: &str, now: SystemTime) -> Result<Granted, String> {
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            // RFC 8693 only recommends it; a token without an end serves once.
            #[serde(default)]
            expires_in: u64,
        }
        let form = self.form(subject, scope);
        let request = self.exchange.post(self.exchange.at("")).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer: Answer = answer(&self.exchange, request).await?;
        let ends = now.checked_add(Duration::from_secs(answer.expires_in)).unwrap_or(now);
        Ok((Secret::new(answer.access_token), ends))
    }

    fn form(&self, subject: &Secret, scope: &str) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", GRANT)
            .append_pair("audience", &self.document.audience)
            .append_pair("scope", scope)
            .append_pair("requested_token_type", ACCESS_TOKEN)
            .append_pair("subject_token_type", &self.document.subject_token_type)
            .append_pair("subject_token", subject.reveal());
        if let Some(project) = &self.document.user_project {
            form.append_pair("options", &json!({"userProject": project}).to_string());
        }
        form.finish()
    }

    async fn impersonated(&self, server: &Server, token: Secret, scope: &str) -> Result<Granted, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            access_token: String,
            expire_time: DateTime<Utc>,
        }
        let server = server.clone().with_auth(Auth::Bearer(token));
        let lifetime = format!("{}s", self.document.lifetime);
        let request = server.post(server.at("")).json(&json!({"scope": [scope], "lifetime": lifetime}));
        let answer: Answer = answer(&server, request).await?;
        Ok((Secret::new(answer.access_token), answer.expire_time.into()))
    }
}

async fn answer<T: for<'a> Deserialize<'a>>(server: &Server, request: RequestBuilder) -> Result<T, String> {
    let body = server.fetch(request).await.map_err(|error| short(&error))?;
    json(&body).map_err(|_| format!("{} sent no token", server.peer().address))
}

/// What a server of tokens said, without the advice for a server of metrics.
pub(super) fn short(error: &QueryError) -> String {
    match error {
        QueryError::Status { peer, status, reason, body } => {
            format!("{} answers Status {status} {reason}: {body}", peer.address)
        }
        QueryError::Unreachable { peer, cause } => format!("{}: {cause}", peer.address),
        QueryError::Timeout { peer, timeout } => {
            format!("{} did not answer within {timeout:?}", peer.address)
        }
        other => other.to_string(),
    }
}
