//! One operator in one scenario.

use anyhow::{Context, Result};
use serin_e2e::timeline::timeline;

use crate::{
    normal::Normal,
    operator::{Operator, Start},
    sandbox::{Sandbox, Shared},
    scenario::{Scenario, Step},
    side::Side,
    story,
    transcript::{Aspect, Topic, Transcript, metrics, objects, sequences, waits, wire},
};

/// An operator at work, and what was kept of it so far.
pub(super) struct Player<'a> {
    scenario: &'a Scenario,
    pub(super) sandbox: Sandbox<'a>,
    operator: Operator,
    ready: bool,
    /// The step that does not come to its end.
    broken: Option<String>,
    kept: Seen,
}

/// What can be seen of it at some moment.
pub(super) struct Seen {
    pub(super) transcript: Transcript,
    /// The names that were given so far.
    normal: Normal,
}

impl<'a> Player<'a> {
    /// Makes the namespace, and starts the operator for it.
    ///
    /// # Errors
    /// The cluster refuses, or the program cannot be started.
    pub(super) async fn open(shared: &'a Shared, scenario: &'a Scenario, side: Side) -> Result<Self> {
        let sandbox = Sandbox::open(shared, scenario, side).await?;
        let operator = start(&sandbox, scenario)?;
        let kept = Seen { transcript: Transcript::default(), normal: sandbox.normal()? };
        Ok(Self { scenario, sandbox, operator, ready: false, broken: None, kept })
    }

    /// Plays some steps, the first of which has this number, and tells whether they all came to their ends.
    ///
    /// # Errors
    /// The cluster refuses something, or the operator ends.
    pub(super) async fn act(&mut self, begin: usize, steps: &[Step]) -> Result<bool> {
        let (sandbox, ready) = (&self.sandbox, self.ready);
        let acting = async {
            if !ready {
                sandbox.set_up(self.scenario).await?;
            }
            story::play(sandbox, begin, steps).await
        };
        let acted = tokio::select! {
            acted = acting => acted,
            ended = self.operator.ended() => ended.map(|()| None),
        };
        let context = || format!("{} with {}", self.scenario.name, sandbox.side);
        self.broken = acted.with_context(context)?;
        self.ready = true;
        Ok(self.broken.is_none())
    }

    /// The objects at a point of the story, or everything that was seen since it began.
    ///
    /// # Errors
    /// The operator does not answer.
    pub(super) async fn look(&self, point: Option<&str>) -> Result<Seen> {
        let mut normal = self.kept.normal.clone();
        let transcript = match point {
            Some(point) => self.sandbox.history.look(|versions| objects::at(point, versions, &mut normal)),
            None => self.all(&mut normal).await?,
        };
        Ok(Seen { transcript, normal })
    }

    async fn all(&self, normal: &mut Normal) -> Result<Transcript> {
        let mut transcript = self.kept.transcript.clone();
        let told = self.broken.as_deref().unwrap_or("played as far as the other one");
        transcript.add(Topic::new(Aspect::Story, ""), normal.text(told));
        transcript.extend(metrics::of(&self.operator.metrics().await?, normal));
        transcript.extend(wire::of(&self.sandbox.line.receipts(), normal));
        transcript.extend(self.sandbox.history.look(|versions| sequences::of(versions, normal)));
        if !self.scenario.waits {
            waits::leave_out(&mut transcript);
        }
        Ok(transcript)
    }

    /// Keeps what was seen at a point.
    pub(super) fn keep(&mut self, seen: Seen) {
        self.kept.transcript.extend(seen.transcript);
        self.kept.normal = seen.normal;
    }

    /// Writes what happened, for people.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write_timeline(&self) -> Result<()> {
        let name = format!("{}-{}.timeline", self.scenario.name, self.sandbox.side.name());
        std::fs::write(self.sandbox.shared.folder.join(name), self.sandbox.history.look(timeline))?;
        Ok(())
    }
}

fn start(sandbox: &Sandbox, scenario: &Scenario) -> Result<Operator> {
    let (shared, side) = (sandbox.shared, sandbox.side);
    let [flagger, serin] = &shared.operators;
    let (program, kubeconfig) = if side == Side::Flagger { flagger } else { serin };
    let log = shared.folder.join(format!("{}-{}.log", scenario.name, side.name()));
    let (url, namespace) = (sandbox.line.url(), &sandbox.namespace);
    Operator::start(side, Start { program, kubeconfig, namespace, url: &url, flags: &scenario.flags, log })
}
