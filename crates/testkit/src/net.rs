//! Ports at which nobody listens.

use std::{io, net::SocketAddr};

use tokio::net::TcpSocket;

/// A port of the loopback interface that refuses every connection for as long as this lives. It is taken, so that no
/// other test is given it meanwhile, as can happen to the port of a listener that was dropped.
#[derive(Debug)]
pub struct ClosedPort(TcpSocket);

impl ClosedPort {
    /// Takes a port.
    ///
    /// # Errors
    /// There is none.
    pub fn take() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        Ok(Self(socket))
    }

    /// Where nobody listens.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_refuses() {
        let port = ClosedPort::take().unwrap();
        let error = std::net::TcpStream::connect(port.address().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
