//! What the services beyond `AssumeRole` know: whose token is good, which role an instance has.

use std::collections::HashSet;

use serde::Deserialize;

use super::{Settings, seconds};
use crate::rsa::PublicKey;

/// An OIDC provider and one kind of token of its that is good. A provider may be listed repeatedly.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcSettings {
    /// `acs:ram::<account>:oidc-provider/<name>`.
    pub(crate) provider_arn: String,
    /// The `iss` that a token has to have.
    pub(crate) issuer: Option<String>,
    /// One of the `aud` that a token has to have.
    pub(crate) audience: Option<String>,
    /// The one token that is good, whatever is in it.
    pub(crate) token: Option<String>,
    /// The key with which good tokens are signed.
    pub(crate) hs256_key: Option<String>,
}

/// A key pair.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyPairSettings {
    /// The public key's id.
    pub(crate) id: String,
    /// `BEGIN PUBLIC KEY`.
    pub(crate) public_key_pem: String,
}

/// A mode of the metadata service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Version {
    /// Without a token.
    V1,
    /// With a token.
    V2,
}

/// The instance metadata service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MetadataSettings {
    /// The instance's role; `None`: it has none.
    pub(crate) role: Option<String>,
    /// The modes that it answers in.
    pub(crate) versions: Vec<Version>,
    /// Whether the role's name ends with a newline.
    pub(crate) newline: bool,
    /// `Code` instead of `Success`.
    pub(crate) code: Option<String>,
    /// Seconds; wins over the lifetime of everything.
    pub(crate) lifetime: Option<i64>,
}

impl Default for MetadataSettings {
    fn default() -> Self {
        Self { role: None, versions: vec![Version::V1, Version::V2], newline: false, code: None, lifetime: None }
    }
}

/// Who may ask the credentials URI: anybody, unless there is a name and a password.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CredentialsUriSettings {
    /// For Basic authorization.
    pub(crate) user: Option<String>,
    /// For Basic authorization.
    pub(crate) password: Option<String>,
}

/// A sign-in that CloudSSO knows, for one configuration in one account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloudSsoSettings {
    /// What the bearer has.
    pub(crate) access_token: String,
    /// The account.
    pub(crate) account_id: String,
    /// What may be done there.
    pub(crate) access_configuration_id: String,
}

/// How OAuth's exchange spells its keys.
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
pub(crate) struct OauthSettings {
    /// The applications that exist; `None`: all.
    pub(crate) client_ids: Option<Vec<String>>,
    /// The refresh token of a finished sign-in.
    pub(crate) refresh_token: Option<String>,
    /// The access token of a finished sign-in.
    pub(crate) access_token: Option<String>,
    /// Seconds for which an access token is good.
    pub(crate) access_lifetime: i64,
    /// Whether a refresh token is good once only.
    pub(crate) strict: bool,
    /// The keys of the exchange.
    pub(crate) case: Case,
}

impl Default for OauthSettings {
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

/// Checks what the types do not.
pub(super) fn check(settings: &Settings) -> Result<(), String> {
    for provider in &settings.oidc {
        if provider.token.is_some() == provider.hs256_key.is_some() {
            return Err(format!("`oidc` needs `token` or `hs256_key`, not both: {}", provider.provider_arn));
        }
    }
    let mut seen = HashSet::new();
    for pair in &settings.key_pairs {
        if !seen.insert(&pair.id) {
            return Err(format!("`key_pairs` has `{}` twice", pair.id));
        }
        if PublicKey::from_pem(&pair.public_key_pem).is_none() {
            return Err(format!("`public_key_pem` is not an RSA public key of 2048 bits or more: {}", pair.id));
        }
    }
    seconds("metadata.lifetime", settings.metadata.lifetime)?;
    if settings.metadata.versions.is_empty() {
        return Err("`versions` of `metadata` are v1, v2 or both".to_owned());
    }
    if settings.metadata.role.as_ref().is_some_and(String::is_empty) {
        return Err("`role` of `metadata` is empty; no role is null".to_owned());
    }
    if settings.credentials_uri.user.is_some() != settings.credentials_uri.password.is_some() {
        return Err("`credentials_uri` needs both `user` and `password`, or neither".to_owned());
    }
    seconds("oauth.access_lifetime", Some(settings.oauth.access_lifetime))
}
