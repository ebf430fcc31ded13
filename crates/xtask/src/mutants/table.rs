//! The mistakes.

use super::Mutant;

const fn mutant(name: &'static str, file: &'static str, before: &'static str, after: &'static str) -> Mutant {
    Mutant { name, file, before, after }
}

const ANALYSE: &str = "crates/core/src/decide/analyse.rs";
const ENSURE: &str = "crates/core/src/decide/ensure.rs";
const TRAFFIC: &str = "crates/core/src/decide/traffic.rs";
const PROMOTE: &str = "crates/core/src/decide/promote.rs";
const ROLLBACK: &str = "crates/core/src/decide/rollback.rs";
const TERMINATE: &str = "crates/core/src/decide/terminate.rs";
const ROUTE: &str = "crates/core/src/router/gateway_api/object.rs";
const COMMANDS: &str = "crates/core/src/decide/commands.rs";
const STATE: &str = "crates/core/src/state.rs";

/// All of them.
pub(super) const ALL: &[Mutant] = &[
    mutant(
        "one more failed check is allowed",
        ANALYSE,
        "if failed >= plan.rollout().threshold {",
        "if failed > plan.rollout().threshold {",
    ),
    mutant(
        "gates are not asked",
        ANALYSE,
        "plan.pass_gates(plan.rollout().strategy.steps.gates(place))?;",
        "",
    ),
    mutant("metrics are not judged", ANALYSE, " || !round::passes(plan)?", ""),
    mutant("hooks of a round are not judged", ANALYSE, "if !plan.rollout_hooks()? || ", "if "),
    mutant("lost traffic comes back at once", ANALYSE, " && !settled(plan)", " && false"),
    mutant("traffic is not waited for to be accepted", ANALYSE, "        accepted(plan)?;\n", ""),
    mutant(
        "a newer revision does not restart the analysis",
        ANALYSE,
        "    if changed(plan, inputs) {\n        return supersede",
        "    if false {\n        return supersede",
    ),
    mutant(
        "a primary that fails amid an analysis is not noticed",
        ANALYSE,
        "Err(why) if begun(plan) =>",
        "Err(why) if false && begun(plan) =>",
    ),
    mutant(
        "the target goes down before the primary serves",
        ENSURE,
        "        self.primary_has_endpoints()?;\n        if pause {",
        "        if pause {",
    ),
    mutant(
        "traffic grows on a canary without endpoints",
        ENSURE,
        "if canary_grows {",
        "if false && canary_grows {",
    ),
    mutant(
        "traffic grows on a primary without endpoints",
        ENSURE,
        "if primary_grows && ",
        "if false && primary_grows && ",
    ),
    mutant(
        "requests under way are not waited for",
        ENSURE,
        "            _ => self.drained()?,",
        "            _ => {}",
    ),
    mutant(
        "a refusal of the gateway is an acceptance",
        ENSURE,
        "Acceptance::Refused(why) => Err(self.patient(why, REFUSED)),",
        "Acceptance::Refused(_) => Ok(()),",
    ),
    mutant(
        "a lost canary keeps its share",
        TRAFFIC,
        "if uses_canary && self.canary_is_gone()",
        "if false && self.canary_is_gone()",
    ),
    mutant(
        "a target made anew gets the share of the deleted one",
        TRAFFIC,
        "    note_deleted_target(plan);\n",
        "",
    ),
    mutant(
        "a version that nobody approved takes a dead primary's place",
        TRAFFIC,
        "let trusted = split.canary > 0 || self.next.stage.approved();",
        "let trusted = true;",
    ),
    mutant(
        "a route that was deleted is not made again",
        TRAFFIC,
        "if plan.can_route(None, want) { apply(plan, want) } else { Ok(()) }\n}\n\nfn mend",
        "let _ = want;\n    Ok(())\n}\n\nfn mend",
    ),
    mutant(
        "what was not analysed is promoted",
        PROMOTE,
        "    if changed(plan, inputs) {\n        return supersede",
        "    if false {\n        return supersede",
    ),
    mutant("old pods are not waited for", PROMOTE, "    old_pods_gone(plan)?;\n", ""),
    mutant("a canary that was overtaken keeps its share", PROMOTE, "    overtaken(plan)?;\n", ""),
    mutant(
        "a primary that fails its promotion gets the traffic",
        PROMOTE,
        "let weight = if canary_serves { 100 }",
        "let weight = if canary_serves { 0 }",
    ),
    mutant(
        "a revision that was turned away is tried again",
        ROLLBACK,
        "            reject_waiting(plan)?;\n",
        "",
    ),
    mutant(
        "a rollback without a primary takes the canary down",
        ROLLBACK,
        "if plan.primary_is_lost() || ",
        "if ",
    ),
    mutant(
        "a rollback is not alerted of",
        ROLLBACK,
        "    plan.alert(&AlertKind::RolledBack(cause.clone()));\n",
        "",
    ),
    mutant(
        "a rollback keeps the split",
        STATE,
        "            Self::Analysing(Analysis { progress, .. }) | Self::Promoting { progress, .. } => {\n                progress.split",
        "            Self::Analysing(Analysis { progress, .. }) | Self::Promoting { progress, .. } | Self::RollingBack { progress, .. } => {\n                progress.split",
    ),
    mutant("failed checks of the run before count", STATE, "        self.failed_checks = 0;\n", ""),
    mutant(
        "checks do not wait for the interval",
        "crates/core/src/state/hold.rs",
        "Self::Check | Self::Settle => rollout.interval,",
        "Self::Check | Self::Settle => TimeDelta::zero(),",
    ),
    mutant(
        "requests are given no time to end",
        "crates/core/src/state/hold.rs",
        "Self::Drain => rollout.drain,",
        "Self::Drain => TimeDelta::zero(),",
    ),
    mutant(
        "the cause of a rollback is not written",
        "crates/core/src/state/codec.rs",
        "            status.rollback_reason = Some(cause.clone());",
        "            let _ = cause;",
    ),
    mutant(
        "lost traffic is not written",
        "crates/core/src/state/codec.rs",
        "            status.canary_lost_traffic = analysis.lost_traffic;\n",
        "",
    ),
    mutant(
        "a status of Flagger's is never taken",
        "crates/core/src/state/author.rs",
        "if !foreign || news &&",
        "if false && news &&",
    ),
    mutant(
        "errors of the revision before count",
        "crates/core/src/decide/predecessor.rs",
        "    match reached_back(plan, window) {",
        "    match reached_back(plan, window).filter(|_| false) {",
    ),
    mutant(
        "what is called off counts as promoted",
        "crates/core/src/decide/finalise.rs",
        "let promoted = !matches!(plan.next.stage, Stage::CalledOff { .. });",
        "let promoted = true;",
    ),
    mutant(
        "a held canary counts as promoted",
        "crates/core/src/decide/idle.rs",
        "return plan.next.stage.held() == 0 || ",
        "return true || ",
    ),
    mutant(
        "a gate before the start is not asked",
        "crates/core/src/decide/idle.rs",
        "    plan.confirm_rollout()\n",
        "    Ok(())\n",
    ),
    mutant(
        "Services of a former name go while they have traffic",
        "crates/core/src/decide/orphans.rs",
        "        && plan.desired_routing().canary == 0\n        && plan.route_accepted().is_ok()",
        "",
    ),
    mutant(
        "clients move to a primary that nobody can reach",
        "crates/core/src/decide/initialize.rs",
        "    plan.primary_has_endpoints()?;\n    strangers(plan)?;\n",
        "",
    ),
    mutant(
        "what holds a Canary up is passed over",
        "crates/core/src/decide.rs",
        "    obstacle(plan)?;\n",
        "",
    ),
    mutant(
        "a suspended Canary goes on",
        "crates/core/src/decide.rs",
        "if plan.rollout().spec.suspend {",
        "if false {",
    ),
    mutant(
        "the position is guessed after an edit",
        "crates/core/src/state/codec.rs",
        "strategy.steps.hash(entered) == noted.steps",
        "true",
    ),
    mutant(
        "users of a step are not drawn anew",
        "crates/core/src/affinity.rs",
        "let new_step = next.stage.weight() > weight;",
        "let new_step = false;",
    ),
    mutant(
        "the finalizer is never set",
        TERMINATE,
        "(true, false) => plan.act(Action::AddFinalizer),",
        "(true, false) => {}",
    ),
    mutant("a Canary goes and gives nothing back", TERMINATE, "        give_back(plan)?;\n", ""),
    mutant("the user's Service is not given back", TERMINATE, "    plan.act(Action::RevertApex);\n", ""),
    mutant("the user's route is not given back", TERMINATE, "        plan.act(Action::RevertRoute);\n", ""),
    mutant(
        "a Canary goes before the target serves",
        TERMINATE,
        "if ensure::ready(&target.readiness, plan.now(), WaitReason::CanaryNotReady)?.is_ok() {",
        "if false {",
    ),
    mutant(
        "a Canary goes while its route is on the way back",
        TERMINATE,
        "if on_the_way && *steps < MOST_STEPS",
        "if false && on_the_way && *steps < MOST_STEPS",
    ),
    mutant(
        "a first step back that was cut off is not taken again",
        TERMINATE,
        "route.preexisting && (route.warm || route.routing.is_some())",
        "route.preexisting && route.warm",
    ),
    mutant(
        "gateways have no time to notice what is given back",
        TERMINATE,
        "} else if !plan.held_enough(HoldKind::Drain) {",
        "} else if false {",
    ),
    mutant(
        "a lost side keeps its share while a Canary goes",
        TERMINATE,
        "    traffic::keep_served(plan)?;\n",
        "",
    ),
    mutant(
        "clients of a Service in use have no time to notice",
        ENSURE,
        "        if self.obs.services.apex_in_use {\n",
        "        if false {\n",
    ),
    mutant(
        "a Service moves to a primary that is not ready",
        ENSURE,
        "        elsewhere && (!ready || early)",
        "        let _ = (ready, early, elsewhere);\n        false",
    ),
    mutant(
        "orphans are never removed",
        "crates/core/src/decide/orphans.rs",
        "    for entry in removable {\n        plan.act(Action::Remove(entry));\n    }\n",
        "",
    ),
    mutant(
        "a route of a former name keeps its share",
        "crates/core/src/decide/identity.rs",
        "        plan.act(Action::ReleaseRoute(name));\n        return Err(Stop::Acted);\n",
        "        let _ = name;\n",
    ),
    mutant(
        "what the user's route said is not kept",
        ROUTE,
        "        body[\"metadata\"][\"annotations\"][ours::ORIGINAL] = original.into();\n",
        "        let _ = original;\n",
    ),
    mutant(
        "a gateway learns of the primary by its first request",
        ROUTE,
        "        return Ok(introduced);\n",
        "        let _ = introduced;\n",
    ),
    mutant(
        "a gateway forgets the user's backends amid their requests",
        ROUTE,
        "    spec.rules.extend(handover::former(rollout, live));\n",
        "",
    ),
    mutant(
        "a command is obeyed again",
        COMMANDS,
        "if plan.next.commands.iter().any(|known| known.id == *id) {",
        "if plan.next.commands.is_empty() && id.is_empty() {",
    ),
    mutant("a command for another revision is obeyed", COMMANDS, "revision != command.revision", "false"),
    mutant("a pause holds nothing", COMMANDS, "match &self.next.paused {", "match &None::<Pause> {"),
    mutant("what is suspended is advanced", COMMANDS, "blocked(plan).filter(|_| !always)", "None::<String>"),
];
