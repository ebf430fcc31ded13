//! One sequence: a release, edits at random moments, and the user's manifests again in the end.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use kube::{
    ResourceExt,
    api::{DeleteParams, PostParams},
    core::DynamicObject,
};
use serde_json::{Value, json};
use serin_api::Phase;

use super::{
    dice::Dice,
    edit::{Deed, Done, Edit},
    fields::Names,
    judge::{self, Cause, Declared},
    moment::Moment,
    normal::{self, Normal},
    schema::Field,
    shape::{self, LAST, Shape},
};
use crate::{
    Kind, Scene, Traffic,
    history::Versions,
    manifest,
    traffic::{Failure, account},
};

/// How long the initialisation may take.
const INITIAL: Duration = Duration::from_secs(180);

/// How long the declared state may take to be reached once everything is mended.
const MENDED: Duration = Duration::from_secs(180);

/// Requests a second.
const RATE: u32 = 10;

/// Failures that are kept with their details: more than a sequence has requests.
const KEPT: usize = 100_000;

/// What came of a sequence.
#[derive(Debug, Default)]
pub struct SequenceResult {
    /// Edits that the API server took.
    pub edits: u64,
    /// Edits that it refused.
    pub refused: u64,
    /// Requests.
    pub requests: u64,
    /// Failed requests that no deed of the user's explains.
    pub lost: u64,
    /// Failed requests that one does, by their cause.
    pub excused: std::collections::BTreeMap<Cause, u64>,
    /// Whether the declared state was not reached in time.
    pub stuck: bool,
    /// What is not ours and changed all the same.
    pub foreign: u64,
    /// Other safety invariants that did not hold.
    pub violations: u64,
    /// What was done, and what was wrong with it.
    pub account: String,
}

impl SequenceResult {
    /// Whether nothing was wrong.
    pub fn is_good(&self) -> bool {
        self.lost == 0 && !self.stuck && self.foreign == 0 && self.violations == 0
    }

    fn tell(&mut self, line: impl AsRef<str>) {
        // Writing to a String does not fail.
        writeln!(self.account, "  {}", line.as_ref()).ok();
    }
}

/// A step: perhaps a new version, then an edit at a moment.
struct Step {
    ship: Option<Edit>,
    moment: Moment,
    edit: Edit,
}

/// Plays the sequence of a seed in a namespace of its own.
///
/// # Errors
/// It cannot be played: the cluster does not answer, or the release is not initialised.
pub(super) async fn play(scene: &Scene, fields: &[Field], seed: u64, edits: u64) -> Result<SequenceResult> {
    let mut dice = Dice::new(seed);
    let shape = Shape::draw(&mut dice);
    let mut outcome = SequenceResult::default();
    outcome.tell(format!("seed {seed}, {shape:?}"));
    let (host, hook) = (scene.host(), scene.hook("/gate/approve"));
    let names = Names { host: &host, settings: &scene.cluster.settings, hook: &hook };
    let steps: Vec<Step> = (1..=edits).map(|round| draw(&mut dice, &shape, &names, fields, round)).collect();

    let reference = begin(scene, &shape).await?;
    let traffic = start(scene).await?;
    let mut by_hand = Vec::new();
    for step in &steps {
        carry_out(scene, step, &mut outcome, &mut by_hand).await?;
    }
    outcome.tell("mend");
    // The manifests come in an order, and what they replace may serve until then.
    by_hand.push(Instant::now());
    mend(scene, &shape.manifests(scene, LAST, edits + 1)?).await?;
    by_hand.push(Instant::now());
    reach(scene, &reference, edits + 1, &mut outcome).await;
    let tally = traffic.stop().await;
    outcome.requests = tally.requests();
    scene.history.catch_up(INITIAL).await?;
    let versions = scene.history.versions();
    let declared = Declared { host: &host, settings: &scene.cluster.settings };
    let judged = judge::judge(&tally, &judge::spans(&versions, &declared, &by_hand));
    outcome.excused = judged.excused;
    blame(scene, &versions, &judged.lost, &mut outcome);
    watch(scene, &versions, &by_hand, &mut outcome);
    foreign(scene, &mut outcome).await?;
    Ok(outcome)
}

fn draw(dice: &mut Dice, shape: &Shape, names: &Names, fields: &[Field], round: u64) -> Step {
    let ship = dice.happens(60).then(|| Edit::ship(dice, round));
    Step { ship, moment: Moment::draw(dice), edit: Edit::draw(dice, shape, names, fields, round) }
}

/// Applies the manifests and what is foreign, and returns what was generated for them.
async fn begin(scene: &Scene, shape: &Shape) -> Result<Normal> {
    shape::apply(scene, &bystanders()?.into_iter().map(|object| placed(scene, object)).collect::<Vec<_>>())
        .await?;
    shape::apply(scene, &shape.workload(scene, "podinfo-v2", "6.9.0", 0)?).await?;
    shape::apply(scene, &shape.manifests(scene, "6.9.0", 0)?).await?;
    let initialised =
        |versions: &Versions| (versions.canary("podinfo")?.status?.phase == Phase::Initialized).then_some(());
    scene.history.until("the Canary to be initialised", INITIAL, initialised).await?;
    scene.mark_as_shared().await?;
    scene.history.catch_up(INITIAL).await?;
    // The first autoscaler and the route may come a moment after the phase.
    scene.until_split(100, 0).await?;
    Ok(scene.history.look(normal::generated))
}

async fn start(scene: &Scene) -> Result<Traffic> {
    let plan = scene.requests(RATE);
    crate::traffic::until_served(&plan, INITIAL).await?;
    Traffic::keeping(plan, KEPT)
}

async fn carry_out(
    scene: &Scene,
    step: &Step,
    outcome: &mut SequenceResult,
    by_hand: &mut Vec<Instant>,
) -> Result<()> {
    if let Some(ship) = &step.ship {
        one(scene, ship, "first", outcome, by_hand).await?;
    }
    step.moment.come(scene).await;
    one(scene, &step.edit, &step.moment.to_string(), outcome, by_hand).await
}

async fn one(
    scene: &Scene,
    edit: &Edit,
    when: &str,
    outcome: &mut SequenceResult,
    by_hand: &mut Vec<Instant>,
) -> Result<()> {
    let begin = Instant::now();
    match edit.carry_out(scene).await.with_context(|| edit.to_string())? {
        Done::Taken => {
            outcome.edits += 1;
            outcome.tell(format!("{when}: {edit}"));
            if edit.takes_away {
                // Its effect begins with it and may come when it is done.
                by_hand.extend([begin, Instant::now()]);
            }
            if edit.kind == Kind::CANARY && matches!(edit.deed, Deed::Anew(_)) {
                // What belonged to it is collected meanwhile, and comes up anew.
                by_hand.extend([5, 10, 15].map(|after| Instant::now() + Duration::from_secs(after)));
            }
        }
        Done::Refused(why) => {
            outcome.refused += 1;
            let why = why.lines().next().unwrap_or_default();
            outcome.tell(format!("{when}: refused: {edit}: {why}"));
        }
    }
    Ok(())
}

/// Puts the user's manifests in the place of what is there.
async fn mend(scene: &Scene, manifests: &[DynamicObject]) -> Result<()> {
    for object in manifests {
        let kind = object.types.as_ref().map(|types| types.kind.as_str());
        match kind {
            Some("Canary") => replace(scene, Kind::CANARY, object).await?,
            Some("Deployment") => replace(scene, Kind::DEPLOYMENT, object).await?,
            _ => drop(manifest::apply(&scene.cluster.client, object).await?),
        }
    }
    Ok(())
}

/// As `kubectl replace` does, and where a selector does not allow it, `kubectl replace --force`.
async fn replace(scene: &Scene, kind: Kind, object: &DynamicObject) -> Result<()> {
    let (api, name) = (scene.api(kind), object.name_any());
    let end = Instant::now() + INITIAL;
    loop {
        let outcome = match api.get_opt(&name).await? {
            None => api.create(&PostParams::default(), object).await.map(Some),
            Some(live) if live.metadata.deletion_timestamp.is_some() => Ok(None),
            Some(live) if live.data["spec"]["selector"] != object.data["spec"]["selector"] => {
                api.delete(&name, &DeleteParams::background()).await.map(|_| None)
            }
            Some(live) => {
                let metadata = live.metadata.clone();
                let wanted = DynamicObject { metadata, ..object.clone() };
                api.replace(&name, &PostParams::default(), &wanted).await.map(Some)
            }
        };
        match outcome {
            // Somebody wrote in between, or it is about to go.
            Err(kube::Error::Api(status)) if status.code == 409 && Instant::now() < end => {}
            Ok(None) => anyhow::ensure!(Instant::now() < end, "{} {name} does not go", kind.name),
            outcome => return outcome.map(drop).with_context(|| format!("mending {} {name}", kind.name)),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits for the state that the manifests declare.
async fn reach(scene: &Scene, reference: &Normal, round: u64, outcome: &mut SequenceResult) {
    let reached = |versions: &Versions| is_declared(versions, reference, round).ok();
    if scene.history.until("the declared state", MENDED, reached).await.is_ok() {
        return;
    }
    outcome.stuck = true;
    let why =
        scene.history.look(|versions| is_declared(versions, reference, round)).err().unwrap_or_default();
    outcome.tell(format!("stuck: {why}"));
}

/// Whether everything is as declared; if not, what is not.
fn is_declared(versions: &Versions, reference: &Normal, round: u64) -> Result<(), String> {
    let canary = versions.canary("podinfo").ok_or("there is no Canary")?;
    let status = canary.status.ok_or("the Canary has no status")?;
    if ![Phase::Initialized, Phase::Succeeded].contains(&status.phase) {
        return Err(format!(
            "phase {}, waiting for {:?}, {:?}",
            status.phase, status.waiting_for, status.conditions
        ));
    }
    if status.conditions.iter().any(|found| found.type_ == "Stalled" && found.status == "True") {
        return Err(format!("{:?}", status.conditions));
    }
    let primary = versions.now(Kind::DEPLOYMENT, "podinfo-primary").ok_or("there is no primary")?;
    let (container, round) = (&primary["spec"]["template"]["spec"]["containers"][0], round.to_string());
    let is_last = container["env"].as_array().is_some_and(|env| {
        env.iter().any(|one| one["name"] == "EDITS_ROUND" && one["value"] == round.as_str())
    });
    if !is_last || container["image"] != shape::image(LAST) {
        return Err(format!("the primary runs {} {}", container["image"], container["env"]));
    }
    let differences = normal::differences(reference, &normal::generated(versions));
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n    ")) }
}

fn blame(scene: &Scene, versions: &Versions, lost: &[Failure], outcome: &mut SequenceResult) {
    outcome.lost = lost.len() as u64;
    let first: Vec<Failure> = lost.iter().take(5).cloned().collect();
    if !first.is_empty() {
        outcome.tell(format!(
            "lost {}, the first of them:\n{}",
            lost.len(),
            account(&first, versions, &scene.app)
        ));
    }
}

fn watch(scene: &Scene, versions: &Versions, by_hand: &[Instant], outcome: &mut SequenceResult) {
    for found in judge::unexplained(versions, &scene.app, by_hand) {
        if ["S7", "S15"].contains(&found.invariant) {
            outcome.foreign += 1;
        } else {
            outcome.violations += 1;
        }
        outcome.tell(found.to_string());
    }
}

/// Objects that no release knows of.
fn bystanders() -> Result<Vec<DynamicObject>> {
    let objects = [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bystander"}, "data": {"whose": "mine"}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "neighbour"},
            "spec": {"selector": {"app": "podinfo-v2"}, "ports": [{"name": "http", "port": 9898}]}}),
    ];
    objects.into_iter().map(|object| Ok(serde_json::from_value(object)?)).collect()
}

fn placed(scene: &Scene, mut object: DynamicObject) -> DynamicObject {
    object.metadata.namespace = Some(scene.namespace.clone());
    object
}

/// Whether what was planted is as it was.
async fn foreign(scene: &Scene, outcome: &mut SequenceResult) -> Result<()> {
    for (kind, name, field, value) in [
        (Kind::CONFIG_MAP, "bystander", "/data/whose", "mine"),
        (Kind::SERVICE, "neighbour", "/spec/selector/app", "podinfo-v2"),
    ] {
        let found = scene.api(kind).get_opt(name).await?;
        let kept = found.is_some_and(|found| found.data.pointer(field) == Some(&Value::from(value)));
        if !kept {
            outcome.foreign += 1;
            outcome.tell(format!("{} {name} is not what it was", kind.name));
        }
    }
    Ok(())
}
