//! A command as it is written, and its answer as it is printed.

use serde_json::{Value, json};
use serin_api::{
    Canary, Phase,
    canary::{COMMAND, CommandRecord},
};
use serin_core::command::{Outcome, Verb};

/// A command to one rollout.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// No other command has it.
    pub(crate) id: String,
    /// What is asked for.
    pub(crate) verb: Verb,
    /// The revision that it is meant for.
    pub(crate) revision: String,
    /// Why, for people.
    pub(crate) reason: Option<String>,
    /// Who asks.
    pub(crate) by: Option<String>,
}

impl Message {
    /// The merge patch of the Canary. Of an object of the same name that was made meanwhile it is
    /// refused.
    pub(crate) fn patch(&self, canary: &Canary) -> Value {
        json!({"metadata": {"uid": canary.metadata.uid, "annotations": {COMMAND: self.text()}}})
    }

    /// The annotation.
    fn text(&self) -> String {
        let mut fields = json!({"id": self.id, "verb": self.verb.name(), "revision": self.revision});
        let optional = [("reason", &self.reason), ("by", &self.by)];
        for (field, value) in optional {
            if let Some(value) = value {
                fields[field] = value.as_str().into();
            }
        }
        fields.to_string()
    }

    /// The answer in a Canary's status, if there is one.
    pub(crate) fn answer<'a>(&self, canary: &'a Canary) -> Option<&'a CommandRecord> {
        let run = canary.status.as_ref()?.run.as_ref()?;
        run.commands.iter().rev().find(|record| record.id == self.id)
    }
}

/// What a Canary's status says of the revision that is under way or has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AtStake {
    /// This one.
    Revision(String),
    /// The target's: it waits for its start, and is not in the status yet.
    Targets,
    /// There was none yet.
    Nothing,
}

/// The revision that a command without one is meant for.
pub(crate) fn at_stake(canary: &Canary) -> AtStake {
    let Some(status) = canary.status.as_ref() else { return AtStake::Nothing };
    if status.phase == Phase::Waiting {
        return AtStake::Targets;
    }
    status.last_applied_spec.clone().map_or(AtStake::Nothing, AtStake::Revision)
}

/// An answer in one line, and whether the command was refused.
pub(crate) fn line(canary: &str, verb: Verb, record: &CommandRecord) -> (String, bool) {
    let refused = record.outcome == Outcome::Refused.name();
    let said = match record.outcome.as_str() {
        "NoEffect" => "has no effect",
        "Refused" => "refused",
        _ => "obeyed",
    };
    (format!("canary/{canary} {} {said}: {}", verb.name(), record.message), refused)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serin_core::command::parse;

    use super::*;

    fn message() -> Message {
        Message {
            id: "1".to_owned(),
            verb: Verb::Abort,
            revision: "b".to_owned(),
            reason: Some("errors".to_owned()),
            by: Some("alice".to_owned()),
        }
    }

    fn canary(status: &Value) -> Canary {
        serde_json::from_value(json!({
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "metadata": {"name": "podinfo", "uid": "u-1"},
            "spec": {
                "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "podinfo"},
                "service": {"port": 9898},
                "analysis": {"interval": "10s"},
            },
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn the_operator_reads_what_is_written() {
        let patch = message().patch(&canary(&json!({})));
        let command = parse(patch["metadata"]["annotations"][COMMAND].as_str().unwrap()).unwrap();
        assert_eq!((command.id.as_str(), command.verb, command.revision.as_str()), ("1", Verb::Abort, "b"));
        assert_eq!((command.reason.as_deref(), command.by.as_deref()), (Some("errors"), Some("alice")));
        assert_eq!(patch["metadata"]["uid"], "u-1");
        let bare = Message { reason: None, by: None, ..message() };
        assert!(parse(&bare.text()).is_ok());
    }

    #[rstest]
    #[case(json!({"phase": "Progressing", "lastAppliedSpec": "b"}), AtStake::Revision("b".to_owned()))]
    #[case(json!({"phase": "Failed", "lastAppliedSpec": "b"}), AtStake::Revision("b".to_owned()))]
    #[case(json!({"phase": "Waiting", "lastAppliedSpec": "a"}), AtStake::Targets)]
    #[case(json!({"phase": ""}), AtStake::Nothing)]
    fn the_status_tells_the_revision(#[case] status: Value, #[case] expected: AtStake) {
        assert_eq!(at_stake(&canary(&status)), expected);
    }

    #[test]
    fn only_its_own_answer_is_taken() {
        let commands = json!([
            {"id": "1", "verb": "abort", "outcome": "Refused", "message": "why"},
            {"id": "2", "verb": "abort", "outcome": "Obeyed"},
        ]);
        let canary = canary(&json!({"phase": "Failed", "run": {"id": "1-b", "commands": commands}}));
        assert_eq!(message().answer(&canary).unwrap().outcome, "Refused");
        assert!(Message { id: "3".to_owned(), ..message() }.answer(&canary).is_none());
    }

    #[rstest]
    #[case("Obeyed", "canary/podinfo abort obeyed: why", false)]
    #[case("NoEffect", "canary/podinfo abort has no effect: why", false)]
    #[case("Refused", "canary/podinfo abort refused: why", true)]
    fn an_answer_is_one_line(#[case] outcome: &str, #[case] expected: &str, #[case] refused: bool) {
        let message = "why".to_owned();
        let record = CommandRecord { outcome: outcome.to_owned(), message, ..CommandRecord::default() };
        assert_eq!(line("podinfo", Verb::Abort, &record), (expected.to_owned(), refused));
    }
}
