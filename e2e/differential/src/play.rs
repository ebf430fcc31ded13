//! A scenario with both operators at the same time.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serin_e2e::timeline::timeline;

use crate::{
    operator::{Operator, Start},
    scenario::Scenario,
    side::Side,
    stage::{Ground, Stage},
    story,
    transcript::{Transcript, metrics, sequences, wire},
};

/// What both did: Flagger first.
///
/// # Errors
/// A scenario cannot be set up, or an operator ends.
pub(crate) async fn both(ground: &Ground, scenario: &Scenario) -> Result<[Transcript; 2]> {
    let (flagger, serin) = tokio::try_join!(
        one(ground, scenario, Side::Flagger), //
        one(ground, scenario, Side::Serin),
    )?;
    Ok([flagger, serin])
}

async fn one(ground: &Ground, scenario: &Scenario, side: Side) -> Result<Transcript> {
    let transcript = played(ground, scenario, side).await;
    let transcript = transcript.with_context(|| format!("{} with {side}", scenario.name))?;
    std::fs::write(file(&ground.folder, scenario, side), transcript.to_string())?;
    Ok(transcript)
}

/// What both did in the last run.
///
/// # Errors
/// It has written nothing of the scenario.
pub(crate) fn written(folder: &Path, scenario: &Scenario) -> Result<[Transcript; 2]> {
    let read = |side| {
        let file = file(folder, scenario, side);
        std::fs::read_to_string(&file).with_context(|| file.display().to_string())?.parse()
    };
    Ok([read(Side::Flagger)?, read(Side::Serin)?])
}

fn file(folder: &Path, scenario: &Scenario, side: Side) -> PathBuf {
    folder.join(format!("{}-{}.txt", scenario.name, side.name()))
}

async fn played(ground: &Ground, scenario: &Scenario, side: Side) -> Result<Transcript> {
    let stage = Stage::open(ground, scenario, side).await?;
    let mut operator = start(&stage, scenario, side)?;
    let mut normal = stage.normal()?;
    let acting = async {
        stage.set_up(scenario).await?;
        story::play(&stage, &scenario.story, &mut normal).await
    };
    let acted = tokio::select! {
        acted = acting => acted,
        ended = operator.ended() => ended.map(|()| Transcript::default()),
    };
    let name = |what: &str| ground.folder.join(format!("{}-{}.{what}", scenario.name, side.name()));
    std::fs::write(name("timeline"), stage.history.look(timeline))?;
    let mut transcript = acted?;
    transcript.extend(metrics::of(&operator.metrics().await?, &mut normal));
    drop(operator);
    transcript.extend(wire::of(&stage.line.receipts(), &mut normal));
    transcript.extend(stage.history.look(|versions| sequences::of(versions, &mut normal)));
    Ok(transcript)
}

fn start(stage: &Stage, scenario: &Scenario, side: Side) -> Result<Operator> {
    let ground = stage.ground;
    let [flagger, serin] = &ground.operators;
    let (program, kubeconfig) = if side == Side::Flagger { flagger } else { serin };
    let log = ground.folder.join(format!("{}-{}.log", scenario.name, side.name()));
    let (url, namespace) = (stage.line.url(), &stage.namespace);
    Operator::start(side, Start { program, kubeconfig, namespace, url: &url, flags: &scenario.flags, log })
}
