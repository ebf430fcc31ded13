//! What a check has to say.

/// The outcome of one check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Name of the check and what it looked at, in one line.
    pub(crate) summary: String,
    /// What is wrong, where, and what to do; one line each.
    pub(crate) problems: Vec<String>,
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn print(&self) {
        let verdict = if self.is_clean() { "ok" } else { "FAILED" };
        println!("{} ... {verdict}", self.summary);
        self.problems.iter().for_each(|problem| println!("  {problem}"));
    }
}

/// The middle of the sorted values; 0 when there are none.
pub(crate) fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn median_is_the_middle() {
        assert_eq!(median(vec![9, 1, 5]), 5);
        assert_eq!(median(vec![]), 0);
    }
}
