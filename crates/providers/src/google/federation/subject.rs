//! The token of the other place. It changes all the time, so that it is read for each exchange.

use std::fs::File;
use std::io::Read;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::document::{Document, Format, Source};
use super::short;
use crate::answer::json;
use crate::auth::Auth;
use crate::credentials::Secret;
use crate::error::ConfigError;
use crate::http::Server;
use crate::setup::Setup;

/// Most bytes of a file with a token.
const LIMIT: u64 = 64 * 1024;

/// Where it is read. Its `Debug` text holds no secret: headers are marked as such.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    place: Place,
    /// The field of JSON that holds it, or nothing for plain text.
    field: Option<String>,
}

#[derive(Debug, Clone)]
enum Place {
    File(String),
    Url(Box<Server>, Option<String>, HeaderMap),
}

impl Subject {
    pub(super) fn new(setup: &Setup<'_>, document: &Document) -> Result<Self, ConfigError> {
        let place = match &document.source {
            Source::File(path) => Place::File(path.clone()),
            Source::Url(url, headers) => {
                let server = Server::of_address(setup, url, Some(Auth::None))?;
                let query = Url::parse(url).ok().and_then(|url| url.query().map(str::to_owned));
                let headers = headers.iter().filter_map(|(name, value)| {
                    let mut value = HeaderValue::from_str(value).ok()?;
                    value.set_sensitive(true);
                    Some((name.parse::<HeaderName>().ok()?, value))
                });
                Place::Url(Box::new(server), query, headers.collect())
            }
        };
        let field = match &document.format {
            Format::Text => None,
            Format::Json(field) => Some(field.clone()),
        };
        Ok(Self { place, field })
    }

    pub(super) async fn token(&self) -> Result<Secret, String> {
        let (content, place) = match &self.place {
            Place::File(path) => (read(path.clone()).await?, path.clone()),
            Place::Url(server, query, headers) => {
                let mut url = server.at("");
                url.set_query(query.as_deref());
                let request = server.get(url).headers(headers.clone());
                (server.fetch(request).await.map_err(|error| short(&error))?, server.peer().address)
            }
        };
        let token = match &self.field {
            None => String::from_utf8(content).ok(),
            Some(field) => json::<Value>(&content)
                .ok()
                .and_then(|value| value.get(field).and_then(Value::as_str).map(str::to_owned)),
        };
        let token = token.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        token.map(Secret::new).ok_or_else(|| match &self.field {
            None => format!("{place} holds no token"),
            Some(field) => format!("{place} holds no token in the field {field}"),
        })
    }
}

/// The content of a file. It is small, but its file system may not answer.
async fn read(path: String) -> Result<Vec<u8>, String> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut content = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(LIMIT).read_to_end(&mut content));
        read.map(|_| content).map_err(|error| format!("cannot read {path}: {error}"))
    });
    reading.await.map_err(|_| "the file with the token cannot be read".to_owned())?
}
