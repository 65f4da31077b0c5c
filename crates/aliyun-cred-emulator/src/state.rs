//! State shared by the services: access keys and issued credentials, nonces, faults and the request log. It knows no
//! service.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::identity::{Identity, Kind};
use crate::record::Record;
use crate::settings::{AccessKeySettings, DEFAULT_ACCESS_KEYS, seconds};
use crate::{clock, random};

/// How many requests the log keeps; the oldest are dropped.
const MAX_RECORDS: usize = 100_000;
/// How many issued credentials are remembered; the oldest are dropped.
const MAX_ISSUED: usize = 100_000;
/// How many nonces are remembered; the oldest are dropped.
const MAX_NONCES: usize = 1_000_000;
/// How long a nonce is remembered, in seconds: a timestamp is valid for fifteen minutes either way.
const NONCE_AGE: i64 = 1800;

/// An access key, configured or issued.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The AccessKey secret.
    pub(crate) secret: String,
    /// The security token that it requires.
    pub(crate) token: Option<String>,
    /// Seconds since 1970 by the services' clock.
    pub(crate) expires_at: Option<i64>,
    /// The owner.
    pub(crate) identity: Identity,
}

/// A temporary credential, as returned to the caller.
pub(crate) struct Issued {
    /// The AccessKey ID.
    pub(crate) id: String,
    /// The AccessKey secret.
    pub(crate) secret: String,
    /// The security token that it requires.
    pub(crate) token: String,
    /// The expiration, in wire format.
    pub(crate) expiration: String,
}

impl Issued {
    /// The four fields under their usual names.
    pub(crate) fn document(&self) -> Value {
        json!({
            "AccessKeyId": self.id,
            "AccessKeySecret": self.secret,
            "SecurityToken": self.token,
            "Expiration": self.expiration,
        })
    }
}

/// State shared by the services.
pub(crate) struct State {
    keys: HashMap<String, Key>,
    tokens: HashMap<String, String>,
    issued: VecDeque<String>,
    /// Overrides the lifetime of issued credentials, in seconds.
    pub(crate) lifetime: Option<i64>,
    /// How far the services' clock is ahead, in seconds.
    pub(crate) clock_offset: i64,
    nonces: HashSet<(String, String)>,
    nonce_ages: VecDeque<(i64, (String, String))>,
    /// In the order of the settings.
    pub(crate) faults: Vec<Fault>,
    records: VecDeque<Arc<Record>>,
    received: u64,
}

impl State {
    /// A state with these access keys (`None`: [`DEFAULT_ACCESS_KEYS`]), as of `now`; the error text names the wrong
    /// key.
    pub(crate) fn new(access_keys: Option<Vec<AccessKeySettings>>, now: i64) -> Result<Self, String> {
        let mut state = Self {
            keys: HashMap::new(),
            tokens: HashMap::new(),
            issued: VecDeque::new(),
            lifetime: None,
            clock_offset: 0,
            nonces: HashSet::new(),
            nonce_ages: VecDeque::new(),
            faults: Vec::new(),
            records: VecDeque::new(),
            received: 0,
        };
        let defaults = || DEFAULT_ACCESS_KEYS.map(AccessKeySettings::from).into();
        for key in access_keys.unwrap_or_else(defaults) {
            seconds("expires_in", key.expires_in)?;
            if state.keys.contains_key(&key.id) {
                return Err(format!("`access_keys` has `{}` twice", key.id));
            }
            let kind = key.user.map_or(Kind::Account, Kind::User);
            state.add(
                key.id,
                Key {
                    secret: key.secret,
                    token: key.token.filter(|token| !token.is_empty()),
                    expires_at: key.expires_in.map(|seconds| now + seconds),
                    identity: Identity { account: key.account, kind },
                },
            );
        }
        Ok(state)
    }

    /// Seconds since 1970 by the services' clock.
    pub(crate) fn now(&self) -> i64 {
        clock::now() + self.clock_offset
    }

    /// An access key by its ID.
    pub(crate) fn key(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    /// Whether any access key has this security token.
    pub(crate) fn knows_token(&self, token: &str) -> bool {
        self.tokens.contains_key(token)
    }

    /// Issues a temporary credential that expires in `seconds`.
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

    /// Remembers an issued credential.
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

    /// Forgets a key that [`State::add`] has added.
    pub(crate) fn remove(&mut self, id: &str) {
        self.keys.remove(id);
    }

    /// Adds a long-lived key.
    pub(crate) fn add(&mut self, id: String, key: Key) {
        if let Some(token) = &key.token {
            self.tokens.insert(token.clone(), id.clone());
        }
        self.keys.insert(id, key);
    }

    /// Uses a nonce; `false` if this key has used it before.
    pub(crate) fn use_nonce(&mut self, access_key_id: &str, nonce: &str) -> bool {
        // By the machine's clock, not the services': a test that moves theirs must not make nonces forgotten.
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

    /// Logs a request.
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

    /// The number of requests since the last reset, even if the log was cleared.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// The number of configured access keys and of issued ones.
    pub(crate) fn key_counts(&self) -> (usize, usize) {
        (self.keys.len().saturating_sub(self.issued.len()), self.issued.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_used_once_per_key() {
        let mut state = State::new(None, 0).unwrap();
        assert!(state.use_nonce("a", "1"));
        assert!(!state.use_nonce("a", "1"));
        assert!(state.use_nonce("b", "1"));
        assert!(state.use_nonce("a", "2"));
    }
}
