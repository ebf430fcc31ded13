use super::*;
use crate::{payload::Payload, task::Rules};

fn runner(limit: usize, stop: &CancellationToken) -> Runner {
    Runner::new(limit, Duration::from_secs(60), Metrics::new(), stop.clone())
}

fn task(r#type: &str, cmd: &str) -> Task {
    let metadata =
        [("type", r#type), ("cmd", cmd)].map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    let payload = Payload { name: "podinfo".to_owned(), namespace: "test".to_owned(), metadata };
    Task::parse(&payload, Rules { timeout: Duration::from_secs(60), hey_installed: false }).unwrap()
}

fn exported(runner: &Runner, line: &str) -> bool {
    runner.job.metrics.text().unwrap().lines().any(|exported| exported == line)
}

#[tokio::test]
async fn a_running_background_task_is_not_started_again() {
    let stop = CancellationToken::new();
    let runner = runner(2, &stop);
    runner.start(task("cmd", "sleep 1000")).unwrap();
    runner.start(task("cmd", "sleep 1000")).unwrap();
    assert!(exported(&runner, r#"serin_loadtester_tasks_total{type="cmd",outcome="skipped"} 1"#));
    runner.start(task("cmd", "sleep 1001")).unwrap();
    stop.cancel();
    runner.drain().await;
    assert!(exported(&runner, r#"serin_loadtester_tasks_total{type="cmd",outcome="failed"} 2"#));
    assert!(exported(&runner, "serin_loadtester_tasks_running 0"));
}

#[tokio::test]
async fn an_ended_background_task_is_started_again() {
    let runner = runner(1, &CancellationToken::new());
    for _ in 0..2 {
        runner.start(task("cmd", "true")).unwrap();
        runner.drain().await;
    }
    assert!(exported(&runner, r#"serin_loadtester_tasks_total{type="cmd",outcome="ok"} 2"#));
}

#[tokio::test]
async fn no_more_tasks_run_than_allowed() {
    let stop = CancellationToken::new();
    let runner = runner(1, &stop);
    runner.start(task("cmd", "sleep 1000")).unwrap();
    let message = "1 tasks are running, and --max-tasks allows no more: try again later";
    assert_eq!(runner.start(task("cmd", "true")).unwrap_err().to_string(), message);
    assert_eq!(runner.run(task("bash", "true")).await.unwrap_err().to_string(), message);
    stop.cancel();
    runner.drain().await;
}

#[tokio::test]
async fn a_blocking_task_gives_its_output() {
    let runner = runner(1, &CancellationToken::new());
    assert_eq!(runner.run(task("bash", "echo hello")).await.unwrap().text(), "hello\n");
    let failure = runner.run(task("bash", "echo no; false")).await.unwrap_err();
    assert_eq!(failure.to_string(), "command echo no; false failed: no\n: exit status 1");
}
