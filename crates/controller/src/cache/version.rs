//! Ages of objects.

/// A resource version as a number.
///
/// Kubernetes calls versions opaque, yet every API server issues the revision of etcd, and since 1.35
/// that they compare as numbers is part of the API. A version that is no number supersedes any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version(u64);

impl Version {
    /// Older than any object.
    pub(crate) const OLDEST: Self = Self(0);

    /// The version in `metadata.resourceVersion`.
    pub(crate) fn parse(text: Option<&str>) -> Self {
        Self(text.map_or(0, |text| text.parse().unwrap_or(u64::MAX)))
    }

    /// Whether an object of this version takes the place of one of the version `other`.
    pub(crate) fn supersedes(self, other: Self) -> bool {
        self.0 > other.0 || self.0 == u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(Some(text))
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(version("10").supersedes(version("9")));
        assert!(!version("9").supersedes(version("10")));
        assert!(!version("9").supersedes(version("9")));
        assert!(version("1").supersedes(Version::OLDEST));
    }

    #[test]
    fn opaque_versions_are_always_taken() {
        assert!(version("opaque").supersedes(version("10")));
        assert!(version("opaque").supersedes(version("other")));
    }
}
