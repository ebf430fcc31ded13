//! Which namespaces are served.

use std::str::FromStr;

use regex::Regex;

/// The namespaces whose Canaries are served: those that the expression matches anywhere, all when it is empty.
#[derive(Clone, Debug, Default)]
pub struct Namespaces(Option<Regex>);

impl Namespaces {
    /// Whether Canaries of `namespace` are served.
    pub fn allow(&self, namespace: &str) -> bool {
        self.0.as_ref().is_none_or(|pattern| pattern.is_match(namespace))
    }
}

impl FromStr for Namespaces {
    type Err = regex::Error;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        if pattern.is_empty() {
            Ok(Self(None))
        } else {
            Regex::new(pattern).map(|pattern| Self(Some(pattern)))
        }
    }
}
