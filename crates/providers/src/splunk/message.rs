//! The messages of a SignalFlow computation.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::StatusCode;
use serde::Deserialize;

use crate::answer::{Fault, json};

/// What the computation is called on its connection.
pub(super) const CHANNEL: &str = "ch-1";

/// Version, type, flags, a reserved byte, and sixteen bytes with the channel.
const HEADER: usize = 20;

/// Time of a data message, and the number of its elements.
const DATA: usize = 12;

/// The type of a value, its time series, its bytes.
const ELEMENT: usize = 17;

const COMPRESSED: u8 = 1;
const JSON: u8 = 2;

/// What follows from a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Others will come.
    More,
    /// There was more than can be read.
    Full,
    /// The computation was refused.
    Refused(StatusCode),
    /// The computation ended; no message follows.
    End,
}

/// What is known of a computation so far.
#[derive(Debug)]
pub(super) struct Computation {
    /// Bytes that may still come.
    room: usize,
    /// The only time series.
    series: Option<[u8; 8]>,
    /// Whether there was another one.
    several: bool,
    /// The newest value.
    last: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    #[serde(rename = "type")]
    kind: String,
    event: Option<String>,
    /// HTTP's number for an error.
    error: Option<u16>,
    error_type: Option<String>,
    message: Option<serde_json::Value>,
}

impl Computation {
    /// `limit` is the most that may come, in bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { room: limit, series: None, several: false, last: None }
    }

    /// The value, at the end.
    pub(super) fn value(&self) -> Result<f64, Fault> {
        match self.last {
            _ if self.several => Err(Fault::MultipleValues),
            Some(value) if !value.is_nan() => Ok(value),
            _ => Err(Fault::NoValues),
        }
    }

    /// Takes in a text message.
    pub(super) fn text(&mut self, text: &str) -> Result<Progress, Fault> {
        if !self.takes(text.len()) {
            return Ok(Progress::Full);
        }
        let text: Text = json(text.as_bytes())?;
        match (text.kind.as_str(), text.event.as_deref()) {
            ("control-message", Some("END_OF_CHANNEL" | "CHANNEL_ABORT")) => Ok(Progress::End),
            ("error" | "websocket-error", _) => match text.error.map(StatusCode::from_u16) {
                Some(Ok(status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))) => {
                    Ok(Progress::Refused(status))
                }
                _ => Err(Fault::Rejected(text.cause())),
            },
            _ => Ok(Progress::More),
        }
    }

    /// Takes in a binary message.
    pub(super) fn binary(&mut self, message: &[u8]) -> Result<Progress, Fault> {
        let (header, rest) = message.split_at_checked(HEADER).ok_or_else(short)?;
        let flags = header[2];
        let mut body = Vec::new();
        if flags & COMPRESSED == 0 {
            body.extend_from_slice(rest);
        } else {
            let limit = u64::try_from(self.room).unwrap_or(u64::MAX).saturating_add(1);
            let unpacked = GzDecoder::new(rest).take(limit).read_to_end(&mut body);
            unpacked.map_err(|_| Fault::malformed("a message that cannot be unpacked"))?;
        }
        if flags & JSON != 0 {
            let text = String::from_utf8(body).map_err(|_| Fault::malformed("a text that is not UTF-8"))?;
            return self.text(&text);
        }
        if !self.takes(body.len()) {
            return Ok(Progress::Full);
        }
        self.data(&body)?;
        Ok(Progress::More)
    }

    fn data(&mut self, body: &[u8]) -> Result<(), Fault> {
        let (header, elements) = body.split_at_checked(DATA).ok_or_else(short)?;
        let count = header[8..].iter().fold(0_usize, |count, byte| count << 8 | usize::from(*byte));
        if count.checked_mul(ELEMENT).is_none_or(|bytes| bytes > elements.len()) {
            return Err(short());
        }
        elements.chunks_exact(ELEMENT).take(count).for_each(|element| self.element(element));
        Ok(())
    }

    /// An element without a value does not count.
    fn element(&mut self, element: &[u8]) {
        let (kind, rest) = (element[0], &element[1..]);
        let (series, value) = rest.split_at(8);
        let (Ok(series), Ok(value)) = (<[u8; 8]>::try_from(series), <[u8; 8]>::try_from(value)) else {
            return;
        };
        let Some(value) = number(kind, value) else { return };
        self.several |= self.series.is_some_and(|known| known != series);
        self.series = Some(series);
        self.last = Some(value);
    }

    fn takes(&mut self, bytes: usize) -> bool {
        let room = self.room.checked_sub(bytes);
        self.room = room.unwrap_or_default();
        room.is_some()
    }
}

impl Text {
    /// What an error says.
    fn cause(self) -> String {
        let message = match self.message {
            Some(serde_json::Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => "no reason".to_owned(),
        };
        let parts = [self.error.map(|code| code.to_string()), self.error_type, Some(message)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

#[expect(clippy::cast_precision_loss, reason = "the nearest float is meant")]
fn number(kind: u8, value: [u8; 8]) -> Option<f64> {
    match kind {
        1 => Some(i64::from_be_bytes(value) as f64),
        2 => Some(f64::from_be_bytes(value)),
        3 => Some(f64::from(i32::from_be_bytes([value[0], value[1], value[2], value[3]]))),
        _ => None,
    }
}

fn short() -> Fault {
    Fault::malformed("a data message that is too short")
}
