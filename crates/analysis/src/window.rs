//! How far a metric looks back.

use chrono::TimeDelta;
use serin_api::duration;

use crate::checks::{Check, DEFAULT_INTERVAL};

/// The span of time before a check that its value may be made of: the metric's `interval`, or the longest range,
/// subquery and offset of the PromQL that was sent, whichever is longer. Never negative.
pub fn window(check: &Check, query: Option<&str>) -> TimeDelta {
    let standard = duration::parse_or(Some(DEFAULT_INTERVAL), TimeDelta::minutes(1));
    let interval = duration::parse_or(Some(&check.model.interval), standard);
    interval.max(query.map_or(TimeDelta::zero(), look_back)).max(TimeDelta::zero())
}

/// The longest look back of a PromQL expression; zero for text in another language.
///
/// A subquery looks back from each of its points: `max_over_time(rate(x[5m])[1h:1m])` needs 65 minutes.
fn look_back(query: &str) -> TimeDelta {
    let mut groups = vec![Group::default()];
    let mut words = Words { rest: query, offset: false };
    while let Some(word) = words.next() {
        match word {
            Word::Open => groups.push(Group::default()),
            Word::Close => close(&mut groups),
            Word::Operand => top(&mut groups, |group| group.operand = TimeDelta::zero()),
            Word::Range(span) | Word::Offset(span) => top(&mut groups, |group| group.extend(span)),
        }
    }
    while groups.len() > 1 {
        close(&mut groups);
    }
    groups.first().map_or(TimeDelta::zero(), |group| group.longest)
}

fn top(groups: &mut [Group], change: impl FnOnce(&mut Group)) {
    if let Some(group) = groups.last_mut() {
        change(group);
    }
}

/// What is in parentheses is one operand for what follows.
fn close(groups: &mut Vec<Group>) {
    if groups.len() > 1
        && let Some(inner) = groups.pop()
    {
        top(groups, |group| {
            group.operand = TimeDelta::zero();
            group.extend(inner.longest);
        });
    }
}

/// An expression in parentheses, or all of it.
#[derive(Default)]
struct Group {
    /// How far what was read last looks back.
    operand: TimeDelta,
    longest: TimeDelta,
}

impl Group {
    fn extend(&mut self, span: TimeDelta) {
        self.operand = self.operand.checked_add(&span).unwrap_or(TimeDelta::MAX);
        self.longest = self.longest.max(self.operand);
    }
}

enum Word {
    Open,
    Close,
    /// A name, number or operator: what follows looks back on its own.
    Operand,
    /// `[5m]`, or `[1h:1m]`.
    Range(TimeDelta),
    /// `offset 5m`; one into the future is none.
    Offset(TimeDelta),
}

struct Words<'a> {
    rest: &'a str,
    /// The last word was `offset`.
    offset: bool,
}

impl Words<'_> {
    fn next(&mut self) -> Option<Word> {
        loop {
            self.rest = self.rest.trim_start();
            let first = self.rest.chars().next()?;
            match first {
                '#' => self.skip_past('\n'),
                '"' | '\'' | '`' => self.skip_string(first),
                '{' => self.skip_selector(),
                '(' | ')' | '[' => return Some(self.bracket(first)),
                _ if is_of_a_name(first) => {
                    if let Some(word) = self.name() {
                        return Some(word);
                    }
                }
                _ => {
                    self.rest = &self.rest[first.len_utf8()..];
                    let sign = self.offset && matches!(first, '+' | '-');
                    self.offset &= first == '+';
                    if !sign && !matches!(first, '@' | ']' | '}') {
                        return Some(Word::Operand);
                    }
                }
            }
        }
    }

    fn bracket(&mut self, first: char) -> Word {
        self.rest = &self.rest[first.len_utf8()..];
        match first {
            '(' => Word::Open,
            ')' => Word::Close,
            _ => {
                let end = self.rest.find(']').unwrap_or(self.rest.len());
                let span = self.rest[..end].split(':').next().unwrap_or_default().trim();
                let range = Word::Range(promql_duration(span).unwrap_or_default());
                self.rest = &self.rest[end..];
                range
            }
        }
    }

    /// A name or number. The words around `@` and `offset` leave what was read before as it is.
    fn name(&mut self) -> Option<Word> {
        let end = self.rest.find(|c| !is_of_a_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let follows = std::mem::replace(&mut self.offset, name.eq_ignore_ascii_case("offset"));
        match promql_duration(name) {
            Some(span) if follows => Some(Word::Offset(span)),
            _ if self.offset => None,
            _ => Some(Word::Operand),
        }
    }

    fn skip_past(&mut self, end: char) {
        self.rest = self.rest.split_once(end).map_or("", |(_, rest)| rest);
    }

    fn skip_string(&mut self, quote: char) {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == quote && !escaped;
            escaped = *c == '\\' && !escaped && quote != '`';
            ends
        });
        self.rest = end.map_or("", |(place, c)| &self.rest[place + c.len_utf8()..]);
    }

    fn skip_selector(&mut self) {
        self.rest = &self.rest[1..];
        while let Some(place) = self.rest.find(['}', '"', '\'', '`']) {
            self.rest = &self.rest[place..];
            let Some(quote @ ('"' | '\'' | '`')) = self.rest.chars().next() else {
                self.rest = &self.rest[1..];
                return;
            };
            self.skip_string(quote);
        }
        self.rest = "";
    }
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.')
}

/// A duration of PromQL, such as `1h30m` or `1w`, or a number of seconds.
fn promql_duration(text: &str) -> Option<TimeDelta> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(TimeDelta::seconds(seconds.into()));
    }
    let (mut rest, mut total) = (text, TimeDelta::zero());
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, after) = after.split_at(after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len()));
        let millis: i64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            "y" => 31_536_000_000,
            _ => return None,
        };
        let part = TimeDelta::try_milliseconds(number.parse::<i64>().ok()?.checked_mul(millis)?)?;
        (total, rest) = (total.checked_add(&part)?, after);
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none("vector(0)", "0s")]
    #[case::range("sum(rate(x{a=\"b\"}[5m]))", "5m")]
    #[case::longest("sum(rate(x[5m])) / sum(rate(y[10m]))", "10m")]
    #[case::several_units("increase(x[1h30m])", "1h30m")]
    #[case::blanks("increase(x[ 90s ])", "90s")]
    #[case::seconds("increase(x[300])", "5m")]
    #[case::day("increase(x[1d])", "24h")]
    #[case::offset("rate(x[5m] offset 10m)", "15m")]
    #[case::offset_of_an_instant("x offset 1w", "168h")]
    #[case::offset_by_hand("rate(x[5m]) OFFSET +10m", "15m")]
    #[case::into_the_future("rate(x[5m] offset -10m)", "5m")]
    #[case::subquery("max_over_time(x[1h30m:1m])", "1h30m")]
    #[case::subquery_with_the_default_step("max_over_time(x[1h:])", "1h")]
    #[case::subquery_of_a_range("max_over_time(rate(x[5m])[1h:1m])", "1h5m")]
    #[case::subquery_beside_a_range("rate(y[5m]) + max_over_time(x[1h:1m])", "1h")]
    #[case::subquery_with_offset("max_over_time(rate(x[5m])[1h:1m] offset 1h)", "2h5m")]
    #[case::comment("x # [1h]\n + rate(y[5m])", "5m")]
    #[case::strings("x{a=\"[1h]}\", b='\\'[2h]'} + rate(y{c=`\\`}[5m])", "5m")]
    #[case::at("rate(x[5m] @ end())", "5m")]
    #[case::flux("r[\"_field\"] == \"x\"", "0s")]
    #[case::too_long("x[99999999999999y]", "0s")]
    #[case::unfinished("rate((x[5m", "5m")]
    fn looks_back(#[case] query: &str, #[case] expected: &str) {
        assert_eq!(look_back(query), duration::parse(expected).unwrap(), "{query}");
    }

    proptest! {
        #[test]
        fn never_panics(query in r#"[a-z0-9\[\](){}:"'`# \\+@-]{0,60}"#) {
            prop_assert!(look_back(&query) >= TimeDelta::zero());
        }
    }
}
