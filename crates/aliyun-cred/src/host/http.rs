//! HTTP/1.1 as this library needs it: one small request, one small answer, no redirects, certificates verified.
//!
//! Invariant: an answer is read up to a limit and within a time, and no error text holds a URL's query or a body.

use std::collections::HashMap;
use std::error::Error as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::ToSocketAddrs as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use crate::credentials::Secret;
use crate::driver::{self, Driver};
use crate::error::{Error, ErrorKind};

/// The largest answer that is read: 1 MiB. Real ones have a few KiB.
const MAX_ANSWER: usize = 1 << 20;

/// How long it may take to read the trusted certificates.
const BUILD_LIMIT: Duration = Duration::from_secs(10);

/// How many differently configured connection pools a process keeps.
const MAX_CLIENTS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
}

/// Time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    /// To establish a connection.
    pub(crate) connect: Duration,
    /// To send the request and read the whole answer, once connected.
    pub(crate) exchange: Duration,
}

/// Which way a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// As `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say.
    Environment,
    /// Through this proxy, whatever the environment says.
    Through(Secret),
    /// Straight to the host, whatever the environment says.
    Direct,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Secret,
    pub(crate) limits: Limits,
    pub(crate) route: Route,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Wiped when dropped: it may hold a credential.
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// No answer came.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    /// Whether there was a connection at all.
    pub(crate) connected: bool,
    /// What happened, without the URL.
    pub(crate) text: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { kind: error.kind(), connected: false, text: error.message().to_owned() }
    }
}

/// The connection pools of one process; a forked child makes its own and leaves these alone.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    by_setting: Mutex<HashMap<Setting, reqwest::Client>>,
    /// Held while trusted certificates are read.
    building: Arc<tokio::sync::Mutex<()>>,
}

/// Everything that a pool is built from. The environment is part of it, so that a variable set later still counts.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Setting {
    tls: bool,
    connect: Duration,
    route: Route,
    /// A digest: a proxy's address may hold a password.
    environment: u64,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("tls", &self.tls).field("connect", &self.connect).finish_non_exhaustive()
    }
}

const CERTIFICATE_VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
const PROXY_VARIABLES: [&str; 7] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"];

fn digest_of_environment() -> u64 {
    let mut digest = DefaultHasher::new();
    for name in CERTIFICATE_VARIABLES.iter().chain(&PROXY_VARIABLES) {
        #[allow(clippy::disallowed_methods, reason = "a key over the environment, not a setting of ours")]
        std::env::var_os(name).hash(&mut digest);
    }
    digest.finish()
}

/// The proxies that the environment names for plain and for encrypted requests. An empty variable is none.
fn environment_proxies() -> (Option<String>, Option<String>) {
    let first = |names: &[&str]| names.iter().find_map(|name| super::variables::read(name));
    // In a CGI program, `HTTP_PROXY` is a header that the client sent.
    let plain: &[&str] = match super::variables::read("REQUEST_METHOD") {
        Some(_) => &["http_proxy"],
        None => &["HTTP_PROXY", "http_proxy"],
    };
    (first(plain), first(&["HTTPS_PROXY", "https_proxy"]))
}

impl Clients {
    /// On the driver only.
    pub(crate) async fn send(self: &Arc<Self>, driver: &Driver, request: Request) -> Result<Response, Failure> {
        let client = self.client(driver, &request).await?;
        let mut builder = match request.method {
            Method::Get => client.get(&request.url),
            Method::Post => client.post(&request.url).body(request.body.expose().to_owned()),
            Method::Put => client.put(&request.url).body(request.body.expose().to_owned()),
        };
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let limits = request.limits;
        let sent = builder.timeout(limits.connect.saturating_add(limits.exchange)).send().await;
        let mut response = sent.map_err(|error| describe(error, limits))?;
        let status = response.status().as_u16();
        // Not moved while it grows: what is left behind is not wiped.
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut body = Zeroizing::new(Vec::with_capacity(announced.unwrap_or(4096).min(MAX_ANSWER)));
        while let Some(chunk) = response.chunk().await.map_err(|error| describe(error, limits))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                let text = format!("the answer is larger than {MAX_ANSWER} bytes");
                return Err(Failure { kind: ErrorKind::MalformedReply, connected: true, text });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response { status, body })
    }

    async fn client(self: &Arc<Self>, driver: &Driver, request: &Request) -> Result<reqwest::Client, Failure> {
        let setting = Setting {
            tls: request.url.starts_with("https:"),
            connect: request.limits.connect,
            route: request.route.clone(),
            environment: digest_of_environment(),
        };
        if let Some(client) = self.lock().get(&setting) {
            return Ok(client.clone());
        }
        if !setting.tls {
            return self.built(setting);
        }
        let slow = || {
            let text = format!("the trusted certificates could not be read within {} s", BUILD_LIMIT.as_secs());
            Failure { kind: ErrorKind::Io, connected: false, text }
        };
        // One at a time: others may find there what they want.
        let alone = driver::within(BUILD_LIMIT, self.building.clone().lock_owned()).await.ok_or_else(slow)?;
        if let Some(client) = self.lock().get(&setting) {
            return Ok(client.clone());
        }
        let clients = self.clone();
        // By a helper: the certificates may lie on a disk that hangs.
        let building = driver.block(move || {
            let _alone = alone;
            clients.built(Setting { environment: digest_of_environment(), ..setting })
        });
        driver::within(BUILD_LIMIT, building).await.ok_or_else(slow)??
    }

    fn built(&self, setting: Setting) -> Result<reqwest::Client, Failure> {
        let client = build(&setting)?;
        let mut clients = self.lock();
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(setting, client.clone());
        Ok(client)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Setting, reqwest::Client>> {
        self.by_setting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names are resolved by the system, on helpers.
struct Names;

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The port is put in by whoever asks.
            let driver = driver::current()?;
            Ok(Box::new(driver.block(move || (name.as_str(), 0).to_socket_addrs()).await??) as Addrs)
        })
    }
}

fn build(setting: &Setting) -> Result<reqwest::Client, Failure> {
    let roots = if setting.tls { roots()? } else { RootCertStore::empty() };
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure { kind: ErrorKind::Tls, connected: false, text: error.to_string() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(Names))
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(setting.connect)
        .pool_max_idle_per_host(2)
        .pool_idle_timeout(Duration::from_secs(30));
    let invalid = |error: reqwest::Error| Failure {
        kind: ErrorKind::InvalidConfig,
        connected: false,
        text: format!("the proxy cannot be used: {}", innermost(&error)),
    };
    let builder = match &setting.route {
        Route::Direct => builder.no_proxy(),
        Route::Through(proxy) => builder.proxy(reqwest::Proxy::all(proxy.expose()).map_err(invalid)?),
        Route::Environment => {
            let (plain, encrypted) = environment_proxies();
            let mut builder = builder.no_proxy();
            if let Some(proxy) = plain {
                let proxy = reqwest::Proxy::http(proxy).map_err(invalid)?;
                builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_env()));
            }
            if let Some(proxy) = encrypted {
                let proxy = reqwest::Proxy::https(proxy).map_err(invalid)?;
                builder = builder.proxy(proxy.no_proxy(reqwest::NoProxy::from_env()));
            }
            builder
        }
    };
    builder.build().map_err(invalid)
}

/// The trusted roots: `SSL_CERT_FILE` and `SSL_CERT_DIR` if set, else the system's, else (only if there are none)
/// Mozilla's as compiled in. A variable that leads nowhere is an error: falling back would trust what the user took out.
fn roots() -> Result<RootCertStore, Failure> {
    #[allow(clippy::disallowed_methods, reason = "only whether they are set; the values are read by the store")]
    let chosen = CERTIFICATE_VARIABLES.iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()));
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(found.certs);
    if store.is_empty() {
        if chosen {
            let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
            let text = format!("SSL_CERT_FILE and SSL_CERT_DIR name no usable certificate{why}");
            return Err(Failure { kind: ErrorKind::Tls, connected: false, text });
        }
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(store)
}

/// Sorts a failed request by what the caller can do about it.
fn describe(error: reqwest::Error, limits: Limits) -> Failure {
    let failure = |kind, text| Failure { kind, connected: !error.is_connect(), text };
    if error.is_timeout() {
        let (what, limit) = if error.is_connect() {
            ("no connection", limits.connect)
        } else {
            ("no complete answer", limits.connect.saturating_add(limits.exchange))
        };
        return failure(ErrorKind::Timeout, format!("{what} within {} ms", limit.as_millis()));
    }
    if let Some(tls) = tls_failure(&error) {
        return failure(ErrorKind::Tls, format!("TLS failed: {tls}"));
    }
    // Of ours: there was no thread to resolve the name on.
    if let Some(own) = causes(&error).find_map(|cause| cause.downcast_ref::<Error>()) {
        return failure(own.kind(), own.message().to_owned());
    }
    if error.is_builder() {
        return failure(ErrorKind::InvalidConfig, format!("not a valid request: {}", innermost(&error)));
    }
    let what = if error.is_connect() { "cannot connect" } else { "the connection broke" };
    failure(ErrorKind::Unavailable, format!("{what}: {}", innermost(&error)))
}

fn tls_failure(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()).map(ToString::to_string)
}

/// The deepest cause: the outer layers repeat the URL and each other.
fn innermost(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

type Cause = dyn std::error::Error + 'static;

/// What lies below `error`, outermost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &Cause> {
    fn below(cause: &Cause) -> Option<&Cause> {
        // An io::Error hides the error that it wraps from `source`.
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        }
    }
    std::iter::successors(error.source(), |cause| below(*cause))
}
