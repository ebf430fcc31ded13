//! S7: what others wrote on shared objects is unchanged.

use std::collections::BTreeSet;

use super::{App, Check};
use crate::history::Version;

/// The label and annotation that a test puts on shared objects, in the name of somebody else.
pub const MARK: &str = "e2e.example.com/owner";

/// S7.
#[derive(Default)]
pub(super) struct Marks {
    marked: BTreeSet<(crate::Kind, String, &'static str)>,
}

impl Check for Marks {
    fn name(&self) -> &'static str {
        "S7"
    }

    fn see(&mut self, version: &Version, _app: &App) -> Option<String> {
        ["labels", "annotations"].into_iter().filter_map(|place| self.lost(version, place)).next_back()
    }
}

impl Marks {
    fn lost(&mut self, version: &Version, place: &'static str) -> Option<String> {
        let key = (version.kind, version.name.clone(), place);
        if version.gone {
            self.marked.remove(&key);
            return None;
        }
        if version.object["metadata"][place].get(MARK).is_some() {
            self.marked.insert(key);
            return None;
        }
        let lost = self.marked.remove(&key);
        lost.then(|| format!("{MARK} is gone from the {place} of {} {}", version.kind.name, version.name))
    }
}
