//! What is told while pods come up, and while the gateway has not answered yet.
//!
//! It takes them a moment that differs from run to run, and whether an operator looks meanwhile, and at which step of
//! theirs, is chance. Scenarios that are about such a wait compare what is told of it.

use std::sync::LazyLock;

use regex::Regex;

use super::{Aspect, Transcript};

/// The text of an event, in a line of its own or in the payload of a hook: who is not ready, and that this is no failure.
static WAIT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let who = r#"(?:^[^:]*: |"eventMessage":")(?:\w+ ){0,2}\S+"#;
    let pods = " not ready(?: with retryable true)?: waiting for rollout to finish| has no ready endpoints: ";
    let gateway = r" parent \S+ is not (?:accepted: |ready \(status: True, )";
    Regex::new(&format!("{who}(?:{pods}|{gateway})")).ok()
});

/// Takes such lines out. What was told twice around one of them is told once.
pub(crate) fn leave_out(transcript: &mut Transcript) {
    let waits = |line: &str| WAIT.as_ref().is_some_and(|wait| wait.is_match(line));
    transcript.leave_out(&[Aspect::Events, Aspect::Told, Aspect::Hooks], waits);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Topic;

    #[test]
    fn a_wait_is_left_out_and_a_failure_is_not() {
        let mut transcript = Transcript::default();
        let topic = Topic::new(Aspect::Told, "");
        let ready = "Initializing Normal: all the metrics providers are available!";
        let failed = "Progressing Warning: Rolling back a.b progress deadline exceeded canary deployment a.b not ready: waiting for rollout to finish: 0 of 2";
        let wait = "Initializing Warning: a-primary.b not ready: waiting for rollout to finish: 1 of 2";
        let other =
            "Progressing Warning: canary deployment a.b not ready: waiting for rollout to finish: 1 of 2";
        let daemon =
            "Initializing Warning: primary daemonset a-primary.b not ready: waiting for rollout to finish: 0";
        let payload = r#"{"metadata":{"eventMessage":"a.b has no ready endpoints: check that"}}"#;
        let silent =
            "Initializing Warning: HTTPRoute a.b parent gateway is not accepted: no gateway has reported";
        let behind = "Progressing Warning: HTTPRoute a.b parent gateway is not ready (status: True, observed generation: 1";
        let refused = "Progressing Warning: HTTPRoute a.b parent gateway is not ready (status: False, observed generation: 1";
        for line in [ready, wait, ready, other, failed, daemon, payload, silent, behind, refused] {
            transcript.add(topic.clone(), line);
        }
        leave_out(&mut transcript);
        assert_eq!(transcript.lines(&topic), [ready, failed, refused]);
    }
}
