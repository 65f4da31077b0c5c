//! The server side of HTTP: parses a request into a [`Call`], lets a handler turn it into an [`Answer`], and sends
//! that. Nothing here knows the services.

use std::io;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

mod answer;
mod body;
mod call;

pub(crate) use answer::{Answer, Content, Reply};
pub(crate) use body::read_body;
pub(crate) use call::{Call, Defect, Via};

/// Serves HTTP/1.1 on `stream` until either side closes it.
pub(crate) async fn serve<S, H, F>(stream: S, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = io::Result<Reply>> + Send,
{
    // An error here means that the client went away or a fault closed the connection: there is no one to report it to.
    let _ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service_fn(handler))
        .with_upgrades()
        .await;
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
