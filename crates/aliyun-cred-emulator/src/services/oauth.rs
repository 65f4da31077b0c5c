//! OAuth after a completed sign-in: exchanges a refresh token for an access token and the next refresh token (RFC 6749,
//! section 6), and an access token for credentials.
//!
//! Invariant: every refresh is one step under the state's lock, so that the rotation rule holds however many processes
//! refresh at once.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Call, Content};
use crate::identity::{Identity, Kind};
use crate::refusal::Refusal;
use crate::remembered::Remembered;
use crate::service::Service;
use crate::settings::{DEFAULT_ACCESS_KEYS, default_account, seconds};
use crate::state::State;
use crate::visitor::Visitor;
use crate::{clock, random};

/// The name of the service.
pub(crate) const NAME: &str = "oauth";
/// The lifetime of credentials in seconds, unless the settings override it.
const LIFETIME: i64 = 3600;

/// The spelling of the keys in the exchange's reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Case {
    /// `accessKeyId`
    #[default]
    Camel,
    /// `AccessKeyId`
    Pascal,
}

/// OAuth.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The existing applications; `None`: all.
    pub(crate) client_ids: Option<Vec<String>>,
    /// The refresh token of a completed sign-in.
    pub(crate) refresh_token: Option<String>,
    /// The access token of a completed sign-in.
    pub(crate) access_token: Option<String>,
    /// The lifetime of an access token in seconds.
    pub(crate) access_lifetime: i64,
    /// Whether a refresh token can be used only once.
    pub(crate) strict: bool,
    /// The spelling of the exchange's keys.
    pub(crate) case: Case,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            client_ids: None,
            refresh_token: None,
            access_token: None,
            access_lifetime: 3600,
            strict: false,
            case: Case::Camel,
        }
    }
}

/// The service and its valid tokens.
pub(crate) struct Oauth {
    settings: Settings,
    /// By refresh token: the token that it replaced.
    refresh: Remembered<Option<String>>,
    /// By access token: its expiration by the services' clock.
    access: Remembered<i64>,
    refreshes: u64,
    refused: u64,
}

impl Oauth {
    /// A service with these settings, as of `now`; the error text says what is wrong with them.
    pub(crate) fn new(settings: Settings, now: i64) -> Result<Self, String> {
        seconds("oauth.access_lifetime", Some(settings.access_lifetime))?;
        let (mut refresh, mut access) = (Remembered::new(), Remembered::new());
        if let Some(token) = settings.refresh_token.clone() {
            refresh.insert(token, None);
        }
        if let Some(token) = settings.access_token.clone() {
            access.insert(token, now + settings.access_lifetime);
        }
        Ok(Self { settings, refresh, access, refreshes: 0, refused: 0 })
    }

    /// How many refresh tokens were accepted and how many were rejected.
    pub(crate) fn counts(&self) -> Value {
        json!({ "refreshes": self.refreshes, "refused": self.refused })
    }

    /// Exchanges a refresh token for an access token and the next refresh token.
    ///
    /// A used token remains valid until its replacement is used, so that a lost reply does no harm; with `strict` it
    /// can be used only once.
    fn rotate(&mut self, token: &str, now: i64) -> Option<(String, String)> {
        let Some(parent) = self.refresh.get(token).cloned() else {
            self.refused += 1;
            return None;
        };
        self.refreshes += 1;
        let over = if self.settings.strict { Some(token) } else { parent.as_deref() };
        if let Some(over) = over {
            self.refresh.remove(over);
        }
        let (access, next) = (random::bearer_token(), random::bearer_token());
        self.access.insert(access.clone(), now + self.settings.access_lifetime);
        self.refresh.insert(next.clone(), Some(token.to_owned()));
        Some((access, next))
    }

    fn refresh(&mut self, now: i64, call: &Call) -> Result<Value, Refusal> {
        let wrong = |code: &str, message: &str| Refusal::new(400, code, message);
        // Only from the form: a token must not be in a URL.
        let required = |name: &str| {
            call.form_param(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| wrong("invalid_request", &format!("The parameter {name} is missing.")))
        };
        if required("grant_type")? != "refresh_token" {
            return Err(wrong("unsupported_grant_type", "Only refresh_token is supported."));
        }
        let client = required("client_id")?;
        let token = required("refresh_token")?;
        if clock::from_wire(required("Timestamp")?).is_none() {
            return Err(wrong("invalid_request", "The parameter Timestamp is wrongly formed."));
        }
        let is_known = |clients: &Vec<String>| clients.iter().any(|known| known == client);
        if !self.settings.client_ids.as_ref().is_none_or(is_known) {
            return Err(wrong("invalid_client", "The client does not exist."));
        }
        let (access, next) = self
            .rotate(token, now)
            .ok_or_else(|| wrong("invalid_grant", "The refresh token is invalid, expired or used up."))?;
        Ok(json!({
            "access_token": access,
            "refresh_token": next,
            "expires_in": self.settings.access_lifetime,
            "token_type": "Bearer",
        }))
    }

    fn exchange(&self, state: &mut State, call: &Call) -> Result<Value, Refusal> {
        let now = state.now();
        let end = call.authorization("Bearer").and_then(|token| self.access.get(token));
        if end.is_none_or(|end| *end <= now) {
            return Err(Refusal::new(401, "invalid_token", "The access token is invalid or expired."));
        }
        // It acts for the user that signed in.
        let user = DEFAULT_ACCESS_KEYS.iter().find_map(|key| key.user).unwrap_or_default();
        let identity = Identity { account: default_account(), kind: Kind::User(user.to_owned()) };
        let lifetime = state.lifetime.unwrap_or(LIFETIME);
        let issued = state.issue_session(identity, lifetime);
        let id = random::request_id();
        Ok(match self.settings.case {
            Case::Camel => json!({
                "requestId": id,
                "accessKeyId": issued.id,
                "accessKeySecret": issued.secret,
                "securityToken": issued.token,
                "expiration": issued.expiration,
            }),
            Case::Pascal => json!({
                "RequestId": id,
                "AccessKeyId": issued.id,
                "AccessKeySecret": issued.secret,
                "SecurityToken": issued.token,
                "Expiration": issued.expiration,
            }),
        })
    }
}

impl Service for Oauth {
    fn name(&self) -> &'static str {
        NAME
    }

    fn action<'a>(&self, call: &'a Call) -> Option<&'a str> {
        match call.path.as_str() {
            "/v1/token" => Some("token"),
            "/v1/exchange" => Some("exchange"),
            _ => None,
        }
    }

    fn admit(&self, _: &mut State, call: &Call) -> Visitor {
        Visitor::anybody(call, None)
    }

    fn perform(&mut self, state: &mut State, call: &Call, _: Option<&Identity>) -> Result<Content, Refusal> {
        match (self.action(call), call.method.as_str()) {
            (Some("token"), "POST") => self.refresh(state.now(), call).map(Content::Json),
            (Some("exchange"), "POST") => self.exchange(state, call).map(Content::Json),
            (Some(_), _) => Err(Refusal::new(405, "invalid_request", "The method is not supported.")),
            (None, _) => Err(Refusal::new(404, "invalid_request", "The path does not exist.")),
        }
    }

    fn refuse(&self, _: &Call, refusal: &Refusal) -> Content {
        Content::Json(json!({
            "error": refusal.code,
            "error_description": refusal.message,
            "requestId": random::request_id(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(strict: bool) -> Oauth {
        Oauth::new(Settings { refresh_token: Some("0".to_owned()), strict, ..Settings::default() }, 0).unwrap()
    }

    fn next(grants: &mut Oauth, token: &str) -> Option<String> {
        grants.rotate(token, 0).map(|(_, next)| next)
    }

    #[test]
    fn a_token_works_until_its_successor_does() {
        let mut grants = grants(false);
        let (one, other) = (next(&mut grants, "0").unwrap(), next(&mut grants, "0").unwrap());
        let two = next(&mut grants, &one).unwrap();
        assert!(next(&mut grants, "0").is_none());
        // The other replacement has not been used, so it is still valid, and so is the token that it replaced.
        assert!(next(&mut grants, &other).is_some());
        assert!(next(&mut grants, &one).is_some());
        assert!(next(&mut grants, &two).is_some());
        assert!(next(&mut grants, &one).is_none());
        assert_eq!(grants.counts(), json!({ "refreshes": 6, "refused": 2 }));
    }

    #[test]
    fn a_strict_token_works_once() {
        let mut grants = grants(true);
        let one = next(&mut grants, "0").unwrap();
        assert!(next(&mut grants, "0").is_none());
        assert!(next(&mut grants, &one).is_some());
        assert!(next(&mut grants, &one).is_none());
        assert!(next(&mut grants, "never issued").is_none());
        assert_eq!(grants.counts(), json!({ "refreshes": 2, "refused": 3 }));
    }
}
