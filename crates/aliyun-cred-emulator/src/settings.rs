//! What sets up what the services share: the access keys. Whatever only one service knows is set up
//! where that service is.

use serde::Deserialize;

/// The largest offset, lifetime or latency, in seconds: it keeps every sum of times valid.
pub(crate) const MAX_SECONDS: i64 = 10 * 366 * 24 * 3600;

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

/// The account of whatever does not say whose it is.
pub(crate) fn default_account() -> String {
    DEFAULT_ACCESS_KEYS.map(|key| key.account).first().copied().unwrap_or_default().to_owned()
}

/// Checks a number of seconds; the text names it.
pub(crate) fn seconds(name: &str, value: Option<i64>) -> Result<(), String> {
    match value {
        Some(value) if value.unsigned_abs() > MAX_SECONDS.unsigned_abs() => {
            Err(format!("`{name}` is at most {MAX_SECONDS} seconds either way"))
        }
        _ => Ok(()),
    }
}
