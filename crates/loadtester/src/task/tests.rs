use rstest::rstest;

use super::*;

const RULES: Rules = Rules { timeout: Duration::from_secs(3600), hey_installed: false };

fn parse(metadata: &[(&str, &str)], rules: Rules) -> Result<Task, TaskError> {
    let metadata = metadata.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Task::parse(&Payload { name: "podinfo".to_owned(), namespace: "test".to_owned(), metadata }, rules)
}

const BACKGROUND: Mode = Mode::Background { log_output: false };
const BLOCKING: Mode = Mode::Blocking { return_output: false };

#[rstest]
#[case(&[("cmd", "a b")], BACKGROUND, Command::shell("sh", "a b"))]
#[case(&[("type", "cmd"), ("cmd", "a"), ("logCmdOutput", "true")], Mode::Background { log_output: true }, Command::shell("sh", "a"))]
#[case(&[("type", "bash"), ("cmd", "a b")], BLOCKING, Command::shell("bash", "a b"))]
#[case(&[("type", "bash")], BLOCKING, Command::shell("bash", ""))]
#[case(&[("type", "helm"), ("cmd", "test podinfo  -n test")], BLOCKING, Command::words("helm", "test podinfo  -n test"))]
#[case(&[("type", "helmv3"), ("cmd", "ls"), ("returnCmdOutput", "1")], Mode::Blocking { return_output: true }, Command::words("helm", "ls"))]
#[case(&[("type", "kubectl"), ("cmd", "get po")], BLOCKING, Command::words("kubectl", "get po"))]
#[case(&[("cmd", "hey http://a/ || true")], BACKGROUND, Command::shell("sh", "hey http://a/ || true"))]
#[case(&[("cmd", "heyday http://a/")], BACKGROUND, Command::shell("sh", "heyday http://a/"))]
fn commands_are_told_apart_by_type(
    #[case] metadata: &[(&str, &str)],
    #[case] mode: Mode,
    #[case] command: Command,
) {
    let task = parse(metadata, RULES).unwrap();
    assert_eq!((task.mode, task.work), (mode, Work::Command(command)));
    assert_eq!(task.canary, "podinfo.test");
}

#[test]
fn hey_is_built_in_unless_it_is_installed() {
    let metadata = [("cmd", "hey -z 1m -q 10 -c 2 http://podinfo-canary.test:9898/")];
    assert!(matches!(parse(&metadata, RULES).unwrap().work, Work::Load(_)));
    let installed = Rules { hey_installed: true, ..RULES };
    assert!(matches!(parse(&metadata, installed).unwrap().work, Work::Command(_)));
}

#[test]
fn a_load_is_known_by_all_its_settings() {
    let load = |rate| parse(&[("type", "load"), ("url", "http://podinfo/"), ("rate", rate)], RULES).unwrap();
    assert_eq!(load("1").mode, BACKGROUND);
    assert_eq!(load("1").key(), load("1").key());
    assert_ne!(load("1").key(), load("2").key());
}

#[rstest]
#[case(&[], "metadata not found in payload")]
#[case(&[("type", "cmd")], "cmd not found in metadata")]
#[case(&[("logCmdOutput", "true")], "cmd not found in metadata")]
#[case(&[("type", "magic"), ("cmd", "a")], "unknown task type magic")]
#[case(&[("type", ""), ("cmd", "a")], "unknown task type ")]
#[case(&[("type", "concord")], "task type concord is not supported")]
#[case(&[("type", "ngrinder")], "task type ngrinder is not supported")]
#[case(&[("type", "load")], "load: url \"\" cannot be used")]
#[case(&[("cmd", "hey -z 1m")], "hey: the URL is missing")]
fn what_cannot_be_run_is_refused(#[case] metadata: &[(&str, &str)], #[case] message: &str) {
    let error = parse(metadata, RULES).unwrap_err().to_string();
    assert!(error.starts_with(message), "{error}");
}
