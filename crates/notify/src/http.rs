//! HTTP as this crate uses it: shared connections, Go's redirects, bounded bodies.

use std::time::Duration;

use reqwest::{
    Client, ClientBuilder, Response,
    redirect::{Action, Attempt, Policy},
};

pub(crate) mod reason;

/// Bytes of an answer that are kept.
const KEPT: usize = 4 * 1024;
/// Bytes of an answer that are read at all. A connection is used again only after its answer was read to the end.
const READ: usize = 1024 * 1024;
/// Requests after which Go stops to follow redirects.
const REQUESTS: usize = 10;

/// What all clients have in common. Nobody else is told the URL of a hook: there is no `Referer`.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("serin/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        .redirect(Policy::custom(follow))
        .pool_idle_timeout(Duration::from_secs(90))
        .pool_max_idle_per_host(8)
}

fn follow(attempt: Attempt) -> Action {
    match attempt.previous().len() {
        ..REQUESTS => attempt.follow(),
        _ => attempt.error("stopped after 10 redirects"),
    }
}

/// Builds clients for messages. A redirect that would turn the POST into a GET, as those to a login
/// page do, is not followed, and counts as the answer.
pub(crate) fn posting() -> ClientBuilder {
    builder().redirect(Policy::custom(|attempt| match attempt.status().as_u16() {
        307 | 308 => follow(attempt),
        _ => attempt.stop(),
    }))
}

/// A client that verifies certificates.
///
/// An image without any certificate of an authority must not keep plain HTTP from working: then no authority is
/// trusted.
pub(crate) fn verifying(builder: impl Fn() -> ClientBuilder) -> Result<Client, reqwest::Error> {
    builder().build().or_else(|error| {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "no certificate authorities, HTTPS is refused"
        );
        builder().tls_certs_only([]).build()
    })
}

/// The first 4 KiB of the answer's body as text; up to 1 MiB is read.
pub(crate) async fn read_body(mut response: Response) -> Result<String, reqwest::Error> {
    let mut kept = Vec::new();
    let mut read = 0;
    while let Some(chunk) = response.chunk().await? {
        // A character that begins within the limit is kept whole until it is known where to cut.
        let room = (KEPT + 3_usize).saturating_sub(kept.len());
        kept.extend(chunk.iter().take(room));
        read += chunk.len();
        if read >= READ {
            break;
        }
    }
    Ok(shortened(&String::from_utf8_lossy(&kept), KEPT))
}

/// At most the first `limit` bytes, cut between characters.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let mut length = 0;
    text.chars()
        .take_while(|c| {
            length += c.len_utf8();
            length <= limit
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{KEPT, shortened, verifying};

    #[test]
    fn cuts_between_characters() {
        assert_eq!(shortened("short", KEPT), "short");
        assert_eq!(shortened(&"a".repeat(KEPT + 3), KEPT), "a".repeat(KEPT));
        assert_eq!(shortened(&format!("a{}", "é".repeat(KEPT / 2)), KEPT).len(), KEPT - 1);
    }

    #[test]
    fn plain_http_works_where_no_client_can_be_built_with_certificates() {
        let broken = || super::builder().tls_danger_accept_invalid_hostnames(true);
        assert!(broken().build().is_err());
        assert!(verifying(broken).is_ok());
    }
}
