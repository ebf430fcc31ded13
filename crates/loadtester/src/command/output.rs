//! What a command wrote, up to a bound.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;

/// How many bytes of a command's output are kept. The rest is read, so that the command goes on, and dropped.
const KEPT: usize = 256 * 1024;

/// The beginning of a command's output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    kept: Vec<u8>,
    dropped: usize,
}

impl Output {
    /// Reads until every writer of the pipe is gone.
    pub(crate) async fn read(&mut self, mut pipe: Receiver) -> io::Result<()> {
        let mut chunk = vec![0; 8 * 1024];
        loop {
            match pipe.read(&mut chunk).await? {
                0 => return Ok(()),
                length => self.push(&chunk[..length]),
            }
        }
    }

    /// The output as text, with a note about what is missing.
    pub(crate) fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.kept);
        match self.dropped {
            0 => text.into_owned(),
            dropped => format!("{text}\n[{dropped} more bytes were dropped]"),
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = bytes.len().min(KEPT - self.kept.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.dropped += bytes.len() - room;
    }
}
