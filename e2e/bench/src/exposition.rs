//! Samples of a metric in Prometheus' text format.

use std::collections::BTreeMap;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Sample {
    /// The value of a counter.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counters are whole and small"
    )]
    pub(crate) fn count(&self) -> u64 {
        self.value as u64
    }
}

/// All samples with this very name; lines that are none are left out.
pub(crate) fn samples<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = Sample> + 'a {
    text.lines().filter_map(move |line| sample(line.strip_prefix(name)?))
}

/// What follows the name: `{label="value",…} value`, or ` value`.
fn sample(rest: &str) -> Option<Sample> {
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest.strip_prefix(' ')?),
    };
    let value = value.split_whitespace().next()?.parse().ok()?;
    Some(Sample { labels, value })
}

/// The labels up to the closing brace, and what comes after it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.insert(name.to_owned(), value);
        rest = after;
    }
}

/// A label's value up to its closing quote, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, name: &str) -> Vec<(String, f64)> {
        let show = |labels: BTreeMap<String, String>| {
            labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
        };
        samples(text, name).map(|sample| (show(sample.labels), sample.value)).collect()
    }

    #[test]
    fn labels_values_and_timestamps() {
        let text = "# HELP a is not a sample\na 1\na{x=\"1\"} 2.5\na{x=\"b\\\"},\\\\\",y=\"\"} 3 1700000000\na_total{} 4\n";
        let expected = [(String::new(), 1.0), ("x=1".to_owned(), 2.5), ("x=b\"},\\;y=".to_owned(), 3.0)];
        assert_eq!(read(text, "a"), expected);
        assert_eq!(read(text, "a_total"), [(String::new(), 4.0)]);
    }

    #[test]
    fn broken_lines_are_left_out() {
        assert_eq!(read("a{x=\"1\na{x} 1\na one\na\n", "a"), []);
    }
}
