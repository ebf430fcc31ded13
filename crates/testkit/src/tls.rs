//! HTTPS servers that no client should trust.

use std::{io, sync::Arc};

use rcgen::CertifiedKey;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, rustls::ServerConfig};

/// A server for `127.0.0.1` whose certificate no authority has signed.
pub struct SelfSigned {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl SelfSigned {
    /// Listens on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is none, or the TLS library makes no certificate.
    pub async fn listen() -> io::Result<Self> {
        let names = ["127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
        let key = signing_key.serialize_der().try_into().map_err(io::Error::other)?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.into()], key);
        let acceptor = TlsAcceptor::from(Arc::new(config.map_err(io::Error::other)?));
        Ok(Self { listener: TcpListener::bind("127.0.0.1:0").await?, acceptor })
    }

    /// The URL, without a slash at its end.
    ///
    /// # Errors
    /// The socket has no address.
    pub fn url(&self) -> io::Result<String> {
        Ok(format!("https://{}", self.listener.local_addr()?))
    }

    /// Gives this body to whoever gets through the handshake, one after the other, without end.
    pub async fn serve(self, body: &str) {
        while let Ok((connection, _)) = self.listener.accept().await {
            // That a client does not trust it is what this server is for.
            let _ = self.answer(connection, body).await;
        }
    }

    /// Gives this body to the first client. An error says that the client gave up during the handshake.
    ///
    /// # Errors
    /// The client does not trust the certificate, or hangs up.
    pub async fn serve_once(&self, body: &str) -> io::Result<()> {
        let (connection, _) = self.listener.accept().await?;
        self.answer(connection, body).await
    }

    async fn answer(&self, connection: TcpStream, body: &str) -> io::Result<()> {
        let mut connection = self.acceptor.accept(connection).await?;
        let mut request = [0; 4096];
        if connection.read(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        connection.write_all(format!("{head}{body}").as_bytes()).await?;
        connection.shutdown().await
    }
}
