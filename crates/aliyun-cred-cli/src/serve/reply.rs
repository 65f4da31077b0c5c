//! What a request gets.
//!
//! Invariant: without the token, or without a session token of the metadata protocol where that is served, a reply is a
//! status and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aliyun_cred::Client;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::{Method, Request, Response, StatusCode};

use crate::failure::Failure;
use crate::get;

use super::address;
use super::profiles::Profiles;
use super::say;
use super::token::{SessionTokens, Token};

/// How long a request may take, its credential included.
const LIMIT: Duration = Duration::from_secs(60);

/// The metadata protocol's headers, and how long its tokens may last, in seconds.
const TOKEN: HeaderName = HeaderName::from_static("x-aliyun-ecs-metadata-token");
const TOKEN_TTL: HeaderName = HeaderName::from_static("x-aliyun-ecs-metadata-token-ttl-seconds");
const FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-for");
const LONGEST_TTL: u64 = 21_600;

pub(crate) type Reply = Response<Full<Bytes>>;

/// What answers.
pub(crate) struct Service {
    pub(crate) token: Token,
    pub(crate) profiles: Profiles,
    pub(crate) metadata: Option<Metadata>,
    /// The names, besides its address, by which requests may call the server.
    pub(crate) hosts: Vec<String>,
    pub(crate) verbose: bool,
    pub(crate) counts: Mutex<BTreeMap<u16, u64>>,
}

/// The metadata protocol.
pub(crate) struct Metadata {
    pub(crate) tokens: SessionTokens,
    /// Whether requests without a token are answered.
    pub(crate) v1: bool,
}

/// A request's path, with its token recognised.
enum Path<'a> {
    Health,
    Credentials,
    Metrics,
    SessionToken(&'a Metadata),
    Roles(&'a Metadata),
    Role(&'a Metadata, &'a str),
    Unknown,
}

impl Service {
    /// Serves these by the credentials URI protocol, by its address alone.
    pub(crate) fn new(token: Token, profiles: Profiles) -> Self {
        let (metadata, hosts, counts) = (None, Vec::new(), Mutex::default());
        Service { token, profiles, metadata, hosts, verbose: false, counts }
    }

    /// Answers a request on a connection that goes to `local`, if that is an address.
    pub(crate) async fn answer(&self, request: Request<Incoming>, local: Option<SocketAddr>) -> Reply {
        let begun = Instant::now();
        let (path, reply) = self.route(&request, local).await;
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(reply.status().as_u16()).or_default() += 1;
        if self.verbose {
            let (method, status) = (request.method(), reply.status().as_u16());
            say(&format!("{method} {path} {status} {:.1} ms", begun.elapsed().as_secs_f64() * 1e3));
        }
        reply
    }

    /// The reply, and what the access log calls the request.
    async fn route(&self, request: &Request<Incoming>, local: Option<SocketAddr>) -> (&'static str, Reply) {
        let refused = |code| ("(refused)", status(code));
        let (uri, headers) = (request.uri(), request.headers());
        // One host, which is this server's, whatever form the target has.
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next().map(HeaderValue::to_str), hosts.next()) {
            (Some(Ok(host)), None) => host,
            _ => return refused(StatusCode::BAD_REQUEST),
        };
        let named = |host: &str| address::is_named(host, local, &self.hosts);
        // Web pages have an origin, and no business here.
        if !named(host) || uri.authority().is_some_and(|other| !named(other.as_str())) || headers.contains_key(ORIGIN) {
            return refused(StatusCode::FORBIDDEN);
        }
        if !request.body().is_end_stream() {
            let mut reply = status(StatusCode::PAYLOAD_TOO_LARGE);
            reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return ("(refused)", reply);
        }
        let path = self.path(uri.path());
        let name = match &path {
            Path::Health => "health",
            Path::Credentials => "credentials",
            Path::Metrics => "metrics",
            Path::SessionToken(_) => "metadata token",
            Path::Roles(_) | Path::Role(..) => "metadata credentials",
            Path::Unknown => "(unknown)",
        };
        (name, self.reply(&path, request).await)
    }

    async fn reply(&self, path: &Path<'_>, request: &Request<Incoming>) -> Reply {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        match path {
            Path::Unknown => status(StatusCode::NOT_FOUND),
            Path::SessionToken(metadata) if request.method() == Method::PUT => {
                session_token(metadata, request.headers())
            }
            Path::SessionToken(_) => status(StatusCode::METHOD_NOT_ALLOWED),
            _ if !reads => status(StatusCode::METHOD_NOT_ALLOWED),
            Path::Health if self.profiles.are_healthy() => status(StatusCode::OK),
            Path::Health => status(StatusCode::SERVICE_UNAVAILABLE),
            Path::Metrics => text("text/plain; version=0.0.4", self.metrics()),
            Path::Credentials => match profile(request.uri().query()) {
                Ok(name) => self.credentials(name.as_deref()).await,
                Err(()) => problem(StatusCode::BAD_REQUEST, "InvalidParameter", "the query takes profile=NAME only"),
            },
            Path::Roles(metadata) | Path::Role(metadata, _) if !metadata.admits(request.headers()) => {
                status(StatusCode::UNAUTHORIZED)
            }
            Path::Roles(_) => text("text/plain", self.profiles.names().next().unwrap_or_default().to_owned()),
            Path::Role(_, name) => self.credentials(Some(name)).await,
        }
    }

    fn path<'a>(&'a self, path: &'a str) -> Path<'a> {
        if path == "/healthz" {
            return Path::Health;
        }
        if let (Some(metadata), Some(path)) = (&self.metadata, path.strip_prefix("/latest/")) {
            let role = path.strip_prefix("meta-data/ram/security-credentials");
            return match (path, role) {
                ("api/token", _) => Path::SessionToken(metadata),
                (_, Some("" | "/")) => Path::Roles(metadata),
                (_, Some(role)) => role.strip_prefix('/').map_or(Path::Unknown, |name| Path::Role(metadata, name)),
                (_, None) => Path::Unknown,
            };
        }
        let parts = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match parts {
            Some((token, rest)) if self.token.is(token) => match rest {
                "credentials" => Path::Credentials,
                "metrics" => Path::Metrics,
                _ => Path::Unknown,
            },
            _ => Path::Unknown,
        }
    }

    async fn credentials(&self, name: Option<&str>) -> Reply {
        let Some(client) = self.profiles.client(name) else {
            return problem(StatusCode::NOT_FOUND, "EntityNotExist.Profile", "this server does not serve that profile");
        };
        passed_on(LIMIT, session(&client)).await
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        self.profiles.metrics(&mut text);
        let name = "aliyun_cred_requests_total";
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} Requests answered\n# TYPE {name} counter");
        for (status, count) in &*self.counts.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = writeln!(text, "{name}{{status=\"{status}\"}} {count}");
        }
        text
    }
}

impl Metadata {
    /// Whether a request for credentials has a token that is good, or needs none. A proxy that forwards requests for
    /// others says so.
    fn admits(&self, headers: &HeaderMap) -> bool {
        match headers.get(TOKEN).map(HeaderValue::to_str) {
            _ if headers.contains_key(FORWARDED) => false,
            None => self.v1,
            Some(token) => token.is_ok_and(|token| self.tokens.admit(token)),
        }
    }
}

fn session_token(metadata: &Metadata, headers: &HeaderMap) -> Reply {
    let seconds = headers.get(TOKEN_TTL).and_then(|value| value.to_str().ok()?.parse().ok());
    match seconds.filter(|seconds| (1..=LONGEST_TTL).contains(seconds)) {
        _ if headers.contains_key(FORWARDED) => status(StatusCode::FORBIDDEN),
        Some(seconds) => match metadata.tokens.issue(seconds) {
            Some(token) => text("text/plain", token),
            None => status(StatusCode::INTERNAL_SERVER_ERROR),
        },
        None => status(StatusCode::BAD_REQUEST),
    }
}

/// A client's credential as a credentials URI returns it, or the failure with its code.
pub(super) async fn session(client: &Client) -> Result<String, (&'static str, Failure)> {
    let credentials = client.credentials().await.map_err(|error| (error.kind().name(), Failure::from(error)))?;
    let document = get::uri(&credentials).map_err(|failure| ("no_session", failure))?;
    Ok(document.to_string())
}

/// The reply with what a source brings within `limit`.
async fn passed_on(limit: Duration, session: impl Future<Output = Result<String, (&'static str, Failure)>>) -> Reply {
    match tokio::time::timeout(limit, session).await {
        Ok(Ok(document)) => text("application/json", document),
        Ok(Err((code, failure))) => problem(StatusCode::BAD_GATEWAY, code, failure.text()),
        Err(_) => {
            let why = format!("the source takes longer than {} s", limit.as_secs());
            problem(StatusCode::GATEWAY_TIMEOUT, "timeout", &why)
        }
    }
}

/// The profile that a query names.
fn profile(query: Option<&str>) -> Result<Option<String>, ()> {
    let pairs: Vec<_> = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    match pairs.as_slice() {
        [] => Ok(None),
        [pair] => {
            let encoded = pair.strip_prefix("profile=").ok_or(())?.replace('+', " ");
            let decoded = percent_encoding::percent_decode_str(&encoded).decode_utf8().map_err(|_| ())?;
            Ok(Some(decoded.into_owned()))
        }
        _ => Err(()),
    }
}

/// A status without a body.
pub(super) fn status(code: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = code;
    reply
}

fn text(content_type: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::from(body));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A failure, for a program that may be told.
fn problem(code: StatusCode, name: &str, message: &str) -> Reply {
    let document = serde_json::json!({ "Code": name, "Message": message });
    let mut reply = text("application/json", document.to_string());
    *reply.status_mut() = code;
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_a_minute() {
        assert_eq!(LIMIT, Duration::from_secs(60));
        let late = passed_on(Duration::ZERO, std::future::pending());
        let reply = super::super::event_loop().ok().unwrap().block_on(late);
        assert_eq!(reply.status(), StatusCode::GATEWAY_TIMEOUT);
    }
}
