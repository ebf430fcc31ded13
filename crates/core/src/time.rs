//! Arithmetic with points in time that come from outside: what does not fit is the latest time there is.

use chrono::{SubsecRound, TimeDelta};

use crate::Timestamp;

/// `at`, and so much later.
pub(crate) fn later(at: Timestamp, by: TimeDelta) -> Timestamp {
    let end = if by < TimeDelta::zero() { Timestamp::MIN_UTC } else { Timestamp::MAX_UTC };
    at.checked_add_signed(by).unwrap_or(end)
}

/// The moment as Kubernetes writes it: whole seconds.
pub(crate) fn seconds(now: Timestamp) -> Timestamp {
    now.trunc_subsecs(0)
}

/// The moment as statuses keep it: whole milliseconds.
pub(crate) fn millis(now: Timestamp) -> Timestamp {
    now.trunc_subsecs(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_the_end_of_time() {
        let at = chrono::DateTime::UNIX_EPOCH;
        assert_eq!(later(at, TimeDelta::seconds(5)), at + TimeDelta::seconds(5));
        assert_eq!(later(at, TimeDelta::MAX), Timestamp::MAX_UTC);
        assert_eq!(later(at, TimeDelta::MIN), Timestamp::MIN_UTC);
    }
}
