//! An OAuth session of the CLI. A refresh token from a user's login renews an access token, which is exchanged for a
//! credential.
//!
//! Invariant: a rotated refresh token is written to the file before it is used. The configuration file stays locked
//! during the refresh request: two processes that use the same refresh token at once would force the user to log in
//! again.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use serde_json::Value;

use super::shared_session::{Key, SharedSession};
use super::{filled, filled_key, filled_secret};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::credentials::Issued;
use crate::credentials::Lead;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Limits, Method, Request, Route, Trust, wall_millis, wall_time};
use crate::profile::ProfileStore;
use crate::protocol::endpoint;
use crate::protocol::reply::{Service, Shape, encode, no_hint, refused, rejected};
use crate::protocol::{limits, route};
use crate::runtime::user_code::Listener;
use crate::secret::Secret;
use crate::text::{key, rfc3339};
use crate::update::{NewValues, point_of_time};
use crate::wording;

const NAME: &str = "oauth";
const LABEL: &str = "OAuth";
/// An access token with less time left than this is refreshed before use.
const REFRESH_BEFORE_SECONDS: i64 = 1200;
const DEFAULT_TOKEN_SECONDS: i64 = 3600;

/// The service answers in camel case; other spellings are accepted.
const SHAPE: Shape = Shape {
    object: None,
    id: &["accessKeyId", "AccessKeyId"],
    secret: &["accessKeySecret", "AccessKeySecret"],
    token: Some(&["securityToken", "SecurityToken"]),
    expiration: &["expiration", "Expiration"],
    checks_code: false,
};

#[derive(Debug)]
pub(crate) struct OAuth {
    url: String,
    client_id: String,
    tokens: ArcSwap<Tokens>,
    /// The refresh token last read from the file: only a different one is new.
    in_file: ArcSwapOption<Secret>,
    /// New values that could not be written to the file yet.
    unwritten: ArcSwapOption<NewValues>,
    /// The AccessKey ID last returned: that credential must not be read from a file again.
    handed_out: ArcSwapOption<String>,
    store: Option<ProfileStore>,
    listener: Option<Listener>,
    limits: Limits,
    route: Route,
    pub(super) shared: SharedSession,
}

/// The tokens, and the credential of the last exchange, if known.
#[derive(Clone, Debug)]
struct Tokens {
    access_token: Option<Secret>,
    /// In seconds since the Unix epoch; 0 if unknown.
    access_token_expire: i64,
    refresh_token: Option<Secret>,
    exchanged: Option<(String, Secret, Secret)>,
    exchanged_expire: i64,
}

impl Tokens {
    fn new(config: &Config) -> Self {
        let id = filled(config.access_key_id.as_ref());
        let secret = filled_secret(config.access_key_secret.as_ref());
        let token = filled_secret(config.security_token.as_ref());
        Tokens {
            access_token: filled_secret(config.access_token.as_ref()),
            access_token_expire: config.access_token_expire.unwrap_or(0),
            refresh_token: filled_secret(config.refresh_token.as_ref()),
            exchanged: id.zip(secret).zip(token).map(|((id, secret), token)| (id, secret, token)),
            exchanged_expire: config.sts_expiration.unwrap_or(0),
        }
    }

    /// Adds the credential of an exchange.
    fn with_exchanged(self, values: NewValues) -> Self {
        let NewValues { access_key_id, access_key_secret, sts_token, sts_expiration, .. } = values;
        let exchanged = access_key_id.zip(access_key_secret).zip(sts_token);
        Tokens {
            exchanged: exchanged.map(|((id, secret), token)| (id, secret, token)),
            exchanged_expire: sts_expiration.unwrap_or(0),
            ..self
        }
    }

    /// All values, for storing.
    fn values(&self) -> NewValues {
        let (id, secret, token) = self
            .exchanged
            .clone()
            .map_or((None, None, None), |(id, secret, token)| (Some(id), Some(secret), Some(token)));
        NewValues {
            access_key_id: id,
            access_key_secret: secret,
            sts_token: token,
            sts_expiration: Some(self.exchanged_expire),
            oauth_access_token: self.access_token.clone(),
            oauth_access_token_expire: Some(self.access_token_expire),
            oauth_refresh_token: self.refresh_token.clone(),
        }
    }

    fn needs_refresh(&self, now: i64) -> bool {
        self.access_token.is_none()
            || self.access_token_expire <= 0
            || self.access_token_expire - now <= REFRESH_BEFORE_SECONDS
    }
}

impl OAuth {
    pub(super) fn new(
        config: &Config,
        store: Option<ProfileStore>,
        listener: Option<Listener>,
        host: &Host,
    ) -> Result<Self> {
        let client_id = filled(config.client_id.as_ref())
            .ok_or_else(|| Error::invalid_config(host.surface().words(wording::OAUTH_CLIENT_ID_EMPTY)))?;
        let url =
            filled(config.sign_in_url.as_ref()).ok_or_else(|| Error::invalid_config("the url for sign-in is empty"))?;
        let url = endpoint::origin("OAuth sign-in URL", &url)?;
        let route = route(config, &url);
        Ok(OAuth {
            url,
            client_id,
            tokens: ArcSwap::from_pointee(Tokens::new(&checked(config)?)),
            in_file: ArcSwapOption::new(filled_secret(config.refresh_token.as_ref()).map(Arc::new)),
            unwritten: ArcSwapOption::empty(),
            handed_out: ArcSwapOption::empty(),
            store,
            listener,
            limits: limits(config, 5_000, 10_000),
            route,
            shared: SharedSession::default(),
        })
    }

    /// Whether a rotated token exists only in this process.
    pub(super) fn has_unwritten(&self) -> bool {
        self.unwritten.load().is_some()
    }

    pub(super) fn inherit(&self, before: &OAuth) {
        self.handed_out.store(before.handed_out.load_full());
        self.shared.inherit(&before.shared);
    }

    /// Takes the tokens of the provider that is in use.
    pub(super) fn adopt_tokens(&self, live: &OAuth) {
        self.tokens.store(live.tokens.load_full());
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let credentials = self.resolve(host).await.map_err(|error| error.at_provider(NAME))?;
        self.handed_out.store(credentials.access_key_id().map(|id| id.to_owned().into()));
        Ok(credentials)
    }

    async fn resolve(&self, host: &Host) -> Result<Credentials> {
        if let Some(known) = self.exchanged_before(host) {
            return Ok(known);
        }
        let needs_refresh =
            |tokens: &Tokens| tokens.refresh_token.is_some() && tokens.needs_refresh(unix_seconds(host));
        match &self.store {
            // Rotating a token changes what other processes and this client have to use.
            _ if host.reports() => {
                if needs_refresh(&self.tokens.load()) {
                    return Err(Error::would_rotate());
                }
            }
            Some(store) => {
                let locked = store.lock(host).await?;
                self.take_over(&locked.oauth_tokens()?);
                if let Some(known) = self.exchanged_before(host) {
                    return Ok(known);
                }
                let values = self.refresh(host).await?.map(Arc::new).or_else(|| self.unwritten.load_full());
                if let Some(values) = values {
                    // If this fails, the next fetch tries again: the token in the file is no longer valid.
                    let written = locked.record(host, &values).await;
                    if written {
                        self.in_file.store(values.oauth_refresh_token.clone().map(Arc::new));
                    }
                    self.unwritten.store(if written { None } else { Some(values) });
                }
            }
            None => {
                if self.refresh(host).await?.is_some() {
                    self.tell().await;
                }
            }
        }
        let key = || {
            let tokens = self.tokens.load();
            let key = Key::new(NAME, &self.url, &self.client_id).with("client_id", &self.client_id);
            key.with_secret("token", tokens.access_token.as_ref().map_or("", Secret::expose))
        };
        self.shared.or_fetch(host, Lead::Short, key, self.exchange(host)).await
    }

    /// Merges what the file holds, because another process may have changed it. A token that is unchanged in the file
    /// is older than this process's own: a write may have failed.
    fn take_over(&self, file: &Config) {
        let there = filled_secret(file.refresh_token.as_ref());
        if there.as_ref() != self.in_file.load().as_deref() {
            self.tokens.store(Tokens::new(file).into());
            self.in_file.store(there.map(Arc::new));
            self.unwritten.store(None);
            return;
        }
        let (known, file) = (Tokens::clone(&self.tokens.load()), Tokens::new(file));
        self.tokens
            .store(Tokens { exchanged: file.exchanged, exchanged_expire: file.exchanged_expire, ..known }.into());
    }

    /// The credential of an earlier exchange, by this or another process.
    fn exchanged_before(&self, host: &Host) -> Option<Credentials> {
        let tokens = self.tokens.load();
        let (id, secret, token) = tokens.exchanged.clone()?;
        let expiration = point_of_time(tokens.exchanged_expire)?;
        let is_new = self.handed_out.load().as_ref().is_none_or(|last| **last != id);
        let issued = Issued {
            access_key_id: id,
            access_key_secret: secret,
            security_token: Some(token),
            expiration,
            clock_offset: host.clock_offset(),
        };
        (is_new && wall_millis(expiration) > host.service_now()).then(|| Credentials::issued(issued, NAME, Lead::Short))
    }

    /// Refreshes the access token if it is due. The returned values must be written to the file.
    async fn refresh(&self, host: &Host) -> Result<Option<NewValues>> {
        let before = unix_seconds(host);
        let tokens = Tokens::clone(&self.tokens.load());
        let Some(refresh_token) = tokens.refresh_token.clone().filter(|_| tokens.needs_refresh(before)) else {
            return Ok(None);
        };
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.expose()),
            ("client_id", &self.client_id),
            ("Timestamp", &rfc3339(wall_time(host.service_now()))),
        ];
        let body: Vec<String> = form.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let request = self.request("v1/token", headers, body.join("&"));
        let secrets = [refresh_token.expose()];
        let service = Service {
            label: LABEL,
            refused: |_, status| format!("failed to refresh OAuth token, status code: {status}"),
            rejected,
            secrets: &secrets,
            hint: login_hint,
        };
        let response = service.ask_once(host, request).await.map_err(|error| match error.code() {
            Some("invalid_grant") => error.with_kind(ErrorKind::LoginRequired),
            _ => error,
        })?;
        let answer = service.json(&response)?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (Some(access_token), Some(refresh_token)) = (text("access_token"), text("refresh_token")) else {
            let text = "failed to refresh OAuth token: the answer has no access_token or no refresh_token";
            return Err(Error::new(ErrorKind::MalformedReply, text).with_service(response.status, None, None));
        };
        // Checked before they are stored or passed on: an invalid token would be rejected when it is read again.
        let token = |value, name| key(value, name).map_err(|why| service.malformed(&response, &why));
        let (access_token, refresh_token) =
            (token(access_token, "access_token")?, token(refresh_token, "refresh_token")?);
        let lasts = answer.get("expires_in").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
        let lasts = lasts.unwrap_or(DEFAULT_TOKEN_SECONDS);
        let tokens = Tokens {
            access_token: Some(access_token.into()),
            access_token_expire: before.saturating_add(lasts),
            refresh_token: Some(refresh_token.into()),
            ..tokens
        };
        let values = NewValues {
            oauth_access_token: tokens.access_token.clone(),
            oauth_access_token_expire: Some(tokens.access_token_expire),
            oauth_refresh_token: tokens.refresh_token.clone(),
            ..NewValues::default()
        };
        self.tokens.store(tokens.into());
        Ok(Some(values))
    }

    async fn exchange(&self, host: &Host) -> Result<Credentials> {
        let tokens = self.tokens.load_full();
        let now = unix_seconds(host);
        let usable = |_: &&Secret| tokens.access_token_expire <= 0 || tokens.access_token_expire > now;
        let Some(access_token) = tokens.access_token.as_ref().filter(usable) else {
            let text = "OAuth access token is empty or expired and there is no refresh token, please re-login with cli";
            return Err(Error::new(ErrorKind::LoginRequired, text));
        };
        let request = || {
            let headers = vec![
                ("Content-Type", "application/json".to_owned()),
                ("Authorization", format!("Bearer {}", access_token.expose())),
            ];
            Ok(self.request("v1/exchange", headers, String::new()))
        };
        let secrets = [access_token.expose()];
        let service = Service { label: LABEL, refused, rejected, secrets: &secrets, hint: no_hint };
        let response = service.ask(host, request).await?;
        if service.json(&response)?.get("error").is_some_and(|error| !error.is_null()) {
            return Err(service.refusal(&response));
        }
        let issued = service.read(&response, &SHAPE, host)?;
        let values = NewValues {
            access_key_id: Some(issued.access_key_id.clone()),
            access_key_secret: Some(issued.access_key_secret.clone()),
            sts_token: issued.security_token.clone(),
            sts_expiration: i64::try_from(wall_millis(issued.expiration) / 1000).ok(),
            ..NewValues::default()
        };
        match &self.store {
            Some(store) => {
                store.record(host, &values).await;
            }
            None => {
                self.tokens.store(Tokens::clone(&tokens).with_exchanged(values).into());
                self.tell().await;
            }
        }
        Ok(Credentials::issued(issued, NAME, Lead::Short))
    }

    /// Passes the current values to the update callback.
    async fn tell(&self) {
        if let Some(listener) = &self.listener {
            listener.tell(&self.tokens.load().values()).await;
        }
    }

    fn request(&self, path: &str, headers: Vec<(&'static str, String)>, body: String) -> Request {
        Request {
            method: Method::Post,
            url: format!("{}{path}", self.url),
            headers,
            body: body.into(),
            limits: self.limits,
            route: self.route.clone(),
            tells_time: true,
            trust: Trust::Usual,
        }
    }
}

/// The options, with white space around keys removed.
fn checked(config: &Config) -> Result<Config> {
    let id = config.access_key_id.as_deref().map(|id| key(id, "the option 'access_key_id'").map(str::to_owned));
    Ok(Config {
        access_key_id: id.transpose().map_err(Error::invalid_config)?,
        access_key_secret: filled_key(config.access_key_secret.as_ref(), "the option 'access_key_secret'")?,
        security_token: filled_key(config.security_token.as_ref(), "the option 'security_token'")?,
        access_token: filled_key(config.access_token.as_ref(), "the option 'access_token'")?,
        refresh_token: filled_key(config.refresh_token.as_ref(), "the option 'refresh_token'")?,
        ..config.clone()
    })
}

fn unix_seconds(host: &Host) -> i64 {
    i64::try_from(host.now().wall / 1000).unwrap_or(i64::MAX)
}

fn login_hint(_: u16, code: &str) -> &'static str {
    if code == "invalid_grant" { "; log in again: aliyun configure --mode OAuth" } else { "" }
}
