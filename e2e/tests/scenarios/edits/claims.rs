//! What the user made under a name or a port that a release needs.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use kube::api::DeleteParams;
use serde_json::{Value, json};
use serin_e2e::{
    Kind, Scene, Traffic,
    history::Versions,
    scene::{TestResult, together},
    traffic::{self, Plan},
};

use super::{is_initialized, more, none_fails, offer, settled};

/// The user's Service with port 80, which has the name that the release would give its own port.
fn users_port() -> Value {
    json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 9898}]}})
}

fn users_ports(versions: &Versions) -> Vec<Value> {
    let service = versions.now(Kind::SERVICE, "podinfo").map(|service| service["spec"]["ports"].clone());
    service.and_then(|ports| ports.as_array().cloned()).unwrap_or_default()
}

#[test]
fn a_port_of_the_users_stays_and_so_do_its_users() -> TestResult {
    together("edit-users-port", async |scene| {
        let users = users_of_port_80(scene).await?;
        let before = scene.look(users_ports).await?;
        let refused = offer(scene, json!({"spec": {"service": {"targetPort": null}}})).await?;
        let outcome = settled(scene, refused, &["port"], is_initialized).await?;
        if outcome.is_served() {
            scene.apply_changed("apex-service.yaml", users_port()).await?;
            none_fails(scene, 20).await?;
            let ports = scene.look(users_ports).await?;
            let kept = |port: &Value| port["port"] == 80 && port["targetPort"] == 9898;
            ensure!(ports.iter().any(kept), "port 80 is gone: {ports:?}");
        } else {
            let now = scene.look(users_ports).await?;
            ensure!(now == before, "{outcome:?}, but the ports are {now:?}");
        }
        more(&users, 60).await?;
        scene.no_request_failed(&users.stop().await).map(drop)
    })
}

/// Requests by a route that no Canary knows to port 80 of the user's Service.
async fn users_of_port_80(scene: &Scene) -> Result<Traffic> {
    scene.apply("podinfo.yaml").await?;
    scene.apply_changed("apex-service.yaml", users_port()).await?;
    let rules = json!({"spec": {"rules": [{"backendRefs": [{"name": "podinfo", "port": 80}]}]}});
    scene.apply_changed("apex-route.yaml", rules).await?;
    let host = format!("users.{}", scene.host());
    scene.send(Plan::new(&scene.cluster.gateway, &host, 20)).await
}

/// What the environment of the application says of the configs.
const ENVIRONMENT: [&str; 4] = [
    "DB_READ=replica.db.internal",
    "DB_WRITE=writer.db.internal",
    "LOGIN_READ=read-only",
    "LOGIN_WRITE=read-write",
];

/// An application that reads all four configs.
async fn reading_configs(scene: &Scene) -> Result<()> {
    let of_map = |name: &str| json!({"configMapKeyRef": {"name": name, "key": "host"}});
    let of_secret = |name: &str| json!({"secretKeyRef": {"name": name, "key": "password"}});
    let variables = json!([
        {"name": "DB_READ", "valueFrom": of_map("db")},
        {"name": "DB_WRITE", "valueFrom": of_map("db-primary")},
        {"name": "LOGIN_READ", "valueFrom": of_secret("login")},
        {"name": "LOGIN_WRITE", "valueFrom": of_secret("login-primary")},
    ]);
    for mut object in scene.fixture("podinfo.yaml")? {
        object.data["spec"]["template"]["spec"]["containers"][0]["env"] = variables.clone();
        serin_e2e::manifest::apply(&scene.cluster.client, &object).await?;
    }
    Ok(())
}

async fn configs_are_the_users(scene: &Scene) -> Result<()> {
    let mut found = BTreeMap::new();
    for name in ["db", "db-primary"] {
        let map = scene.config_map(name).await?;
        ensure!(map.metadata.owner_references.is_none_or(|owners| owners.is_empty()), "{name} is owned");
        found.insert(name, map.data.unwrap_or_default().remove("host").unwrap_or_default());
    }
    for name in ["login", "login-primary"] {
        let secret = scene.secret(name).await?;
        ensure!(secret.metadata.owner_references.is_none_or(|owners| owners.is_empty()), "{name} is owned");
        let value = secret.data.unwrap_or_default().remove("password").context("no password")?;
        found.insert(name, String::from_utf8(value.0)?);
    }
    let values: Vec<&str> = found.values().map(String::as_str).collect();
    let wanted: Vec<&str> =
        ENVIRONMENT.iter().filter_map(|line| line.split_once('=')).map(|(_, value)| value).collect();
    ensure!(values == wanted, "{values:?}");
    Ok(())
}

#[test]
fn a_config_under_a_copys_name_stays_the_users() -> TestResult {
    together("edit-users-configs", async |scene| {
        scene.apply("edits/configs.yaml").await?;
        reading_configs(scene).await?;
        let refused = offer(scene, json!({})).await?;
        let outcome = settled(scene, refused, &["db-primary", "login-primary"], is_initialized).await?;
        configs_are_the_users(scene).await?;
        if outcome.is_served() {
            traffic::until_served(&scene.requests(1), super::LIMIT).await?;
            let mut plan = scene.requests(1);
            "/env".clone_into(&mut plan.path);
            let environment: Vec<String> = traffic::once(&plan).await?.json().await?;
            let lacking = |line: &&&str| !environment.iter().any(|found| found == **line);
            let lacks: Vec<_> = ENVIRONMENT.iter().filter(lacking).collect();
            ensure!(lacks.is_empty(), "the primary lacks {lacks:?}");
        }
        scene.api(Kind::CANARY).delete("podinfo", &DeleteParams::default()).await?;
        scene.until_gone(Kind::CANARY, "podinfo").await?;
        if outcome.is_served() {
            scene.until_gone(Kind::DEPLOYMENT, "podinfo-primary").await?;
        }
        configs_are_the_users(scene).await
    })
}
