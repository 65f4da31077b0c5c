//! From HTTP to a [`Call`], and from an [`Answer`] back. Nothing here knows any service.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::service;
use crate::state::Shared;

/// The largest request that a service reads, in bytes.
pub(crate) const MAX_REQUEST: usize = 1 << 20;
/// What is read and thrown away of a larger one, so that its sender gets to see the refusal
/// instead of a broken connection.
const MAX_DISCARDED: u64 = 64 << 20;

/// How a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// Plain HTTP to the service's own port.
    Http,
    /// TLS to the service's own port.
    Https,
    /// Through the proxy, with TLS or without.
    Proxy,
    /// Plain HTTP to the metadata service's port.
    Metadata,
}

impl Via {
    /// The name in the request log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Proxy => "proxy",
            Self::Metadata => "metadata",
        }
    }
}

/// Names and values in the order in which they came.
pub(crate) type Pairs = Vec<(String, String)>;

/// One request, read whole and decoded.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// How it came in.
    pub(crate) via: Via,
    /// In upper case, as sent.
    pub(crate) method: String,
    /// The `Host` header, else the authority of the request's URL.
    pub(crate) host: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    /// As sent, still encoded.
    pub(crate) path: String,
    /// The query's parameters, decoded.
    pub(crate) query: Pairs,
    /// The form's parameters, decoded; empty if the body is not a form.
    pub(crate) form: Pairs,
    /// Lower-case names; the values of a repeated header joined by commas.
    pub(crate) headers: Pairs,
    /// As sent.
    pub(crate) body: Bytes,
    /// Why no service can read it, if that is so.
    pub(crate) defect: Option<Defect>,
}

/// What makes a request unreadable for any service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// The body is larger than [`MAX_REQUEST`].
    TooLarge,
    /// A parameter or header is not UTF-8 after decoding.
    NotUtf8,
    /// A parameter came twice, which the services do not define.
    Repeated,
}

impl Call {
    /// A parameter by name, from the query or the form.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        find(&self.query, name).or_else(|| find(&self.form, name))
    }

    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// A parameter of the form alone, for what must not be in a URL.
    pub(crate) fn form_param(&self, name: &str) -> Option<&str> {
        find(&self.form, name)
    }

    /// What follows `scheme` in the `Authorization` header.
    pub(crate) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (found, value) = self.header("authorization")?.split_once(' ')?;
        found.eq_ignore_ascii_case(scheme).then_some(value)
    }

    /// All parameters.
    pub(crate) fn params(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.iter().chain(&self.form)
    }
}

fn find<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// What a service answers with, before it is HTTP.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A document.
    Json(Value),
    /// Plain text.
    Text(String),
}

/// What goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A response.
    Response {
        /// 200 to 599.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// The `Location` header.
        location: Option<String>,
        /// The body.
        body: Bytes,
    },
    /// The connection is closed without an answer.
    Close,
    /// Nothing is sent until the client goes.
    Hang,
}

impl Answer {
    /// What a service has to say.
    pub(crate) fn new(status: u16, content: Content) -> Self {
        let (content_type, body) = match content {
            Content::Json(document) => ("application/json;charset=utf-8", document.to_string()),
            Content::Text(text) => ("text/plain", text),
        };
        Self::Response { status, content_type: content_type.to_owned(), location: None, body: Bytes::from(body) }
    }
}

/// The response type of every listener.
pub(crate) type Reply = Response<Full<Bytes>>;

/// Serves HTTP/1.1 on `stream` until either side closes it.
pub(crate) async fn serve<S, H, F>(stream: S, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = io::Result<Reply>> + Send,
{
    // An error here is a client that went or a connection that a fault closed: nobody to tell.
    let _ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service_fn(handler))
        .with_upgrades()
        .await;
}

/// Hands one request to the services and sends what they answer.
pub(crate) async fn respond(request: Request<Incoming>, via: Via, shared: Arc<Shared>) -> io::Result<Reply> {
    let call = read(request, via).await?;
    let outcome = service::handle(&shared, &call);
    if outcome.latency > Duration::ZERO {
        tokio::time::sleep(outcome.latency).await;
    }
    send(outcome.answer).await
}

async fn send(answer: Answer) -> io::Result<Reply> {
    match answer {
        Answer::Response { status, content_type, location, body } => {
            let mut reply = Response::new(Full::new(body));
            *reply.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
            let headers = reply.headers_mut();
            let content_type = HeaderValue::from_str(&content_type).map_err(io::Error::other)?;
            headers.insert(CONTENT_TYPE, content_type);
            if let Some(location) = location {
                let location = HeaderValue::from_str(&location).map_err(io::Error::other)?;
                headers.insert(LOCATION, location);
            }
            Ok(reply)
        }
        Answer::Close => Err(io::Error::other("closed by a fault")),
        // The server drops this future when the client closes its side or the emulator ends.
        Answer::Hang => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
}

/// The body of a request to any listener; `None` if it is larger than `limit`.
pub(crate) async fn read_body(mut body: Incoming, limit: usize) -> io::Result<Option<Bytes>> {
    if body.size_hint().lower() > MAX_DISCARDED {
        return Ok(None);
    }
    let mut kept = BytesMut::new();
    let mut total = 0_u64;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(io::Error::other)?.into_data() else { continue };
        total = total.saturating_add(data.len() as u64);
        if total > MAX_DISCARDED {
            return Ok(None);
        }
        if total <= limit as u64 {
            kept.extend_from_slice(&data);
        }
    }
    Ok((total <= limit as u64).then(|| kept.freeze()))
}

async fn read(request: Request<Incoming>, via: Via) -> io::Result<Call> {
    let (head, body) = request.into_parts();
    let body = read_body(body, MAX_REQUEST).await?;
    let mut defect = body.is_none().then_some(Defect::TooLarge);
    let body = body.unwrap_or_default();

    let headers = headers(&head.headers).unwrap_or_else(|| {
        defect = Some(Defect::NotUtf8);
        Vec::new()
    });
    let query = decode(head.uri.query().unwrap_or_default().as_bytes()).unwrap_or_else(|| {
        defect = Some(Defect::NotUtf8);
        Vec::new()
    });
    let is_form = find(&headers, CONTENT_TYPE.as_str()).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let form = if is_form { decode(&body) } else { Some(Vec::new()) }.unwrap_or_else(|| {
        defect = Some(Defect::NotUtf8);
        Vec::new()
    });
    let host = find(&headers, HOST.as_str())
        .map(str::to_owned)
        .or_else(|| head.uri.authority().map(ToString::to_string))
        .unwrap_or_default();
    let mut call = Call {
        via,
        method: head.method.as_str().to_owned(),
        host,
        target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        path: head.uri.path().to_owned(),
        query,
        form,
        headers,
        body,
        defect,
    };
    if call.defect.is_none() && repeats(&call) {
        call.defect = Some(Defect::Repeated);
    }
    Ok(call)
}

fn repeats(call: &Call) -> bool {
    let mut names: Vec<&str> = call.params().map(|(name, _)| name.as_str()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() != count
}

fn headers(map: &HeaderMap) -> Option<Pairs> {
    let mut pairs = Vec::with_capacity(map.keys_len());
    for name in map.keys() {
        let values: Result<Vec<&str>, _> =
            map.get_all(name).iter().map(|value| std::str::from_utf8(value.as_bytes())).collect();
        pairs.push((name.as_str().to_owned(), values.ok()?.join(",")));
    }
    Some(pairs)
}

/// `application/x-www-form-urlencoded`, strictly UTF-8.
pub(crate) fn decode(text: &[u8]) -> Option<Pairs> {
    let plain = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().map(std::borrow::Cow::into_owned).ok()
    };
    std::str::from_utf8(text)
        .ok()?
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((plain(name)?, plain(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, String)>> {
        decode(text.as_bytes())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn forms_are_decoded_once() {
        assert_eq!(pairs(""), Some(vec![]));
        assert_eq!(pairs("a=b+c&&d&e=%2B%25"), Some(vec![pair("a", "b c"), pair("d", ""), pair("e", "+%"),]));
        assert_eq!(pairs("a=b=c"), Some(vec![pair("a", "b=c")]));
        assert_eq!(pairs("a=%"), Some(vec![pair("a", "%")]));
        assert_eq!(pairs("a=%ff"), None);
    }
}
