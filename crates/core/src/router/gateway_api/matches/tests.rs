use rstest::rstest;
use serde_json::{Value, json};

use super::*;

fn entries(value: Value) -> Vec<HttpMatch> {
    serde_json::from_value(value).unwrap()
}

#[rstest]
#[case::none(json!([]), json!([{"path": {"type": "PathPrefix", "value": "/"}}]))]
#[case::regex_wins(
    json!([{"uri": {"regex": "/a.*", "exact": "/a", "prefix": "/"}}]),
    json!([{"path": {"type": "RegularExpression", "value": "/a.*"}}])
)]
#[case::exact(json!([{"uri": {"exact": "/a"}}]), json!([{"path": {"type": "Exact", "value": "/a"}}]))]
#[case::prefix(json!([{"uri": {"prefix": "/a"}}]), json!([{"path": {"type": "PathPrefix", "value": "/a"}}]))]
#[case::method(json!([{"method": {"exact": "GET"}}]), json!([{"method": "GET"}]))]
#[case::sorted(
    json!([{"headers": {"b": {"regex": "2"}, "a": {"exact": "1", "regex": "x"}}}]),
    json!([{"headers": [
        {"type": "Exact", "name": "a", "value": "1"},
        {"type": "RegularExpression", "name": "b", "value": "2"},
    ]}])
)]
#[case::parameters(
    json!([{"queryParams": {"q": {"regex": "1"}}}]),
    json!([{"queryParams": [{"type": "RegularExpression", "name": "q", "value": "1"}]}])
)]
#[case::nothing_said(
    json!([{"sourceLabels": {"app": "a"}, "port": 1}, {"uri": {"exact": "/a"}, "ignoreUriCase": true}]),
    json!([{"path": {"type": "Exact", "value": "/a"}}])
)]
fn of_the_service(#[case] given: Value, #[case] expected: Value) {
    assert_eq!(serde_json::to_value(service(&entries(given)).unwrap()).unwrap(), expected);
}

#[rstest]
#[case(
    json!([{"uri": {"suffix": "x"}}]),
    "Gateway API doesn't support the specified path matching selector: &{Exact: Prefix: Suffix:x Regex:}"
)]
#[case(
    json!([{"headers": {"h": {"prefix": "a"}}}]),
    "Gateway API doesn't support the specified header matching selector: map[h:{Exact: Prefix:a Suffix: Regex:}]"
)]
#[case(
    json!([{"method": {"regex": "G.*"}}]),
    "Gateway API doesn't support the specified header matching selector: map[]"
)]
#[case(
    json!([{"queryParams": {"q": {}}}]),
    "Gateway API doesn't support the specified query matching selector: map[q:{Exact: Prefix: Suffix: Regex:}]"
)]
fn refused(#[case] given: Value, #[case] expected: &str) {
    assert_eq!(service(&entries(given)).unwrap_err().to_string(), expected);
}

#[rstest]
#[case::unset(json!([]), Ok(json!([])))]
#[case::prefix(
    json!([{"headers": {"h": {"prefix": "a.b"}}}]),
    Ok(json!([{"headers": [{"type": "RegularExpression", "name": "h", "value": "^a\\.b.*$"}]}]))
)]
#[case::suffix(
    json!([{"headers": {"h": {"suffix": "$"}}}]),
    Ok(json!([{"headers": [{"type": "RegularExpression", "name": "h", "value": "^.*\\$$"}]}]))
)]
#[case::only_source_labels(json!([{"sourceLabels": {"app": "a"}}]), Err(MatchError::Everything))]
#[case::only_a_path(json!([{"uri": {"exact": "/a"}}]), Err(MatchError::Everything))]
fn of_the_analysis(#[case] given: Value, #[case] expected: Result<Value, MatchError>) {
    let matches = analysis(&entries(given));
    assert_eq!(matches.map(|matches| serde_json::to_value(matches).unwrap()), expected);
}

#[test]
fn merged_headers_stand_in_for_the_services() {
    let chosen = analysis(&entries(
        json!([{"headers": {"a": {"exact": "1"}}}, {"queryParams": {"q": {"exact": "2"}}}]),
    ));
    let all = service(&entries(
        json!([{"uri": {"exact": "/x"}, "headers": {"b": {"exact": "3"}}}, {"uri": {"exact": "/y"}}]),
    ));
    let merged = merge(&chosen.unwrap(), &all.unwrap());
    let said: Vec<String> = merged
        .iter()
        .map(|m| {
            let path = m.path.as_ref().and_then(|p| p.value.clone()).unwrap_or_default();
            let headers = m.headers.iter().map(|h| format!(" {}={}", h.name, h.value));
            let params = m.query_params.iter().map(|q| format!(" ?{}={}", q.name, q.value));
            path + &headers.chain(params).collect::<String>()
        })
        .collect();
    assert_eq!(said, ["/x a=1", "/y a=1", "/x b=3 ?q=2", "/y ?q=2"]);
}
