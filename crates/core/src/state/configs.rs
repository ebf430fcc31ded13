//! The checksums of configs: Flagger's where Flagger looks for them, ours beside them.

use std::collections::BTreeMap;

use serin_api::CanaryStatus;

/// Checksums by `configmap/<name>` and `secret/<name>`.
type Checksums = BTreeMap<String, String>;

/// The configs as they were written down; see [`crate::hash::config_checksum`]. `None` where none were.
pub(super) fn read(status: &CanaryStatus) -> Option<Checksums> {
    let joined = |(key, sum): (&String, &String)| {
        let binary = status.tracked_binary_data.as_ref().and_then(|binary| binary.get(key));
        (key.clone(), binary.map_or_else(|| sum.clone(), |binary| format!("{sum}-{binary}")))
    };
    Some(status.tracked_configs.as_ref()?.iter().map(joined).collect())
}

/// Writes down the configs of a release.
pub(super) fn write(configs: Option<&Checksums>, status: &mut CanaryStatus) {
    let binary = configs.into_iter().flatten();
    let binary: Checksums =
        binary.filter_map(|(key, sum)| Some((key.clone(), sum.split_once('-')?.1.to_owned()))).collect();
    status.tracked_configs = configs.map(data_of);
    status.tracked_binary_data = Some(binary).filter(|binary| !binary.is_empty());
}

/// Whether the configs are not those that were written down.
///
/// In a status of Flagger's (`foreign`) nothing is said of `binaryData`: any will do.
pub fn changed(known: Option<&Checksums>, foreign: bool, now: &Checksums) -> bool {
    let none = Checksums::new();
    let known = known.unwrap_or(&none);
    if foreign { data_of(known) != data_of(now) } else { known != now }
}

/// The first config that is not as it was written down.
pub fn first_changed<'a>(known: Option<&Checksums>, now: &'a Checksums) -> Option<&'a str> {
    let same = |key: &String, sum: &String| known.and_then(|known| known.get(key)) == Some(sum);
    now.iter().find(|(key, sum)| !same(key, sum)).map(|(key, _)| key.as_str())
}

/// The parts of checksums that are Flagger's.
fn data_of(configs: &Checksums) -> Checksums {
    let data = |sum: &String| sum.split('-').next().unwrap_or_default().to_owned();
    configs.iter().map(|(key, sum)| (key.clone(), data(sum))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(pairs: &[(&str, &str)]) -> Checksums {
        pairs.iter().map(|(key, sum)| ((*key).to_owned(), (*sum).to_owned())).collect()
    }

    #[test]
    fn flagger_finds_its_own_checksums() {
        let mut status = CanaryStatus::default();
        let all = sums(&[("configmap/a", "1-f"), ("secret/b", "2")]);
        write(Some(&all), &mut status);
        assert_eq!(status.tracked_configs, Some(sums(&[("configmap/a", "1"), ("secret/b", "2")])));
        assert_eq!(status.tracked_binary_data, Some(sums(&[("configmap/a", "f")])));
        let known = read(&status);
        assert_eq!(known.as_ref(), Some(&all));
        assert!(!changed(known.as_ref(), false, &all));
        assert!(changed(known.as_ref(), false, &sums(&[("configmap/a", "1-e"), ("secret/b", "2")])));
        assert!(changed(known.as_ref(), false, &sums(&[("configmap/a", "1"), ("secret/b", "2")])));
    }

    #[test]
    fn flagger_says_nothing_of_binary_data() {
        let known = sums(&[("configmap/a", "1")]);
        assert!(!changed(Some(&known), true, &sums(&[("configmap/a", "1-f")])));
        assert!(changed(Some(&known), true, &sums(&[("configmap/a", "2-f")])));
        assert!(changed(Some(&known), true, &sums(&[])));
    }

    #[test]
    fn nothing_tracked_is_no_config() {
        for known in [None, Some(&Checksums::new())] {
            assert!(!changed(known, true, &sums(&[])));
            assert!(!changed(known, false, &sums(&[])));
            assert!(changed(known, true, &sums(&[("secret/b", "2")])));
        }
    }

    #[test]
    fn the_config_that_changed_is_named() {
        let known = sums(&[("configmap/a", "1"), ("secret/b", "2")]);
        let now = sums(&[("configmap/a", "1"), ("secret/b", "3")]);
        assert_eq!(first_changed(Some(&known), &now), Some("secret/b"));
        assert_eq!(first_changed(Some(&known), &known), None);
    }
}
