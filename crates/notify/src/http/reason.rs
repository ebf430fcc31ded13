//! Why there was no answer, in the words that Go uses.

use std::{
    error::Error,
    io::{self, ErrorKind},
    iter::successors,
};

use url::Url;

/// How the TLS library begins what it says of a certificate.
const CERTIFICATE: &str = "invalid peer certificate";

/// Why an answer broke off.
pub(crate) fn of_body(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "context deadline exceeded (Client.Timeout or context cancellation while reading body)"
            .into();
    }
    if causes(error).any(|cause| io_kind(cause) == Some(ErrorKind::UnexpectedEof)) {
        return "unexpected EOF".into();
    }
    root(error)
}

/// Why there was no answer from `url`. The text does not hold the URL.
pub(crate) fn of_request(error: &reqwest::Error, url: &Url) -> String {
    if error.is_timeout() {
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".into();
    }
    let known = causes(error).find_map(|cause| known(cause, url));
    known.unwrap_or_else(|| root(error))
}

/// The failures that people meet most.
fn known(cause: &(dyn Error + 'static), url: &Url) -> Option<String> {
    let text = cause.to_string();
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    if io_kind(cause) == Some(ErrorKind::ConnectionRefused) {
        return Some(format!("dial tcp {host}:{port}: connect: connection refused"));
    }
    if let Some(why) = text.strip_prefix("failed to lookup address information: ") {
        let why = why.replace("Name or service not known", "no such host");
        return Some(format!("dial tcp: lookup {host}: {why}"));
    }
    if let Some(why) = text.strip_prefix(CERTIFICATE) {
        return Some(format!("tls: failed to verify certificate{why}"));
    }
    (text == "connection closed before message completed").then(|| "EOF".to_owned())
}

fn io_kind(cause: &(dyn Error + 'static)) -> Option<ErrorKind> {
    cause.downcast_ref::<io::Error>().map(io::Error::kind)
}

/// The last cause; the ones before it repeat the URL.
fn root(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "no answer".to_owned(), ToString::to_string)
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(error.source(), |cause| Error::source(*cause))
}
