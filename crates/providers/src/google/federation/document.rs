//! The file that describes a federated identity, as `gcloud iam workload-identity-pools create-cred-config` writes it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// How long the token of an impersonated service account lives, in seconds, unless the file says otherwise.
const LIFETIME: u32 = 3600;

/// A file of the type `external_account`. Its `Debug` text holds no secret.
#[derive(Clone)]
pub(in crate::google) struct Document {
    /// The file as it was read.
    pub(super) text: Vec<u8>,
    /// The provider of the workload identity pool.
    pub(super) audience: String,
    pub(super) subject_token_type: String,
    pub(super) token_url: String,
    pub(super) impersonation_url: Option<String>,
    /// How long the token of the impersonated account is valid, in seconds.
    pub(super) lifetime: u32,
    /// Whom the requests of a workforce pool are charged to.
    pub(super) user_project: Option<String>,
    pub(super) source: Source,
    pub(super) format: Format,
}

/// Where the token of the other place is.
#[derive(Clone)]
pub(super) enum Source {
    File(String),
    Url(String, BTreeMap<String, String>),
}

/// What is read there.
#[derive(Clone)]
pub(super) enum Format {
    Text,
    /// JSON with the token under this name.
    Json(String),
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("audience", &self.audience).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct File {
    audience: String,
    subject_token_type: String,
    token_url: String,
    service_account_impersonation_url: Option<String>,
    #[serde(default)]
    service_account_impersonation: Impersonation,
    workforce_pool_user_project: Option<String>,
    credential_source: CredentialSource,
}

#[derive(Default, Deserialize)]
struct Impersonation {
    token_lifetime_seconds: Option<u32>,
}

#[derive(Deserialize)]
struct CredentialSource {
    file: Option<String>,
    url: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    format: SourceFormat,
    environment_id: Option<serde::de::IgnoredAny>,
    executable: Option<serde::de::IgnoredAny>,
    certificate: Option<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct SourceFormat {
    #[serde(rename = "type")]
    kind: Option<String>,
    subject_token_field_name: Option<String>,
}

impl Document {
    /// Reads the file; the error says what is wrong with it, without any of its content.
    pub(in crate::google) fn parse(text: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(text).map_err(|error| {
            format!(
                "it is not the JSON of an external_account (line {}, column {})",
                error.line(),
                error.column()
            )
        })?;
        Ok(Self {
            text: text.to_vec(),
            format: file.credential_source.format()?,
            source: file.credential_source.source()?,
            audience: file.audience,
            subject_token_type: file.subject_token_type,
            token_url: file.token_url,
            impersonation_url: file.service_account_impersonation_url,
            lifetime: file.service_account_impersonation.token_lifetime_seconds.unwrap_or(LIFETIME),
            user_project: file.workforce_pool_user_project,
        })
    }
}

impl CredentialSource {
    fn source(self) -> Result<Source, String> {
        let others = [
            ("environment_id", self.environment_id.is_some()),
            ("executable", self.executable.is_some()),
            ("certificate", self.certificate.is_some()),
        ];
        if let Some((name, _)) = others.into_iter().find(|(_, is_there)| *is_there) {
            return Err(format!("its credential_source has {name}; only file and url are supported"));
        }
        match (self.file, self.url) {
            (Some(file), None) => Ok(Source::File(file)),
            (None, Some(url)) => Ok(Source::Url(url, self.headers)),
            _ => Err("its credential_source needs file or url, and not both".to_owned()),
        }
    }

    fn format(&self) -> Result<Format, String> {
        match (self.format.kind.as_deref(), &self.format.subject_token_field_name) {
            (None | Some("" | "text"), _) => Ok(Format::Text),
            (Some("json"), Some(field)) => Ok(Format::Json(field.clone())),
            (Some("json"), None) => Err("its format json needs subject_token_field_name".to_owned()),
            (Some(_), _) => Err("its credential_source.format.type is neither text nor json".to_owned()),
        }
    }
}
