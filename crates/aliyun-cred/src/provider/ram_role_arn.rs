//! A RAM role assumed with another credential: STS AssumeRole.
//!
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole>

use super::shared_session::{Key, SharedSession};
use super::{Provider, filled, names_session, required, session_duration, session_name};
use crate::config::Config;
use crate::credentials::{Credentials, Lead};
use crate::error::{Error, Result};
use crate::host::{Host, Trust};
use crate::protocol::reply::Shape;
use crate::protocol::sts::{API, Call, DEFAULT_HOST, Parameters, Signer, Sts};
use crate::wording;

const NAME: &str = "ram_role_arn";

/// A credential, and the roles assumed with it one after another.
#[derive(Debug)]
pub(crate) struct RamRoleArn {
    base: Provider,
    roles: Box<[Role]>,
}

/// A program may have thousands: strings that never grow need no capacity.
#[derive(Debug)]
struct Role {
    role_arn: Box<str>,
    session_name: Box<str>,
    duration_seconds: i64,
    policy: Option<Box<str>>,
    external_id: Option<Box<str>>,
    sts: Sts,
    /// Whether the session name is the user's.
    names_session: bool,
    shared: SharedSession,
}

impl RamRoleArn {
    /// The last of `roles`, each assumed with the one before it, the first with the credential of `base`.
    pub(super) fn assume(base: Provider, roles: &[Config], host: &Host) -> Result<Provider> {
        let roles = roles.iter().map(|role| Role::new(role, host)).collect::<Result<_>>()?;
        Ok(Provider::RamRoleArn(Box::new(RamRoleArn { base, roles })))
    }

    pub(super) fn base(&self) -> &Provider {
        &self.base
    }

    pub(super) fn inherit(&self, before: &RamRoleArn) {
        for (role, before) in self.roles.iter().zip(&before.roles) {
            role.shared.inherit(&before.shared);
        }
        self.base.inherit(&before.base);
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let mut credentials = self.base.fetch(host).await?;
        for role in &self.roles {
            credentials = role.assume(&credentials, host).await.map_err(|error| error.at_provider(NAME))?;
        }
        Ok(credentials)
    }
}

impl Role {
    fn new(role: &Config, host: &Host) -> Result<Self> {
        let duration_seconds = session_duration(role)?;
        let role_arn = required(role.role_arn.as_deref(), "ALIBABA_CLOUD_ROLE_ARN", host, wording::ROLE_ARN_EMPTY)?;
        Ok(Role {
            role_arn: role_arn.into(),
            session_name: session_name(role, host).into(),
            duration_seconds,
            policy: filled(role.policy.as_ref()).map(Into::into),
            external_id: filled(role.external_id.as_ref()).map(Into::into),
            sts: Sts::new(role, host, DEFAULT_HOST)?,
            names_session: names_session(role, host),
            shared: SharedSession::default(),
        })
    }

    async fn assume(&self, signer: &Credentials, host: &Host) -> Result<Credentials> {
        if signer.access_key_id().is_none() || signer.access_key_secret().is_none() {
            let text = "unable to load original credentials from the provider in RAM role arn: a bearer token cannot assume a role";
            return Err(Error::invalid_config(text));
        }
        let mut form = Parameters::from([
            ("RoleArn", self.role_arn.to_string()),
            ("RoleSessionName", self.session_name.to_string()),
            ("DurationSeconds", self.duration_seconds.to_string()),
        ]);
        form.extend(self.policy.as_deref().map(|policy| ("Policy", policy.to_owned())));
        form.extend(self.external_id.as_deref().map(|id| ("ExternalId", id.to_owned())));
        let call = Call {
            api: &API,
            provider: NAME,
            action: "AssumeRole",
            form,
            signer: Signer::Credentials(signer),
            secrets: &[],
            trust: Trust::Usual,
        };
        let key = || Key::of_call(&self.sts, &call, self.names_session);
        let shape = Shape::common(Some("Credentials"));
        let session = self.shared.or_fetch(host, Lead::Sts, key, self.sts.call(host, &call, &shape)).await?;
        Ok(session.in_exchange_for(signer, NAME))
    }
}
