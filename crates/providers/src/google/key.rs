//! The key of a service account, as Google Cloud hands it out.

use std::fmt;
use std::time::SystemTime;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::{Deserialize, Serialize};

use crate::credentials::Secret;

/// What is asked for with an assertion.
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion is good for, in seconds: the most that Google accepts.
const LIFETIME: u64 = 3600;

/// A service account's key. Its `Debug` text holds no secret.
#[derive(Clone)]
pub(crate) struct ServiceAccountKey {
    text: Vec<u8>,
    client_email: String,
    key_id: Option<String>,
    /// Where the key is exchanged for tokens.
    pub(super) token_uri: String,
    key: EncodingKey,
}

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountKey").field("client_email", &self.client_email).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "type")]
    kind: String,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    token_uri: Option<String>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

impl ServiceAccountKey {
    /// Reads the JSON document; the error says what is wrong with it, without any of its content.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(text).map_err(|error| {
            format!("it is not the JSON of a key (line {}, column {})", error.line(), error.column())
        })?;
        if document.kind != "service_account" {
            return Err("its type is not service_account, the only one that is supported here".to_owned());
        }
        let missing = |name: &str| format!("it has no {name}");
        let pem = document.private_key.ok_or_else(|| missing("private_key"))?;
        let key = EncodingKey::from_rsa_pem(pem.as_bytes());
        Ok(Self {
            text: text.to_vec(),
            client_email: document.client_email.ok_or_else(|| missing("client_email"))?,
            key_id: document.private_key_id,
            token_uri: document.token_uri.unwrap_or_else(|| "https://oauth2.googleapis.com/token".to_owned()),
            key: key.map_err(|_| "its private_key is not an RSA key in PEM form".to_owned())?,
        })
    }

    /// The document as it was read.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// A statement, signed with the key, by which its account asks for a token with this scope.
    pub(super) fn assertion(&self, scope: &str, now: SystemTime) -> Result<Secret, String> {
        let iat = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (iss, aud) = (self.client_email.as_str(), self.token_uri.as_str());
        let claims = Claims { iss, scope, aud, iat, exp: iat + LIFETIME };
        let header = Header { kid: self.key_id.clone(), ..Header::new(Algorithm::RS256) };
        let token = encode(&header, &claims, &self.key);
        token.map(Secret::new).map_err(|_| "its private_key cannot sign".to_owned())
    }
}
