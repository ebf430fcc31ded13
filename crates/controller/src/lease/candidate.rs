//! What a candidate writes into a Lease, and when it may.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
    jiff::Timestamp,
};
use tokio::time::Instant;

/// What another candidate wrote, and when this one first saw it.
pub(super) struct Sighting {
    holder: Option<String>,
    renewed: Option<Timestamp>,
    duration: Duration,
    since: Instant,
}

impl Sighting {
    /// Keeps the time of the sighting before if the Lease is the same.
    pub(super) fn of(lease: &Lease, before: Option<Self>, now: Instant) -> Self {
        let spec = lease.spec.as_ref();
        let holder = spec.and_then(|spec| spec.holder_identity.clone());
        let renewed = spec.and_then(|spec| spec.renew_time.as_ref()).map(|time| time.0);
        let seconds = spec.and_then(|spec| spec.lease_duration_seconds).unwrap_or_default();
        let duration = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let same = before.filter(|before| before.holder == holder && before.renewed == renewed);
        Self { holder, renewed, duration, since: same.map_or(now, |before| before.since) }
    }

    /// Whether the holder has been silent for the whole duration.
    pub(super) fn expired(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) > self.duration
    }
}

/// A candidate at this time.
pub(super) struct Candidate<'a> {
    pub(super) identity: &'a str,
    pub(super) duration: Duration,
    pub(super) now: Timestamp,
}

impl Candidate<'_> {
    /// A new Lease.
    pub(super) fn created(&self, name: &str) -> Lease {
        let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
        Lease { metadata, spec: Some(self.spec(LeaseSpec::default(), 0)) }
    }

    /// The Lease renewed, or taken over if it is free; `None` while it is somebody else's.
    pub(super) fn on(&self, lease: Lease, expired: bool) -> Option<Lease> {
        let spec = lease.spec.unwrap_or_default();
        let holder = spec.holder_identity.as_deref().filter(|holder| !holder.is_empty());
        let transitions = spec.lease_transitions.unwrap_or_default();
        let spec = match holder {
            Some(holder) if holder == self.identity => {
                LeaseSpec { renew_time: Some(MicroTime(self.now)), ..spec }
            }
            Some(_) if !expired => return None,
            _ => self.spec(spec, transitions.saturating_add(1)),
        };
        Some(Lease { spec: Some(spec), ..lease })
    }

    /// The Lease given back; `None` if it is not ours.
    pub(super) fn released(&self, lease: Lease) -> Option<Lease> {
        let spec = lease.spec.filter(|spec| spec.holder_identity.as_deref() == Some(self.identity))?;
        let spec = LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            renew_time: Some(MicroTime(self.now)),
            ..spec
        };
        Some(Lease { spec: Some(spec), ..lease })
    }

    fn spec(&self, spec: LeaseSpec, transitions: i32) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.identity.to_owned()),
            lease_duration_seconds: Some(i32::try_from(self.duration.as_secs()).unwrap_or(i32::MAX)),
            acquire_time: Some(MicroTime(self.now)),
            renew_time: Some(MicroTime(self.now)),
            lease_transitions: Some(transitions),
            ..spec
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn candidate(identity: &str, second: i64) -> Candidate<'_> {
        Candidate { identity, duration: MINUTE, now: Timestamp::from_second(second).unwrap() }
    }

    fn holder(lease: &Lease) -> (&str, Option<i32>) {
        let spec = lease.spec.as_ref().unwrap();
        (spec.holder_identity.as_deref().unwrap(), spec.lease_transitions)
    }

    #[test]
    fn the_holder_renews_and_others_wait() {
        let lease = candidate("a", 1).created("lease");
        let renewed = candidate("a", 2).on(lease, false).unwrap();
        assert_eq!(holder(&renewed), ("a", Some(0)));
        assert_eq!(renewed.spec.as_ref().unwrap().renew_time, Some(MicroTime(candidate("a", 2).now)));
        assert!(candidate("b", 3).on(renewed, false).is_none());
    }

    #[test]
    fn an_expired_lease_is_taken_over() {
        let lease = candidate("a", 1).created("lease");
        assert_eq!(holder(&candidate("b", 99).on(lease, true).unwrap()), ("b", Some(1)));
    }

    #[test]
    fn a_released_lease_is_free_at_once() {
        let lease = candidate("a", 1).created("lease");
        assert!(candidate("b", 2).released(lease.clone()).is_none());
        let free = candidate("a", 2).released(lease).unwrap();
        assert_eq!(holder(&candidate("b", 3).on(free, false).unwrap()), ("b", Some(1)));
    }

    #[test]
    fn silence_is_measured_by_the_own_clock() {
        let start = Instant::now();
        let lease = candidate("a", 1).created("lease");
        let first = Sighting::of(&lease, None, start);
        let later = Sighting::of(&lease, Some(first), start + MINUTE);
        assert!(!later.expired(start + MINUTE));
        assert!(later.expired(start + MINUTE + Duration::from_secs(1)));
        let renewed = candidate("a", 30).on(lease, false).unwrap();
        let seen = Sighting::of(&renewed, Some(later), start + MINUTE);
        assert!(!seen.expired(start + MINUTE + Duration::from_secs(1)));
    }
}
