//! Names of what would be generated: none is written before all of them fit.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serin_api::{
    CanarySpec,
    canary::{CanaryService, CustomMetadata},
};

use super::SpecError;
use crate::{
    build::scaler::{self, ScalerKind},
    names::{LABEL, SUBDOMAIN, is_key, is_label, is_label_text, is_port_name, is_subdomain},
};

/// The longest suffix that a Service's name gets.
const SUFFIX: &str = "-primary";

/// What a Deployment appends to its own name for a ReplicaSet's, at most.
const POD_TEMPLATE_HASH: usize = 11;

/// Everything wrong with names that are generated, or that are written into generated objects.
pub(super) fn check(spec: &CanarySpec) -> Vec<SpecError> {
    let mut errors: Vec<SpecError> = target(spec).into_iter().chain(apex(spec)).collect();
    errors.extend(scaler(spec));
    if let Some(service) = &spec.service {
        errors.extend(ports(service));
        errors.extend(app_protocol(service));
        errors.extend(metadata(service));
    }
    errors
}

fn target(spec: &CanarySpec) -> Option<SpecError> {
    let name = spec.target_ref.name.as_str();
    let field = "spec.targetRef.name";
    if !is_subdomain(name) {
        let problem = "no object can have this name";
        let remedy = "write the target's name as it is: lower-case letters, digits, '-' and '.'";
        return Some(SpecError::new(field, name, problem, remedy));
    }
    let most = SUBDOMAIN - POD_TEMPLATE_HASH - SUFFIX.len();
    (spec.target_ref.kind != "Service" && name.len() > most).then(|| {
        let problem = format!(
            "the primary's name {name}{SUFFIX} has {} characters, {} are allowed",
            name.len() + SUFFIX.len(),
            most + SUFFIX.len()
        );
        SpecError::new(field, name, problem, format!("rename the target: use at most {most} characters"))
    })
}

/// The name that the three Services are made of.
fn apex(spec: &CanarySpec) -> Option<SpecError> {
    let name = spec.apex_name();
    let own = spec.service.as_ref().and_then(|service| service.name.as_deref());
    let named = own.is_some_and(|own| !own.is_empty());
    let of_service = spec.target_ref.kind == "Service";
    let field = if named { "spec.service.name" } else { "spec.targetRef.name" };
    let most = LABEL - SUFFIX.len();
    if is_label(name) && name.len() <= most {
        return None;
    }
    let problem = if name.len() > most {
        format!(
            "the Service {name}{SUFFIX} would have a name of {} characters, {LABEL} are allowed",
            name.len() + SUFFIX.len()
        )
    } else {
        format!("no Service can be named {name}{SUFFIX}")
    };
    let wanted = format!("at most {most} lower-case letters, digits and '-'");
    let remedy = match (of_service, named) {
        (true, _) => format!("rename the target: use {wanted}"),
        (false, true) => format!("use {wanted}"),
        (false, false) => format!("set spec.service.name to another name, of {wanted}"),
    };
    Some(SpecError::new(field, name, problem, remedy))
}

fn scaler(spec: &CanarySpec) -> Option<SpecError> {
    let reference = spec.autoscaler_ref.as_ref()?;
    let most = match ScalerKind::of(reference)? {
        ScalerKind::Horizontal => SUBDOMAIN,
        // KEDA writes the name into a label.
        ScalerKind::Keda => LABEL,
    };
    let copy = scaler::name(reference);
    (copy.len() > most).then(|| {
        let problem = format!(
            "the primary's autoscaler {copy} would have {} characters, {most} are allowed",
            copy.len()
        );
        let remedy = format!("rename the autoscaler: use at most {} characters", most - SUFFIX.len());
        SpecError::new("spec.autoscalerRef.name", &reference.name, problem, remedy)
    })
}

/// What is wrong with the names of the main port, of which the Services are made.
fn ports(service: &CanaryService) -> Vec<SpecError> {
    let target = match service.target_port_or_default() {
        IntOrString::String(name) => {
            (!is_port_name(&name)).then(|| {
                SpecError::new(
                    "spec.service.targetPort",
                    name,
                    "no port of a container can have this name",
                    "write the number of the container's port, or its name: at most 15 lower-case letters, digits \
                     and single '-', with a letter among them",
                )
            })
        }
        IntOrString::Int(_) => None,
    };
    let name = service.port_name_or_default();
    let port = (!is_label(name)).then(|| {
        let problem = "no port of a Service can have this name";
        let remedy = "use at most 63 lower-case letters, digits and '-', a letter or a digit at either end";
        SpecError::new("spec.service.portName", name, problem, remedy)
    });
    target.into_iter().chain(port).collect()
}

fn app_protocol(service: &CanaryService) -> Option<SpecError> {
    let name = service.app_protocol.as_deref().filter(|name| !name.is_empty() && !is_key(name))?;
    let problem = "no port of a Service can have this protocol";
    let remedy = "write a name such as http, or one with a domain such as kubernetes.io/h2c";
    Some(SpecError::new("spec.service.appProtocol", name, problem, remedy))
}

fn metadata(service: &CanaryService) -> Vec<SpecError> {
    let parts = [
        ("spec.service.apex", &service.apex),
        ("spec.service.primary", &service.primary),
        ("spec.service.canary", &service.canary),
    ];
    let parts = parts.into_iter().filter_map(|(field, metadata)| Some((field, metadata.as_ref()?)));
    parts.flat_map(|(field, metadata)| custom(field, metadata)).collect()
}

fn custom(field: &'static str, metadata: &CustomMetadata) -> Vec<SpecError> {
    let none = BTreeMap::new();
    let labels = metadata.labels.as_ref().unwrap_or(&none);
    let annotations = metadata.annotations.as_ref().unwrap_or(&none);
    // The API server looks at the keys of annotations in lower case.
    let keys = labels.keys().filter(|key| !is_key(key)).map(|key| ("labels", key));
    let keys = keys.chain(
        annotations.keys().filter(|key| !is_key(&key.to_ascii_lowercase())).map(|key| ("annotations", key)),
    );
    let remedy =
        "use at most 63 letters, digits, '-', '_' and '.', with a domain and '/' before it if you like";
    let keys = keys.map(|(map, key)| SpecError::new(field, key, format!("this is no key of {map}"), remedy));
    let values = labels.iter().filter(|(_, value)| !is_label_text(value)).map(|(key, value)| {
        let problem = format!("this is no value of the label {key}");
        SpecError::new(field, value, problem, "use at most 63 letters, digits, '-', '_' and '.'")
    });
    keys.chain(values).collect()
}
