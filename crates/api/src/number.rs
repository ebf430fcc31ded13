//! Whole numbers as Flagger's schema takes them: JSON numbers, so that `1.0` is as good as `1`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

/// Decodes a whole number. Fractions and numbers outside `i64` are errors, for no field of the API rounds.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Whole::deserialize(deserializer).map(|whole| whole.0)
}

/// As [`required`], for optional fields.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|whole| whole.0))
}

/// As [`required`], for lists.
pub(crate) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    Ok(Vec::<Whole>::deserialize(deserializer)?.into_iter().map(|whole| whole.0).collect())
}

struct Whole(i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole, E> {
        Ok(Whole(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole, E> {
        i64::try_from(value).map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Whole, E> {
        whole(value).map(Whole).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }
}

/// The integer equal to `value`. Beyond 2^53 neighbouring integers share one float, so those are refused.
#[expect(clippy::cast_possible_truncation, reason = "the range and the fraction are checked first")]
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!(5), Some(5))]
    #[case(json!(5.0), Some(5))]
    #[case(json!(-1), Some(-1))]
    #[case(json!(1e3), Some(1000))]
    #[case(json!(u64::MAX), None)]
    #[case(json!(1.5), None)]
    #[case(json!(1e300), None)]
    #[case(json!("5"), None)]
    fn takes_whole_numbers_only(#[case] input: Value, #[case] expected: Option<i64>) {
        assert_eq!(super::required(input).ok(), expected);
    }

    #[test]
    fn null_is_an_absent_option() {
        assert_eq!(super::optional(Value::Null).unwrap(), None);
        assert_eq!(super::list(json!([10, 20.0])).unwrap(), vec![10, 20]);
    }
}
