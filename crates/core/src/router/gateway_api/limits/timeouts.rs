//! Time limits in the Gateway API's way of writing them.

use chrono::TimeDelta;
use serin_api::{canary::CanaryService, duration};

use crate::spec_error::SpecError;

/// Units of the Gateway API with their milliseconds, the greatest first.
const UNITS: [(&str, i64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Most digits of a number.
const DIGITS: usize = 5;

/// Most numbers of a duration.
const PARTS: usize = 4;

/// Everything wrong with the limits of a request.
pub(super) fn check(service: &CanaryService) -> Vec<SpecError> {
    let fields = [
        ("spec.service.timeout", &service.timeout),
        ("spec.service.backendTimeout", &service.backend_timeout),
    ];
    let set = fields.into_iter().filter_map(|(field, text)| Some((field, text.as_deref()?)));
    let wrong: Vec<SpecError> = set
        .filter(|(_, text)| !text.is_empty() && !is_gateway_duration(text))
        .map(|(field, text)| {
            SpecError::new(field, text, "this is no duration of the Gateway API", remedy(text))
        })
        .collect();
    if wrong.is_empty() { longer(service).into_iter().collect() } else { wrong }
}

/// A limit of one attempt beyond that of all attempts; a limit of 0 is none.
fn longer(service: &CanaryService) -> Option<SpecError> {
    let read = |text: &Option<String>| duration::parse(text.as_deref().filter(|text| !text.is_empty())?).ok();
    let (all, one) = (read(&service.timeout)?, read(&service.backend_timeout)?);
    (all != TimeDelta::zero() && one > all).then(|| {
        let text = service.backend_timeout.as_deref().unwrap_or_default();
        let problem = "one attempt may not take longer than the request";
        let remedy = "use at most the value of spec.service.timeout, or raise that";
        SpecError::new("spec.service.backendTimeout", text, problem, remedy)
    })
}

/// Whether a text is one to four numbers of at most five digits, each with its unit.
fn is_gateway_duration(text: &str) -> bool {
    let mut rest = text;
    for _ in 0..PARTS {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        // `ms` before `m`.
        let Some(unit) = ["ms", "h", "m", "s"].into_iter().find(|unit| after.starts_with(unit)) else {
            return false;
        };
        if number.is_empty() || number.len() > DIGITS {
            return false;
        }
        rest = after.get(unit.len()..).unwrap_or_default();
        if rest.is_empty() {
            return true;
        }
    }
    false
}

fn remedy(text: &str) -> String {
    let unit = || duration::parse(&format!("{text}s")).ok();
    let meant = duration::parse(text).ok().or_else(unit).and_then(written);
    match meant {
        Some(better) => format!("write {better}"),
        None => "write it like 30s, 500ms or 1m30s".to_owned(),
    }
}

/// A duration in the Gateway API's way; parts of a millisecond count as one. `None` for a negative or overlong one.
fn written(duration: TimeDelta) -> Option<String> {
    let rest = duration - TimeDelta::milliseconds(duration.num_milliseconds());
    let mut left = duration.num_milliseconds().checked_add(i64::from(rest > TimeDelta::zero()))?;
    if left < 0 || duration < TimeDelta::zero() {
        return None;
    }
    if left == 0 {
        return Some("0s".to_owned());
    }
    let most = 10_i64.pow(5) - 1;
    // A single unit reads best.
    if let Some((unit, size)) = UNITS.iter().find(|(_, size)| left % size == 0 && left / size <= most) {
        return Some(format!("{}{unit}", left / size));
    }
    let mut parts = Vec::new();
    for (unit, size) in UNITS {
        let number = left / size;
        left %= size;
        if number > most {
            return None;
        }
        parts.extend((number > 0).then(|| format!("{number}{unit}")));
    }
    Some(parts.concat())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("15s", true)]
    #[case("1h30m10s500ms", true)]
    #[case("0s", true)]
    #[case("10ms", true)]
    #[case("1.5s", false)]
    #[case("15", false)]
    #[case("100000ms", false)]
    #[case("1us", false)]
    #[case("-1s", false)]
    #[case("1s1s1s1s1s", false)]
    #[case("s", false)]
    fn durations(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_gateway_duration(text), expected);
    }

    #[rstest]
    #[case("1.5s", "write 1500ms")]
    #[case("15", "write 15s")]
    #[case("90.5m", "write 5430s")]
    #[case("100000ms", "write 100s")]
    #[case("100us", "write 1ms")]
    #[case("27h46m40.001s", "write 27h46m40s1ms")]
    #[case("-1s", "write it like 30s, 500ms or 1m30s")]
    #[case("soon", "write it like 30s, 500ms or 1m30s")]
    fn remedies(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(remedy(text), expected);
    }
}
