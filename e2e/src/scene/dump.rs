//! What is told about a test.
#![expect(clippy::print_stdout, reason = "the output of tests")]

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Error, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, ResourceExt,
    api::{ListParams, LogParams},
};

use super::Scene;
use crate::{gateway_log, settings::target, timeline::timeline};

/// Lines of each of the operator's pods that are looked at.
const LOG_LINES: i64 = 5000;

/// Tells that a test passed, and how long it took.
pub(super) fn passed(name: &str, took: Duration) {
    println!("{name}: {:.1} s", took.as_secs_f32());
}

/// Tells why a test failed.
pub(super) fn broken(name: &str, error: &Error) {
    println!("=== {name}: {error:#}");
}

/// Prints what happened in the namespace and keeps all of it in a file.
pub(super) async fn failed(name: &str, scene: &Scene) {
    println!("=== {name} failed in namespace {}, which is kept ===", scene.namespace);
    println!("--- what happened ---\n{}", scene.history.look(timeline));
    if let Ok(canary) = scene.canary() {
        let yaml = serde_saphyr::to_string(&canary).unwrap_or_else(|error| error.to_string());
        println!("--- Canary ---\n{yaml}");
    }
    match logs(scene).await {
        Ok(logs) => println!("--- operator, lines about {} ---\n{logs}", scene.namespace),
        Err(error) => println!("--- no logs of the operator: {error:#} ---"),
    }
    match gateway_log::failures(&scene.cluster, &scene.host()).await {
        Ok(lines) => println!("--- gateway, requests that failed ---\n{lines}"),
        Err(error) => println!("--- no log of the gateway: {error:#} ---"),
    }
    match keep(name, scene) {
        Ok(path) => println!("--- every version of every object: {} ---", path.display()),
        Err(error) => println!("--- history not kept: {error:#} ---"),
    }
}

async fn logs(scene: &Scene) -> Result<String> {
    let api: Api<Pod> =
        Api::namespaced(scene.cluster.client.clone(), &scene.cluster.settings.operator_namespace);
    let mut lines = String::new();
    for pod in api.list(&ListParams::default().labels("app.kubernetes.io/name=serin")).await? {
        let name = pod.name_any();
        let params = LogParams { tail_lines: Some(LOG_LINES), ..LogParams::default() };
        // A pod that is being made has no log yet.
        let log = api.logs(&name, &params).await.unwrap_or_default();
        for line in log.lines().filter(|line| line.contains(&scene.namespace)) {
            lines.push_str(line);
            lines.push('\n');
        }
    }
    Ok(lines)
}

fn keep(name: &str, scene: &Scene) -> Result<PathBuf> {
    let folder = target().join("e2e");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.json"));
    let versions = scene.history.versions();
    let objects: Vec<_> =
        versions.in_order().into_iter().map(|version| (version.gone, &version.object)).collect();
    fs::write(&path, serde_json::to_vec_pretty(&objects)?)?;
    Ok(path)
}
