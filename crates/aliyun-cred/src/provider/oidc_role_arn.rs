//! A RAM role assumed with an OIDC token: STS AssumeRoleWithOIDC, as in a Kubernetes pod with RRSA.
//!
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc>

use super::shared_session::{Key, SharedSession};
use super::{filled, names_session, required, session_duration, session_name};
use crate::config::Config;
use crate::credentials::{Credentials, Lead};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Trust};
use crate::protocol::reply::Shape;
use crate::protocol::sts::{API, Call, DEFAULT_HOST, Parameters, Signer, Sts};
use crate::secret::Secret;
use crate::text::{GivenPath, decode_wiped, shown_path};
use crate::wording;

const NAME: &str = "oidc_role_arn";
/// The default chain asks this source only if all of these variables are set.
const VARIABLES: [&str; 3] =
    ["ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"];

#[derive(Debug)]
pub(crate) struct OidcRoleArn {
    role_arn: String,
    provider_arn: String,
    token_file: GivenPath,
    session_name: String,
    duration_seconds: i64,
    policy: Option<String>,
    sts: Sts,
    /// Whether the session name is the user's.
    names_session: bool,
    pub(super) shared: SharedSession,
}

impl OidcRoleArn {
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        let duration_seconds = session_duration(config)?;
        let [role, provider, file] = VARIABLES;
        let role_arn = required(config.role_arn.as_deref(), role, host, wording::OIDC_ROLE_ARN_EMPTY)?;
        let provider_arn =
            required(config.oidc_provider_arn.as_deref(), provider, host, wording::OIDC_PROVIDER_ARN_EMPTY)?;
        let token_file = required(config.oidc_token_file_path.as_deref(), file, host, wording::OIDC_TOKEN_FILE_EMPTY)?;
        Ok(OidcRoleArn {
            role_arn,
            provider_arn,
            token_file: host.path(token_file).into(),
            session_name: session_name(config, host),
            duration_seconds,
            policy: filled(config.policy.as_ref()),
            sts: Sts::new(config, host, DEFAULT_HOST)?,
            names_session: names_session(config, host),
            shared: SharedSession::default(),
        })
    }

    /// For the default chain; `None` unless all of the variables are set.
    pub(crate) fn from_environment(host: &Host) -> Option<Result<Self>> {
        // In Python, `auth_util.enable_oidc_credential` decides.
        let enabled = match host.assigned("enable_oidc_credential").flatten() {
            Some(flag) => flag.eq_ignore_ascii_case("true"),
            None => VARIABLES.iter().all(|name| host.env(name).is_some()),
        };
        enabled.then(|| OidcRoleArn::new(&Config::default(), host))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        self.assume(host).await.map_err(|error| error.at_provider(NAME))
    }

    async fn assume(&self, host: &Host) -> Result<Credentials> {
        let token = self.token(host).await?;
        let mut form = Parameters::from([
            ("RoleArn", self.role_arn.clone()),
            ("OIDCProviderArn", self.provider_arn.clone()),
            ("OIDCToken", token.expose().to_owned()),
            ("RoleSessionName", self.session_name.clone()),
            ("DurationSeconds", self.duration_seconds.to_string()),
        ]);
        form.extend(self.policy.clone().map(|policy| ("Policy", policy)));
        let call = Call {
            api: &API,
            provider: NAME,
            action: "AssumeRoleWithOIDC",
            form,
            signer: Signer::Nobody,
            secrets: &[token.expose()],
            trust: Trust::Usual,
        };
        let key = || Key::of_call(&self.sts, &call, self.names_session);
        let shape = Shape::common(Some("Credentials"));
        self.shared.or_fetch(host, Lead::Sts, key, self.sts.call(host, &call, &shape)).await
    }

    /// Reads the token, which is rotated on disk. Token files often end with a line break.
    async fn token(&self, host: &Host) -> Result<Secret> {
        let path = shown_path(&self.token_file);
        let unreadable = |kind, why: &str| {
            let text =
                format!("unable to read the OIDC token file: {path}: {why}; check ALIBABA_CLOUD_OIDC_TOKEN_FILE");
            Error::new(kind, text)
        };
        let read = host.read_shared_file(&self.token_file).await;
        let bytes = read.map_err(|error| unreadable(ErrorKind::Io, &error.to_string()))?;
        let text = decode_wiped(&bytes)
            .ok_or_else(|| unreadable(ErrorKind::MalformedFile, "it is neither UTF-8 nor UTF-16"))?;
        let token = text.trim();
        if token.is_empty() {
            return Err(unreadable(ErrorKind::MalformedFile, "it is empty"));
        }
        if token.contains(|character: char| !character.is_ascii_graphic()) {
            return Err(unreadable(ErrorKind::MalformedFile, "it holds more than a token, or none"));
        }
        Ok(token.into())
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "changes the file as a cluster does")]
mod tests {
    use super::*;
    use crate::wording::Surface;
    use std::task::{Context, Poll, Waker};

    /// A pod's token is replaced on disk from time to time.
    #[test]
    fn the_token_is_read_anew_every_time() {
        let file = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
        let host = Host::new(Surface::Rust);
        let config = Config::default()
            .role_arn("acs:ram::1:role/r")
            .oidc_provider_arn("acs:ram::1:oidc-provider/p")
            .oidc_token_file_path(file.display().to_string());
        let provider = OidcRoleArn::new(&config, &host).unwrap();
        for (content, token) in [("first", "first"), (" second\r\n", "second")] {
            std::fs::write(&file, content).unwrap();
            let mut reading = std::pin::pin!(provider.token(&host));
            let Poll::Ready(read) = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
                panic!("reading a file does not wait here")
            };
            assert!(read.unwrap().expose() == token, "differs");
        }
        std::fs::remove_file(file).unwrap();
    }
}
