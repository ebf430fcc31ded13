//! Numbers as Go prints them, for texts that users' scripts may match.

use chrono::TimeDelta;
use serin_api::duration::to_go_string;

/// Go's `%v` of a `float64`: `99`, `0.5`, `1e-05`, `1e+21`, `+Inf`.
pub fn float(value: f64) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(power) if !(-4..21).contains(&power) => {
            format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        }
        _ => value.to_string(),
    }
}

/// Go's `%.2f` of a `float64`.
pub fn two_decimals(value: f64) -> String {
    special(value).map_or_else(|| format!("{value:.2}"), str::to_owned)
}

/// `value` with four significant digits, for people to read.
pub fn short(value: f64) -> String {
    float(format!("{value:.3e}").parse().unwrap_or(value))
}

/// Go's text of a `time.Duration` of whole milliseconds: `0s`, `500ms`, `1.515s`, `1h0m30s`.
pub fn milliseconds(duration: i64) -> String {
    let longest = if duration < 0 { TimeDelta::MIN } else { TimeDelta::MAX };
    to_go_string(TimeDelta::try_milliseconds(duration).unwrap_or(longest))
}

fn special(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(99.0, "99", "99.00")]
    #[case(0.5, "0.5", "0.50")]
    #[case(-0.0, "-0", "-0.00")]
    #[case(0.0001, "0.0001", "0.00")]
    #[case(0.00001, "1e-05", "0.00")]
    #[case(1.25e-7, "1.25e-07", "0.00")]
    #[case(1e20, "100000000000000000000", "100000000000000000000.00")]
    #[case(1e21, "1e+21", "1000000000000000000000.00")]
    #[case(1.5e300, "1.5e+300", &format!("{:.2}", 1.5e300))]
    #[case(0.1 + 0.2, "0.30000000000000004", "0.30")]
    #[case(98.745, "98.745", "98.75")]
    #[case(0.125, "0.125", "0.12")]
    #[case(f64::INFINITY, "+Inf", "+Inf")]
    #[case(f64::NEG_INFINITY, "-Inf", "-Inf")]
    #[case(f64::NAN, "NaN", "NaN")]
    fn prints_as_go(#[case] value: f64, #[case] plain: &str, #[case] decimals: &str) {
        assert_eq!((float(value).as_str(), two_decimals(value).as_str()), (plain, decimals));
    }

    #[rstest]
    #[case(1.0 / 3.0, "0.3333")]
    #[case(99.999, "100")]
    #[case(0.000_012_345, "1.234e-05")]
    #[case(123_456.0, "123500")]
    #[case(f64::INFINITY, "+Inf")]
    fn shortens(#[case] value: f64, #[case] expected: &str) {
        assert_eq!(short(value), expected);
    }

    #[rstest]
    #[case(0, "0s")]
    #[case(500, "500ms")]
    #[case(1515, "1.515s")]
    #[case(90_010, "1m30.01s")]
    #[case(-1500, "-1.5s")]
    fn durations_as_go(#[case] duration: i64, #[case] expected: &str) {
        assert_eq!(milliseconds(duration), expected);
    }

    proptest! {
        #[test]
        fn loses_nothing(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            prop_assert_eq!(float(value).parse::<f64>(), Ok(value));
        }
    }
}
