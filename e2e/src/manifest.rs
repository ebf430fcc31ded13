//! Manifests: read from `e2e/`, filled in, applied.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use kube::{
    Api, Client, ResourceExt,
    api::{Patch, PatchParams, ValidationDirective},
    core::{DynamicObject, GroupVersionKind},
    discovery::{ApiCapabilities, ApiResource, Scope, pinned_kind},
};
use tokio::time::{sleep, timeout};

/// The field manager of everything a test or the demo applies.
pub const MANAGER: &str = "serin-e2e";

/// How long a kind may be unknown to a cluster that has just learned it.
const DISCOVERY: Duration = Duration::from_secs(30);

/// What the placeholders `${NAME}` of a manifest stand for.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// These and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The text with every placeholder replaced.
    ///
    /// # Errors
    /// A placeholder that nothing stands for, or one that does not end.
    pub fn fill(&self, text: &str) -> Result<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').context("a placeholder ${ without its end }")?;
            let Some(value) = self.0.get(name) else { bail!("nothing stands for ${{{name}}}") };
            filled.push_str(before);
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

/// The objects of a file below `e2e/`.
///
/// # Errors
/// The file cannot be read, filled in or parsed.
pub fn load(file: &str, variables: &Variables) -> Result<Vec<DynamicObject>> {
    parse(&read(file, variables)?).with_context(|| file.to_owned())
}

/// The value of a YAML file below `e2e/` that is no manifest.
///
/// # Errors
/// As [`load`].
pub fn value(file: &str, variables: &Variables) -> Result<serde_json::Value> {
    serde_saphyr::from_str(&read(file, variables)?).with_context(|| file.to_owned())
}

fn read(file: &str, variables: &Variables) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    variables.fill(&text).with_context(|| file.to_owned())
}

/// The objects of a YAML text with any number of documents.
///
/// # Errors
/// The text is not YAML, or a document is not an object of the API.
pub fn parse(text: &str) -> Result<Vec<DynamicObject>> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text)?;
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .map(|document| Ok(serde_json::from_value(document)?))
        .collect()
}

/// Creates or corrects an object by server-side apply.
///
/// # Errors
/// The API server does not know the kind or refuses the object.
pub async fn apply(client: &Client, object: &DynamicObject) -> Result<DynamicObject> {
    let api = api_of(client, object).await?;
    let params = PatchParams::apply(MANAGER).force();
    let applied = api.patch(&object.name_any(), &params, &Patch::Apply(object)).await;
    applied.with_context(|| format!("applying {}", describe(object)))
}

/// Applies every object, in order.
///
/// # Errors
/// As [`apply`].
pub async fn apply_all(client: &Client, objects: &[DynamicObject]) -> Result<()> {
    for object in objects {
        apply(client, object).await?;
    }
    Ok(())
}

/// Asks the API server whether it would take an object as new, and changes nothing. Unknown fields are errors.
///
/// # Errors
/// The API server would refuse the object; the error has its message.
pub async fn would_take(client: &Client, object: &DynamicObject) -> Result<()> {
    let params = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::apply("serin-e2e-dry-run").dry_run().force()
    };
    let api = api_of(client, object).await?;
    let answer = api.patch(&object.name_any(), &params, &Patch::Apply(object)).await;
    answer.map(drop).with_context(|| describe(object))
}

async fn api_of(client: &Client, object: &DynamicObject) -> Result<Api<DynamicObject>> {
    let types = object.types.as_ref().context("an object without apiVersion and kind")?;
    let gvk = GroupVersionKind::try_from(types)?;
    let known = timeout(DISCOVERY, discover(client, &gvk)).await;
    let (resource, capabilities) =
        known.with_context(|| format!("the cluster does not serve {}", describe(object)))??;
    Ok(match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let namespace = object.namespace().unwrap_or_else(|| "default".to_owned());
            Api::namespaced_with(client.clone(), &namespace, &resource)
        }
    })
}

/// What the API server says of a kind. It tells of a new kind a moment after its definition is established.
async fn discover(client: &Client, gvk: &GroupVersionKind) -> kube::Result<(ApiResource, ApiCapabilities)> {
    loop {
        match pinned_kind(client, gvk).await {
            Err(kube::Error::Discovery(_)) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            answer => return answer,
        }
        sleep(Duration::from_millis(100)).await;
    }
}

fn describe(object: &DynamicObject) -> String {
    let kind = object.types.as_ref().map_or("object", |types| types.kind.as_str());
    format!("{kind} {}", object.name_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_placeholders() {
        let variables = Variables::default().with("A", "1").with("LONG_NAME", "two");
        assert_eq!(variables.fill("a: ${A}, ${LONG_NAME}$").unwrap(), "a: 1, two$");
        assert!(variables.fill("${B}").unwrap_err().to_string().contains("${B}"));
        assert!(variables.fill("${A").is_err());
    }

    #[test]
    fn parses_every_document() {
        let objects = parse(
            "---\nkind: A\napiVersion: v1\nmetadata: {name: a}\n---\n---\nkind: B\napiVersion: v1\nmetadata: {name: b}\n",
        );
        let names: Vec<_> = objects.unwrap().iter().map(describe).collect();
        assert_eq!(names, ["A a", "B b"]);
    }
}
