//! What can go wrong between Serin and the API server.

use std::fmt;

use crate::{key::Key, kind::Kind};

/// What was tried with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    /// Read one object.
    Get,
    /// Read several objects.
    List,
    /// Create an object.
    Create,
    /// Replace an object.
    Update,
    /// Change some fields of an object.
    Patch,
    /// Delete an object.
    Delete,
}

impl Verb {
    /// The verb as in roles.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request that the API server refused or that did not reach it.
#[derive(Debug, thiserror::Error)]
#[error("{verb} {} {}.{}: {}{}", kind.qualified(), key.name, key.namespace, self.text(), self.remedy())]
pub(crate) struct ApiError {
    /// What was tried.
    pub(crate) verb: Verb,
    /// The kind of the object.
    pub(crate) kind: Kind,
    /// The object.
    pub(crate) key: Key,
    /// What the client said.
    pub(crate) source: kube::Error,
}

/// A closed set of causes, for metrics and conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Category {
    /// A role does not allow it.
    Forbidden,
    /// Somebody else was faster.
    Conflict,
    /// The object or its kind does not exist.
    NotFound,
    /// The API server finds the object wrong.
    Invalid,
    /// The API server could not be reached or failed.
    Unavailable,
    /// The Canary cannot be served as it is.
    Spec,
}

impl Category {
    /// The value of the label `category`.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Conflict => "conflict",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Unavailable => "unavailable",
            Self::Spec => "spec",
        }
    }

    /// The reason of a condition.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Forbidden => "Forbidden",
            Self::Conflict => "Conflict",
            Self::NotFound => "NotFound",
            Self::Invalid => "Rejected",
            Self::Unavailable => "Unavailable",
            Self::Spec => "InvalidSpec",
        }
    }
}

impl ApiError {
    /// The HTTP status of the answer, 0 when there was none.
    pub(crate) fn code(&self) -> u16 {
        code(&self.source)
    }

    /// Why it failed.
    pub(crate) fn category(&self) -> Category {
        match self.code() {
            // Nothing can be made in a namespace on its way out, and no right would change that.
            403 if self.text().contains("because it is being terminated") => Category::Unavailable,
            // A quota or an admission webhook refuses it, whatever the rights are.
            403 if ["exceeded quota", "denied the request"].iter().any(|said| self.text().contains(said)) => {
                Category::Invalid
            }
            403 => Category::Forbidden,
            409 => Category::Conflict,
            404 => Category::NotFound,
            400 | 413 | 422 => Category::Invalid,
            _ => Category::Unavailable,
        }
    }

    /// What the API server said, without the client's decoration.
    pub(crate) fn text(&self) -> String {
        match &self.source {
            kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
            other => chain(other),
        }
    }

    /// What the user can do, as a sentence to append; empty when nothing is known.
    pub(crate) fn remedy(&self) -> String {
        match self.category() {
            Category::Forbidden => {
                let (verb, resource) = (self.verb, self.kind.qualified());
                format!(". Grant the operator's service account the verb {verb} on {resource}")
            }
            _ => String::new(),
        }
    }
}

/// The HTTP status of an answer, 0 when there was none.
pub(crate) fn code(error: &kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}

/// Why an object is not what the API says. The value that does not fit is left out: it may be a password.
pub(crate) fn decoding(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match (text.find('"'), text.rfind('"')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", text[..start].trim_end(), &text[end + 1..])
        }
        _ => text,
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text = format!("{text}: {part}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn refused(code: u16, message: &str) -> ApiError {
        let status = Status { code, message: message.to_owned(), ..Status::default() };
        ApiError {
            verb: Verb::Patch,
            kind: Kind::Routed(&serin_core::router::gateway_api::HTTP_ROUTE),
            key: Key::new("test", "podinfo"),
            source: kube::Error::Api(status.boxed()),
        }
    }

    #[test]
    fn errors_name_object_and_remedy() {
        assert_eq!(
            refused(403, "no such right").to_string(),
            "patch httproutes.gateway.networking.k8s.io podinfo.test: no such right. \
             Grant the operator's service account the verb patch on httproutes.gateway.networking.k8s.io"
        );
        assert_eq!(refused(409, "changed").category(), Category::Conflict);
        let ending =
            refused(403, "unable to create new content in namespace test because it is being terminated");
        assert_eq!((ending.category(), ending.remedy()), (Category::Unavailable, String::new()));
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_repeated() {
        let headers = serde_json::json!({"type": "prometheus", "headers": {"X-Key": "hu\"sh"}});
        let found = serde_json::from_value::<serin_api::metric_template::MetricTemplateProvider>(headers);
        assert_eq!(decoding(&found.unwrap_err()), "invalid type: string, expected a sequence");
        let found = serde_json::from_str::<serin_api::CanarySpec>("{}").unwrap_err();
        assert!(decoding(&found).starts_with("missing field `targetRef`"), "{found}");
    }

    #[test]
    fn causes_are_told_once() {
        let inner = std::io::Error::other("connection refused");
        let outer = kube::Error::Service(Box::new(inner));
        assert_eq!(chain(&outer), "ServiceError: connection refused");
    }
}
