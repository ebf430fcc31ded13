//! Who a request comes from.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Request, RequestBuilder};

use crate::credentials::{MARK, Secret};

/// How a provider's requests say who sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Requests carry no credentials.
    None,
    /// `Authorization: Bearer …`
    Bearer(Secret),
    /// User name and password.
    Basic(Secret, Secret),
    /// Headers of the provider's own, with the text before each secret.
    Keys(Vec<Key>),
    /// By a signature that is made of each request with these, which are never sent themselves or are put there by it.
    Signed(Vec<Secret>),
}

/// A header that holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) header: HeaderName,
    /// What stands before the secret, such as `Token `.
    pub(crate) scheme: &'static str,
    pub(crate) secret: Secret,
}

impl Auth {
    /// No authentication unless both are there.
    pub(crate) fn basic(username: Secret, password: Secret) -> Self {
        if username.reveal().is_empty() || password.reveal().is_empty() {
            return Self::None;
        }
        Self::Basic(username, password)
    }

    /// One header of the provider's own for each secret.
    pub(crate) fn keys<const N: usize>(keys: [(&'static str, Secret); N]) -> Self {
        let key = |(header, secret)| Key { header: HeaderName::from_static(header), scheme: "", secret };
        Self::Keys(keys.into_iter().map(key).collect())
    }

    /// `Authorization: <scheme><secret>`; the scheme includes the space at its end.
    pub(crate) fn scheme(scheme: &'static str, secret: Secret) -> Self {
        Self::Keys(vec![Key { header: AUTHORIZATION, scheme, secret }])
    }

    /// Whether it has an `Authorization` header, which takes the place of the user's.
    pub(crate) fn authorizes(&self) -> bool {
        match self {
            Self::None | Self::Signed(_) => false,
            Self::Bearer(_) | Self::Basic(..) => true,
            Self::Keys(keys) => keys.iter().any(|key| key.header == AUTHORIZATION),
        }
    }

    pub(crate) fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None | Self::Signed(_) => request,
            Self::Bearer(token) => request.bearer_auth(token.reveal()),
            Self::Basic(username, password) => request.basic_auth(username.reveal(), Some(password.reveal())),
            Self::Keys(keys) => keys.iter().fold(request, |request, key| match key.value() {
                Some(value) => request.header(key.header.clone(), value),
                None => request,
            }),
        }
    }

    /// Takes the headers away again, for a server that is not the provider's.
    pub(crate) fn withdraw(&self, request: &mut Request) {
        let headers = request.headers_mut();
        headers.remove(AUTHORIZATION);
        if let Self::Keys(keys) = self {
            for key in keys {
                headers.remove(&key.header);
            }
        }
    }

    /// `text`, which came from outside, without any secret of these.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        let hide = |text: String, secret: &Secret| secret.hide_in(&text);
        match self {
            Self::None => text.to_owned(),
            Self::Bearer(token) => token.hide_in(text),
            Self::Basic(username, password) => {
                let pair = format!("{}:{}", username.reveal(), password.reveal());
                password.hide_in(&text.replace(&STANDARD.encode(pair), MARK))
            }
            Self::Keys(keys) => keys.iter().map(|key| &key.secret).fold(text.to_owned(), hide),
            Self::Signed(secrets) => secrets.iter().fold(text.to_owned(), hide),
        }
    }
}

impl Key {
    /// `None` cannot be: values of Secrets are checked when they are read.
    fn value(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::try_from(format!("{}{}", self.scheme, self.secret.reveal())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}
