//! Discord, which understands the shape of Slack at a path of its own.

use url::Url;

use super::{Message, Receiver, slack};

pub(super) fn body(receiver: &Receiver, message: &Message) -> Result<String, serde_json::Error> {
    slack::body(receiver, message)
}

/// The URL that takes the shape of Slack; `address` is the text of `url`.
pub(super) fn url(address: &str, mut url: Url) -> Url {
    if !address.ends_with("/slack") {
        let path = format!("{}/slack", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    url
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::url;

    #[rstest]
    #[case("https://d/api/1/x", "https://d/api/1/x/slack")]
    #[case("https://d/api/1/x/", "https://d/api/1/x/slack")]
    #[case("https://d/api/1/x/slack", "https://d/api/1/x/slack")]
    #[case("https://d/api/1/x?wait=true", "https://d/api/1/x/slack?wait=true")]
    fn path_ends_with_slack(#[case] address: &str, #[case] expected: &str) {
        assert_eq!(url(address, address.parse().unwrap()).as_str(), expected);
    }
}
