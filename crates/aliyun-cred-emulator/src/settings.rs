//! The settings that the services share: the access keys. Settings of a single service are next to that service.

use serde::Deserialize;

/// The largest offset, lifetime or latency, in seconds; keeps sums of times in range.
pub(crate) const MAX_SECONDS: i64 = 10 * 366 * 24 * 3600;

/// An access key that exists by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultAccessKey {
    /// The AccessKey ID.
    pub id: &'static str,
    /// The AccessKey secret; useless outside the emulator.
    pub secret: &'static str,
    /// The account number.
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

/// An access key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessKeySettings {
    /// The AccessKey ID.
    pub(crate) id: String,
    /// The AccessKey secret.
    pub(crate) secret: String,
    /// The account number.
    #[serde(default = "default_account")]
    pub(crate) account: String,
    /// Absent: the account itself.
    pub(crate) user: Option<String>,
    /// The security token that the key requires.
    pub(crate) token: Option<String>,
    /// The time until it expires, in seconds, by the services' clock.
    pub(crate) expires_in: Option<i64>,
}

impl From<DefaultAccessKey> for AccessKeySettings {
    fn from(key: DefaultAccessKey) -> Self {
        Self {
            id: key.id.to_owned(),
            secret: key.secret.to_owned(),
            account: key.account.to_owned(),
            user: key.user.map(str::to_owned),
            token: None,
            expires_in: None,
        }
    }
}

/// The default account.
pub(crate) fn default_account() -> String {
    DEFAULT_ACCESS_KEYS.map(|key| key.account).first().copied().unwrap_or_default().to_owned()
}

/// Checks a number of seconds; `name` is used in the error text.
pub(crate) fn seconds(name: &str, value: Option<i64>) -> Result<(), String> {
    match value {
        Some(value) if value.unsigned_abs() > MAX_SECONDS.unsigned_abs() => {
            Err(format!("`{name}` is at most {MAX_SECONDS} seconds either way"))
        }
        _ => Ok(()),
    }
}
