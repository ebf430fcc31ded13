//! Parts of a request, from texts that people wrote.

use std::fmt::Display;

use reqwest::{
    Method, Url,
    header::{HOST, HeaderMap, HeaderName, HeaderValue},
};

/// A part of a request that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{part} {text:?} cannot be used: {remedy}")]
pub(crate) struct TemplateError {
    part: &'static str,
    text: String,
    remedy: String,
}

impl TemplateError {
    pub(crate) fn new(part: &'static str, text: &str, remedy: impl Display) -> Self {
        Self { part, text: text.to_owned(), remedy: remedy.to_string() }
    }
}

/// An address to send to.
pub(crate) fn url(text: &str) -> Result<Url, TemplateError> {
    let refuse = |reason: &dyn Display| {
        TemplateError::new(
            "url",
            text,
            format_args!("{reason} (write it like http://podinfo-canary.test:9898/)"),
        )
    };
    let url = Url::parse(text).map_err(|error| refuse(&error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse(&"only http and https can be sent"));
    }
    Ok(url)
}

/// A method such as `GET`, in any case.
pub(crate) fn method(text: &str) -> Result<Method, TemplateError> {
    Method::from_bytes(text.to_ascii_uppercase().as_bytes())
        .map_err(|error| TemplateError::new("method", text, error))
}

/// Sets the header that `line` gives as `name: value`.
pub(crate) fn header(headers: &mut HeaderMap, line: &str) -> Result<(), TemplateError> {
    let refuse = |reason: &dyn Display| TemplateError::new("header", line, reason);
    let (name, value) = line.split_once(':').ok_or_else(|| refuse(&"write it like name: value"))?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|error| refuse(&error))?;
    let value = HeaderValue::from_str(value.trim()).map_err(|error| refuse(&error))?;
    headers.insert(name, value);
    Ok(())
}

/// Sets the host that the server is told, which need not be the one connected to.
pub(crate) fn host(headers: &mut HeaderMap, text: &str) -> Result<(), TemplateError> {
    let value = HeaderValue::from_str(text).map_err(|error| TemplateError::new("host", text, error))?;
    headers.insert(HOST, value);
    Ok(())
}
