//! Converts an [`Answer`] to HTTP.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, DATE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde_json::Value;

use crate::clock;

/// The response type of every listener.
pub(crate) type Reply = Response<Full<Bytes>>;

/// A service's answer, before it becomes HTTP.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A document.
    Json(Value),
    /// Plain text.
    Text(String),
}

/// The answer to a request.
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
    /// Closes the connection without an answer.
    Close,
    /// Sends nothing until the client goes away.
    Hang,
}

impl Answer {
    /// An answer with this status and content.
    pub(crate) fn new(status: u16, content: Content) -> Self {
        let (content_type, body) = match content {
            Content::Json(document) => ("application/json;charset=utf-8", document.to_string()),
            Content::Text(text) => ("text/plain", text),
        };
        Self::Response { status, content_type: content_type.to_owned(), location: None, body: Bytes::from(body) }
    }
}

/// Sends `answer` with this `Date`, in seconds since 1970, unless it is one that sends nothing.
pub(super) async fn send(answer: Answer, date: i64) -> io::Result<Reply> {
    match answer {
        Answer::Response { status, content_type, location, body } => {
            let mut reply = Response::new(Full::new(body));
            *reply.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
            let headers = reply.headers_mut();
            let content_type = HeaderValue::from_str(&content_type).map_err(io::Error::other)?;
            headers.insert(CONTENT_TYPE, content_type);
            headers.insert(DATE, HeaderValue::from_str(&clock::to_date(date)).map_err(io::Error::other)?);
            if let Some(location) = location {
                let location = HeaderValue::from_str(&location).map_err(io::Error::other)?;
                headers.insert(LOCATION, location);
            }
            Ok(reply)
        }
        Answer::Close => Err(io::Error::other("closed by a fault")),
        // The server drops this future when the client closes its side or the emulator stops.
        Answer::Hang => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    }
}
