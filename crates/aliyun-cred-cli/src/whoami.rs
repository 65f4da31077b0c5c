//! `whoami`: who STS says that the credential belongs to.

use aliyun_cred::binding;

use crate::arguments::Chosen;
use crate::client;
use crate::failure::Outcome;
use crate::print;

pub(crate) fn run(chosen: &Chosen) -> Outcome {
    let credentials = client::of(chosen)?.credentials_blocking()?;
    let path = credentials.provider_name().unwrap_or_default().to_owned();
    let identity = binding::caller_identity(credentials, &client::reach(&chosen.origin))?;
    let text = format!(
        "account     {}\narn         {}\ntype        {}\nprincipal   {}\nprovider    {path}\n",
        identity.account_id, identity.arn, identity.identity_type, identity.principal_id
    );
    print(text.as_bytes())
}
