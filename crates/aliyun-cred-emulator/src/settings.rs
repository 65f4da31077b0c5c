//! The documents that set the emulator up: what `POST /reset` and `PATCH /state` take.
//!
//! A key that is not known is an error that names it, so that a misspelt fault cannot go unnoticed.

use std::collections::HashSet;
use std::time::Duration;

use hyper::header::HeaderValue;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::identity::RoleArn;
use crate::service;

mod services;

pub(crate) use services::{
    Case, CloudSsoSettings, CredentialsUriSettings, KeyPairSettings, MetadataSettings, OauthSettings, OidcSettings,
    Version,
};

/// The largest offset, lifetime or latency, in seconds: it keeps every sum of times valid.
const MAX_SECONDS: i64 = 10 * 366 * 24 * 3600;
/// The largest body that a fault makes up, in bytes.
const MAX_OVERSIZE: usize = 64 << 20;

/// An access key that exists unless the state says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultAccessKey {
    /// The AccessKey ID.
    pub id: &'static str,
    /// The AccessKey secret; worth nothing outside the emulator.
    pub secret: &'static str,
    /// The account's number.
    pub account: &'static str,
    /// The RAM user, or `None` for the account itself.
    pub user: Option<&'static str>,
}

/// The access keys that exist unless the state lists others.
pub const DEFAULT_ACCESS_KEYS: [DefaultAccessKey; 2] = [
    DefaultAccessKey {
        id: "LTAIEmulatorUser",
        secret: "EmulatorUserSecret",
        account: "1000000000000001",
        user: Some("alice"),
    },
    DefaultAccessKey { id: "LTAIEmulatorRoot", secret: "EmulatorRootSecret", account: "1000000000000001", user: None },
];

/// The whole state, as `POST /reset` takes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Absent: [`DEFAULT_ACCESS_KEYS`].
    pub(crate) access_keys: Option<Vec<AccessKeySettings>>,
    /// Absent: every well-formed role exists and trusts everybody.
    pub(crate) roles: Option<Vec<RoleSettings>>,
    /// Seconds; overrides the lifetime of what is issued.
    pub(crate) lifetime: Option<i64>,
    /// Seconds by which the services' clock is ahead.
    pub(crate) clock_offset: i64,
    /// OIDC providers, for `AssumeRoleWithOIDC`.
    pub(crate) oidc: Vec<OidcSettings>,
    /// Key pairs, for `GenerateSessionAccessKey`.
    pub(crate) key_pairs: Vec<KeyPairSettings>,
    /// The instance metadata service.
    pub(crate) metadata: MetadataSettings,
    /// The credentials URI.
    pub(crate) credentials_uri: CredentialsUriSettings,
    /// CloudSSO.
    pub(crate) cloud_sso: Vec<CloudSsoSettings>,
    /// OAuth.
    pub(crate) oauth: OauthSettings,
    /// What goes wrong.
    pub(crate) faults: Vec<FaultSettings>,
}

/// A part of the state, as `PATCH /state` takes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Changes {
    /// `null` removes the override.
    #[serde(deserialize_with = "present")]
    pub(crate) lifetime: Option<Option<i64>>,
    /// As in [`Settings`].
    pub(crate) clock_offset: Option<i64>,
    /// Replaces all faults.
    pub(crate) faults: Option<Vec<FaultSettings>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::<i64>::deserialize(deserializer).map(Some)
}

/// An access key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessKeySettings {
    /// The AccessKey ID.
    pub(crate) id: String,
    /// The AccessKey secret.
    pub(crate) secret: String,
    /// The account's number.
    #[serde(default = "default_account")]
    pub(crate) account: String,
    /// Absent: the account itself.
    pub(crate) user: Option<String>,
    /// The security token without which the key is refused.
    pub(crate) token: Option<String>,
    /// Seconds from now on the services' clock.
    pub(crate) expires_in: Option<i64>,
}

/// The account of whatever does not say whose it is.
pub(crate) fn default_account() -> String {
    DEFAULT_ACCESS_KEYS.map(|key| key.account).first().copied().unwrap_or_default().to_owned()
}

/// A role that exists.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleSettings {
    /// `acs:ram::<account>:role/<name>`.
    pub(crate) arn: String,
    /// Seconds; the longest session.
    pub(crate) max_duration: Option<i64>,
    /// ARNs of users, roles or accounts (`…:root`); absent: everybody.
    pub(crate) trusts: Option<Vec<String>>,
    /// The value that a caller has to give.
    pub(crate) external_id: Option<String>,
}

/// One fault, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FaultSettings {
    pub(crate) service: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) times: Option<u64>,
    pub(crate) skip: u64,
    pub(crate) latency_ms: u64,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    body: Option<String>,
    content_type: Option<String>,
    close: bool,
    hang: bool,
    redirect: Option<String>,
    oversize: Option<usize>,
    drop_fields: Option<Vec<String>>,
    set_fields: Option<Map<String, Value>>,
}

/// What a fault does to an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Nothing but its latency.
    Delay,
    /// An error document of the service.
    Error {
        /// HTTP.
        status: u16,
        /// The `Code` field.
        code: String,
        /// The `Message` field.
        message: String,
    },
    /// This text.
    Raw {
        /// HTTP.
        status: u16,
        /// The `Content-Type` header.
        content_type: String,
        /// Sent as it is.
        body: String,
    },
    /// The connection is closed without an answer.
    Close,
    /// There is never an answer.
    Hang,
    /// 302 to this URL.
    Redirect(String),
    /// A body of this many bytes.
    Oversize(usize),
    /// The answer is given with changed fields of its credentials, if it is a success.
    Fields {
        /// Removed.
        drop: Vec<String>,
        /// Replaced or added.
        set: Map<String, Value>,
    },
}

impl FaultSettings {
    /// The one effect that the settings describe; the text says which key is wrong.
    pub(crate) fn effect(&self) -> Result<Effect, String> {
        let fields = self.drop_fields.is_some() || self.set_fields.is_some();
        let chosen = [
            (self.status.is_some(), "status"),
            (self.close, "close"),
            (self.hang, "hang"),
            (self.redirect.is_some(), "redirect"),
            (self.oversize.is_some(), "oversize"),
            (fields, "drop_fields or set_fields"),
        ];
        let chosen: Vec<&str> = chosen.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name).collect();
        if chosen.len() > 1 {
            return Err(format!("a fault has one effect, not {}", chosen.join(" and ")));
        }
        for (is_set, name, needs, has) in [
            (self.code.is_some(), "code", "status", self.status.is_some()),
            (self.body.is_some(), "body", "status", self.status.is_some()),
            (self.message.is_some(), "message", "code", self.code.is_some()),
            (self.content_type.is_some(), "content_type", "body", self.body.is_some()),
        ] {
            if is_set && !has {
                return Err(format!("`{name}` of a fault needs `{needs}`"));
            }
        }
        if let Some(url) = &self.redirect {
            header_value("redirect", url)?;
            return Ok(Effect::Redirect(url.clone()));
        }
        if let Some(bytes) = self.oversize {
            if bytes > MAX_OVERSIZE {
                return Err(format!("`oversize` is at most {MAX_OVERSIZE}"));
            }
            return Ok(Effect::Oversize(bytes));
        }
        let Some(status) = self.status else {
            return Ok(if self.close {
                Effect::Close
            } else if self.hang {
                Effect::Hang
            } else if fields {
                Effect::Fields {
                    drop: self.drop_fields.clone().unwrap_or_default(),
                    set: self.set_fields.clone().unwrap_or_default(),
                }
            } else {
                Effect::Delay
            });
        };
        if !(200..=599).contains(&status) {
            return Err("`status` is 200 to 599".to_owned());
        }
        match (&self.code, &self.body) {
            (Some(code), None) => Ok(Effect::Error {
                status,
                code: code.clone(),
                message: self.message.clone().unwrap_or_else(|| "A fault of the emulator.".into()),
            }),
            (None, Some(body)) => {
                let content_type = self.content_type.clone().unwrap_or_else(|| "application/json".to_owned());
                header_value("content_type", &content_type)?;
                Ok(Effect::Raw { status, content_type, body: body.clone() })
            }
            _ => Err("`status` of a fault needs either `code` or `body`".to_owned()),
        }
    }
}

fn header_value(name: &str, value: &str) -> Result<(), String> {
    HeaderValue::from_str(value).map(|_| ()).map_err(|_| format!("`{name}` is not a header value"))
}

impl Settings {
    /// Checks what the types do not.
    pub(crate) fn check(&self) -> Result<(), String> {
        seconds("lifetime", self.lifetime)?;
        seconds("clock_offset", Some(self.clock_offset))?;
        let mut seen = HashSet::new();
        for key in self.access_keys.iter().flatten() {
            seconds("expires_in", key.expires_in)?;
            if !seen.insert(&key.id) {
                return Err(format!("`access_keys` has `{}` twice", key.id));
            }
        }
        for role in self.roles.iter().flatten() {
            seconds("max_duration", role.max_duration)?;
            if RoleArn::parse(&role.arn).is_none() {
                return Err(format!("`arn` is not acs:ram::<account>:role/<name>: {}", role.arn));
            }
        }
        services::check(self)?;
        check_faults(&self.faults)
    }
}

impl Changes {
    /// Checks what the types do not.
    pub(crate) fn check(&self) -> Result<(), String> {
        seconds("lifetime", self.lifetime.flatten())?;
        seconds("clock_offset", self.clock_offset)?;
        check_faults(self.faults.as_deref().unwrap_or_default())
    }
}

fn check_faults(faults: &[FaultSettings]) -> Result<(), String> {
    for fault in faults {
        fault.effect()?;
        if let Some(name) = &fault.service
            && !service::ALL.iter().any(|service| service.name() == name)
        {
            return Err(format!("unknown service `{name}`"));
        }
        if Duration::from_millis(fault.latency_ms).as_secs() > MAX_SECONDS.unsigned_abs() {
            return Err("`latency_ms` is too large".to_owned());
        }
    }
    Ok(())
}

fn seconds(name: &str, value: Option<i64>) -> Result<(), String> {
    match value {
        Some(value) if value.unsigned_abs() > MAX_SECONDS.unsigned_abs() => {
            Err(format!("`{name}` is at most {MAX_SECONDS} seconds either way"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<String> {
        match serde_json::from_str::<Settings>(text) {
            Ok(settings) => settings.check().err(),
            Err(error) => Some(error.to_string()),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            (r#"{"acces_keys":[]}"#, "acces_keys"),
            (r#"{"access_keys":[{"id":"a","secret":"b","usr":"c"}]}"#, "usr"),
            (r#"{"access_keys":[{"id":"a"}]}"#, "secret"),
            (r#"{"access_keys":[{"id":"a","secret":"b"},{"id":"a","secret":"c"}]}"#, "twice"),
            (r#"{"roles":[{"arn":"x"}]}"#, "arn"),
            (r#"{"lifetime":999999999999}"#, "lifetime"),
            (r#"{"faults":[{"hnag":true}]}"#, "hnag"),
            (r#"{"faults":[{"service":"stss"}]}"#, "stss"),
            (r#"{"faults":[{"hang":true,"close":true}]}"#, "close and hang"),
            (r#"{"faults":[{"status":500}]}"#, "code"),
            (r#"{"faults":[{"status":100,"code":"x"}]}"#, "status"),
            (r#"{"faults":[{"code":"x"}]}"#, "status"),
            (r#"{"faults":[{"status":200,"code":"x","body":"y"}]}"#, "code"),
            (r#"{"faults":[{"oversize":999999999}]}"#, "oversize"),
            (r#"{"faults":[{"redirect":"a\nb"}]}"#, "redirect"),
            (r#"{"oidc":[{"provider_arn":"p"}]}"#, "hs256_key"),
            (r#"{"oidc":[{"provider_arn":"p","token":"t","hs256_key":"k"}]}"#, "not both"),
            (r#"{"key_pairs":[{"id":"a","public_key_pem":"x"}]}"#, "public_key_pem"),
            (r#"{"metadata":{"rule":"r"}}"#, "rule"),
            (r#"{"metadata":{"lifetime":999999999999}}"#, "metadata.lifetime"),
            (r#"{"metadata":{"versions":["v3"]}}"#, "v3"),
            (r#"{"credentials_uri":{"password":"p"}}"#, "user"),
            (r#"{"cloud_sso":[{"access_token":"t","account_id":"1"}]}"#, "access_configuration_id"),
            (r#"{"oauth":{"case":"snake"}}"#, "snake"),
            (r#"{"oauth":{"access_lifetime":999999999999}}"#, "access_lifetime"),
        ] {
            let problem = problem(text).unwrap_or_default();
            assert!(problem.contains(named), "{text}: {problem}");
        }
        assert_eq!(problem("{}"), None);
        assert_eq!(problem(r#"{"faults":[{"latency_ms":5}],"lifetime":-5}"#), None);
    }

    #[test]
    fn null_removes_the_lifetime() {
        let lifetime = |text: &str| serde_json::from_str::<Changes>(text).map(|changes| changes.lifetime).ok();
        assert_eq!(lifetime("{}"), Some(None));
        assert_eq!(lifetime(r#"{"lifetime":null}"#), Some(Some(None)));
        assert_eq!(lifetime(r#"{"lifetime":-1}"#), Some(Some(Some(-1))));
    }
}
