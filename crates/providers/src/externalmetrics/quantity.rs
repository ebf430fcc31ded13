//! Kubernetes' notation of numbers: `42500m`, `1.5`, `10Ki`, `3e2`.

/// The number that a quantity stands for, as near as a float can be; `None` for anything else.
pub(super) fn parse(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let value = match factor(suffix) {
        Some(factor) => number.parse::<f64>().ok()? * factor,
        None => format!("{number}{}", exponent(suffix)?).parse().ok()?,
    };
    value.is_finite().then_some(value)
}

fn factor(suffix: &str) -> Option<f64> {
    Some(match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024.0 * 1024.0,
        "Gi" => 1024.0 * 1024.0 * 1024.0,
        "Ti" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "Pi" => 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "Ei" => 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    })
}

/// `e3`, `E-3`: an exponent of ten in whole digits.
fn exponent(suffix: &str) -> Option<&str> {
    let digits = suffix.strip_prefix(['e', 'E'])?.trim_start_matches(['+', '-']);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(suffix)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("42500m", 42.5)]
    #[case("1.5", 1.5)]
    #[case("0", 0.0)]
    #[case("-3k", -3000.0)]
    #[case("+2M", 2e6)]
    #[case("10Ki", 10240.0)]
    #[case("1Gi", 1_073_741_824.0)]
    #[case("1E", 1e18)]
    #[case("3e2", 300.0)]
    #[case("3E-2", 0.03)]
    #[case(".5", 0.5)]
    #[case("250n", 2.5e-7)]
    fn reads(#[case] text: &str, #[case] expected: f64) {
        assert!((parse(text).unwrap() - expected).abs() <= expected.abs() * 1e-12, "{:?}", parse(text));
    }

    #[rstest]
    #[case("")]
    #[case("m")]
    #[case("1 ")]
    #[case("1.2.3")]
    #[case("1KiB")]
    #[case("1e")]
    #[case("1e2m")]
    #[case("NaN")]
    #[case("inf")]
    #[case("1e999")]
    fn refuses(#[case] text: &str) {
        assert_eq!(parse(text), None);
    }
}
