//! HTTP/1.1 as this library needs it: small requests and replies, no redirects, verified certificates.
//!
//! Invariant: a reply is read up to a size and a time limit, and no error message contains a URL's query or a body.

use std::collections::{HashMap, HashSet};
use std::error::Error as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::ToSocketAddrs as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::proxy::{self, Proxy};
use super::trust;
use crate::error::{Error, ErrorKind};
use crate::runtime::driver::{self, Driver};
use crate::runtime::per_process::PerProcess;
use crate::secret::Secret;

/// The largest reply that is read: 1 MiB. Typical ones have a few KiB.
const MAX_ANSWER: usize = 1 << 20;

/// How long loading the trusted certificates may take.
const BUILD_LIMIT: Duration = Duration::from_secs(10);

/// How many connection pools with different settings a process keeps.
const MAX_CLIENTS: usize = 64;

/// How long an idle connection is kept, for the next request of the same call, such as a chained role. Kept short,
/// because the reply stays in its buffer.
const KEEP: Duration = Duration::from_millis(150);

/// What the user can do about a host that is not reached.
const NETWORK: &str = "; check the network, the proxy and the endpoint";

/// The domain of KMS's dedicated gateways, each of which has a certificate authority of its own.
const KMS_GATEWAYS: &str = ".cryptoservice.kms.aliyuncs.com";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
}

/// Time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    /// To connect.
    pub(crate) connect: Duration,
    /// To connect, send the request and read the whole reply.
    pub(crate) whole: Duration,
}

/// How a request is routed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// According to `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    Environment,
    /// Through this proxy, regardless of the environment.
    Through(Secret),
    /// Directly, regardless of the environment.
    Direct,
}

/// The certificate authorities that a request trusts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trust {
    /// Those of the environment, else the system's.
    Usual,
    /// Those in this file's content, and no others: the option `ca_file`.
    Only(Arc<[u8]>),
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Secret,
    pub(crate) limits: Limits,
    pub(crate) route: Route,
    /// Whether a service of Alibaba Cloud answers; see [`Host::learn_time`](super::Host).
    pub(crate) tells_time: bool,
    pub(crate) trust: Trust,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Wiped on drop: it may hold a credential.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// The proxy that saw the request in plain text, and may have replied in place of the service; for messages.
    pub(crate) proxy: Option<String>,
    /// The service's clock, from the reply's `Date`.
    pub(crate) date: Option<SystemTime>,
}

/// Which connection a request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// A kept one, if there is one.
    Any,
    New,
}

/// A request without a reply.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    /// Whether a connection was established.
    pub(crate) connected: bool,
    /// Whether it was a kept connection that broke before any of the reply arrived.
    pub(crate) connection_was_stale: bool,
    /// What happened, without the URL.
    pub(crate) text: String,
    /// The host and port of the request; empty if they are unknown.
    pub(crate) target: String,
    /// What the user can do; empty, or beginning with a semicolon.
    pub(crate) hint: &'static str,
}

impl Failure {
    fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Failure {
            kind,
            connected: false,
            connection_was_stale: false,
            text: text.into(),
            target: String::new(),
            hint: "",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::new(error.kind(), error.message())
    }
}

/// The connection pools of one process; a forked child creates its own and leaves these alone.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    by_setting: Mutex<HashMap<Setting, Arc<Pool>>>,
    /// Held while the trusted certificates are loaded.
    building: Arc<tokio::sync::Mutex<()>>,
}

static CLIENTS: PerProcess<Arc<Clients>> = PerProcess::new();

/// The pools of this process.
pub(super) fn clients() -> Arc<Clients> {
    Arc::clone(&**CLIENTS.get(Arc::default))
}

/// Everything that a pool is built from.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Setting {
    tls: bool,
    connect: Duration,
    proxy: Option<Secret>,
    trust: Trust,
    /// A digest of the variables that name trusted certificates, so that a later change takes effect.
    variables: u64,
}

/// Kept connections, and the settings for new ones.
#[derive(Debug)]
struct Pool {
    client: reqwest::Client,
    tls: ClientConfig,
    /// Hosts that have replied: later requests to them may use a kept connection.
    answered: Mutex<HashSet<String>>,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("tls", &self.tls).field("connect", &self.connect).finish_non_exhaustive()
    }
}

fn digest_of_variables() -> u64 {
    let mut digest = DefaultHasher::new();
    trust::VARIABLES.map(super::env::read_os).hash(&mut digest);
    digest.finish()
}

impl Clients {
    /// Driver only.
    pub(crate) async fn send(
        self: &Arc<Self>,
        driver: &Driver,
        request: Request,
        connection: Connection,
    ) -> Result<Response, Failure> {
        let proxy = proxy::of(&request.route, &request.url)?;
        // A pool lasts as long as the process, and would keep the password.
        let is_secret = proxy.as_ref().is_some_and(Proxy::is_secret);
        let connection = if is_secret { Connection::New } else { connection };
        let setting = Setting {
            tls: request.url.starts_with("https:"),
            connect: request.limits.connect,
            proxy: proxy.as_ref().map(|proxy| proxy.url.clone()),
            trust: request.trust.clone(),
            variables: digest_of_variables(),
        };
        let pooled = Setting { proxy: setting.proxy.clone().filter(|_| !is_secret), ..setting.clone() };
        let pool = self.pool(driver, pooled).await?;
        let client = match connection {
            Connection::Any => pool.client.clone(),
            Connection::New => build(&setting, pool.tls.clone())?,
        };
        let host = authority(&request.url).to_owned();
        let may_be_kept = connection == Connection::Any && lock(&pool.answered).contains(&host);
        let authority_hint = match request.trust {
            Trust::Only(_) => "; check that 'ca_file' is the certificate authority of this service",
            Trust::Usual if host.ends_with(KMS_GATEWAYS) => {
                "; set 'ca_file' to the certificate authority of the instance"
            }
            Trust::Usual => "; set SSL_CERT_FILE if your network has its own certificate authority",
        };
        let exchange = Exchange { limits: request.limits, proxy: proxy.as_ref(), may_be_kept, authority_hint };
        let answer = exchange.run(&client, driver, request).await;
        let mut answered = lock(&pool.answered);
        match &answer {
            Ok(_) if answered.len() >= MAX_CLIENTS => answered.clear(),
            Ok(_) => _ = answered.insert(host),
            Err(_) => _ = answered.remove(&host),
        }
        answer
    }

    async fn pool(self: &Arc<Self>, driver: &Driver, setting: Setting) -> Result<Arc<Pool>, Failure> {
        if let Some(pool) = lock(&self.by_setting).get(&setting) {
            return Ok(pool.clone());
        }
        if !setting.tls {
            return self.built(setting);
        }
        let slow = || {
            let text = format!("the trusted certificates could not be read within {} s", BUILD_LIMIT.as_secs());
            Failure::new(ErrorKind::Io, text)
        };
        // One at a time: a second caller may find the pool that the first one built.
        let alone = driver::within(BUILD_LIMIT, self.building.clone().lock_owned()).await.ok_or_else(slow)?;
        if let Some(pool) = lock(&self.by_setting).get(&setting) {
            return Ok(pool.clone());
        }
        let clients = self.clone();
        // On a helper: the certificates may lie on a hanging disk.
        let building = driver.block(move || {
            let _alone = alone;
            clients.built(Setting { variables: digest_of_variables(), ..setting })
        });
        driver::within(BUILD_LIMIT, building).await.ok_or_else(slow)??
    }

    fn built(&self, setting: Setting) -> Result<Arc<Pool>, Failure> {
        let roots = match &setting.trust {
            _ if !setting.tls => RootCertStore::empty(),
            Trust::Usual => trust::roots()?,
            Trust::Only(pem) => trust::only(pem)?,
        };
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(ErrorKind::Tls, error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let pool = Arc::new(Pool { client: build(&setting, tls.clone())?, tls, answered: Mutex::default() });
        let mut pools = lock(&self.by_setting);
        if pools.len() >= MAX_CLIENTS {
            pools.clear();
        }
        pools.insert(setting, pool.clone());
        Ok(pool)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host and port of a URL, for messages: user, path and query may hold secrets.
pub(crate) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Resolves names with the system's resolver, on helpers.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The HTTP library fills in the port.
            let driver = driver::current()?;
            Ok(Box::new(driver.block(move || (name.as_str(), 0).to_socket_addrs()).await??) as Addrs)
        })
    }
}

fn build(setting: &Setting, tls: ClientConfig) -> Result<reqwest::Client, Failure> {
    let invalid = |error: reqwest::Error| {
        Failure::new(ErrorKind::InvalidConfig, format!("the proxy cannot be used: {}", innermost(&error)))
    };
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(Names))
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(setting.connect)
        .pool_max_idle_per_host(2)
        .pool_idle_timeout(KEEP)
        .no_proxy();
    let builder = match &setting.proxy {
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy.expose()).map_err(invalid)?),
        None => builder,
    };
    builder.build().map_err(invalid)
}

/// One request and its reply.
struct Exchange<'a> {
    limits: Limits,
    proxy: Option<&'a Proxy>,
    may_be_kept: bool,
    /// What the user can do about a certificate of an unknown authority.
    authority_hint: &'static str,
}

impl Exchange<'_> {
    async fn run(&self, client: &reqwest::Client, driver: &Driver, request: Request) -> Result<Response, Failure> {
        let is_plain = request.url.starts_with("http:");
        let mut builder = match request.method {
            Method::Get => client.get(&request.url),
            Method::Post => client.post(&request.url).body(request.body.expose().to_owned()),
            Method::Put => client.put(&request.url).body(request.body.expose().to_owned()),
        };
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let end = Instant::now() + self.limits.whole;
        let sent = builder.timeout(self.limits.whole).send().await;
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Err(self.unanswered(error, driver, &request.url, end).await),
        };
        let status = response.status().as_u16();
        if let (407, Some(proxy)) = (status, self.proxy) {
            return Err(Failure { connected: true, ..refused_by(proxy, status) });
        }
        let date = response.headers().get("date").and_then(|date| parse_date(date.to_str().ok()?));
        // Allocated once: a reallocation would leave an unwiped copy behind.
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(4096).min(MAX_ANSWER)));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.describe(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                let text = format!("the answer is larger than {MAX_ANSWER} bytes");
                return Err(Failure { connected: true, ..Failure::new(ErrorKind::MalformedReply, text) });
            }
            body.extend_from_slice(&chunk);
        }
        let proxy = self.proxy.filter(|_| is_plain).map(|proxy| format!("{} ({})", proxy.host, proxy.name));
        Ok(Response { status, body, proxy, date })
    }

    /// Why no reply arrived.
    async fn unanswered(&self, error: reqwest::Error, driver: &Driver, url: &str, end: Instant) -> Failure {
        let failure = self.describe(&error);
        // Neither a network nor a TLS error: the proxy accepted the connection and refused the tunnel.
        let tunnel = error.is_connect() && failure.kind == ErrorKind::Unavailable && io_failure(&error).is_none();
        if let Some(proxy) = self.proxy.filter(|_| tunnel)
            && let Some(status) = proxy.refusal(driver, url, end - Instant::now()).await
        {
            return refused_by(proxy, status);
        }
        Failure { connection_was_stale: self.may_be_kept && was_closed(&error), ..failure }
    }

    /// Classifies a failed request by what the caller can do about it.
    fn describe(&self, error: &reqwest::Error) -> Failure {
        let connecting = error.is_connect();
        let failure = |kind, text: String, hint| Failure {
            connected: !connecting,
            hint,
            ..Failure::new(
                kind,
                match self.proxy.filter(|_| connecting) {
                    Some(proxy) => format!("through the proxy {} ({}): {text}", proxy.host, proxy.name),
                    None => text,
                },
            )
        };
        if error.is_timeout() {
            let (what, limit) = match connecting {
                true => ("no connection", self.limits.connect),
                false => ("no complete answer", self.limits.whole),
            };
            return failure(ErrorKind::Timeout, format!("{what} within {} ms", limit.as_millis()), NETWORK);
        }
        if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            return failure(ErrorKind::Tls, format!("TLS failed: {tls}"), tls_hint(tls, self.authority_hint));
        }
        // An error of this library: no thread to resolve the name on.
        if let Some(own) = causes(error).find_map(|cause| cause.downcast_ref::<Error>()) {
            return failure(own.kind(), own.message().to_owned(), "");
        }
        if error.is_builder() {
            return failure(ErrorKind::InvalidConfig, format!("not a valid request: {}", innermost(error)), "");
        }
        let what = if connecting { "cannot connect" } else { "the connection broke" };
        failure(ErrorKind::Unavailable, format!("{what}: {}", innermost(error)), NETWORK)
    }
}

/// Parses the time of a `Date` header; `None` for the older formats, which no service sends.
pub(super) fn parse_date(text: &str) -> Option<SystemTime> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().map(SystemTime::from)
}

fn refused_by(proxy: &Proxy, status: u16) -> Failure {
    let Proxy { host, name, .. } = proxy;
    let text = format!("the proxy {host} ({name}) refused with status {status}");
    Failure { hint: proxy::advice(status, *name == proxy::OPTION), ..Failure::new(ErrorKind::Unavailable, text) }
}

fn tls_hint(error: &rustls::Error, authority: &'static str) -> &'static str {
    use rustls::CertificateError as Certificate;
    let rustls::Error::InvalidCertificate(certificate) = error else { return NETWORK };
    match certificate {
        Certificate::Expired
        | Certificate::ExpiredContext { .. }
        | Certificate::NotValidYet
        | Certificate::NotValidYetContext { .. } => "; look at this machine's clock first, then at the certificate",
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => NETWORK,
        _ => authority,
    }
}

/// Whether the peer closed the connection.
fn was_closed(error: &reqwest::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let by_http = causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>());
    let by_system = io_failure(error)
        .is_some_and(|kind| matches!(kind, BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof));
    !error.is_connect()
        && !error.is_timeout()
        && (by_system || by_http.into_iter().any(|error| error.is_incomplete_message() || error.is_canceled()))
}

fn io_failure(error: &reqwest::Error) -> Option<io::ErrorKind> {
    causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind)
}

/// The deepest cause: the outer layers repeat the URL and each other.
fn innermost(error: &reqwest::Error) -> String {
    let text = causes(error).last().map_or_else(|| "the request failed".to_owned(), ToString::to_string);
    without_manual(&text).to_owned()
}

/// The text of a TLS error without the address of the TLS library's manual, which is for its callers.
fn without_manual(text: &str) -> &str {
    text.split_once(": https://docs.rs/").map_or(text, |(text, _)| text)
}

type Cause = dyn std::error::Error + 'static;

/// The causes of `error`, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &Cause> {
    fn below(cause: &Cause) -> Option<&Cause> {
        // An `io::Error` does not return the error that it wraps from `source`.
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        }
    }
    std::iter::successors(error.source(), |cause| below(*cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;
    use crate::wording::Surface;
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn texts_name_the_host_and_no_more() {
        for (url, host) in [
            ("https://sts.aliyuncs.com/?Signature=canary", "sts.aliyuncs.com"),
            ("http://user:canary@h:80/canary?canary#canary", "h:80"),
            ("http://user:c@nary@[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(authority(url), host);
        }
    }

    /// A service that passes every connection to `serve`, and its address.
    fn listen(serve: impl Fn(TcpStream) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap())));
        address
    }

    /// Reads a request's head.
    fn head(stream: &mut TcpStream) -> String {
        let mut read = Vec::new();
        let mut byte = [0];
        while !read.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
            read.push(byte[0]);
        }
        String::from_utf8(read).unwrap()
    }

    fn answer(stream: &mut TcpStream, status: &str) {
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").unwrap();
    }

    fn request(url: &str, route: Route) -> Request {
        let second = Duration::from_secs(60);
        Request {
            method: Method::Post,
            url: url.to_owned(),
            headers: Vec::new(),
            body: Secret::new("body"),
            limits: Limits { connect: second, whole: second },
            route,
            tells_time: false,
            trust: Trust::Usual,
        }
    }

    /// Runs a request on the background thread, and counts how often it was built.
    fn send(url: &str, route: Route) -> (Result<Response, Failure>, usize) {
        let (url, (tell, told)) = (url.to_owned(), std::sync::mpsc::channel());
        driver::current().unwrap().spawn(async move {
            let made = AtomicUsize::new(0);
            let outcome = Host::new(Surface::Rust)
                .http(|| {
                    made.fetch_add(1, Ordering::Relaxed);
                    Ok(request(&url, route.clone()))
                })
                .await;
            tell.send((outcome, made.into_inner())).unwrap();
        });
        told.recv().unwrap()
    }

    /// The second request on a connection finds it closed by the service, unless part of a reply has arrived.
    #[test]
    fn a_stale_connection_costs_a_second_request_and_a_fresh_one_does_not() {
        let kept = listen(|mut stream| {
            head(&mut stream);
            answer(&mut stream, "200 OK");
            head(&mut stream);
        });
        let url = format!("http://{kept}/");
        let outcomes: Vec<_> = (0..4).map(|_| send(&url, Route::Direct)).collect();
        assert!(outcomes.iter().all(|(outcome, _)| outcome.is_ok()));
        // Which of the others find an open connection depends on the network; the first cannot.
        assert_eq!(outcomes[0].1, 1);
        assert!(outcomes.iter().all(|(_, made)| *made <= 2));

        let closing = listen(|mut stream| drop(head(&mut stream)));
        let (outcome, made) = send(&format!("http://{closing}/"), Route::Direct);
        assert_eq!((outcome.unwrap_err().kind, made), (ErrorKind::Unavailable, 1));
    }

    #[test]
    fn a_proxys_refusal_names_the_proxy_and_the_status() {
        for (status, hint) in
            [("403 Forbidden", "allow this host"), ("407 No", "password"), ("502 Bad Gateway", "endpoint")]
        {
            let proxy = listen(move |mut stream| {
                head(&mut stream);
                write!(stream, "HTTP/1.1 {status}\r\n\r\n").unwrap();
            });
            let route = Route::Through(format!("http://user:canary@{proxy}").into());
            let failure = send("https://sts.invalid/", route).0.unwrap_err();
            let number = &status[..3];
            let expected = format!("the proxy {proxy} (the option 'proxy') refused with status {number}");
            assert_eq!((failure.kind, failure.text), (ErrorKind::Unavailable, expected));
            assert!(failure.hint.contains(hint), "{}", failure.hint);
        }
    }

    /// It is asked once more, for its status, and then does not answer.
    #[test]
    fn a_proxy_that_refuses_and_then_hangs_ends_with_the_request() {
        let (asked, hanging) = (AtomicUsize::new(0), std::sync::Mutex::new(Vec::new()));
        let proxy = listen(move |mut stream| {
            head(&mut stream);
            if asked.fetch_add(1, Ordering::Relaxed) == 0 {
                write!(stream, "HTTP/1.1 403 Forbidden\r\n\r\n").unwrap();
            } else {
                hanging.lock().unwrap().push(stream);
            }
        });
        let (tell, told) = std::sync::mpsc::channel();
        let driver = driver::current().unwrap();
        let own = driver.clone();
        driver.spawn(async move {
            let route = Route::Through(format!("http://{proxy}").into());
            let limits = Limits { connect: Duration::from_secs(600), whole: Duration::from_millis(500) };
            let request = Request { limits, ..request("https://sts.invalid/", route) };
            tell.send(clients().send(&own, request, Connection::Any).await).unwrap();
        });
        let failure = told.recv_timeout(Duration::from_secs(60)).unwrap().unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Unavailable);
    }

    #[test]
    fn an_error_does_not_send_its_reader_to_a_librarys_manual() {
        let notify = "peer closed connection without sending TLS close_notify";
        let text = format!("{notify}: https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof");
        assert_eq!(without_manual(&text), notify);
        assert_eq!(without_manual("connection reset by peer: 104"), "connection reset by peer: 104");
    }

    #[test]
    fn what_to_do_follows_from_what_is_wrong_with_the_certificate() {
        use rustls::CertificateError::{Expired, NotValidForName, NotValidYet, UnknownIssuer};
        let hint = |error| tls_hint(&rustls::Error::InvalidCertificate(error), "the authority");
        assert!([Expired, NotValidYet].map(hint).iter().all(|hint| hint.starts_with("; look at this machine's clock")));
        assert_eq!(hint(UnknownIssuer), "the authority");
        // No authority would help.
        assert_eq!(hint(NotValidForName), NETWORK);
        assert_eq!(tls_hint(&rustls::Error::DecryptError, "the authority"), NETWORK);
    }

    #[test]
    fn a_proxy_may_speak_socks() {
        let proxy = listen(|mut stream| {
            let mut bytes = [0; 3];
            stream.read_exact(&mut bytes).unwrap();
            assert_eq!(bytes, [5, 1, 0], "version 5, one way to log in, without");
            stream.write_all(&[5, 0]).unwrap();
            let mut asked = [0; 5 + 11 + 2];
            stream.read_exact(&mut asked).unwrap();
            assert_eq!(&asked, b"\x05\x01\x00\x03\x0bsts.invalid\x00\x50", "connect to the name");
            stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).unwrap();
            assert!(head(&mut stream).starts_with("POST / HTTP/1.1\r\n"));
            // Closing a connection with unread data would reset it.
            stream.read_exact(&mut [0; 4]).unwrap();
            answer(&mut stream, "200 OK");
        });
        let route = Route::Through(format!("socks5h://{proxy}").into());
        assert_eq!(send("http://sts.invalid/", route).0.unwrap().status, 200);
    }
}
