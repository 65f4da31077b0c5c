//! A RAM role assumed with another credential: STS AssumeRole.
//!
//! <https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole>

use super::{Provider, filled, required, session_duration, session_name};
use crate::answer::Shape;
use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::Result;
use crate::host::Host;
use crate::sts::{Call, DEFAULT_HOST, Parameters, Signer, Sts};

const NAME: &str = "ram_role_arn";

#[derive(Debug)]
pub(crate) struct RamRoleArn {
    base: Provider,
    role_arn: String,
    session_name: String,
    duration_seconds: i64,
    policy: Option<String>,
    external_id: Option<String>,
    sts: Sts,
}

impl RamRoleArn {
    /// The role that `role` describes, assumed with what `base` gives.
    pub(super) fn assume(base: Provider, role: &Config, host: &Host) -> Result<Provider> {
        let duration_seconds = session_duration(role)?;
        let role_arn = required(role.role_arn.as_deref(), "ALIBABA_CLOUD_ROLE_ARN", host, || {
            let python = "role_arn or environment variable ALIBABA_CLOUD_ROLE_ARN cannot be empty";
            (python, "the RoleArn is empty")
        })?;
        let session_name = session_name(role, host);
        Ok(Provider::RamRoleArn(Box::new(RamRoleArn {
            base,
            role_arn,
            session_name,
            duration_seconds,
            policy: filled(role.policy.as_ref()),
            external_id: filled(role.external_id.as_ref()),
            sts: Sts::new(role, host, DEFAULT_HOST)?,
        })))
    }

    pub(super) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        let signer = self.base.fetch(host).await?;
        let mut form = Parameters::from([
            ("RoleArn", self.role_arn.clone()),
            ("RoleSessionName", self.session_name.clone()),
            ("DurationSeconds", self.duration_seconds.to_string()),
        ]);
        form.extend(self.policy.clone().map(|policy| ("Policy", policy)));
        form.extend(self.external_id.clone().map(|id| ("ExternalId", id)));
        let call = Call {
            provider: NAME,
            action: "AssumeRole",
            form,
            signer: Signer::Credentials(&signer),
            secrets: &[],
            shape: Shape::common(Some("Credentials")),
        };
        let assumed = self.sts.call(host, call).await.map_err(|error| error.at_provider(NAME))?;
        let path = match signer.provider_name() {
            Some(base) => format!("{NAME}/{base}"),
            None => NAME.to_owned(),
        };
        Ok(assumed.named(path))
    }
}
