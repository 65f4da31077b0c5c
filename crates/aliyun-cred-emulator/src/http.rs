//! The server side of HTTP: parses a request into a [`Call`], lets a handler turn it into an [`Answer`], and sends
//! that. Nothing here knows the services.

use std::io;
use std::sync::OnceLock;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

mod answer;
mod body;
mod call;
mod wire;

pub(crate) use answer::{Answer, Content, Reply, send};
pub(crate) use body::read_body;
pub(crate) use call::{Call, Defect, Via};
pub(crate) use wire::Wire;

use wire::Lent;

/// Serves HTTP/1.1 on `stream` until either side closes it, or a reply is to be sent as bytes.
pub(crate) async fn serve<S, H, F>(stream: S, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = io::Result<Reply>> + Send,
{
    let (stream, wire) = (Lent::new(stream), OnceLock::new());
    let service = service_fn(|request| {
        let (reply, wire) = (handler(request), &wire);
        async move {
            let mut reply = reply.await?;
            match reply.extensions_mut().remove::<Wire>() {
                Some(bytes) => {
                    let _only_one = wire.set(bytes);
                    Err(io::Error::other("the rest of the connection is not HTTP"))
                }
                None => Ok(reply),
            }
        }
    });
    // An error here means that the client went away or a fault ended HTTP: there is no one to report it to.
    let _ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream.lend()), service)
        .with_upgrades()
        .await;
    if let (Some(wire), Some(stream)) = (wire.get(), stream.take_back()) {
        let _gone = wire.send(stream).await;
    }
}

/// Reads one request, lets `handler` answer it, and sends the answer with its `Date`, in seconds since 1970.
pub(crate) async fn respond<H, F>(request: Request<Incoming>, via: Via, handler: H) -> io::Result<Reply>
where
    H: FnOnce(Call) -> F,
    F: Future<Output = (Answer, i64)>,
{
    let call = call::read(request, via).await?;
    let (answer, date) = handler(call).await;
    answer::send(answer, date).await
}
