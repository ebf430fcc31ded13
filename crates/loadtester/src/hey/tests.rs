use rstest::rstest;

use super::*;

const LIMIT: Duration = Duration::from_secs(3600);

fn hey(arguments: &str) -> Result<Load, HeyError> {
    parse(&words(arguments).unwrap(), LIMIT)
}

#[test]
fn the_command_of_the_tutorial_is_understood() {
    let load =
        hey("-z 2m -q 10 -c 2 -host www.example.com -H 'Cookie: type=insider' http://gateway-istio.ingress/")
            .unwrap();
    assert_eq!(load.duration, Duration::from_secs(120));
    assert_eq!(load.pace, Pace::Open(Duration::from_millis(50)));
    assert_eq!((load.concurrency, load.count), (2, None));
    assert_eq!(load.template.url.as_str(), "http://gateway-istio.ingress/");
    assert_eq!(load.template.headers["host"], "www.example.com");
    assert_eq!(load.template.headers["cookie"], "type=insider");
    assert_eq!(load.template.headers["content-type"], "text/html");
}

#[test]
fn the_defaults_are_heys() {
    let load = hey("http://podinfo:9898/").unwrap();
    assert_eq!(load.pace, Pace::closed());
    assert_eq!((load.concurrency, load.count, load.duration), (50, Some(200), LIMIT));
    assert_eq!(load.template.timeout, Some(Duration::from_secs(20)));
    assert_eq!(load.transport, Transport { keep_alive: true, verify: false, follow: true });
}

#[test]
fn the_request_can_be_described() {
    let load = hey("-m post -d 'a=b' -T application/json -A text/plain -t 3 -disable-keepalive \
         --disable-redirects=true -disable-compression -cpus 2 http://podinfo/echo ignored")
    .unwrap();
    assert_eq!((load.template.method.as_str(), load.template.body.as_str()), ("POST", "a=b"));
    assert_eq!(load.template.headers["content-type"], "application/json");
    assert_eq!(load.template.headers["accept"], "text/plain");
    assert_eq!(load.template.timeout, Some(Duration::from_secs(3)));
    assert_eq!(load.transport, Transport { keep_alive: false, verify: false, follow: false });
}

#[rstest]
#[case("-t 0 http://a/", None)]
#[case("-t=5 http://a/", Some(5))]
#[case("--t 5 -- http://a/", Some(5))]
fn flags_take_the_forms_of_go(#[case] arguments: &str, #[case] seconds: Option<u64>) {
    assert_eq!(hey(arguments).unwrap().template.timeout, seconds.map(Duration::from_secs));
}

#[rstest]
#[case("-n 10 -c 3 http://a/", Some(9), 3)]
#[case("-n 10 -c 10 http://a/", Some(10), 10)]
#[case("-z 1s -n 1 -c 10 http://a/", None, 10)]
#[case("-z 1s -c 5000 http://a/", None, 512)]
fn workers_share_the_count(#[case] arguments: &str, #[case] count: Option<u64>, #[case] concurrency: usize) {
    let load = hey(arguments).unwrap();
    assert_eq!((load.count, load.concurrency), (count, concurrency));
}

#[rstest]
#[case("-q 0.5 -c 4 -z 9h http://a/", Pace::Open(Duration::from_millis(500)))]
#[case("-q 1000 -c 50 -z 9h http://a/", Pace::Open(Duration::from_micros(100)))]
#[case("-q 0 -c 50 -z 9h http://a/", Pace::closed())]
fn the_rate_is_each_workers_and_everything_is_bounded(#[case] arguments: &str, #[case] pace: Pace) {
    let load = hey(arguments).unwrap();
    assert_eq!((load.pace, load.duration), (pace, LIMIT));
}

#[rstest]
#[case("", "the URL is missing")]
#[case("-z 1m", "the URL is missing")]
#[case("-z", "flag -z needs a value")]
#[case("-z 1 http://a/", "missing unit")]
#[case("-z 0s http://a/", "longer than zero")]
#[case("-q fast http://a/", "flag -q is \"fast\"")]
#[case("-q -1 http://a/", "flag -q is \"-1\"")]
#[case("-c 0 http://a/", "at least 1")]
#[case("-n 2 -c 3 http://a/", "-n cannot be less than -c")]
#[case("-h2 http://a/", "does not know its flag -h2")]
#[case("-disable-keepalive=maybe http://a/", "give true or false")]
#[case("-H nothing http://a/", "write it like name: value")]
#[case("podinfo:9898", "only http and https")]
fn what_cannot_work_is_refused(#[case] arguments: &str, #[case] message: &str) {
    let error = hey(arguments).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}
