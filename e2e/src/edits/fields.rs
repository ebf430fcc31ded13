//! What a Canary's fields can be given: values that mean something here, right and wrong ones.

use serde_json::{Value, json};

use super::{dice::Dice, schema::Field};
use crate::Settings;

/// What values are made of.
pub(super) struct Names<'a> {
    /// The host under which the release is asked for.
    pub host: &'a str,
    /// Where the gateway is.
    pub settings: &'a Settings,
    /// A webhook that passes.
    pub hook: &'a str,
}

/// Draws a value.
type Draw = fn(&mut Dice, &Names) -> Value;

/// Fields with everything below them, and how to draw a value. Lists and maps are drawn as a whole.
const DRAWN: [(&str, Draw); 41] = [
    ("targetRef", |dice, _| {
        let name = dice.one_of(&["podinfo", "podinfo-v2"]);
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": name})
    }),
    ("autoscalerRef", |dice, _| {
        let name = dice.one_of(&["podinfo", "podinfo-hpa", "nobody"]);
        json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": name})
    }),
    ("provider", |dice, _| {
        pick(dice, &[json!("gatewayapi:v1"), json!("gatewayapi:v1beta1"), json!("istio")])
    }),
    ("metricsServer", |_, names| json!(names.settings.prometheus)),
    ("progressDeadlineSeconds", |dice, _| json!(dice.number(20..=600))),
    ("service.name", |dice, _| pick(dice, &[json!("podinfo"), json!("web"), json!("Not_A_Name")])),
    ("service.port", |dice, _| pick(dice, &[json!(9898), json!(80), json!(70_000)])),
    ("service.targetPort", |dice, _| {
        pick(dice, &[json!(9898), json!("http"), json!("9898"), json!("grpc"), json!(0)])
    }),
    ("service.portName", |dice, _| pick(dice, &[json!("http"), json!("web"), json!("Not A Name")])),
    ("service.appProtocol", |_, _| json!("http")),
    ("service.hosts", hosts),
    ("service.gatewayRefs", parents),
    ("service.match", matches),
    ("service.timeout", |dice, _| pick(dice, &[json!("15s"), json!("1m"), json!("1.5s"), json!("soon")])),
    ("service.backendTimeout", |dice, _| pick(dice, &[json!("10s"), json!("1.5s")])),
    ("service.retries", |dice, _| {
        let on = dice.one_of(&["5xx", "gateway-error,connect-failure", "nonsense"]);
        json!({"attempts": dice.number(0..=5), "perTryTimeout": "5s", "retryOn": on})
    }),
    ("service.rewrite", |dice, _| {
        pick(dice, &[json!({"uri": "/version"}), json!({"authority": "a.example.com"})])
    }),
    ("service.headers", |dice, _| {
        let side = dice.one_of(&["request", "response"]);
        json!({*side: {"add": {"x-edits": "added"}, "set": {"x-set": "set"}, "remove": ["x-removed"]}})
    }),
    ("service.corsPolicy", |dice, _| {
        json!({"allowOrigins": [{"exact": "https://a.example.com"}], "allowMethods": ["GET"],
            "allowCredentials": dice.happens(50), "maxAge": dice.one_of(&["24h", "1.5h"])})
    }),
    ("service.mirror", |_, _| json!([{"backendRef": {"name": "neighbour", "port": 9898}}])),
    ("service.apex", |dice, _| custom(dice)),
    ("service.primary", |dice, _| custom(dice)),
    ("service.canary", |dice, _| custom(dice)),
    (
        "service.unmanagedMetadata",
        |_, _| json!({"labels": ["e2e.example.com/owner"], "annotations": ["e2e.example.com/owner"]}),
    ),
    ("analysis.interval", |dice, _| pick(dice, &[json!("1s"), json!("3s"), json!("5s"), json!("0s")])),
    ("analysis.threshold", |dice, _| json!(dice.number(0..=10))),
    ("analysis.maxWeight", |dice, _| json!(dice.number(10..=120))),
    ("analysis.stepWeight", |dice, _| json!(dice.number(-5..=60))),
    ("analysis.stepWeights", |dice, _| pick(dice, &[json!([10, 30]), json!([50, 20]), json!([5, 200])])),
    ("analysis.stepWeightPromotion", |dice, _| json!(dice.number(0..=60))),
    ("analysis.iterations", |dice, _| json!(dice.number(-1..=4))),
    ("analysis.mirrorWeight", |dice, _| json!(dice.number(0..=110))),
    ("analysis.canaryReadyThreshold", |dice, _| json!(dice.number(0..=110))),
    ("analysis.primaryReadyThreshold", |dice, _| json!(dice.number(0..=110))),
    ("analysis.match", |dice, _| {
        let pattern = dice.one_of(&[".*Firefox.*", "^(?!.*bot).*$", "("]);
        json!([{"headers": {"user-agent": {"regex": pattern}}}])
    }),
    ("analysis.sessionAffinity", |dice, _| {
        let name = dice.one_of(&["edits", "", "no name; at all"]);
        json!({"cookieName": name, "maxAge": dice.number(-1..=3600)})
    }),
    ("analysis.metrics", metrics),
    ("analysis.webhooks", |dice, names| {
        let kind = dice.one_of(&["pre-rollout", "rollout", "confirm-promotion", "post-rollout", "event"]);
        let urls = [names.hook, names.hook, "http://nobody.invalid/", "no address"];
        let url = dice.one_of(&urls);
        json!([{"name": "hook", "type": kind, "url": url, "timeout": "3s"}])
    }),
    (
        "analysis.alerts",
        |dice, _| json!([{"name": "alert", "severity": dice.one_of(&["info", "error"]), "providerRef": {"name": "nobody"}}]),
    ),
    ("service.gateways", |_, _| json!(["mesh"])),
    ("service.backends", |_, _| json!(["backend"])),
];

fn pick(dice: &mut Dice, all: &[Value]) -> Value {
    dice.one_of(all).clone()
}

fn custom(dice: &mut Dice) -> Value {
    let value = dice.number(1..=9).to_string();
    json!({"labels": {"edits": value}, "annotations": {"e2e.example.com/drawn": value}})
}

fn hosts(dice: &mut Dice, names: &Names) -> Value {
    let (mine, more) = (names.host, format!("more.{}", names.host));
    pick(dice, &[json!([mine]), json!([mine, more]), json!([more]), json!(["no host"])])
}

fn parents(dice: &mut Dice, names: &Names) -> Value {
    let Settings { gateway_name: name, gateway_namespace: namespace, .. } = names.settings;
    let good = json!({"name": name, "namespace": namespace});
    let lost = json!({"name": "nobody", "namespace": namespace});
    let typo = json!({"name": name, "namespace": namespace, "sectionName": "htpp"});
    pick(dice, &[json!([good]), json!([good, lost]), json!([lost]), json!([typo])])
}

fn matches(dice: &mut Dice, _: &Names) -> Value {
    let uris = [
        json!({"prefix": "/"}),
        json!({"regex": "^/.*"}),
        json!({"prefix": "/api"}),
        json!({"regex": "^/(?!x)"}),
    ];
    json!([{"uri": pick(dice, &uris)}])
}

fn metrics(dice: &mut Dice, _: &Names) -> Value {
    let (template, value) = (*dice.one_of(&["verdict", "verdict", "nobody"]), *dice.one_of(&["0", "0", "9"]));
    json!([{"name": "verdict", "interval": "10s", "templateRef": {"name": template},
        "templateVariables": {"value": value}, "thresholdRange": {"max": 1}}])
}

/// A change of one field: a merge patch of the Canary's spec.
///
/// Fields for which the schema itself lists the values need no table.
pub(super) fn change(dice: &mut Dice, names: &Names, fields: &[Field]) -> Value {
    let listed: Vec<&Field> = fields.iter().filter(|field| is_listed(field)).collect();
    let which = usize::try_from(dice.number(0..=i64::try_from(DRAWN.len() + listed.len() - 1).unwrap_or(0)));
    let which = which.unwrap_or(0);
    let (path, value) = match DRAWN.get(which) {
        Some((path, draw)) => (*path, draw(dice, names)),
        None => (listed[which - DRAWN.len()].path.as_str(), of_schema(dice, listed[which - DRAWN.len()])),
    };
    let needed = ["targetRef", "service.port", "service.hosts", "service.gatewayRefs"].contains(&path);
    let value = if !needed && dice.happens(20) { Value::Null } else { value };
    path.rsplit('.').fold(value, |value, name| json!({name: value}))
}

fn of_schema(dice: &mut Dice, field: &Field) -> Value {
    if field.is_flag { json!(dice.happens(50)) } else { pick(dice, &field.values) }
}

/// Whether the schema lists the values of a field that no table draws.
fn is_listed(field: &Field) -> bool {
    let single = !field.path.contains(['[', '{']);
    single && (field.is_flag || !field.values.is_empty()) && !is_in_table(&field.path)
}

fn is_in_table(field: &str) -> bool {
    let covers = |path: &str| {
        let rest = field.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
    };
    DRAWN.iter().any(|(path, _)| covers(path))
}

/// The fields that nothing draws a value for.
pub(super) fn undrawn(fields: &[Field]) -> Vec<&str> {
    let undrawn = fields.iter().filter(|field| !is_in_table(&field.path) && !is_listed(field));
    undrawn.map(|field| field.path.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edits::schema;

    #[test]
    fn every_drawn_field_is_one_of_the_schema() {
        let fields = schema::canary().unwrap();
        for (path, _) in DRAWN {
            assert!(fields.iter().any(|field| field.path.starts_with(path)), "{path} is no field");
        }
    }

    #[test]
    fn what_has_no_meaning_here_is_told() {
        let fields = schema::canary().unwrap();
        let undrawn = undrawn(&fields);
        assert!(undrawn.contains(&"service.meshName") && undrawn.contains(&"upstreamRef.name"));
        assert!(!undrawn.contains(&"service.hosts[]") && !undrawn.contains(&"suspend"));
    }

    #[test]
    fn a_change_is_a_patch_of_one_field() {
        let settings = Settings::from_env();
        let names = Names { host: "a.example.com", settings: &settings, hook: "http://hook" };
        let (mut dice, fields) = (Dice::new(1), schema::canary().unwrap());
        for _ in 0..500 {
            let change = change(&mut dice, &names, &fields);
            assert_eq!(change.as_object().map(serde_json::Map::len), Some(1), "{change}");
        }
    }
}
