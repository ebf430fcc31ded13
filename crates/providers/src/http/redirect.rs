//! Where an answer sends a request.

use reqwest::Response;
use reqwest::header::LOCATION;
use url::Url;

/// Requests that one question may take.
pub(super) const MOST: usize = 10;

/// Where the same request is to be sent next, if it is a GET that was redirected to another http or https URL.
pub(super) fn target(method: &reqwest::Method, from: &Url, response: &Response) -> Option<Url> {
    if method != reqwest::Method::GET || !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    from.join(location).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether credentials for `from` may be sent to `to`: it has the same origin, or is the same host with TLS.
pub(super) fn same_server(from: &Url, to: &Url) -> bool {
    let upgraded = from.host() == to.host()
        && (from.scheme(), to.scheme()) == ("http", "https")
        && (from.port(), to.port()) == (None, None);
    upgraded || from.origin() == to.origin()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://a/x", "http://a/y", true)]
    #[case("http://a/x", "https://a/x", true)]
    #[case("http://a:9090", "http://a:9090/", true)]
    #[case("https://a/x", "http://a/x", false)]
    #[case("http://a:9090", "http://a:9091", false)]
    #[case("http://a:9090", "https://a", false)]
    #[case("http://a", "http://b.a", false)]
    fn credentials_stay_with_their_server(#[case] from: &str, #[case] to: &str, #[case] expected: bool) {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(same_server(&url(from), &url(to)), expected);
    }
}
