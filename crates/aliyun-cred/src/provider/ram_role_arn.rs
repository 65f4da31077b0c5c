//! A RAM role assumed with another credential: STS AssumeRole.
//!
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole>

use std::collections::BTreeMap;

use super::{Provider, required};
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::sts::{Call, Service};

const NAME: &str = "ram_role_arn";
const DEFAULT_DURATION: i64 = 3600;
const MIN_DURATION: i64 = 900;

#[derive(Debug)]
pub(crate) struct RamRoleArn {
    base: Provider,
    role_arn: String,
    session_name: String,
    duration_seconds: i64,
    policy: Option<String>,
    external_id: Option<String>,
    sts: Service,
}

impl RamRoleArn {
    /// The role that `role` describes, assumed with what `base` gives.
    pub(super) fn assume(base: Provider, role: &Config, host: &Host) -> Result<Provider> {
        let duration_seconds = role.role_session_expiration.unwrap_or(DEFAULT_DURATION);
        if duration_seconds < MIN_DURATION {
            return Err(Error::invalid_config(
                "session duration should be in the range of 900s - max session duration",
            ));
        }
        let role_arn = required(role.role_arn.as_deref(), "ALIBABA_CLOUD_ROLE_ARN", host, || {
            let python = "role_arn or environment variable ALIBABA_CLOUD_ROLE_ARN cannot be empty";
            host.surface().text(python, "the RoleArn is empty").to_owned()
        })?;
        let filled = |option: &Option<String>| option.clone().filter(|value| !value.is_empty());
        let session_name = filled(&role.role_session_name)
            .or_else(|| host.env("ALIBABA_CLOUD_ROLE_SESSION_NAME"))
            .unwrap_or_else(|| host.surface().session_name(host.now().wall));
        Ok(Provider::RamRoleArn(Box::new(RamRoleArn {
            base,
            role_arn,
            session_name,
            duration_seconds,
            policy: filled(&role.policy),
            external_id: filled(&role.external_id),
            sts: Service::new(role, host)?,
        })))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let signer = self.base.fetch(host).await?;
        let mut form = BTreeMap::from([
            ("RoleArn", self.role_arn.clone()),
            ("RoleSessionName", self.session_name.clone()),
            ("DurationSeconds", self.duration_seconds.to_string()),
        ]);
        form.extend(self.policy.clone().map(|policy| ("Policy", policy)));
        form.extend(self.external_id.clone().map(|id| ("ExternalId", id)));
        let call = Call { provider: NAME, action: "AssumeRole", form, signer: &signer };
        let assumed = self.sts.call(host, call).await.map_err(|error| error.at_provider(NAME))?;
        let path = match signer.provider_name() {
            Some(base) => format!("{NAME}/{base}"),
            None => NAME.to_owned(),
        };
        Ok(assumed.named(path))
    }
}
