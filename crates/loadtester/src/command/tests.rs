use std::net::TcpListener;

use rstest::rstest;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::*;

const LONG: Duration = Duration::from_secs(60);

async fn bash(text: &str) -> Result<Output, CommandFailure> {
    Command::shell("bash", text).run(LONG, &CancellationToken::new()).await
}

/// A command whose children hold a connection to `listener` for as long as any of them lives.
fn lingering(listener: &TcpListener) -> Command {
    let port = listener.local_addr().unwrap().port();
    Command::shell("bash", &format!("exec 3<>/dev/tcp/127.0.0.1/{port}; sleep 1000 & echo up; wait"))
}

/// Waits until nobody is left at the other end.
async fn gone(stream: std::net::TcpStream) {
    stream.set_nonblocking(true).unwrap();
    let mut stream = TcpStream::from_std(stream).unwrap();
    let end = tokio::time::timeout(LONG, stream.read(&mut [0])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "a child of the command is still alive");
}

#[tokio::test]
async fn output_and_error_come_in_the_order_written() {
    let output = bash("echo one; echo two >&2; echo three").await.unwrap();
    assert_eq!(output.text(), "one\ntwo\nthree\n");
}

#[rstest]
#[case("echo no; exit 3", "command echo no; exit 3 failed: no\n: exit status 3")]
#[case("kill -TERM $$", "command kill -TERM $$ failed: : signal: 15")]
#[tokio::test]
async fn a_failure_tells_command_output_and_reason(#[case] text: &str, #[case] message: &str) {
    assert_eq!(bash(text).await.unwrap_err().to_string(), message);
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let command = Command::words("no-such-program-here", "a b");
    let failure = command.run(LONG, &CancellationToken::new()).await.unwrap_err();
    assert!(
        failure.to_string().contains("\"no-such-program-here\": executable file not found in $PATH"),
        "{failure}"
    );
}

#[tokio::test]
async fn words_are_passed_without_a_shell() {
    let output =
        Command::words("echo", "  $HOME\t'a   b' ").run(LONG, &CancellationToken::new()).await.unwrap();
    assert_eq!(output.text(), "$HOME 'a b'\n");
}

#[tokio::test]
async fn long_output_is_cut_and_read_to_its_end() {
    let output = bash("head -c 300000 /dev/zero | tr '\\0' x; echo >&2 done").await.unwrap();
    assert_eq!(output.text().len(), 256 * 1024 + "\n[37861 more bytes were dropped]".len());
    assert!(output.text().ends_with("x\n[37861 more bytes were dropped]"));
}

#[tokio::test]
async fn the_time_limit_kills_all_children() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let limit = Duration::from_millis(500);
    let failure = lingering(&listener).run(limit, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(failure.reason, Reason::TimedOut(after) if after == limit), "{failure}");
    if let Ok((stream, _)) = listener.accept() {
        gone(stream).await;
    }
}

#[tokio::test]
async fn the_shutdown_kills_all_children() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (command, stop) = (lingering(&listener), CancellationToken::new());
    let run = tokio::spawn({
        let stop = stop.clone();
        async move { command.run(LONG, &stop).await }
    });
    let (stream, _) = tokio::task::spawn_blocking(move || listener.accept()).await.unwrap().unwrap();
    stop.cancel();
    let failure = run.await.unwrap().unwrap_err();
    assert!(matches!(failure.reason, Reason::Stopped), "{failure}");
    gone(stream).await;
}

#[tokio::test]
async fn a_child_that_outlives_its_shell_is_killed_too() {
    let limit = Duration::from_millis(200);
    let command = Command::shell("sh", "sleep 1000 & echo left");
    let failure = command.run(limit, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(failure.reason, Reason::TimedOut(_)), "{failure}");
}
