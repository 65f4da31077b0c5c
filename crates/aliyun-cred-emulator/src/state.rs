//! What the services know and remember. One lock around it, held for the time of a decision and
//! never across an await, so that no request waits for another.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::authority::Authority;
use crate::fault::Fault;
use crate::identity::{Identity, Kind, RoleArn};
use crate::metadata::Instance;
use crate::oauth::Grants;
use crate::record::Record;
use crate::rsa::PublicKey;
use crate::settings::{
    Changes, CloudSsoSettings, CredentialsUriSettings, DEFAULT_ACCESS_KEYS, FaultSettings, OidcSettings, RoleSettings,
    Settings,
};
use crate::{clock, random};

/// Requests that the log keeps; the oldest go first.
const MAX_RECORDS: usize = 100_000;
/// Issued credentials that are remembered; the oldest go first.
const MAX_ISSUED: usize = 100_000;
/// Nonces that are remembered; the oldest go first.
const MAX_NONCES: usize = 1_000_000;
/// Seconds for which a nonce is remembered: a timestamp is good for fifteen minutes either way.
const NONCE_AGE: i64 = 1800;

/// A listener, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    /// STS over HTTP.
    StsHttp,
    /// STS over HTTPS.
    StsHttps,
    /// The CONNECT proxy.
    Proxy,
    /// The instance metadata service.
    Metadata,
    /// The control interface.
    Control,
}

impl Port {
    /// All listeners, in the order of [`Shared::connections`].
    pub(crate) const ALL: [Self; 5] = [Self::StsHttp, Self::StsHttps, Self::Proxy, Self::Metadata, Self::Control];

    /// The name in the printed line and in `GET /state`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::StsHttp => "sts_http",
            Self::StsHttps => "sts_https",
            Self::Proxy => "proxy",
            Self::Metadata => "metadata",
            Self::Control => "control",
        }
    }
}

/// What every listener has.
pub(crate) struct Shared {
    /// Signs the certificates of the TLS listeners.
    pub(crate) authority: Authority,
    state: Mutex<State>,
    connections: [AtomicU64; Port::ALL.len()],
}

impl Shared {
    /// The default state.
    pub(crate) fn new(authority: Authority) -> Self {
        let state = Mutex::new(State::new(Settings::default()));
        Self { authority, state, connections: Default::default() }
    }

    /// The state, locked.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at worst one unrecorded request: going on is better than not.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a connection to `port`.
    pub(crate) fn count(&self, port: Port) {
        if let Some(counter) = self.connections.get(port as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The connections since the last reset, by listener.
    pub(crate) fn connections(&self) -> impl Iterator<Item = (Port, u64)> {
        let counts = self.connections.iter().map(|count| count.load(Ordering::Relaxed));
        Port::ALL.into_iter().zip(counts)
    }

    /// Starts over with `settings`.
    pub(crate) fn reset(&self, settings: Settings) {
        let mut state = self.state();
        *state = State::new(settings);
        for counter in &self.connections {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// An access key, configured or issued.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The AccessKey secret.
    pub(crate) secret: String,
    /// The security token that has to come with it.
    pub(crate) token: Option<String>,
    /// Seconds since 1970 on the services' clock.
    pub(crate) expires_at: Option<i64>,
    /// Whose it is.
    pub(crate) identity: Identity,
}

/// A temporary credential, as it is told to whom it was issued to.
pub(crate) struct Issued {
    /// The AccessKey ID.
    pub(crate) id: String,
    /// The AccessKey secret.
    pub(crate) secret: String,
    /// The security token that has to come with it.
    pub(crate) token: String,
    /// When it ends, in the form of the wire.
    pub(crate) expiration: String,
}

impl Issued {
    /// The four fields by the names that most services give them.
    pub(crate) fn document(&self) -> Value {
        json!({
            "AccessKeyId": self.id,
            "AccessKeySecret": self.secret,
            "SecurityToken": self.token,
            "Expiration": self.expiration,
        })
    }
}

/// Everything that a reset replaces.
pub(crate) struct State {
    keys: HashMap<String, Key>,
    tokens: HashMap<String, String>,
    issued: VecDeque<String>,
    roles: Option<HashMap<String, RoleSettings>>,
    /// Overrides the lifetime of what is issued, in seconds.
    pub(crate) lifetime: Option<i64>,
    clock_offset: i64,
    nonces: HashSet<(String, String)>,
    nonce_ages: VecDeque<(i64, (String, String))>,
    /// In the order in which they were given.
    pub(crate) faults: Vec<Fault>,
    /// OIDC providers, and which tokens of theirs are good.
    pub(crate) oidc: Vec<OidcSettings>,
    /// The public halves of key pairs, by id.
    pub(crate) key_pairs: HashMap<String, PublicKey>,
    /// The instance that the metadata service describes.
    pub(crate) instance: Instance,
    /// Who may ask the credentials URI.
    pub(crate) credentials_uri: CredentialsUriSettings,
    /// Who may sign in where with CloudSSO.
    pub(crate) cloud_sso: Vec<CloudSsoSettings>,
    /// The tokens of OAuth.
    pub(crate) oauth: Grants,
    records: VecDeque<Arc<Record>>,
    received: u64,
}

/// Whether a role is there to be assumed.
pub(crate) enum Found<'a> {
    /// It is listed, with these conditions.
    Listed(&'a RoleSettings),
    /// Roles are not listed at all, so every role exists.
    Anything,
    /// Roles are listed, and it is not among them.
    Nothing,
}

impl State {
    fn new(settings: Settings) -> Self {
        let now = clock::now() + settings.clock_offset;
        let mut state = Self {
            keys: HashMap::new(),
            tokens: HashMap::new(),
            issued: VecDeque::new(),
            roles: settings.roles.map(|roles| roles.into_iter().map(|role| (role.arn.clone(), role)).collect()),
            lifetime: settings.lifetime,
            clock_offset: settings.clock_offset,
            nonces: HashSet::new(),
            nonce_ages: VecDeque::new(),
            faults: faults(settings.faults),
            oidc: settings.oidc,
            // Checked before, so none is lost here.
            key_pairs: settings
                .key_pairs
                .into_iter()
                .filter_map(|pair| Some((pair.id, PublicKey::from_pem(&pair.public_key_pem)?)))
                .collect(),
            instance: Instance::new(settings.metadata),
            credentials_uri: settings.credentials_uri,
            cloud_sso: settings.cloud_sso,
            oauth: Grants::new(settings.oauth, now),
            records: VecDeque::new(),
            received: 0,
        };
        let identity =
            |account: String, user: Option<String>| Identity { account, kind: user.map_or(Kind::Account, Kind::User) };
        match settings.access_keys {
            None => {
                for key in DEFAULT_ACCESS_KEYS {
                    let user = key.user.map(str::to_owned);
                    state.add(
                        key.id.to_owned(),
                        Key {
                            secret: key.secret.to_owned(),
                            token: None,
                            expires_at: None,
                            identity: identity(key.account.to_owned(), user),
                        },
                    );
                }
            }
            Some(keys) => {
                for key in keys {
                    state.add(
                        key.id,
                        Key {
                            secret: key.secret,
                            token: key.token.filter(|token| !token.is_empty()),
                            expires_at: key.expires_in.map(|seconds| now + seconds),
                            identity: identity(key.account, key.user),
                        },
                    );
                }
            }
        }
        state
    }

    /// Changes a part without a reset.
    pub(crate) fn change(&mut self, changes: Changes) {
        if let Some(lifetime) = changes.lifetime {
            self.lifetime = lifetime;
        }
        if let Some(offset) = changes.clock_offset {
            self.clock_offset = offset;
        }
        if let Some(settings) = changes.faults {
            self.faults = faults(settings);
        }
    }

    /// Seconds since 1970 on the services' clock.
    pub(crate) fn now(&self) -> i64 {
        clock::now() + self.clock_offset
    }

    /// Seconds by which the services' clock is ahead.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.clock_offset
    }

    /// An access key by its id.
    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    /// Whether some access key has this security token.
    pub(crate) fn knows_token(&self, token: &str) -> bool {
        self.tokens.contains_key(token)
    }

    /// Issues a temporary credential that ends in so many seconds.
    pub(crate) fn issue_session(&mut self, identity: Identity, seconds: i64) -> Issued {
        let expires_at = self.now() + seconds;
        let issued = Issued {
            id: random::access_key_id(),
            secret: random::access_key_secret(),
            token: random::security_token(),
            expiration: clock::to_wire(expires_at),
        };
        let key = Key {
            secret: issued.secret.clone(),
            token: Some(issued.token.clone()),
            expires_at: Some(expires_at),
            identity,
        };
        self.issue(issued.id.clone(), key);
        issued
    }

    /// Remembers what was issued.
    pub(crate) fn issue(&mut self, id: String, key: Key) {
        self.issued.push_back(id.clone());
        self.add(id, key);
        if self.issued.len() > MAX_ISSUED
            && let Some(oldest) = self.issued.pop_front()
            && let Some(Key { token: Some(token), .. }) = self.keys.remove(&oldest)
        {
            self.tokens.remove(&token);
        }
    }

    fn add(&mut self, id: String, key: Key) {
        if let Some(token) = &key.token {
            self.tokens.insert(token.clone(), id.clone());
        }
        self.keys.insert(id, key);
    }

    /// Looks a role up.
    pub(crate) fn role(&self, arn: &RoleArn) -> Found<'_> {
        let Some(roles) = &self.roles else { return Found::Anything };
        let arn = format!("acs:ram::{}:role/{}", arn.account, arn.name);
        roles.get(&arn).map_or(Found::Nothing, Found::Listed)
    }

    /// Takes a nonce; `false` if this key has used it already.
    pub(crate) fn use_nonce(&mut self, access_key_id: &str, nonce: &str) -> bool {
        // The machine's clock, not the services': a test that moves theirs must not forget nonces.
        let now = clock::now();
        while self.nonce_ages.len() >= MAX_NONCES
            || self.nonce_ages.front().is_some_and(|(used, _)| now - used > NONCE_AGE)
        {
            let Some((_, old)) = self.nonce_ages.pop_front() else { break };
            self.nonces.remove(&old);
        }
        let entry = (access_key_id.to_owned(), nonce.to_owned());
        let is_new = self.nonces.insert(entry.clone());
        if is_new {
            self.nonce_ages.push_back((now, entry));
        }
        is_new
    }

    /// Writes a request down.
    pub(crate) fn record(&mut self, record: Record) {
        if self.records.len() >= MAX_RECORDS {
            self.records.pop_front();
        }
        self.records.push_back(Arc::new(record));
        self.received += 1;
    }

    /// The request log, oldest first.
    pub(crate) fn records(&self) -> Vec<Arc<Record>> {
        self.records.iter().cloned().collect()
    }

    /// Empties the request log.
    pub(crate) fn clear_records(&mut self) {
        self.records.clear();
    }

    /// Requests since the last reset, cleared or not.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Access keys that were configured, and those that were issued.
    pub(crate) fn key_counts(&self) -> (usize, usize) {
        (self.keys.len().saturating_sub(self.issued.len()), self.issued.len())
    }

    /// The listed roles; `None` if every role exists.
    pub(crate) fn role_count(&self) -> Option<usize> {
        self.roles.as_ref().map(HashMap::len)
    }
}

fn faults(settings: Vec<FaultSettings>) -> Vec<Fault> {
    // Checked before, so none is lost here.
    settings.into_iter().filter_map(|settings| Fault::new(settings).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_used_once_per_key() {
        let mut state = State::new(Settings::default());
        assert!(state.use_nonce("a", "1"));
        assert!(!state.use_nonce("a", "1"));
        assert!(state.use_nonce("b", "1"));
        assert!(state.use_nonce("a", "2"));
    }
}
