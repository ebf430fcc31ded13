//! S13: a side without ready endpoints has no share in the route while the other side has some.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{App, Check, Side, endpoints::Slices, route::side_weight};
use crate::{Kind, history::Version};

/// How long the operator may take to see it and to write the route, on a machine that other tests keep busy.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// S13.
#[derive(Default)]
pub(super) struct Stranded {
    slices: Slices,
    weights: BTreeMap<Side, i64>,
    /// Since when a side has a share and nobody to serve it.
    since: BTreeMap<Side, Instant>,
    /// Sides of which it was told already.
    told: Vec<Side>,
}

impl Check for Stranded {
    fn name(&self) -> &'static str {
        "S13"
    }

    fn see(&mut self, version: &Version, app: &App) -> Option<String> {
        // What began before this version lasted up to it.
        let found = Side::ALL.into_iter().filter_map(|side| self.late(side, version.seen, app)).next_back();
        self.slices.see(version);
        if version.kind == Kind::ROUTE && version.name == app.apex {
            for side in Side::ALL {
                self.weights.insert(side, share(version, side, app));
            }
        }
        for (side, other) in [(Side::Primary, Side::Canary), (Side::Canary, Side::Primary)] {
            self.note(side, other, version.seen, app);
        }
        found
    }
}

impl Stranded {
    fn note(&mut self, side: Side, other: Side, now: Instant, app: &App) {
        let [mine, others] = [side, other].map(|side| self.slices.ready(&side.service(&app.apex)));
        let share = self.weights.get(&side).copied().unwrap_or(0);
        if share > 0 && mine == 0 && others > 0 {
            self.since.entry(side).or_insert(now);
        } else {
            self.since.remove(&side);
            self.told.retain(|told| *told != side);
        }
    }

    /// Told once each time.
    fn late(&mut self, side: Side, now: Instant, app: &App) -> Option<String> {
        let lasted = now.saturating_duration_since(*self.since.get(&side)?);
        if lasted <= PATIENCE || self.told.contains(&side) {
            return None;
        }
        self.told.push(side);
        let (share, service) = (self.weights.get(&side).copied().unwrap_or(0), side.service(&app.apex));
        let seconds = PATIENCE.as_secs();
        Some(format!("{service} kept {share} % for more than {seconds} s without a ready endpoint"))
    }
}

/// The most that any rule gives a side, be it for users with a cookie or for everybody else.
fn share(version: &Version, side: Side, app: &App) -> i64 {
    if version.gone {
        return 0;
    }
    let of = |known| side_weight(&version.object, &side.service(&app.apex), known);
    of(false).max(of(true))
}
