//! A connection to a mail server: from the first byte in TLS, with STARTTLS, or in clear on this machine; and a meter on it,
//! since the IMAP library keeps in memory whatever a server sends.

use super::error::{MailboxError, tidy};
use crate::config::{MailSecurity, Mailbox};
use async_imap::Client;
use async_imap::imap_proto::{Response, Status};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Bytes that a server may send before it is asked for anything, and with the answer to any command.
pub(super) const CHATTER: u64 = 256 * 1024;

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// How much a server may still send.
#[derive(Debug, Clone)]
pub(super) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// From now on it may send so many bytes.
    pub fn allow(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }
}

/// A connection with its meter.
pub(super) struct Metered {
    wire: Box<dyn Wire>,
    left: Meter,
}

impl Metered {
    fn new(wire: impl Wire + 'static, left: Meter) -> Self {
        Self { wire: Box::new(wire), left }
    }
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metered").field("left", &self.left).finish_non_exhaustive()
    }
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        let read = (buf.filled().len() - before) as u64;
        let left = self.left.0.load(Ordering::Relaxed);
        if read > left {
            return Poll::Ready(Err(io::Error::other(MORE)));
        }
        self.left.0.store(left - read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

/// What the meter says.
pub(super) const MORE: &str = "it sends more than it was asked for";

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}

/// A server that has greeted.
pub(super) struct Greeted {
    pub client: Client<Metered>,
    pub meter: Meter,
    /// It takes no LOGIN.
    pub login_disabled: bool,
}

/// Host and port, for messages.
pub(super) fn place(mailbox: &Mailbox) -> String {
    format!("{}:{}", mailbox.host, mailbox.port())
}

/// Connects, in the way that the settings say, within the mailbox's timeout.
pub(super) async fn connect(mailbox: &Mailbox, tls: &Arc<ClientConfig>) -> Result<Greeted, MailboxError> {
    let limit = Duration::from_secs(mailbox.timeout_seconds);
    tokio::time::timeout(limit, connect_at_last(mailbox, tls)).await.unwrap_or_else(|_| {
        let command = "the connection".to_owned();
        Err(MailboxError::Silent { place: place(mailbox), command, seconds: mailbox.timeout_seconds })
    })
}

async fn connect_at_last(mailbox: &Mailbox, tls: &Arc<ClientConfig>) -> Result<Greeted, MailboxError> {
    let place = place(mailbox);
    let unreachable = |error: io::Error| MailboxError::Unreachable { place: place.clone(), reason: error.to_string() };
    let tcp = TcpStream::connect((mailbox.host.as_str(), mailbox.port())).await.map_err(unreachable)?;
    tcp.set_nodelay(true).map_err(unreachable)?;
    let here = tcp.peer_addr().is_ok_and(|peer| peer.ip().is_loopback());
    let meter = Meter(Arc::new(AtomicU64::new(CHATTER)));
    match mailbox.security {
        MailSecurity::Tls => {
            let stream = encrypted(tcp, mailbox, tls).await?;
            greeting(Client::new(Metered::new(stream, meter.clone())), meter, &place).await
        }
        MailSecurity::None if !here => Err(MailboxError::InClear { place }),
        MailSecurity::None => greeting(Client::new(Metered::new(tcp, meter.clone())), meter, &place).await,
        MailSecurity::Starttls => {
            let mut greeted = greeting(Client::new(Metered::new(tcp, meter.clone())), meter.clone(), &place).await?;
            greeted.client.run_command_and_check_ok("STARTTLS", None).await.map_err(|error| match error {
                async_imap::error::Error::No(reason) | async_imap::error::Error::Bad(reason) => {
                    MailboxError::NoStarttls { place: place.clone(), reason: tidy(&reason) }
                }
                other => MailboxError::Unreachable { place: place.clone(), reason: tidy(&other.to_string()) },
            })?;
            // What came behind the answer in clear was put there by somebody else: it goes with the old client.
            let stream = encrypted(greeted.client.into_inner().wire, mailbox, tls).await?;
            let client = Client::new(Metered::new(stream, meter.clone()));
            Ok(Greeted { client, meter, login_disabled: false })
        }
    }
}

async fn encrypted<T: Wire>(
    wire: T,
    mailbox: &Mailbox,
    tls: &Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<T>, MailboxError> {
    let distrust = |reason: String| MailboxError::Tls { place: place(mailbox), reason };
    let host = mailbox.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| distrust(error.to_string()))?;
    TlsConnector::from(Arc::clone(tls)).connect(name, wire).await.map_err(|error| {
        let reason = tidy(&error.to_string());
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if inner.is_some() {
            distrust(reason)
        } else {
            MailboxError::Unreachable { place: place(mailbox), reason: format!("no TLS: {reason}") }
        }
    })
}

async fn greeting(mut client: Client<Metered>, meter: Meter, place: &str) -> Result<Greeted, MailboxError> {
    let unreachable = |reason: String| MailboxError::Unreachable { place: place.to_owned(), reason: tidy(&reason) };
    let greeting = client
        .read_response()
        .await
        .map_err(|error| MailboxError::Garbage { place: place.to_owned(), reason: tidy(&error.to_string()) })?;
    let Some(greeting) = greeting else { return Err(unreachable("it hangs up".to_owned())) };
    let login_disabled = match greeting.parsed() {
        Response::Data { status: Status::Ok, outcome } => {
            format!("{:?}", outcome.code).to_uppercase().contains("LOGINDISABLED")
        }
        Response::Data { status: Status::PreAuth, .. } => false,
        Response::Data { outcome, .. } => {
            return Err(unreachable(outcome.information.clone().unwrap_or_default().into_owned()));
        }
        other => {
            let reason = tidy(&format!("it greets with {other:?}"));
            return Err(MailboxError::Garbage { place: place.to_owned(), reason });
        }
    };
    Ok(Greeted { client, meter, login_disabled })
}

/// Whom connections of a mailbox trust: the public authorities and its own.
pub(super) fn trust(mailbox: &Mailbox) -> Result<Arc<ClientConfig>, MailboxError> {
    let distrust = |reason: String| MailboxError::Tls { place: place(mailbox), reason };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(file) = &mailbox.ca_file {
        let unreadable = |reason: String| distrust(format!("{}: {reason}", file.display()));
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(error.to_string()))? {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| distrust(error.to_string()))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
