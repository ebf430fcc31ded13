//! Durations as Go reads and prints them.

use chrono::TimeDelta;
use proptest::prelude::*;
use rstest::rstest;
use serin_api::duration::{DurationError, parse, parse_or, to_go_string};

#[rstest]
#[case("0", 0)]
#[case("0s", 0)]
#[case("-0", 0)]
#[case("5s", 5_000_000_000)]
#[case("-5s", -5_000_000_000)]
#[case("+5s", 5_000_000_000)]
#[case("1m30s", 90_000_000_000)]
#[case("1h", 3_600_000_000_000)]
#[case("500ms", 500_000_000)]
#[case("1.5s", 1_500_000_000)]
#[case(".5s", 500_000_000)]
#[case("5.s", 5_000_000_000)]
#[case("10us", 10_000)]
#[case("10µs", 10_000)]
#[case("10μs", 10_000)]
#[case("7ns", 7)]
#[case("1h2m3s4ms5us6ns", 3_723_004_005_006)]
#[case("30s1m", 90_000_000_000)]
#[case("0.3333333333333333333h", 1_199_999_999_999)]
#[case("9223372036854775807ns", i64::MAX)]
#[case("-9223372036854775808ns", i64::MIN)]
fn reads(#[case] text: &str, #[case] nanos: i64) {
    assert_eq!(parse(text), Ok(TimeDelta::nanoseconds(nanos)));
}

#[rstest]
#[case("", "time: invalid duration \"\" (write it like 1m30s)")]
#[case("-", "time: invalid duration \"-\" (write it like 1m30s)")]
#[case("--5s", "time: invalid duration \"--5s\" (write it like 1m30s)")]
#[case(".s", "time: invalid duration \".s\" (write it like 1m30s)")]
#[case("5", "time: missing unit in duration \"5\" (write it like 5s or 5m)")]
#[case("1d", "time: unknown unit \"d\" in duration \"1d\" (the units are h, m, s, ms, us and ns)")]
#[case("1m 30s", "time: unknown unit \"m \" in duration \"1m 30s\" (the units are h, m, s, ms, us and ns)")]
#[case(
    "9223372036854775808ns",
    "time: invalid duration \"9223372036854775808ns\" (longer than 2562047h47m16s)"
)]
#[case(
    "99999999999999999999h",
    "time: invalid duration \"99999999999999999999h\" (longer than 2562047h47m16s)"
)]
fn refuses(#[case] text: &str, #[case] message: &str) {
    assert_eq!(parse(text).unwrap_err().to_string(), message);
}

#[rstest]
#[case(0, "0s")]
#[case(1, "1ns")]
#[case(1_100, "1.1µs")]
#[case(500_000_000, "500ms")]
#[case(2_200_000, "2.2ms")]
#[case(1_000_000_000, "1s")]
#[case(1_515_000_000, "1.515s")]
#[case(60_000_000_000, "1m0s")]
#[case(3_600_000_000_000, "1h0m0s")]
#[case(9_000_000_000_000, "2h30m0s")]
#[case(-5_000_000_000, "-5s")]
#[case(3_661_000_000_001, "1h1m1.000000001s")]
#[case(i64::MAX, "2562047h47m16.854775807s")]
#[case(i64::MIN, "-2562047h47m16.854775808s")]
fn prints(#[case] nanos: i64, #[case] text: &str) {
    assert_eq!(to_go_string(TimeDelta::nanoseconds(nanos)), text);
}

#[test]
fn durations_beyond_the_range_print_as_the_longest() {
    assert_eq!(to_go_string(TimeDelta::MAX), "2562047h47m16.854775807s");
    assert_eq!(to_go_string(TimeDelta::MIN), "-2562047h47m16.854775808s");
}

#[test]
fn a_default_stands_in_for_what_cannot_be_read() {
    let minute = TimeDelta::minutes(1);
    assert_eq!(parse_or(Some("5s"), minute), TimeDelta::seconds(5));
    assert_eq!(parse_or(Some("5"), minute), minute);
    assert_eq!(parse_or(None, minute), minute);
}

#[test]
fn an_unknown_unit_is_named() {
    let expected = DurationError::UnknownUnit { text: "5min".into(), unit: "min".into() };
    assert_eq!(parse("5min"), Err(expected));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".*") {
        let _ = parse(&text);
    }

    #[test]
    fn texts_that_look_like_durations_are_answered(text in "[-+]?([0-9]{0,25}(\\.[0-9]{0,25})?(ns|us|µs|ms|s|m|h|)){0,4}") {
        let _ = parse(&text);
    }

    #[test]
    fn printed_durations_read_the_same(nanos in any::<i64>()) {
        let duration = TimeDelta::nanoseconds(nanos);
        prop_assert_eq!(parse(&to_go_string(duration)), Ok(duration));
    }
}
