//! The RAM role of an ECS instance, from the instance metadata service.
//!
//! <https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata>
//! Version 2, which needs a token, is tried before version 1, unless there was no connection at all: version 1 is on
//! the same host.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::config::Config;
use crate::credentials::Credentials;
use crate::credentials::Lead;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Failure, Host, Limits, Method, Request, Response, Route, Trust};
use crate::protocol::reply::{Service, Shape, encode, no_hint, rejected};
use crate::protocol::{limits, route};
use crate::secret::Secret;
use crate::text::{decode, decode_wiped};

const NAME: &str = "ecs_ram_role";
const DEFAULT_ENDPOINT: &str = "http://100.100.100.200";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
const TOKEN_SECONDS: &str = "21600";
/// How long the default chains of a process remember that there was no connection.
const MEMORY_MS: u64 = 10_000;

/// Until this monotonic time, no default chain of this process tries again. Atomic, so that a fork cannot inherit it
/// locked.
static UNREACHABLE_UNTIL: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
pub(crate) struct EcsRamRole {
    endpoint: String,
    /// `None`: ask the service.
    role_name: Option<String>,
    version_1: bool,
    /// Whether this is a source of a default chain, so that a metadata service may not exist.
    in_chain: bool,
    /// Whether the service has issued a token, so that it exists.
    alive: AtomicBool,
    /// Whether the service has named a role or issued a credential, so that the instance has a role.
    has_role: AtomicBool,
    /// Whether a timer refreshes the credential, so that calls never wait for it.
    timer: bool,
    limits: Limits,
    route: Route,
}

/// Why a step failed.
enum Miss {
    /// There was no connection.
    Unreachable(Error),
    /// There was one, but the service refused.
    Refused(Error),
}

impl Miss {
    fn into_error(self) -> Error {
        match self {
            Miss::Unreachable(error) | Miss::Refused(error) => error,
        }
    }
}

impl EcsRamRole {
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        if host.env_flag("ALIBABA_CLOUD_ECS_METADATA_DISABLED") {
            return Err(Error::new(ErrorKind::Disabled, "IMDS credentials is disabled"));
        }
        let disabled = config.disable_imds_v1.unwrap_or_else(|| host.env_flag("ALIBABA_CLOUD_IMDSV1_DISABLED"));
        Ok(EcsRamRole {
            endpoint: endpoint(host)?,
            // An empty name is given, too: the service is asked, whatever the environment names.
            role_name: (config.role_name.clone())
                .or_else(|| host.env("ALIBABA_CLOUD_ECS_METADATA"))
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty()),
            version_1: !disabled,
            in_chain: false,
            alive: AtomicBool::new(false),
            has_role: AtomicBool::new(false),
            timer: config.async_credential_update_enabled.unwrap_or(true),
            limits: quick(limits(config, 1_000, 1_000)),
            // Plain HTTP: an explicit proxy or none.
            route: route(config, DEFAULT_ENDPOINT),
        })
    }

    /// For the default chain; `None` if disabled.
    pub(crate) fn for_chain(host: &Host) -> Option<Result<Self>> {
        match EcsRamRole::new(&Config::default(), host) {
            Ok(provider) => Some(Ok(EcsRamRole { in_chain: true, ..provider })),
            Err(error) if error.kind() == ErrorKind::Disabled => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Whether this machine has an instance role: it is configured, or the service named it.
    pub(crate) fn is_configured(&self) -> bool {
        self.role_name.is_some() || self.has_role.load(Ordering::Relaxed)
    }

    fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Relaxed) || self.has_role.load(Ordering::Relaxed)
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        // A report neither uses nor leaves what is remembered.
        let probing = || self.in_chain && !self.is_alive() && !host.reports();
        if probing() && host.now().monotonic < UNREACHABLE_UNTIL.load(Ordering::Relaxed) {
            let text = "the ECS metadata service was unreachable less than 10 s ago; set ALIBABA_CLOUD_ECS_METADATA_DISABLED=true if this is no ECS instance";
            return Err(Error::new(ErrorKind::Unavailable, text).at_provider(NAME));
        }
        let fetched = self.ask(host).await;
        // A host that accepts connections but never answers counts as unreachable.
        let is_absent = match &fetched {
            Ok(_) => false,
            Err(Miss::Unreachable(_)) => true,
            Err(Miss::Refused(error)) => error.kind() == ErrorKind::Timeout,
        };
        if is_absent && probing() {
            UNREACHABLE_UNTIL.store(host.now().monotonic.saturating_add(MEMORY_MS), Ordering::Relaxed);
        }
        fetched.map_err(|miss| miss.into_error().at_provider(NAME))
    }

    async fn ask(&self, host: &Host) -> Result<Credentials, Miss> {
        let token = match self.token(host).await {
            Ok(token) => Some(token),
            Err(Miss::Refused(_)) if self.version_1 => None,
            Err(miss) => return Err(miss),
        };
        // The service knows the token, and may say it back, even where it is not sent.
        let known = token.as_ref();
        let role_name = match &self.role_name {
            Some(name) => name.clone(),
            None => self.either_version(known, |sent| self.discover(host, sent, known)).await?,
        };
        let path = format!("{ROLES}{}", encode(&role_name));
        self.either_version(known, |sent| self.credential(host, &path, sent, known)).await
    }

    /// Runs a step with the token and, if that fails and version 1 is allowed, without it.
    async fn either_version<'a, T, F>(
        &self,
        token: Option<&'a Secret>,
        step: impl Fn(Option<&'a Secret>) -> F,
    ) -> Result<T, Miss>
    where
        F: Future<Output = Result<T, Miss>>,
    {
        match step(token).await {
            Err(Miss::Refused(_)) if token.is_some() && self.version_1 => step(None).await,
            outcome => outcome,
        }
    }

    async fn token(&self, host: &Host) -> Result<Secret, Miss> {
        let header = ("X-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_SECONDS.to_owned());
        let service = Service {
            label: NAME,
            refused: |_, status| format!("Failed to get token from ECS Metadata Service. HttpCode={status}"),
            rejected,
            secrets: &[],
            hint: no_hint,
        };
        let response = self.send(host, &service, Method::Put, "/latest/api/token", Some(header)).await?;
        let text = decode_wiped(&response.body).unwrap_or_default();
        let text = text.trim();
        if !is_word(text) {
            return Err(Miss::Refused(service.malformed(&response, "the token is not one")));
        }
        self.alive.store(true, Ordering::Relaxed);
        Ok(text.into())
    }

    /// The name of the instance's role: the first line that the service lists.
    async fn discover(&self, host: &Host, sent: Option<&Secret>, known: Option<&Secret>) -> Result<String, Miss> {
        let secrets: Vec<&str> = known.iter().map(|token| token.expose()).collect();
        let service = Service { hint: role_hint, ..metadata(&secrets) };
        let response = self.send(host, &service, Method::Get, ROLES, sent.map(token_header)).await?;
        let text = decode(&response.body).unwrap_or_default();
        let name = text.trim().lines().next().unwrap_or_default().trim();
        if !is_word(name) {
            return Err(Miss::Refused(service.malformed(&response, "it names no role")));
        }
        self.has_role.store(true, Ordering::Relaxed);
        Ok(name.to_owned())
    }

    async fn credential(
        &self,
        host: &Host,
        path: &str,
        sent: Option<&Secret>,
        known: Option<&Secret>,
    ) -> Result<Credentials, Miss> {
        let secrets: Vec<&str> = known.iter().map(|token| token.expose()).collect();
        let service = Service { hint: role_hint, ..metadata(&secrets) };
        let response = self.send(host, &service, Method::Get, path, sent.map(token_header)).await?;
        let shape = Shape { checks_code: true, ..Shape::common(None) };
        let issued = service.read(&response, &shape, host).map_err(Miss::Refused)?;
        self.has_role.store(true, Ordering::Relaxed);
        let credentials = Credentials::issued(issued, NAME, Lead::Metadata);
        Ok(if self.timer { credentials.renewed_by_timer() } else { credentials })
    }

    async fn send(
        &self,
        host: &Host,
        service: &Service<'_>,
        method: Method,
        path: &str,
        header: Option<(&'static str, String)>,
    ) -> Result<Response, Miss> {
        let request = || {
            Ok(Request {
                method,
                url: format!("{}{path}", self.endpoint),
                headers: header.clone().into_iter().collect(),
                body: Secret::new(""),
                limits: self.limits,
                route: self.route.clone(),
                tells_time: false,
                trust: Trust::Usual,
            })
        };
        match host.http(request).await {
            Ok(response) if response.status == 200 => Ok(response),
            Ok(response) => Err(Miss::Refused(service.refusal(&response))),
            Err(failure) if failure.connected => Err(Miss::Refused(self.unreachable(failure))),
            Err(failure) => Err(Miss::Unreachable(self.unreachable(failure))),
        }
    }

    fn unreachable(&self, failure: Failure) -> Error {
        let Failure { kind, text, .. } = failure;
        let hint = match kind {
            ErrorKind::MalformedReply => "is something else answering in place of the service?",
            _ if self.is_alive() => "the service does not answer now, try again later",
            _ => "this is no ECS instance, or its metadata service is off",
        };
        let endpoint = &self.endpoint;
        let text =
            format!("Failed to get RAM session credentials from ECS metadata service. {endpoint}: {text}; {hint}");
        Error::new(kind, text)
    }
}

/// The metadata service is local, so the limit of a whole request is that of its longest phase.
fn quick(limits: Limits) -> Limits {
    Limits { whole: limits.connect.max(limits.whole.saturating_sub(limits.connect)), ..limits }
}

fn metadata<'a>(secrets: &'a [&'a str]) -> Service<'a> {
    Service {
        label: NAME,
        refused: |_, status| {
            format!("Failed to get RAM session credentials from ECS metadata service. HttpCode={status}")
        },
        rejected: |_| "Failed to get RAM session credentials from ECS metadata service.".to_owned(),
        secrets,
        hint: no_hint,
    }
}

/// Whether this looks like a token or a role name, and not like a page from some other server.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '{' | '}'))
}

fn role_hint(status: u16, _: &str) -> &'static str {
    match status {
        200 | 404 => "; check that a RAM role is attached to this instance",
        401 | 403 => "; the service refuses access: check its settings on this instance, and what runs between",
        429 => "; it was asked too often, try again later",
        300..=399 => "; is something else answering in place of the service?",
        _ => "",
    }
}

fn token_header(token: &Secret) -> (&'static str, String) {
    ("X-aliyun-ecs-metadata-token", token.expose().to_owned())
}

/// `ALIBABA_CLOUD_ECS_METADATA_ENDPOINT`, so that tests can use an emulator. Besides the real address, only loopback
/// and link-local ones are allowed: an attacker who controls a variable must not be able to redirect requests to any
/// host.
fn endpoint(host: &Host) -> Result<String> {
    let Some(given) = host.env("ALIBABA_CLOUD_ECS_METADATA_ENDPOINT") else { return Ok(DEFAULT_ENDPOINT.to_owned()) };
    let invalid = || {
        Error::invalid_config(
            "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT must be http:// with a loopback or link-local address, or 100.100.100.200",
        )
    };
    let url = url::Url::parse(given.trim()).map_err(|_| invalid())?;
    let allowed = match url.host() {
        Some(url::Host::Ipv4(address)) => {
            address.is_loopback() || address.is_link_local() || address.octets() == [100, 100, 100, 200]
        }
        Some(url::Host::Ipv6(address)) => address.is_loopback() || address.is_unicast_link_local(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    };
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.username().is_empty();
    if !allowed || !bare || url.scheme() != "http" {
        return Err(invalid());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}
