//! S7: what others wrote on shared objects is unchanged.

use std::collections::BTreeMap;

use super::{App, Check};
use crate::history::Version;

/// The label and annotation that a test puts on shared objects, in the name of somebody else.
pub const MARK: &str = "e2e.example.com/owner";

/// S7.
#[derive(Default)]
pub(super) struct Marks {
    /// The uid of what bears the mark: an object of the same name that was made anew never bore it.
    marked: BTreeMap<(crate::Kind, String, &'static str), String>,
}

impl Check for Marks {
    fn name(&self) -> &'static str {
        "S7"
    }

    fn see(&mut self, version: &Version, _app: &App) -> Option<String> {
        ["labels", "annotations"].into_iter().filter_map(|place| self.lost(version, place)).next_back()
    }
}

/// A primary is made with the annotations of its target, also with the target's mark.
fn is_its_own(mark: &serde_json::Value, name: &str) -> bool {
    let of = mark.as_str().and_then(|mark| mark.strip_prefix("on-"));
    of.is_none_or(|of| of == name)
}

impl Marks {
    fn lost(&mut self, version: &Version, place: &'static str) -> Option<String> {
        let key = (version.kind, version.name.clone(), place);
        if version.gone {
            self.marked.remove(&key);
            return None;
        }
        let metadata = &version.object["metadata"];
        let uid = metadata["uid"].as_str().unwrap_or_default();
        if metadata[place].get(MARK).is_some_and(|mark| is_its_own(mark, &version.name)) {
            self.marked.insert(key, uid.to_owned());
            return None;
        }
        let lost = self.marked.remove(&key).is_some_and(|marked| marked == uid);
        lost.then(|| format!("{MARK} is gone from the {place} of {} {}", version.kind.name, version.name))
    }
}
