//! Which replica acts.
//!
//! The rules are those of client-go, so that Serin and Flagger can share a Lease: the holder renews it,
//! others take it over when it was not renewed for its whole duration *by their own clocks*. Every write is
//! fenced by the version that was read; of two that take it over at once, one fails.

mod candidate;

use std::time::Duration;

use k8s_openapi::{api::coordination::v1::Lease, jiff::Timestamp};
use kube::{Api, Client, api::PostParams};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    error::{chain, code},
    options::Election,
};
use candidate::{Candidate, Sighting};

/// Until when this replica may act unless it hears otherwise; `None` when it may not.
pub(crate) type Term = Option<Instant>;

/// Tells whether this replica may act.
pub(crate) trait Leadership: Send {
    /// Runs the election until `stop` is cancelled.
    fn run(self, stop: CancellationToken, term: watch::Sender<Term>) -> impl Future<Output = ()> + Send;
}

/// There is only one replica.
pub(crate) struct Always;

impl Leadership for Always {
    async fn run(self, stop: CancellationToken, term: watch::Sender<Term>) {
        const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
        loop {
            term.send_replace(Some(Instant::now() + 2 * YEAR));
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(YEAR) => {}
            }
        }
        term.send_replace(None);
    }
}

/// The holder of a Lease acts.
pub(crate) struct LeaseElection {
    api: Api<Lease>,
    name: String,
    identity: String,
    duration: Duration,
    /// What others wrote into the Lease, and when it was first seen.
    sighting: Option<Sighting>,
    /// When the last successful claim was sent.
    renewed: Option<Instant>,
}

impl LeaseElection {
    /// Takes part in the election; `identity` tells the replicas apart.
    pub(crate) fn new(client: Client, election: &Election, identity: String) -> Self {
        Self {
            api: Api::namespaced(client, &election.namespace),
            name: election.lease.clone(),
            identity,
            duration: election.duration.max(Duration::from_secs(2)),
            sighting: None,
            renewed: None,
        }
    }

    /// Between two looks at the Lease; Flagger's 5 s of 60 s.
    fn period(&self) -> Duration {
        self.duration / 12
    }

    /// A leader that could not renew for so long stops, well before others may take over; Flagger's 15 s.
    fn deadline(&self) -> Duration {
        self.duration / 4
    }

    fn term(&self) -> Term {
        let until = self.renewed? + self.deadline();
        (Instant::now() < until).then_some(until)
    }

    /// How long the next attempt may take: a leader has to know in time that it is none.
    fn patience(&self) -> Duration {
        self.term().map_or(self.deadline(), |until| until - Instant::now())
    }

    async fn attempt(&mut self) {
        let sent = Instant::now();
        match tokio::time::timeout(self.patience(), self.claim()).await {
            Ok(Ok(true)) => self.renewed = Some(sent),
            Ok(Ok(false)) => self.renewed = None,
            Ok(Err(error)) => tracing::warn!(error = chain(&error), "leader election failed, trying again"),
            Err(_) => tracing::warn!("leader election got no answer in time, trying again"),
        }
    }

    /// Renews the Lease or tries to get it. Whether it is ours.
    async fn claim(&mut self) -> kube::Result<bool> {
        let lease = self.api.get_opt(&self.name).await?;
        let now = Instant::now();
        self.sighting = lease.as_ref().map(|lease| Sighting::of(lease, self.sighting.take(), now));
        let expired = self.sighting.as_ref().is_some_and(|sighting| sighting.expired(now));
        let candidate =
            Candidate { identity: &self.identity, duration: self.duration, now: Timestamp::now() };
        let answer = match lease {
            None => self.api.create(&PostParams::default(), &candidate.created(&self.name)).await,
            Some(lease) => match candidate.on(lease, expired) {
                Some(lease) => self.api.replace(&self.name, &PostParams::default(), &lease).await,
                None => return Ok(false),
            },
        };
        match answer {
            Ok(_) => Ok(true),
            Err(error) if code(&error) == 409 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lets others take over at once.
    async fn release(&mut self) -> kube::Result<()> {
        let Some(lease) = self.api.get_opt(&self.name).await? else { return Ok(()) };
        let candidate =
            Candidate { identity: &self.identity, duration: self.duration, now: Timestamp::now() };
        if let Some(free) = candidate.released(lease) {
            self.api.replace(&self.name, &PostParams::default(), &free).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, term: &watch::Sender<Term>) {
        loop {
            self.attempt().await;
            publish(term, self.term());
            tokio::time::sleep(self.period().min(self.patience())).await;
            publish(term, self.term());
        }
    }
}

impl Leadership for LeaseElection {
    async fn run(mut self, stop: CancellationToken, term: watch::Sender<Term>) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.follow(&term) => {}
        }
        term.send_replace(None);
        let released = tokio::time::timeout(self.deadline(), self.release()).await;
        if let Ok(Err(error)) = released {
            tracing::warn!(error = chain(&error), "lease not released, it will expire");
        }
    }
}

fn publish(term: &watch::Sender<Term>, now: Term) {
    match (term.send_replace(now), now) {
        (None, Some(_)) => tracing::info!("acting as elected leader"),
        (Some(_), None) => tracing::warn!("leadership lost"),
        _ => {}
    }
}
