//! From text to duration.

use chrono::TimeDelta;

use super::DurationError;

/// Reads a Go duration: a sign, then numbers with a unit each. Units are `h`, `m`, `s`, `ms`, `us` (also `µs`) and
/// `ns`; numbers may have a fraction, whose part below a nanosecond is cut off. A bare `0` needs no unit.
///
/// # Errors
///
/// [`DurationError`] names the text and what is wrong with it.
pub fn parse(text: &str) -> Result<TimeDelta, DurationError> {
    let (negative, unsigned) = sign(text);
    if unsigned == "0" {
        return Ok(TimeDelta::zero());
    }
    if unsigned.is_empty() {
        return Err(DurationError::Invalid { text: text.to_owned() });
    }
    let mut rest = unsigned;
    let mut total = 0_i128;
    while !rest.is_empty() {
        let (nanos, after) = part(rest, text)?;
        total = total.checked_add(nanos).ok_or_else(|| out_of_range(text))?;
        rest = after;
    }
    let signed = if negative { -total } else { total };
    i64::try_from(signed).map(TimeDelta::nanoseconds).map_err(|_| out_of_range(text))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// One number with its unit, in nanoseconds, and what follows it.
fn part<'a>(rest: &'a str, text: &str) -> Result<(i128, &'a str), DurationError> {
    let (whole, rest) = digits(rest);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(DurationError::Invalid { text: text.to_owned() });
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let unit = unit(name, text)?;
    let nanos = scaled(whole, fraction, unit).ok_or_else(|| out_of_range(text))?;
    Ok((nanos, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit(name: &str, text: &str) -> Result<i128, DurationError> {
    match name {
        "ns" => Ok(1),
        // The micro sign and the Greek letter look alike; Go takes both.
        "us" | "µs" | "μs" => Ok(1_000),
        "ms" => Ok(1_000_000),
        "s" => Ok(1_000_000_000),
        "m" => Ok(60_000_000_000),
        "h" => Ok(3_600_000_000_000),
        "" => Err(DurationError::MissingUnit { text: text.to_owned() }),
        _ => Err(DurationError::UnknownUnit { text: text.to_owned(), unit: name.to_owned() }),
    }
}

fn scaled(whole: &str, fraction: &str, unit: i128) -> Option<i128> {
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    i128::from(whole).checked_mul(unit)?.checked_add(scaled_fraction(fraction, unit)?)
}

/// Digits past the eighteenth are worth less than a nanosecond in every unit.
fn scaled_fraction(fraction: &str, unit: i128) -> Option<i128> {
    let digits = fraction.get(..18).unwrap_or(fraction);
    if digits.is_empty() {
        return Some(0);
    }
    let scale = 10_i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
    Some(digits.parse::<i128>().ok()?.checked_mul(unit)? / scale)
}

fn out_of_range(text: &str) -> DurationError {
    DurationError::OutOfRange { text: text.to_owned() }
}
