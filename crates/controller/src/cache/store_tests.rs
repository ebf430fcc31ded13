use super::*;

fn key(name: &str) -> Key {
    Key::new("test", name)
}

fn version(number: u64) -> Version {
    Version::parse(Some(&number.to_string()))
}

/// A synced store in which the Canary `app` wants `route`.
fn store() -> Store<&'static str> {
    let store = Store::new(Keep::Wanted);
    store.want(&key("route"), &key("app"));
    store.list_begins();
    store.list_ends();
    store
}

fn present(value: &'static str) -> Lookup<&'static str> {
    Lookup::Present(Arc::new(value))
}

#[test]
fn before_the_first_list_nothing_is_known() {
    let store = Store::<()>::new(Keep::Wanted);
    assert!(matches!(store.get(&key("route")), Lookup::Unknown(_)));
}

#[test]
fn unwanted_objects_are_dropped_and_wake_nobody() {
    let store = store();
    assert!(store.offer(&key("other"), version(1), "other", Origin::Watch).is_empty());
    assert_eq!(store.get(&key("other")), Lookup::Unresolved);
    assert!(store.all().is_empty());
}

#[test]
fn a_change_wakes_exactly_the_interested() {
    let store = store();
    store.want(&key("config"), &key("app"));
    store.want(&key("config"), &key("other"));
    assert_eq!(store.offer(&key("route"), version(1), "v1", Origin::Watch), [key("app")]);
    assert_eq!(store.offer(&key("config"), version(2), "c", Origin::Watch), [key("app"), key("other")]);
    store.unwant(&key("config"), &key("other"));
    assert_eq!(store.gone(&key("config"), version(3)), [key("app")]);
}

#[test]
fn our_write_is_seen_at_once_and_its_echo_wakes_nobody() {
    let store = store();
    store.offer(&key("route"), version(5), "ours", Origin::Answer);
    assert_eq!(store.get(&key("route")), present("ours"));
    assert!(store.offer(&key("route"), version(4), "before", Origin::Watch).is_empty());
    assert!(store.offer(&key("route"), version(5), "ours", Origin::Watch).is_empty());
    assert_eq!(store.get(&key("route")), present("ours"));
    assert_eq!(store.offer(&key("route"), version(10), "theirs", Origin::Watch), [key("app")]);
    assert_eq!(store.get(&key("route")), present("theirs"));
}

#[test]
fn an_old_deletion_does_not_remove_what_we_created_since() {
    let store = store();
    store.offer(&key("route"), version(5), "new", Origin::Answer);
    assert!(store.gone(&key("route"), version(4)).is_empty());
    assert_eq!(store.get(&key("route")), present("new"));
}

#[test]
fn a_late_read_does_not_bring_back_what_was_deleted() {
    let store = store();
    store.want(&key("late"), &key("app"));
    store.gone(&key("late"), version(7));
    store.offer(&key("late"), version(6), "old", Origin::Answer);
    assert_eq!(store.get(&key("late")), Lookup::Absent);
}

#[test]
fn newly_wanted_objects_are_resolved_by_one_read() {
    let store = store();
    store.want(&key("config"), &key("app"));
    assert_eq!(store.get(&key("config")), Lookup::Unresolved);
    store.missing(&key("config"));
    assert_eq!(store.get(&key("config")), Lookup::Absent);
    store.offer(&key("config"), version(3), "c", Origin::Watch);
    store.missing(&key("config"));
    assert_eq!(store.get(&key("config")), present("c"));
}

#[test]
fn a_list_removes_what_it_does_not_name_but_not_what_is_ahead_of_it() {
    let store = store();
    store.want(&key("config"), &key("app"));
    store.offer(&key("config"), version(3), "c", Origin::Watch);
    store.list_begins();
    store.offer(&key("route"), version(9), "ours", Origin::Answer);
    assert!(store.listed(&key("route"), version(8), "before").is_empty());
    assert_eq!(store.list_ends(), [key("app")]);
    assert_eq!(store.get(&key("route")), present("ours"));
    assert_eq!(store.get(&key("config")), Lookup::Absent);
}

#[test]
fn what_was_answered_during_a_list_that_does_not_name_it_is_read_again() {
    let store = store();
    store.list_begins();
    store.offer(&key("route"), version(9), "ours", Origin::Answer);
    store.list_ends();
    assert_eq!(store.get(&key("route")), Lookup::Unresolved);
}

#[test]
fn a_list_of_a_restored_cluster_is_believed() {
    let store = store();
    store.offer(&key("route"), version(100), "v2", Origin::Watch);
    store.list_begins();
    assert_eq!(store.listed(&key("route"), version(50), "v1"), [key("app")]);
    store.list_ends();
    assert_eq!(store.get(&key("route")), present("v1"));
}

#[test]
fn trouble_is_reported_once_and_ends_with_a_list() {
    let store = store();
    let missing = Health::NotServed("not installed".to_owned());
    assert_eq!(store.fail(missing.clone()), [key("app")]);
    assert!(store.fail(missing).is_empty());
    assert_eq!(store.get(&key("route")), Lookup::Unknown("not installed".to_owned()));
    store.list_begins();
    assert_eq!(store.list_ends(), [key("app")]);
    assert_eq!(store.get(&key("route")), Lookup::Absent);
}

#[test]
fn a_store_of_everything_forgets_deleted_objects() {
    let store = Store::new(Keep::All);
    store.list_begins();
    store.listed(&key("a"), version(1), "a");
    store.list_ends();
    assert_eq!(store.all(), [(key("a"), Arc::new("a"))]);
    store.gone(&key("a"), version(2));
    assert!(store.all().is_empty());
    assert_eq!(store.get(&key("a")), Lookup::Absent);
}

#[test]
fn an_answer_may_tell_more_of_the_version_that_is_known() {
    let store = store();
    store.offer(&key("route"), version(5), "changed", Origin::Watch);
    assert!(store.offer(&key("route"), version(5), "content", Origin::Answer).is_empty());
    assert_eq!(store.get(&key("route")), present("content"));
    store.list_begins();
    assert!(store.listed(&key("route"), version(5), "changed").is_empty());
    assert!(store.list_ends().is_empty());
    assert_eq!(store.get(&key("route")), present("content"));
}
