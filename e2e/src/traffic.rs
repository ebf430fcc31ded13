//! Requests through the gateway: open-loop, bounded, every answer counted.

mod account;
mod report;
mod tally;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder, Response, header::HOST};
use tokio::{
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval},
};

pub use account::account;
pub use report::{Report, sides};
pub use tally::{Answer, Failure, RequestEnd, Tally};

/// The response header in which the gateway names the pod that answered (`<ip>:<port>`).
pub const UPSTREAM: &str = "x-upstream-host";

/// Requests in flight at most. One more is not sent, and counted as held back.
const IN_FLIGHT: usize = 64;

/// How long an answer may take: longer than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to send, and how often.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `http://<address>` of the gateway.
    pub gateway: String,
    /// The `Host` header.
    pub host: String,
    /// Path of the URL.
    pub path: String,
    /// More headers.
    pub headers: Vec<(String, String)>,
    /// Requests per second; at most 1000.
    pub rate: u32,
}

impl Plan {
    /// Requests of `/`, which podinfo answers with its version.
    pub fn new(gateway: &str, host: &str, rate: u32) -> Self {
        let path = "/".to_owned();
        Self { gateway: gateway.to_owned(), host: host.to_owned(), path, headers: Vec::new(), rate }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One request.
    fn request(&self, client: &Client) -> RequestBuilder {
        let url = format!("{}{}", self.gateway, self.path);
        let request = client.get(url).header(HOST, &self.host);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// Running traffic. Dropping it stops it.
pub struct Traffic {
    tally: Arc<Mutex<Tally>>,
    stop: watch::Sender<bool>,
    pacer: JoinHandle<()>,
}

impl Traffic {
    /// Starts to send.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn start(plan: Plan) -> Result<Self> {
        Self::counting(plan, Tally::default())
    }

    /// Starts to send, and keeps so many failures of each pod, and of none, with their details.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn keeping(plan: Plan, samples: usize) -> Result<Self> {
        Self::counting(plan, Tally { samples, ..Tally::default() })
    }

    fn counting(plan: Plan, tally: Tally) -> Result<Self> {
        let client = client()?;
        let tally = Arc::new(Mutex::new(tally));
        let (stop, stopped) = watch::channel(false);
        let pacer = tokio::spawn(pace(plan, client, Arc::clone(&tally), stopped));
        Ok(Self { tally, stop, pacer })
    }

    /// What was counted so far.
    pub fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until what was counted has a property: a gateway learns of new pods in its own time.
    ///
    /// # Errors
    /// The property does not hold within the limit; the error says what was counted.
    pub async fn until(&self, what: &str, limit: Duration, property: impl Fn(&Tally) -> bool) -> Result<()> {
        let mut ticks = interval(Duration::from_millis(50));
        let end = Instant::now() + limit;
        loop {
            ticks.tick().await;
            let tally = self.tally();
            if property(&tally) {
                return Ok(());
            }
            ensure!(Instant::now() < end, "no {what} in {} s: {:?}", limit.as_secs(), tally.answers);
        }
    }

    /// Stops, waits for the answers under way and returns what was counted.
    pub async fn stop(self) -> Tally {
        self.stop.send_replace(true);
        // A pacer that panicked has counted what it could.
        self.pacer.await.ok();
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Sends one request and returns the answer.
///
/// # Errors
/// The gateway does not answer.
pub async fn once(plan: &Plan) -> Result<Response> {
    plan.request(&client()?).send().await.context("no answer from the gateway")
}

/// Asks until there is a good answer within this time: the gateway takes a moment to learn of a route and of its
/// endpoints.
///
/// # Errors
/// No good answer comes within the limit; the error says what came last.
pub async fn until_served(plan: &Plan, limit: Duration) -> Result<()> {
    let client = client()?;
    let mut ticks = interval(Duration::from_millis(50));
    let end = Instant::now() + limit;
    loop {
        ticks.tick().await;
        let last = match plan.request(&client).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => answer.status().to_string(),
            Err(error) => format!("{error:?}"),
        };
        ensure!(Instant::now() < end, "no good answer from the gateway in {} s: {last}", limit.as_secs());
    }
}

/// A client that goes straight to the gateway and follows nothing.
fn client() -> Result<Client> {
    let builder = Client::builder().no_proxy().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    Ok(builder.build()?)
}

async fn pace(plan: Plan, client: Client, tally: Arc<Mutex<Tally>>, mut stopped: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut requests = JoinSet::new();
    let mut ticks = interval(Duration::from_secs(1) / plan.rate.clamp(1, 1000));
    // Open-loop: a late tick is made up for, so that slow answers do not thin out the load.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            _ = ticks.tick() => {}
            Some(_) = requests.join_next() => continue,
        }
        match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => {
                let (request, tally) = (plan.request(&client), Arc::clone(&tally));
                requests.spawn(async move {
                    count(&tally, request).await;
                    drop(slot);
                });
            }
            Err(_) => lock(&tally).held_back += 1,
        }
    }
    while requests.join_next().await.is_some() {}
}

async fn count(tally: &Mutex<Tally>, request: RequestBuilder) {
    let begin = Instant::now();
    let answer = match request.send().await {
        Ok(response) => Answer::read(response).await,
        Err(error) => Answer::none(&error),
    };
    lock(tally).add(answer, begin.elapsed());
}

fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}
