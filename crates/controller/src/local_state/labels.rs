//! The labels by which the exported metrics of a Canary are found when it is gone.

/// The labels of a Canary's metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The target's name.
    pub(crate) target: String,
    /// Names of its metrics.
    pub(crate) metrics: Vec<String>,
}

impl Labels {
    /// Takes over other labels. Returns the former ones if there were any and they differ.
    pub(crate) fn change(&mut self, labels: Self) -> Option<Self> {
        let old = std::mem::replace(self, labels);
        (old != *self && !old.target.is_empty()).then_some(old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_labels_come_back_once_when_others_take_their_place() {
        let of = |target: &str| Labels { target: target.to_owned(), metrics: Vec::new() };
        let mut labels = Labels::default();
        assert_eq!(labels.change(of("a")), None);
        assert_eq!(labels.change(of("a")), None);
        assert_eq!(labels.change(of("b")), Some(of("a")));
    }
}
