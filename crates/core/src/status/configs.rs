//! The checksums of configs in the status: Flagger's where Flagger looks for them, ours beside them.

use std::collections::BTreeMap;

use serin_api::CanaryStatus;

/// Checksums by `configmap/<name>` and `secret/<name>`; see [`crate::hash::config_checksum`].
type Checksums = BTreeMap<String, String>;

/// Writes down the configs of a release.
pub fn record_configs(status: &mut CanaryStatus, configs: &Checksums) {
    let binary: Checksums = configs
        .iter()
        .filter_map(|(key, sum)| Some((key.clone(), sum.split_once('-')?.1.to_owned())))
        .collect();
    status.tracked_configs = Some(configs.iter().map(|(key, sum)| (key.clone(), data(sum))).collect());
    status.tracked_binary_data = Some(binary).filter(|binary| !binary.is_empty());
}

/// The configs as they were written down.
pub fn configs(status: &CanaryStatus) -> Checksums {
    let joined = |(key, sum): (&String, &String)| {
        let binary = status.tracked_binary_data.as_ref().and_then(|binary| binary.get(key));
        (key.clone(), binary.map_or_else(|| sum.clone(), |binary| format!("{sum}-{binary}")))
    };
    status.tracked_configs.iter().flatten().map(joined).collect()
}

/// Whether the configs are not those that were written down.
///
/// In a status of Flagger's (`foreign`) nothing is said of `binaryData`: any will do.
pub fn configs_changed(status: &CanaryStatus, foreign: bool, now: &Checksums) -> bool {
    if foreign {
        let now: Checksums = now.iter().map(|(key, sum)| (key.clone(), data(sum))).collect();
        return status.tracked_configs.clone().unwrap_or_default() != now;
    }
    configs(status) != *now
}

/// The part of a checksum that is Flagger's.
fn data(checksum: &str) -> String {
    checksum.split('-').next().unwrap_or_default().to_owned()
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
        record_configs(&mut status, &all);
        assert_eq!(status.tracked_configs, Some(sums(&[("configmap/a", "1"), ("secret/b", "2")])));
        assert_eq!(status.tracked_binary_data, Some(sums(&[("configmap/a", "f")])));
        assert_eq!(configs(&status), all);
        assert!(!configs_changed(&status, false, &all));
        assert!(configs_changed(&status, false, &sums(&[("configmap/a", "1-e"), ("secret/b", "2")])));
        assert!(configs_changed(&status, false, &sums(&[("configmap/a", "1"), ("secret/b", "2")])));
    }

    #[test]
    fn flagger_says_nothing_of_binary_data() {
        let tracked_configs = Some(sums(&[("configmap/a", "1")]));
        let status = CanaryStatus { tracked_configs, ..CanaryStatus::default() };
        assert!(!configs_changed(&status, true, &sums(&[("configmap/a", "1-f")])));
        assert!(configs_changed(&status, true, &sums(&[("configmap/a", "2-f")])));
        assert!(configs_changed(&status, true, &sums(&[])));
    }

    #[test]
    fn nothing_tracked_is_no_config() {
        let (nothing, empty) = (CanaryStatus::default(), Some(Checksums::new()));
        let none = CanaryStatus { tracked_configs: empty, ..CanaryStatus::default() };
        for status in [&nothing, &none] {
            assert!(!configs_changed(status, true, &sums(&[])));
            assert!(!configs_changed(status, false, &sums(&[])));
            assert!(configs_changed(status, true, &sums(&[("secret/b", "2")])));
        }
    }
}
