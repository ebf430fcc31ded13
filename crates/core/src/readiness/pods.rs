//! Why pods do not come up, in words for people: what the scheduler and the node say of them.

use serde_json::Value;

use crate::json::{int, items, text};

/// States of a container that do not end by themselves, and whose message says why.
const WITH_A_MESSAGE: [&str; 5] = [
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PostStartHookError",
    "PreCreateHookError",
];

/// States of a container whose image cannot be had.
const WITHOUT_IMAGE: [&str; 5] =
    ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"];

/// Most characters of a cause: it becomes part of a status.
const LONGEST: usize = 500;

/// What keeps the first of these pods that something keeps from being ready, in 500 characters at most. Nothing is said
/// of names and times, which change.
pub fn trouble(pods: &[Value]) -> Option<String> {
    let mut pods = pods.iter().filter(|pod| pod.pointer("/metadata/deletionTimestamp").is_none());
    let found = pods.find_map(|pod| unscheduled(pod).or_else(|| containers(pod).find_map(stuck)))?;
    Some(found.chars().take(LONGEST).collect())
}

fn unscheduled(pod: &Value) -> Option<String> {
    let mut conditions = items(pod, "/status/conditions");
    let scheduled = conditions.find(|condition| text(condition, "/type") == Some("PodScheduled"))?;
    let said_no = text(scheduled, "/status") == Some("False");
    said_no.then(|| {
        format!("a pod is not scheduled: {}", text(scheduled, "/message").unwrap_or("no reason given"))
    })
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    items(pod, "/status/initContainerStatuses").chain(items(pod, "/status/containerStatuses"))
}

fn stuck(container: &Value) -> Option<String> {
    let name = text(container, "/name").unwrap_or_default();
    let reason = text(container, "/state/waiting/reason")?;
    let message = text(container, "/state/waiting/message").unwrap_or_default();
    if WITHOUT_IMAGE.contains(&reason) {
        let image = text(container, "/image").unwrap_or_default();
        return Some(format!("the image {image:?} of container {name} cannot be pulled"));
    }
    if reason == "CrashLoopBackOff" {
        let last = "/lastState/terminated";
        let code = int(container, &format!("{last}/exitCode"));
        let why = text(container, &format!("{last}/reason")).unwrap_or("Error");
        let code = code.map(|code| format!(" with exit code {code}")).unwrap_or_default();
        return Some(format!("container {name} ends again and again{code} ({why})"));
    }
    WITH_A_MESSAGE.contains(&reason).then(|| format!("container {name} does not start: {reason}: {message}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn waiting(reason: &str, message: &str) -> Value {
        json!({"status": {"containerStatuses": [{
            "name": "app", "image": "app:2", "state": {"waiting": {"reason": reason, "message": message}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        }]}})
    }

    #[rstest]
    #[case::starts(waiting("ContainerCreating", ""), None)]
    #[case::runs(json!({"status": {"containerStatuses": [{"name": "app", "state": {"running": {}}}]}}), None)]
    #[case::no_image(
        waiting("ErrImagePull", "rpc"),
        Some("the image \"app:2\" of container app cannot be pulled")
    )]
    #[case::no_secret(
        waiting("CreateContainerConfigError", "secret \"db\" not found"),
        Some("container app does not start: CreateContainerConfigError: secret \"db\" not found")
    )]
    #[case::crashes(
        waiting("CrashLoopBackOff", "back-off 10s"),
        Some("container app ends again and again with exit code 137 (OOMKilled)")
    )]
    #[case::no_node(
        json!({"status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient cpu."}]}}),
        Some("a pod is not scheduled: 0/1 nodes are available: 1 Insufficient cpu.")
    )]
    fn the_cause_is_told(#[case] pod: Value, #[case] expected: Option<&str>) {
        assert_eq!(trouble(&[json!({}), pod]).as_deref(), expected);
    }

    #[test]
    fn a_long_cause_is_cut_off() {
        let pod = waiting("CreateContainerError", &"ä".repeat(10_000));
        assert_eq!(trouble(&[pod]).map(|cause| cause.chars().count()), Some(LONGEST));
    }

    #[test]
    fn a_pod_that_goes_is_in_no_trouble() {
        let mut pod = waiting("ErrImagePull", "");
        pod["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        assert_eq!(trouble(&[pod]), None);
    }
}
