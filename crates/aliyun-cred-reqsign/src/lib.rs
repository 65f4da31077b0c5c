#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

use std::time::{Duration, UNIX_EPOCH};

use aliyun_cred::{Client, Credentials, ErrorKind};
use reqsign_aliyun_oss::Credential;
use reqsign_core::time::Timestamp;
use reqsign_core::{Context, Error, ErrorKind as SigningErrorKind, ProvideCredential, Result};

/// How long reqsign may use a credential that the client still returns although its expiration has passed: long enough
/// to sign one request, and short enough to be asked for again at the next.
const GRACE: Duration = Duration::from_secs(60);

/// Gives reqsign the credential of a [`Client`].
///
/// Cheap to clone: clones share the client, its cached credential and its refresh in flight. Needs no executor of its
/// own.
#[derive(Clone, Debug)]
pub struct ClientCredentialProvider {
    client: Client,
}

impl ClientCredentialProvider {
    /// A provider that asks `client`.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl From<Client> for ClientCredentialProvider {
    fn from(client: Client) -> Self {
        Self::new(client)
    }
}

impl ProvideCredential for ClientCredentialProvider {
    type Credential = Credential;

    /// Never `None`: an error says why there is no credential.
    async fn provide_credential(&self, _: &Context) -> Result<Option<Credential>> {
        let credentials = self.client.credentials().await.map_err(signing_error)?;
        credential(&credentials).map(Some)
    }
}

fn credential(credentials: &Credentials) -> Result<Credential> {
    let (Some(id), Some(secret)) = (credentials.access_key_id(), credentials.access_key_secret()) else {
        return Err(Error::config_invalid("the client's credential is a bearer token, which cannot sign a request"));
    };
    let end = credentials.expiration().and_then(|end| end.duration_since(UNIX_EPOCH).ok());
    let end = end.map(|end| Timestamp::from_second(end.as_secs().try_into().unwrap_or(i64::MAX))).transpose()?;
    Ok(Credential {
        access_key_id: id.to_owned(),
        access_key_secret: secret.to_owned(),
        security_token: credentials.security_token().map(str::to_owned),
        // Whether a credential may be used after its expiration is the client's decision, see the documentation.
        expires_in: end.map(|end| end.max(Timestamp::now() + GRACE)),
    })
}

/// The same text; the kind says who can help.
fn signing_error(error: aliyun_cred::Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::InvalidConfig | ErrorKind::NotConfigured | ErrorKind::Disabled | ErrorKind::MalformedFile => {
            SigningErrorKind::ConfigInvalid
        }
        ErrorKind::Denied => SigningErrorKind::PermissionDenied,
        ErrorKind::Throttled => SigningErrorKind::RateLimited,
        ErrorKind::Expired | ErrorKind::LoginRequired => SigningErrorKind::CredentialInvalid,
        _ => SigningErrorKind::Unexpected,
    };
    let may_pass = matches!(error.kind(), ErrorKind::Throttled | ErrorKind::Unavailable | ErrorKind::Timeout);
    Error::new(kind, error.to_string()).with_source(error).set_retryable(may_pass)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn at(end: Timestamp) -> Credentials {
        Credentials::from_parts("id", "secret").with_expiration(end.as_system_time())
    }

    #[test]
    fn the_expiration_is_that_of_the_client() {
        let end = Timestamp::from_second(4_102_444_800).unwrap();
        assert_eq!(credential(&at(end)).unwrap().expires_in, Some(end));
        assert_eq!(credential(&Credentials::from_parts("id", "secret")).unwrap().expires_in, None);
    }

    #[test]
    fn a_credential_served_after_its_expiration_signs_one_request() {
        use reqsign_core::SigningCredential as _;
        let served = credential(&at(Timestamp::from_second(1).unwrap())).unwrap();
        assert!(served.is_valid_at(Timestamp::now()));
        assert!(!served.is_valid(), "reqsign would keep it");
    }

    #[test]
    fn a_bearer_token_is_no_key() {
        let error = credential(&Credentials::from_bearer_token("a long token")).unwrap_err();
        assert_eq!(error.kind(), SigningErrorKind::ConfigInvalid);
        assert!(!format!("{error:?}").contains("a long token"));
    }
}
