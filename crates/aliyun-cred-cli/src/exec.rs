//! `exec`: runs a program with a credential in its environment.

use std::process::Command;

use aliyun_cred::Credentials;

use crate::arguments::Exec;
use crate::client;
use crate::failure::{Failure, Outcome};

/// Set for the program, so that an `exec` inside another is noticed.
const INSIDE: &str = "ALIYUN_CRED_EXEC";

/// The names of the three values: those of the SDKs, Terraform's and ossutil's, and those of older SDKs.
const NAMES: [[&str; 3]; 4] = [
    ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"],
    ["ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"],
    ["ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN"],
    ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
];

/// The variables that would lead the program to another credential.
const REMOVED: [&str; 10] = [
    "ALIBABA_CLOUD_PROFILE",
    "ALIBABA_CLOUD_CONFIG_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_ROLE_ARN",
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALICLOUD_PROFILE",
    "ALIBABACLOUD_PROFILE",
    "ALIBABA_CLOUD_ECS_METADATA",
];

pub(crate) fn run(arguments: &Exec) -> Outcome {
    if std::env::var_os(INSIDE).is_some() && !arguments.nested {
        let text = "this is inside another 'aliyun-cred exec', whose credential it would use; pass --nested to do that";
        return Err(Failure::invalid(text));
    }
    let credentials = client::of(&arguments.chosen)?.credentials_blocking()?;
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Failure::invalid("no program is given"));
    };
    let mut command = Command::new(program);
    command.args(rest).env(INSIDE, "1");
    for name in REMOVED {
        command.env_remove(name);
    }
    for (name, value) in variables(&credentials)? {
        match value {
            Some(value) => command.env(name, value),
            // One from outside would not belong to this key.
            None => command.env_remove(name),
        };
    }
    start(command, &program.to_string_lossy())
}

/// Each variable and its value; `None` for one that the credential does not have.
fn variables(credentials: &Credentials) -> Result<Vec<(&'static str, Option<&str>)>, Failure> {
    let (Some(id), Some(secret)) = (credentials.access_key_id(), credentials.access_key_secret()) else {
        return Err(Failure::new("a bearer token has no variables; this needs an AccessKey pair"));
    };
    let values = [Some(id), Some(secret), credentials.security_token()];
    Ok(NAMES.iter().flat_map(|names| names.iter().copied().zip(values)).collect())
}

/// Becomes the program: its signals and exit status are its own.
#[cfg(unix)]
fn start(mut command: Command, program: &str) -> Outcome {
    use std::os::unix::process::CommandExt as _;
    Err(Failure::start(program, &command.exec()))
}

/// Runs the program, and passes its exit status on.
#[cfg(not(unix))]
fn start(mut command: Command, program: &str) -> Outcome {
    let status = command.status().map_err(|error| Failure::start(program, &error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(crate::failure::FAILED);
    Ok(std::process::ExitCode::from(code))
}
