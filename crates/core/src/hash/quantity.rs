//! Quantities such as `100m` and `1.5Gi` as Go keeps them.

/// Go's text of a quantity that is not set.
pub(super) const UNSET: &str = "{i:(resource.int64Amount){value:(int64)0 scale:(resource.Scale)0} \
     d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string) Format:(resource.Format)}";

/// Digits that surely fit in 64 bits.
const SAFE_DIGITS: usize = 18;

/// The smallest scale: 10⁻⁹.
const NANO: i64 = -9;

/// The text that Go keeps a quantity in, `None` if it is none.
pub(super) fn go_text(text: &str) -> Option<String> {
    if text == "0" {
        return Some(small(0, 0, "0", "DecimalSI"));
    }
    let parts = Parts::of(text)?;
    fast(text, &parts).or_else(|| slow(&parts))
}

fn small(value: i64, scale: i64, cached: &str, format: &str) -> String {
    format!(
        "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} \
         d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){cached} Format:(resource.Format){format}}}"
    )
}

/// A quantity taken apart.
struct Parts<'a> {
    negative: bool,
    /// Digits before the point, without leading zeros; at least one.
    whole: &'a str,
    /// Digits after the point.
    fraction: &'a str,
    base: Base,
    exponent: i64,
}

#[derive(Clone, Copy, PartialEq)]
enum Base {
    Binary,
    Decimal,
    Exponent,
}

impl Base {
    fn format(self) -> &'static str {
        match self {
            Self::Binary => "BinarySI",
            Self::Decimal => "DecimalSI",
            Self::Exponent => "DecimalExponent",
        }
    }
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = digits(unsigned);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let (base, exponent) = unit(suffix)?;
        Some(Self {
            negative: text.starts_with('-'),
            whole: if whole.is_empty() { "0" } else { whole },
            fraction,
            base,
            exponent,
        })
    }

    fn signed(&self, value: i64) -> i64 {
        if self.negative { -value } else { value }
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit(suffix: &str) -> Option<(Base, i64)> {
    const DECIMAL: [(&str, i64); 10] = [
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("", 0),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    const BINARY: [(&str, i64); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
    let find = |units: &[(&str, i64)]| units.iter().find(|(unit, _)| *unit == suffix).map(|(_, n)| *n);
    let decimal = find(&DECIMAL).map(|exponent| (Base::Decimal, exponent));
    let binary = || find(&BINARY).map(|exponent| (Base::Binary, exponent));
    let written = || suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok();
    decimal.or_else(binary).or_else(|| written().map(|exponent| (Base::Exponent, exponent.into())))
}

/// Most quantities: a whole number and a power of ten. Those in their usual spelling keep it.
fn fast(text: &str, parts: &Parts) -> Option<String> {
    let count = parts.whole.len() + parts.fraction.len();
    let shifted = format!("{}{}", parts.whole, parts.fraction);
    if parts.base == Base::Binary {
        let precise = 14 - i64::try_from(parts.whole.len()).ok()? - parts.exponent * 3 / 10;
        let value = shifted.parse::<i64>().ok().filter(|_| parts.fraction.is_empty() && precise >= 0)?;
        let result = value.checked_mul(1_i64.checked_shl(u32::try_from(parts.exponent).ok()?)?)?;
        // Every unit is a power of 1024, so that only the number says whether a larger unit fits.
        let usual = value & 7 != 0;
        return Some(small(parts.signed(result), 0, if usual { text } else { "" }, parts.base.format()));
    }
    let scale = parts.exponent - i64::try_from(parts.fraction.len()).ok()?;
    if count > SAFE_DIGITS || scale < NANO {
        return None;
    }
    let value = shifted.parse::<i64>().ok()?;
    let usual = scale % 3 == 0 && !shifted.ends_with("000") && !shifted.starts_with('0');
    Some(small(parts.signed(value), scale, if usual { text } else { "" }, parts.base.format()))
}

/// Fractions of binary units and very long numbers: a whole number of 10⁻⁹.
fn slow(parts: &Parts) -> Option<String> {
    let number = format!("{}{}", parts.whole, parts.fraction).parse::<u128>().ok()?;
    let fraction = i64::try_from(parts.fraction.len()).ok()?;
    let (number, scale) = match parts.base {
        Base::Binary => (number.checked_mul(1_u128 << parts.exponent)?, fraction),
        Base::Decimal | Base::Exponent => (number, fraction - parts.exponent),
    };
    let nanos = rescale(number, scale).filter(|nanos| *nanos > 0)?;
    let one = 1_000_000_000;
    let largest = u128::from(i64::MAX.unsigned_abs());
    let binary = parts.base == Base::Binary;
    let (amount, places) =
        if binary && nanos > largest.checked_mul(one)? { (largest, 0) } else { (nanos, 9) };
    let format = if binary && nanos < one { Base::Decimal.format() } else { parts.base.format() };
    let negative = parts.negative;
    Some(format!(
        "{{i:(resource.int64Amount){{value:(int64)0 scale:(resource.Scale)0}} \
         d:(resource.infDecAmount){{Dec:(*inf.Dec){{unscaled:(big.Int){{neg:(bool){negative} \
         abs:(big.nat)[{}]}} scale:(inf.Scale){places}}}}} s:(string) Format:(resource.Format){format}}}",
        words(amount)
    ))
}

/// `number` · 10^-`scale` in 10⁻⁹, rounded up.
fn rescale(number: u128, scale: i64) -> Option<u128> {
    let shift = u32::try_from((9 - scale).unsigned_abs()).ok()?;
    match 10_u128.checked_pow(shift) {
        Some(power) if scale <= 9 => number.checked_mul(power),
        Some(power) => Some(number.div_ceil(power)),
        None => (scale > 9).then_some(1),
    }
}

/// The machine words of a number, the lowest first.
fn words(number: u128) -> String {
    let low = number & u128::from(u64::MAX);
    match number >> 64 {
        0 => low.to_string(),
        high => format!("{low} {high}"),
    }
}
