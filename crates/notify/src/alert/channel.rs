//! The form of each channel: where a message is sent, and what of it.

use url::Url;

use super::{
    AlertError, Kind, Message, Receiver, adaptive, discord, generic, google_chat, msteams, rocket, slack,
};

/// The URL to send to.
pub(super) fn url(receiver: &Receiver) -> Result<Url, AlertError> {
    let url = receiver.url()?;
    Ok(match receiver.kind {
        Kind::Discord => discord::url(receiver.address.expose(), url),
        _ => url,
    })
}

/// The body to send to `url`.
pub(super) fn body(receiver: &Receiver, url: &Url, message: &Message) -> Result<String, serde_json::Error> {
    match receiver.kind {
        Kind::Slack => slack::body(receiver, message),
        Kind::Discord => discord::body(receiver, message),
        Kind::Rocket => rocket::body(receiver, message),
        Kind::MsTeams if adaptive::is_workflow(url) => adaptive::body(message),
        Kind::MsTeams => msteams::body(message),
        Kind::GoogleChat => google_chat::body(message),
        Kind::Webhook => generic::body(&receiver.channel, &receiver.username, message),
    }
}
