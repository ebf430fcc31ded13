use rstest::rstest;
use serde_json::json;

use super::*;

fn text(change: &serde_json::Value) -> String {
    let mut whole = json!({"id": "7", "verb": "abort", "revision": "b", "reason": "errors", "by": "alice"});
    for (key, value) in change.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::Null => drop(whole.as_object_mut().unwrap().remove(key)),
            value => whole[key] = value.clone(),
        }
    }
    whole.to_string()
}

#[test]
fn a_whole_command_is_read() {
    let (reason, by) = (Some("errors".to_owned()), Some("alice".to_owned()));
    let (id, revision) = ("7".to_owned(), "b".to_owned());
    assert_eq!(parse(&text(&json!({}))), Ok(Command { id, verb: Verb::Abort, revision, reason, by }));
}

#[test]
fn only_id_verb_and_revision_are_needed() {
    let command = parse(&text(&json!({"reason": null, "by": null}))).unwrap();
    assert_eq!((command.reason, command.by), (None, None));
    assert_eq!(parse(&text(&json!({"reason": ""}))).unwrap().reason, None);
}

#[test]
fn every_verb_has_a_name_of_its_own() {
    for verb in Verb::ALL {
        assert_eq!(Verb::of(verb.name()), Some(verb));
        assert_eq!(parse(&text(&json!({"verb": verb.name()}))).unwrap().verb, verb);
    }
}

#[rstest]
#[case::no_revision(json!({"revision": null}), "missing field `revision`")]
#[case::empty_revision(json!({"revision": ""}), "revision is empty")]
#[case::unknown_field(json!({"weight": 5}), "unknown field `weight`")]
#[case::unknown_verb(json!({"verb": "set-weight"}), "verb \"set-weight\" is none of pause, resume,")]
#[case::another_type(json!({"reason": 5}), "invalid type")]
#[case::long_reason(json!({"reason": "x".repeat(201)}), "reason is longer than 200 bytes")]
#[case::line_break(json!({"by": "a\nb"}), "control characters")]
#[case::long_name(json!({"by": "x".repeat(129)}), "by is empty, longer than 128 bytes")]
fn what_is_wrong_is_told_under_its_id(#[case] change: serde_json::Value, #[case] why: &str) {
    let unreadable = parse(&text(&change)).unwrap_err();
    assert_eq!(unreadable.id, "7");
    assert!(unreadable.why.contains(why), "{}", unreadable.why);
}

#[rstest]
#[case::no_id(text(&json!({"id": null})), "missing field `id`")]
#[case::empty_id(text(&json!({"id": ""})), "id is empty")]
#[case::fields_without_names(r#"["7", "abort", "b", null, null]"#.to_owned(), "it is no JSON object")]
#[case::no_json("abort".to_owned(), "it is no JSON")]
#[case::a_list("[]".to_owned(), "it is no JSON object")]
#[case::nothing(String::new(), "it is no JSON")]
#[case::too_long("x".repeat(2049), "it has 2049 bytes, of which 2048 are read")]
fn what_has_no_id_gets_one_that_stays(#[case] text: String, #[case] why: &str) {
    let unreadable = parse(&text).unwrap_err();
    assert!(unreadable.id.starts_with("unreadable-"), "{}", unreadable.id);
    assert!(unreadable.why.contains(why), "{}", unreadable.why);
    assert_eq!(parse(&text).unwrap_err(), unreadable);
    assert_ne!(parse("{}").unwrap_err().id, unreadable.id);
}

#[test]
fn what_is_told_of_a_long_text_is_short() {
    let unreadable = parse(&text(&json!({"verb": "x".repeat(1500)}))).unwrap_err();
    assert!(unreadable.why.len() < 300, "{}", unreadable.why);
    let unreadable = parse(&text(&json!({"x".repeat(1500): 1}))).unwrap_err();
    assert!(unreadable.why.len() < 300, "{}", unreadable.why);
}
