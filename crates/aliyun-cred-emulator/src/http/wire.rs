//! A connection that HTTP gives up, and the bytes that are then sent on it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};

/// The least that is written at once where nothing pauses.
const CHUNK: usize = 1 << 14;

/// What is sent in place of a response. Then the connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    /// Sent once.
    pub(crate) first: Bytes,
    /// Then sent again and again until the client goes away; may be empty.
    pub(crate) forever: Bytes,
    /// The pause after each byte; if it is zero, all are sent at once.
    pub(crate) byte_every: Duration,
}

impl Wire {
    /// Sends it, and stops early if the client closes its side.
    pub(super) async fn send<S: AsyncRead + AsyncWrite>(&self, stream: S) -> io::Result<()> {
        let (mut read, mut write) = tokio::io::split(stream);
        let mut nowhere = tokio::io::sink();
        tokio::select! {
            sent = async {
                self.write(&mut write, &self.first).await?;
                let more = self.forever.repeat(CHUNK.checked_div(self.forever.len()).map_or(0, |times| times + 1));
                while !more.is_empty() {
                    self.write(&mut write, &more).await?;
                }
                write.shutdown().await
            } => sent,
            closed = tokio::io::copy(&mut read, &mut nowhere) => closed.map(drop),
        }
    }

    async fn write<W: AsyncWrite + Unpin>(&self, write: &mut W, bytes: &[u8]) -> io::Result<()> {
        if self.byte_every.is_zero() {
            write.write_all(bytes).await?;
            return write.flush().await;
        }
        for byte in bytes {
            write.write_all(&[*byte]).await?;
            write.flush().await?;
            tokio::time::sleep(self.byte_every).await;
        }
        Ok(())
    }
}

/// A stream that is lent to HTTP.
pub(super) struct Lent<S>(Arc<Mutex<S>>);

impl<S> Lent<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    /// The same stream.
    pub(super) fn lend(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// The stream, once nobody else has it.
    pub(super) fn take_back(self) -> Option<S> {
        Arc::into_inner(self.0).map(|stream| stream.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(context)
    }
}
