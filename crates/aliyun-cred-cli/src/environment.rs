//! The variables by which programs find a credential.

use aliyun_cred::Credentials;

use crate::failure::Failure;
use crate::get::single_quoted;

/// A variable and its value; `None` for one that must not be set.
pub(crate) type Variable = (&'static str, Option<String>);

/// The names of the three values: those of the SDKs, Terraform's and ossutil's, and those of older SDKs.
const NAMES: [[&str; 3]; 4] = [
    ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"],
    ["ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"],
    ["ALIBABACLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_SECURITY_TOKEN"],
    ["OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"],
];

/// The variables that lead a program to another credential.
const MISLEADING: [&str; 10] = [
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

/// A file without profiles, on every system that has one.
const NO_FILE: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// The variables that hold a credential.
pub(crate) fn holding(credentials: &Credentials) -> Result<Vec<Variable>, Failure> {
    let (Some(id), Some(secret)) = (credentials.access_key_id(), credentials.access_key_secret()) else {
        return Err(Failure::new("a bearer token has no variables; this needs an AccessKey pair"));
    };
    // A token from outside would not belong to this key.
    let values = [Some(id), Some(secret), credentials.security_token()];
    let misleading = MISLEADING.into_iter().map(|name| (name, None));
    let held = NAMES.iter().flat_map(|names| names.iter().copied().zip(values.map(|value| value.map(str::to_owned))));
    Ok(misleading.chain(held).collect())
}

/// The variables that lead to a credentials URI, past all that a program's chain asks before it.
pub(crate) fn leading_to(uri: &str) -> Vec<Variable> {
    let unset = NAMES.iter().flatten().chain(&MISLEADING).map(|name| (*name, None));
    let mut variables: Vec<Variable> = unset.collect();
    let mut set = |name, value: String| {
        variables.retain(|(other, _)| *other != name);
        variables.push((name, Some(value)));
    };
    set("ALIBABA_CLOUD_CREDENTIALS_URI", uri.to_owned());
    set("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "true".to_owned());
    set("ALIBABA_CLOUD_CREDENTIALS_FILE", NO_FILE.to_owned());
    set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true".to_owned());
    if let Some(host) = uri.strip_prefix("http://").and_then(host_of) {
        // A proxy must not see the token. Programs differ in the name that they read, and some take the first one only.
        let given = |name: &str, other: &str| std::env::var(name).or_else(|_| std::env::var(other)).ok();
        set("NO_PROXY", without_proxy(given("NO_PROXY", "no_proxy"), host));
        set("no_proxy", without_proxy(given("no_proxy", "NO_PROXY"), host));
    }
    variables
}

/// The host in what follows the scheme of a URI, without brackets.
fn host_of(rest: &str) -> Option<&str> {
    let authority = rest.split('/').next()?;
    let (host, _) = authority.rsplit_once(':')?;
    Some(host.trim_start_matches('[').trim_end_matches(']'))
}

/// `NO_PROXY` with a host in it.
fn without_proxy(given: Option<String>, host: &str) -> String {
    match given.filter(|list| !list.trim().is_empty()) {
        None => host.to_owned(),
        Some(list) if list.split(',').any(|one| one.trim() == host || one.trim() == "*") => list,
        Some(list) => format!("{list},{host}"),
    }
}

/// A command for a POSIX shell.
pub(crate) fn export(name: &str, value: &str) -> String {
    format!("export {name}={}\n", single_quoted(value, "'\\''"))
}

/// Commands for a POSIX shell.
pub(crate) fn shell(variables: &[Variable]) -> String {
    let line = |(name, value): &Variable| match value {
        Some(value) => export(name, value),
        None => format!("unset {name}\n"),
    };
    variables.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_address_needs_no_proxy() {
        let of = |text: &str| without_proxy(Some(text.to_owned()), "127.0.0.1");
        assert_eq!(without_proxy(None, "127.0.0.1"), "127.0.0.1");
        assert_eq!((host_of("127.0.0.1:80/t/credentials"), host_of("[::1]:80/t")), (Some("127.0.0.1"), Some("::1")));
        assert_eq!((of(" "), of("*")), ("127.0.0.1".to_owned(), "*".to_owned()));
        assert_eq!(of("a.example, 127.0.0.1"), "a.example, 127.0.0.1");
        assert_eq!(of("a.example"), "a.example,127.0.0.1");
    }

    #[test]
    fn a_variable_has_one_value() {
        let mut names: Vec<_> =
            leading_to("http://127.0.0.1:1/t/credentials").into_iter().map(|(name, _)| name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
