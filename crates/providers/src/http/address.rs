//! `provider.address`.

use url::Url;

use crate::auth::Auth;
use crate::credentials::{MARK, Secret};
use crate::error::ConfigError;

/// The URL of an address, without credentials, query and fragment; and the credentials.
pub(super) fn split(provider: &str, address: &str) -> Result<(Url, Auth), ConfigError> {
    let (provider, shown) = (provider.to_owned(), redacted(address));
    let Ok(mut url) = Url::parse(address.trim()) else {
        return Err(ConfigError::Address { provider, address: shown });
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(ConfigError::Scheme { provider, address: shown });
    }
    let auth = Auth::basic(decoded(url.username()), decoded(url.password().unwrap_or_default()));
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    Ok((url, auth))
}

/// Percent-decoding, by the decoder of URL queries; a plus sign stands for itself here.
fn decoded(part: &str) -> Secret {
    let pair = format!("={}", part.replace('+', "%2B"));
    Secret::new(
        url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).collect::<String>(),
    )
}

/// An address that may not be a URL, without what could be credentials: user, password and query.
pub fn redacted(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    let rest = rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("{MARK}@{host}"));
    match rest.split_once(['?', '#']) {
        Some((shown, _)) => format!("{scheme}{separator}{shown}?{MARK}"),
        None => format!("{scheme}{separator}{rest}"),
    }
}
