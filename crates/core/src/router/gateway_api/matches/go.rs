//! Values as Go prints them in Flagger's texts, and patterns as regular expressions.

use std::collections::BTreeMap;

use serin_api::canary::StringMatch;

/// A comparison as `%+v` prints it.
pub(super) fn string(value: &StringMatch) -> String {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    format!(
        "{{Exact:{} Prefix:{} Suffix:{} Regex:{}}}",
        text(&value.exact),
        text(&value.prefix),
        text(&value.suffix),
        text(&value.regex)
    )
}

/// Named comparisons as `%+v` prints them.
pub(super) fn map(values: &BTreeMap<String, StringMatch>) -> String {
    let pairs: Vec<String> = values.iter().map(|(name, value)| format!("{name}:{}", string(value))).collect();
    format!("map[{}]", pairs.join(" "))
}

/// Turns `prefix` and `suffix` into regular expressions.
pub(super) fn as_regexes(
    values: Option<&BTreeMap<String, StringMatch>>,
) -> Option<BTreeMap<String, StringMatch>> {
    Some(values?.iter().map(|(name, value)| (name.clone(), as_regex(value))).collect())
}

fn as_regex(value: &StringMatch) -> StringMatch {
    let set = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
    let pattern = match (set(&value.prefix), set(&value.suffix)) {
        (Some(prefix), _) => Some(format!("^{}.*$", quoted(&prefix))),
        (None, Some(suffix)) => Some(format!("^.*{}$", quoted(&suffix))),
        (None, None) => None,
    };
    let regex = set(&value.regex).or(pattern);
    StringMatch { exact: value.exact.clone(), regex, ..StringMatch::default() }
}

/// The text with everything escaped that means something in a regular expression.
fn quoted(text: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}
