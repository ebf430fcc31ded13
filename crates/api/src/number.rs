//! Whole numbers as Flagger's schema takes them: JSON numbers, so that `1.0` is as good as `1`.

use std::fmt;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

/// The greatest magnitude that is taken as it is: beyond it, JSON numbers are not exact.
const LIMIT: i64 = 1 << 53;

/// Decodes a whole number. Fractions are errors, for no field of the API rounds. Numbers beyond ±2^53 are taken as
/// ±2^53: they mean "as many as you like", and sums of them still fit.
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

/// Decodes the number or the name of a port. Numbers beyond 32 bits are taken as the nearest that fits; they are no
/// ports either way.
pub(crate) fn port_or_name<'de, D: Deserializer<'de>>(input: D) -> Result<Option<IntOrString>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum PortOrName {
        Port(Whole),
        Name(String),
    }
    Ok(Option::<PortOrName>::deserialize(input)?.map(|port| match port {
        PortOrName::Port(Whole(port)) => {
            IntOrString::Int(i32::try_from(port).unwrap_or(if port < 0 { i32::MIN } else { i32::MAX }))
        }
        PortOrName::Name(name) => IntOrString::String(name),
    }))
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
        Ok(Whole(value.clamp(-LIMIT, LIMIT)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole, E> {
        Ok(Whole(i64::try_from(value).map_or(LIMIT, |value| value.min(LIMIT))))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Whole, E> {
        whole(value).map(Whole).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a cast from float to integer saturates")]
fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0).then(|| (value as i64).clamp(-LIMIT, LIMIT))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
    use rstest::rstest;
    use serde_json::{Value, json};

    #[rstest]
    #[case(json!(5), Some(5))]
    #[case(json!(5.0), Some(5))]
    #[case(json!(-1), Some(-1))]
    #[case(json!(1e3), Some(1000))]
    #[case(json!(1.5), None)]
    #[case(json!(i64::MIN), Some(-(1 << 53)))]
    #[case(json!(u64::MAX), Some(1 << 53))]
    #[case(json!(1e300), Some(1 << 53))]
    #[case(json!("5"), None)]
    fn takes_whole_numbers_only(#[case] input: Value, #[case] expected: Option<i64>) {
        assert_eq!(super::required(input).ok(), expected);
    }

    #[test]
    fn null_is_an_absent_option() {
        assert_eq!(super::optional(Value::Null).unwrap(), None);
        assert_eq!(super::list(json!([10, 20.0])).unwrap(), vec![10, 20]);
    }

    #[rstest]
    #[case(json!(80.0), Some(IntOrString::Int(80)))]
    #[case(json!(1e15), Some(IntOrString::Int(i32::MAX)))]
    #[case(json!("web"), Some(IntOrString::String("web".into())))]
    #[case(Value::Null, None)]
    fn takes_ports_by_number_and_name(#[case] input: Value, #[case] expected: Option<IntOrString>) {
        assert_eq!(super::port_or_name(input).unwrap(), expected);
    }
}
