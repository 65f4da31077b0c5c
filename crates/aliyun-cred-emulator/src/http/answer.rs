//! Converts an [`Answer`] to HTTP.

use std::convert::Infallible;
use std::io;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;

use super::wire::Wire;
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
    /// An XML document.
    Xml(String),
    /// Bytes as they were stored, described by headers.
    Stored {
        /// The `Content-Type` header.
        content_type: String,
        /// Other headers, by lower-case name.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Bytes,
    },
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
        /// Other headers, by lower-case name.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Bytes,
    },
    /// Closes the connection without an answer.
    Close,
    /// Sends nothing until the client goes away.
    Hang,
    /// Bytes in place of a response.
    Wire(Wire),
}

impl Answer {
    /// An answer with this status and content.
    pub(crate) fn new(status: u16, content: Content) -> Self {
        let (content_type, body) = match content {
            Content::Json(document) => ("application/json;charset=utf-8", document.to_string()),
            Content::Text(text) => ("text/plain", text),
            Content::Xml(document) => ("application/xml", document),
            Content::Stored { content_type, headers, body } => {
                return Self::Response { status, content_type, headers, body };
            }
        };
        Self::Response { status, content_type: content_type.to_owned(), headers: Vec::new(), body: Bytes::from(body) }
    }
}

/// Sends `answer` with this `Date`, in seconds since 1970, unless it is one that sends nothing.
pub(crate) async fn send(answer: Answer, date: i64) -> io::Result<Reply> {
    match answer {
        Answer::Response { status, content_type, headers, body } => {
            let mut reply = Response::new(Full::new(body));
            *reply.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
            let content_type = HeaderValue::from_str(&content_type).map_err(io::Error::other)?;
            reply.headers_mut().insert(CONTENT_TYPE, content_type);
            let date = HeaderValue::from_str(&clock::to_date(date)).map_err(io::Error::other)?;
            reply.headers_mut().insert(DATE, date);
            for (name, value) in headers {
                let value = HeaderValue::from_str(&value).map_err(io::Error::other)?;
                reply.headers_mut().insert(HeaderName::from_static(name), value);
            }
            Ok(reply)
        }
        // The connection takes them from here.
        Answer::Wire(wire) => {
            let mut reply = Response::default();
            reply.extensions_mut().insert(wire);
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
