//! What was measured.

/// A measured value, in the unit of its query. A number may be NaN, which counts as none.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Sample(f64),
    /// The numbers of a span of time, the oldest first.
    Series(Vec<f64>),
}

impl Value {
    /// The numbers that it is made of, the oldest first, without those that are none.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = f64> {
        let all = match self {
            Self::Sample(number) => std::slice::from_ref(number),
            Self::Series(numbers) => numbers,
        };
        all.iter().copied().filter(|number| !number.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_left_out() {
        let numbers = |value: Value| value.numbers().collect::<Vec<_>>();
        assert_eq!(numbers(Value::Sample(1.0)), [1.0]);
        assert_eq!(numbers(Value::Series(vec![1.0, f64::NAN, 2.0])), [1.0, 2.0]);
        assert!(numbers(Value::Sample(f64::NAN)).is_empty());
    }
}
