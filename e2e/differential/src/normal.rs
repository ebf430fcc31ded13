//! What no two runs have in common is given the same name in both.

use std::collections::BTreeMap;

use anyhow::Result;
use regex::Regex;

/// Rewrites texts of one run. Equal values stay equal, and different ones different.
#[derive(Clone, Debug)]
pub(crate) struct Normal {
    replacements: Vec<(String, String)>,
    /// Random, and never referred to.
    id: Regex,
    random: Vec<Pattern>,
    symbols: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Pattern {
    regex: Regex,
    /// What the part that the first group matches is called, with a number.
    name: &'static str,
}

const ID: &str = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b";

/// Cookies: in a status, in a `Set-Cookie`, and in the match for it. Both operators draw ten letters.
const RANDOM: [(&str, &str); 2] = [
    ("cookie", r"\b(?:cookie|steady)=([A-Za-z]{10})\b"),
    ("cookie", r"\.\*(?:cookie|steady)\.\*([A-Za-z]{10})\.\*"),
];

impl Normal {
    /// With fixed replacements, which are made first and in this order.
    ///
    /// # Errors
    /// Never, unless a pattern of this file is wrong.
    pub(crate) fn new(replacements: &[(&str, &str)]) -> Result<Self> {
        let owned = |(from, to): &(&str, &str)| ((*from).to_owned(), (*to).to_owned());
        let pattern = |(name, regex): (&'static str, &str)| Ok(Pattern { regex: Regex::new(regex)?, name });
        Ok(Self {
            replacements: replacements.iter().map(owned).collect(),
            id: Regex::new(ID)?,
            random: RANDOM.into_iter().map(pattern).collect::<Result<_>>()?,
            symbols: BTreeMap::new(),
        })
    }

    /// The text as one line, with everything replaced that depends on the run.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let mut text = text.replace('\n', "\\n");
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        text = self.id.replace_all(&text, "ID").into_owned();
        for pattern in &self.random {
            text = named(&text, pattern, &mut self.symbols);
        }
        text
    }
}

/// The text with each value that the pattern finds replaced by its name and number.
fn named(text: &str, pattern: &Pattern, symbols: &mut BTreeMap<String, String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = 0;
    for found in pattern.regex.captures_iter(text).filter_map(|captures| captures.get(1)) {
        let known = symbols.values().filter(|symbol| symbol.starts_with(pattern.name)).count();
        let key = format!("{} {}", pattern.name, found.as_str());
        let symbol = symbols.entry(key).or_insert_with(|| format!("{}-{}", pattern.name, known + 1));
        result.push_str(&text[rest..found.start()]);
        result.push_str(symbol);
        rest = found.end();
    }
    result.push_str(&text[rest..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_run_get_those_of_all_runs() {
        let mut normal = Normal::new(&[("diff-x-serin", "NAMESPACE")]).unwrap();
        assert_eq!(normal.text("podinfo.diff-x-serin failed"), "podinfo.NAMESPACE failed");
    }

    #[test]
    fn equal_values_stay_equal_and_others_different() {
        let mut normal = Normal::new(&[]).unwrap();
        let names = ["cookie=abcdefghij; Max-Age=-1", "cookie=jihgfedcba", ".*cookie.*abcdefghij.*"]
            .map(|text| normal.text(text));
        assert_eq!(names, ["cookie=cookie-1; Max-Age=-1", "cookie=cookie-2", ".*cookie.*cookie-1.*"]);
    }

    #[test]
    fn ids_are_all_the_same() {
        let id = "flagger-id = 01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(Normal::new(&[]).unwrap().text(id), "flagger-id = ID");
    }

    #[test]
    fn a_text_is_one_line() {
        assert_eq!(Normal::new(&[]).unwrap().text("a\nb"), "a\\nb");
    }
}
