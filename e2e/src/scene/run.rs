//! Running tests side by side.

use std::{panic::AssertUnwindSafe, sync::LazyLock, time::Instant};

use anyhow::{Context, Result, anyhow, ensure};
use futures::FutureExt;
use tokio::{runtime::Builder, sync::Semaphore};

use super::{Scene, dump};
use crate::{Cluster, ControlPlane, install, invariants::violations, settings::text};

/// How many tests run at a time (`SERIN_E2E_PARALLEL`). Most of a test is waiting.
static SLOTS: LazyLock<(Semaphore, u32)> = LazyLock::new(|| {
    let slots = text("SERIN_E2E_PARALLEL", "4").parse().unwrap_or(4);
    (Semaphore::new(slots as usize), slots)
});

/// How a test ended. What failed was printed, so that there is nothing left to say.
pub type TestResult = Result<(), Failed>;

/// A test failed.
#[derive(Debug)]
pub struct Failed {
    /// Its name.
    pub test: String,
}

/// Runs a test beside others, in a namespace of its own.
///
/// # Errors
/// The test failed, or a safety invariant did not hold. The namespace is kept then, and its state printed.
pub fn together(name: &str, body: impl AsyncFnOnce(&Scene) -> Result<()>) -> TestResult {
    on_shared(name, 1, body)
}

/// Runs a test beside others that judges the safety invariants itself.
///
/// # Errors
/// The test failed. The namespace is kept then, and its state printed.
pub fn unwatched(name: &str, body: impl AsyncFnOnce(&Scene) -> Result<()>) -> TestResult {
    let test = async {
        let cluster = Cluster::connect().await?;
        install::once(&cluster).await.context("installing what the tests share")?;
        played(name, cluster, body, async |_: &Scene| Ok(())).await
    };
    told(name, with_slots(1, test))
}

/// Runs a test while no other runs, because it disturbs what all of them share, or cannot bear a busy machine.
///
/// # Errors
/// As [`together`].
pub fn alone(name: &str, body: impl AsyncFnOnce(&Scene) -> Result<()>) -> TestResult {
    on_shared(name, SLOTS.1, body)
}

/// Runs a test beside others on a control plane of its own, whose faults no other feels.
///
/// # Errors
/// As [`together`].
pub fn apart(name: &str, body: impl AsyncFnOnce(&Scene, &ControlPlane) -> Result<()>) -> TestResult {
    told(
        name,
        with_slots(1, async {
            let plane = ControlPlane::up(name).await?;
            let outcome = play(name, plane.cluster(), async |scene| body(scene, &plane).await).await;
            plane.down().await?;
            outcome
        }),
    )
}

fn told(name: &str, outcome: Result<()>) -> TestResult {
    outcome.map_err(|error| {
        dump::broken(name, &error);
        Failed { test: name.to_owned() }
    })
}

fn on_shared(name: &str, slots: u32, body: impl AsyncFnOnce(&Scene) -> Result<()>) -> TestResult {
    told(
        name,
        with_slots(slots, async {
            let cluster = Cluster::connect().await?;
            install::once(&cluster).await.context("installing what the tests share")?;
            play(name, cluster, body).await
        }),
    )
}

/// Waits for so many of the slots, and holds them while the test runs.
fn with_slots(slots: u32, test: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let _slots = SLOTS.0.acquire_many(slots).await?;
        test.await
    })
}

/// Plays the body in a namespace of its own, and checks the safety invariants over all that happened.
async fn play(name: &str, cluster: Cluster, body: impl AsyncFnOnce(&Scene) -> Result<()>) -> Result<()> {
    played(name, cluster, body, is_safe).await
}

async fn played(
    name: &str,
    cluster: Cluster,
    body: impl AsyncFnOnce(&Scene) -> Result<()>,
    judge: impl AsyncFnOnce(&Scene) -> Result<()>,
) -> Result<()> {
    let scene = Scene::open(cluster, name).await?;
    let begin = Instant::now();
    let outcome = AssertUnwindSafe(body(&scene)).catch_unwind().await;
    let outcome = outcome.unwrap_or_else(|panic| Err(anyhow!("panicked: {}", panic_text(&*panic))));
    let outcome = match outcome {
        Ok(()) => judge(&scene).await,
        failed => failed,
    };
    match outcome {
        Ok(()) => {
            dump::passed(name, begin.elapsed());
            scene.close().await
        }
        Err(error) => {
            dump::failed(name, &scene).await;
            Err(error)
        }
    }
}

/// Whether the safety invariants held all the time.
async fn is_safe(scene: &Scene) -> Result<()> {
    let found = scene.look(|versions| violations(versions, &scene.app)).await?;
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    ensure!(found.is_empty(), "safety invariants did not hold:\n{}", lines.join("\n"));
    Ok(())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}
