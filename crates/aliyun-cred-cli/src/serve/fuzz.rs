//! What `fuzz/` calls with made-up requests, and the replay of what it has found. Compiled for tests and with the feature
//! `fuzzing` only.

use std::cell::LazyCell;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aliyun_cred::{Client, Credentials};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};

use super::connections::Connections;
use super::converse;
use super::profiles::Profiles;
use super::reply::{Metadata, Service};
use super::token::{SessionTokens, Token};

/// The secret of the credential that is served.
const CANARY: &str = "Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY";
/// What stands for the server's token in an input, which cannot know it.
const TOKEN: &[u8] = b"TOKEN";
/// The same for a token of the metadata protocol.
const SESSION: &[u8] = b"SESSION";

struct Server {
    runtime: Runtime,
    service: Arc<Service>,
    connections: Arc<Connections>,
    session: String,
}

thread_local! {
    static SERVER: LazyCell<Option<Server>> = const { LazyCell::new(server) };
}

/// A server with one credential, and the metadata protocol; `None` without randomness or an event loop.
fn server() -> Option<Server> {
    let end = SystemTime::now() + Duration::from_secs(12 * 3600);
    let session = Credentials::from_parts("LTAIfuzz", CANARY).with_security_token(CANARY).with_expiration(end);
    let client = Client::from_blocking("fuzz", move || Ok(session.clone()));
    client.credentials_blocking().ok()?;
    let mut service = Service::new(Token::random().ok()?, Profiles::of(client));
    let tokens = SessionTokens::new().ok()?;
    let session = tokens.issue(21_600)?;
    service.metadata = Some(Metadata { tokens, v1: false });
    let runtime = Builder::new_current_thread().enable_time().build().ok()?;
    Some(Server { runtime, service: Arc::new(service), connections: Connections::new(), session })
}

/// Requests on one connection, as the server reads them from it. Without a token, no reply may hold the credential.
///
/// # Panics
/// If there is a fault, or no event loop.
#[allow(clippy::expect_used, reason = "fuzzing panics")]
pub fn serve(data: &[u8]) {
    SERVER.with(|server| {
        let server = LazyCell::force(server).as_ref().expect("a server");
        let given = replaced(data, TOKEN, server.service.token.expose().as_bytes());
        let given = replaced(&given, SESSION, server.session.as_bytes());
        let knows_token = given.len() != data.len();
        let written = Arc::new(Mutex::new(Vec::new()));
        let stream = Stream { given, read: 0, written: Arc::clone(&written) };
        server.runtime.block_on(async {
            let place = server.connections.place().await.expect("a place");
            let local = SocketAddr::from(([127, 0, 0, 1], 8080));
            converse(Arc::clone(&server.service), stream, Some(local), place).await;
        });
        let written = written.lock().unwrap_or_else(PoisonError::into_inner);
        let shows = |what: &str| written.windows(what.len()).any(|part| part == what.as_bytes());
        assert!(knows_token || !(shows(CANARY) || shows("LTAIfuzz")), "a credential without a token");
        assert!(knows_token || !shows(server.service.token.expose()), "the token for everybody");
        assert!(written.is_empty() || written.starts_with(b"HTTP/1."), "no reply is one");
    });
}

fn replaced(data: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut done = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((first, after)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(what) {
            done.extend_from_slice(by);
            rest = behind;
        } else {
            done.push(*first);
            rest = after;
        }
    }
    done
}

/// A connection whose other side has sent everything at once, and closed.
struct Stream {
    given: Vec<u8>,
    read: usize,
    written: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let rest = self.given.get(self.read..).unwrap_or_default();
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(rest.get(..count).unwrap_or_default());
        self.read += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_input_that_was_found_passes() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/serve");
        let mut replayed = 0;
        for entry in std::fs::read_dir(corpus).unwrap() {
            let path = entry.unwrap().path();
            let input = std::fs::read(&path).unwrap();
            assert!(std::panic::catch_unwind(|| super::serve(&input)).is_ok(), "{} fails", path.display());
            replayed += 1;
        }
        assert!(replayed > 10, "the corpus is not where it is looked for");
    }
}
