//! Where an alert goes.

use serin_api::AlertProviderSpec;
use url::Url;

use super::{AlertError, Secret};

/// The channels that Serin can write to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `slack`: a hook, or the API when there is a token.
    Slack,
    /// `discord`: a hook, used in the shape of Slack.
    Discord,
    /// `rocket`: a hook of Rocket.Chat.
    Rocket,
    /// `msteams`: a workflow or a connector of Microsoft Teams, told apart by the host.
    MsTeams,
    /// `gchat`: a hook of Google Chat.
    GoogleChat,
    /// `webhook`: anything that takes plain JSON; Flagger does not have it.
    Webhook,
}

impl Kind {
    /// The kind that `AlertProvider.spec.type` names.
    ///
    /// # Errors
    /// [`AlertError::Unsupported`] for any other.
    pub fn parse(kind: &str) -> Result<Self, AlertError> {
        match kind {
            "slack" => Ok(Self::Slack),
            "discord" => Ok(Self::Discord),
            "rocket" => Ok(Self::Rocket),
            "msteams" => Ok(Self::MsTeams),
            "gchat" => Ok(Self::GoogleChat),
            "webhook" => Ok(Self::Webhook),
            _ => Err(AlertError::Unsupported { kind: kind.to_owned() }),
        }
    }

    /// The spelling in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Rocket => "rocket",
            Self::MsTeams => "msteams",
            Self::GoogleChat => "gchat",
            Self::Webhook => "webhook",
        }
    }

    fn hook(self) -> &'static str {
        match self {
            Self::Slack => "Slack hook",
            Self::Discord => "Discord hook",
            Self::Rocket => "Rocket hook",
            Self::MsTeams => "MS Teams webhook",
            Self::GoogleChat => "Google Chat webhook",
            Self::Webhook => "webhook",
        }
    }

    /// The name in errors, for the channels that need a sender and a room.
    fn with_sender(self) -> Option<&'static str> {
        match self {
            Self::Slack => Some("Slack"),
            Self::Discord => Some("Discord"),
            Self::Rocket => Some("Rocket"),
            Self::MsTeams | Self::GoogleChat | Self::Webhook => None,
        }
    }
}

/// What the Secret of an AlertProvider holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    address: Secret,
    token: Option<Secret>,
}

impl Credentials {
    /// Reads the keys `address` and `token`; `key` gives the data of a key.
    ///
    /// # Errors
    /// [`AlertError::NoAddress`] when the Secret has no key `address`.
    pub fn read<'a>(key: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, AlertError> {
        let secret = |name| key(name).map(|data| Secret::new(&String::from_utf8_lossy(data)));
        Ok(Self { address: secret("address").ok_or(AlertError::NoAddress)?, token: secret("token") })
    }
}

/// Where an alert goes, and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// The channel.
    pub kind: Kind,
    /// URL of the hook.
    pub address: Secret,
    /// Bearer token; Slack's API and plain webhooks use it.
    pub token: Option<Secret>,
    /// URL of an HTTP proxy.
    pub proxy: Option<Secret>,
    /// Name of the sender.
    pub username: String,
    /// Name of the room.
    pub channel: String,
}

impl Receiver {
    /// The receiver that an AlertProvider describes. `credentials` are those of its `secretRef`; their address
    /// replaces that of the manifest.
    ///
    /// # Errors
    /// [`AlertError::NoAddress`] when `secretRef` is set and its credentials are not given,
    /// [`AlertError::Unsupported`] when the type is unknown. Whether the address is a URL shows
    /// when something is sent.
    pub fn new(spec: &AlertProviderSpec, credentials: Option<Credentials>) -> Result<Self, AlertError> {
        let (address, token) = match credentials {
            Some(credentials) => (credentials.address, credentials.token),
            None if spec.secret_ref.is_some() => return Err(AlertError::NoAddress),
            None => (Secret::new(spec.address.as_deref().unwrap_or_default()), None),
        };
        Ok(Self {
            kind: Kind::parse(&spec.type_)?,
            address,
            token,
            proxy: non_empty(spec.proxy.as_deref()).map(Secret::new),
            username: non_empty(spec.username.as_deref()).unwrap_or("flagger").to_owned(),
            channel: non_empty(spec.channel.as_deref()).unwrap_or("general").to_owned(),
        })
    }

    /// The address, if the receiver is whole.
    pub(super) fn url(&self) -> Result<Url, AlertError> {
        self.check_sender()?;
        let address = self.address.expose();
        let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.ok_or(AlertError::Url { channel: self.kind.hook() })
    }

    fn check_sender(&self) -> Result<(), AlertError> {
        let Some(channel) = self.kind.with_sender() else { return Ok(()) };
        let empty = |field| Err(AlertError::Empty { channel, field });
        match (self.username.as_str(), self.channel.as_str()) {
            ("", _) => empty("username"),
            (_, "") => empty("channel"),
            _ => Ok(()),
        }
    }

    /// The token to send along.
    pub(super) fn bearer(&self) -> Option<&str> {
        let token = self.token.as_ref().filter(|_| matches!(self.kind, Kind::Slack | Kind::Webhook))?;
        non_empty(Some(token.expose()))
    }

    /// `text` without anything that grants access to the receiver.
    pub(super) fn scrubbed(&self, text: &str) -> String {
        let secrets = [Some(&self.address), self.token.as_ref(), self.proxy.as_ref()];
        secrets.into_iter().flatten().fold(text.to_owned(), |text, secret| secret.scrubbed(&text))
    }
}

fn non_empty(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}
