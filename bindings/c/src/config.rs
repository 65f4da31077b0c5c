//! Configurations. The options and their checks are the core's.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use aliyun_cred_core as core;

use crate::border::{fallible, given, guard, text};
use crate::error::Error;

/// The options of one source. Options that are not set come from the environment and the defaults when a client is
/// created. This is the only handle that changes: only one thread at a time may set options.
#[derive(Debug)]
pub struct Config(pub(crate) core::Config);

/// Creates an empty configuration; at least its type must be set.
///
/// Returns a configuration that the caller owns and frees with aliyun_cred_config_free. Any thread may call it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_new() -> Option<Box<Config>> {
    guard(|| Some(Box::new(Config(core::Config::default()))))
}

/// Parses a configuration from a JSON object whose keys are the options' names, such as {"type": "access_key"}: in
/// snake case, as in the setters' names, or in camel case, as in the official packages. null counts as absent.
///
/// json: borrowed, NUL-terminated UTF-8. config: written on success only, with a configuration that the caller owns and
/// frees with aliyun_cred_config_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if json is not a JSON
/// object, or for an unknown name or a value of another type (the message never quotes a value);
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL or json is not UTF-8. Any thread may call it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_from_json(
    json: *const c_char,
    config: Option<&mut MaybeUninit<*mut Config>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let json = text(json, "json")?;
        let config = given(config, "config")?;
        config.write(Box::into_raw(Box::new(Config(core::Config::from_json(json)?))));
        Ok(())
    })
}

/// Frees a configuration and wipes its secrets. Clients created from it are not affected.
///
/// config: taken over, and must not be used afterwards; NULL does nothing. No other thread may be using it.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_free(config: Option<Box<Config>>) {
    guard(|| drop(config));
}

// The setters: one for each option of the core's table, as the tests below and tests/header.rs check.
//
// What all of them have in common stands once, in the header's first comment.

fn set(config: Option<&mut Config>, option: &str, value: impl Into<core::OptionValue>) -> Option<Box<Error>> {
    fallible(|| Ok(given(config, "config")?.0.set(option, value)?))
}

fn set_text(config: Option<&mut Config>, option: &str, value: *const c_char) -> Option<Box<Error>> {
    fallible(|| Ok(given(config, "config")?.0.set(option, text(value, option)?)?))
}

/// The kind of source: access_key, sts, bearer, ecs_ram_role, ram_role_arn, rsa_key_pair, oidc_role_arn or
/// credentials_uri. Required.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_type(config: Option<&mut Config>, value: *const c_char) -> Option<Box<Error>> {
    set_text(config, "type", value)
}

/// The AccessKey ID; else ALIBABA_CLOUD_ACCESS_KEY_ID.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_access_key_id(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "access_key_id", value)
}

/// The AccessKey secret; else ALIBABA_CLOUD_ACCESS_KEY_SECRET.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_access_key_secret(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "access_key_secret", value)
}

/// The STS security token; for sts else ALIBABA_CLOUD_SECURITY_TOKEN.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_security_token(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "security_token", value)
}

/// The bearer token.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_bearer_token(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "bearer_token", value)
}

/// Accepted for compatibility and ignored; see role_session_expiration.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_duration_seconds(
    config: Option<&mut Config>,
    value: i64,
) -> Option<Box<Error>> {
    set(config, "duration_seconds", value)
}

/// The ARN of the RAM role to assume; else ALIBABA_CLOUD_ROLE_ARN.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_role_arn(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "role_arn", value)
}

/// The ARN of the OIDC provider; else ALIBABA_CLOUD_OIDC_PROVIDER_ARN.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_oidc_provider_arn(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "oidc_provider_arn", value)
}

/// The file that holds the OIDC token; else ALIBABA_CLOUD_OIDC_TOKEN_FILE.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_oidc_token_file_path(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "oidc_token_file_path", value)
}

/// The session's name; else ALIBABA_CLOUD_ROLE_SESSION_NAME, else made from the language and the time.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_role_session_name(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "role_session_name", value)
}

/// The session's lifetime in seconds, 900 or more; default 3600.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_role_session_expiration(
    config: Option<&mut Config>,
    value: i64,
) -> Option<Box<Error>> {
    set(config, "role_session_expiration", value)
}

/// A policy in JSON that narrows the session.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_policy(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "policy", value)
}

/// The external ID that the role's trust policy asks for.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_external_id(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "external_id", value)
}

/// STS's host, host with port, or URL; else ALIBABA_CLOUD_STS_ENDPOINT, else by region.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_sts_endpoint(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "sts_endpoint", value)
}

/// STS's region, such as cn-hangzhou; else ALIBABA_CLOUD_STS_REGION, else sts.aliyuncs.com.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_sts_region_id(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "sts_region_id", value)
}

/// Whether to use the region's VPC endpoint; else ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED. Without a region, no effect.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_enable_vpc(config: Option<&mut Config>, value: bool) -> Option<Box<Error>> {
    set(config, "enable_vpc", value)
}

/// The key ID of an RSA key pair.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_public_key_id(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "public_key_id", value)
}

/// The file that holds the private key of an RSA key pair.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_private_key_file(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "private_key_file", value)
}

/// The private key itself, in PEM; then no file is read.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_private_key(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "private_key", value)
}

/// The instance's RAM role; else ALIBABA_CLOUD_ECS_METADATA, else asked for.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_role_name(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "role_name", value)
}

/// Accepted for compatibility and ignored: version 2 of the metadata service is always tried first.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_enable_imds_v2(
    config: Option<&mut Config>,
    value: bool,
) -> Option<Box<Error>> {
    set(config, "enable_imds_v2", value)
}

/// Whether never to fall back to version 1 of the metadata service; else ALIBABA_CLOUD_IMDSV1_DISABLED.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_disable_imds_v1(
    config: Option<&mut Config>,
    value: bool,
) -> Option<Box<Error>> {
    set(config, "disable_imds_v1", value)
}

/// Accepted for compatibility and ignored.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_metadata_token_duration(
    config: Option<&mut Config>,
    value: i64,
) -> Option<Box<Error>> {
    set(config, "metadata_token_duration", value)
}

/// Whether the metadata service's credentials are refreshed by a timer; default true.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_async_credential_update_enabled(
    config: Option<&mut Config>,
    value: bool,
) -> Option<Box<Error>> {
    set(config, "async_credential_update_enabled", value)
}

/// The URI that hands out credentials; else ALIBABA_CLOUD_CREDENTIALS_URI.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_credentials_uri(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "credentials_uri", value)
}

/// Accepted for compatibility and ignored.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_host(config: Option<&mut Config>, value: *const c_char) -> Option<Box<Error>> {
    set_text(config, "host", value)
}

/// The limit of one request once connected, in milliseconds; 0 or absent: the source's default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_timeout(config: Option<&mut Config>, value: i64) -> Option<Box<Error>> {
    set(config, "timeout", value)
}

/// The limit for a connection, in milliseconds; 0 or absent: the source's default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_connect_timeout(
    config: Option<&mut Config>,
    value: i64,
) -> Option<Box<Error>> {
    set(config, "connect_timeout", value)
}

/// The profile of a configuration file, for cli_profile and profile; else ALIBABA_CLOUD_PROFILE, else the CLI's current one
/// and default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_profile_name(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "profile_name", value)
}

/// The configuration file, for cli_profile and profile; else ALIBABA_CLOUD_CONFIG_FILE and ALIBABA_CLOUD_CREDENTIALS_FILE,
/// else where it usually is.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_profile_file(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "profile_file", value)
}

/// Whether the chain asks only the source that has answered from then on, for default; default true.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_reuse_last_provider_enabled(
    config: Option<&mut Config>,
    value: bool,
) -> Option<Box<Error>> {
    set(config, "reuse_last_provider_enabled", value)
}

/// The command that prints a credential, for external: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_process_command(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "process_command", value)
}

/// The sign-in URL, for cloud_sso and oauth: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_sign_in_url(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "sign_in_url", value)
}

/// The account's ID, for cloud_sso: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_account_id(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "account_id", value)
}

/// The access configuration's ID, for cloud_sso: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_access_config(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "access_config", value)
}

/// The access token, for cloud_sso and oauth: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_access_token(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "access_token", value)
}

/// When the access token expires, in seconds since the Unix epoch.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_access_token_expire(
    config: Option<&mut Config>,
    value: i64,
) -> Option<Box<Error>> {
    set(config, "access_token_expire", value)
}

/// The client's ID, for oauth: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_client_id(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "client_id", value)
}

/// The refresh token, for oauth: named with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_refresh_token(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "refresh_token", value)
}

/// When the pair and the token given beside it expire, in seconds since the Unix epoch, for oauth: named
/// with aliyun_cred_client_from_source, or by a CLI profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_sts_expiration(config: Option<&mut Config>, value: i64) -> Option<Box<Error>> {
    set(config, "sts_expiration", value)
}

/// The proxy of this source's requests, such as http://127.0.0.1:8080; else as the environment says.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_config_set_proxy(
    config: Option<&mut Config>,
    value: *const c_char,
) -> Option<Box<Error>> {
    set_text(config, "proxy", value)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Set<T> = extern "C" fn(Option<&mut Config>, T) -> Option<Box<Error>>;

    const TEXTS: &[(&str, Set<*const c_char>)] = &[
        ("type", aliyun_cred_config_set_type),
        ("access_key_id", aliyun_cred_config_set_access_key_id),
        ("access_key_secret", aliyun_cred_config_set_access_key_secret),
        ("security_token", aliyun_cred_config_set_security_token),
        ("bearer_token", aliyun_cred_config_set_bearer_token),
        ("role_arn", aliyun_cred_config_set_role_arn),
        ("oidc_provider_arn", aliyun_cred_config_set_oidc_provider_arn),
        ("oidc_token_file_path", aliyun_cred_config_set_oidc_token_file_path),
        ("role_session_name", aliyun_cred_config_set_role_session_name),
        ("policy", aliyun_cred_config_set_policy),
        ("external_id", aliyun_cred_config_set_external_id),
        ("sts_endpoint", aliyun_cred_config_set_sts_endpoint),
        ("sts_region_id", aliyun_cred_config_set_sts_region_id),
        ("public_key_id", aliyun_cred_config_set_public_key_id),
        ("private_key_file", aliyun_cred_config_set_private_key_file),
        ("private_key", aliyun_cred_config_set_private_key),
        ("role_name", aliyun_cred_config_set_role_name),
        ("credentials_uri", aliyun_cred_config_set_credentials_uri),
        ("host", aliyun_cred_config_set_host),
        ("profile_name", aliyun_cred_config_set_profile_name),
        ("profile_file", aliyun_cred_config_set_profile_file),
        ("process_command", aliyun_cred_config_set_process_command),
        ("sign_in_url", aliyun_cred_config_set_sign_in_url),
        ("account_id", aliyun_cred_config_set_account_id),
        ("access_config", aliyun_cred_config_set_access_config),
        ("access_token", aliyun_cred_config_set_access_token),
        ("client_id", aliyun_cred_config_set_client_id),
        ("refresh_token", aliyun_cred_config_set_refresh_token),
        ("proxy", aliyun_cred_config_set_proxy),
    ];
    const INTEGERS: &[(&str, Set<i64>)] = &[
        ("duration_seconds", aliyun_cred_config_set_duration_seconds),
        ("role_session_expiration", aliyun_cred_config_set_role_session_expiration),
        ("metadata_token_duration", aliyun_cred_config_set_metadata_token_duration),
        ("timeout", aliyun_cred_config_set_timeout),
        ("connect_timeout", aliyun_cred_config_set_connect_timeout),
        ("access_token_expire", aliyun_cred_config_set_access_token_expire),
        ("sts_expiration", aliyun_cred_config_set_sts_expiration),
    ];
    const FLAGS: &[(&str, Set<bool>)] = &[
        ("enable_vpc", aliyun_cred_config_set_enable_vpc),
        ("enable_imds_v2", aliyun_cred_config_set_enable_imds_v2),
        ("disable_imds_v1", aliyun_cred_config_set_disable_imds_v1),
        ("async_credential_update_enabled", aliyun_cred_config_set_async_credential_update_enabled),
        ("reuse_last_provider_enabled", aliyun_cred_config_set_reuse_last_provider_enabled),
    ];

    fn check<T: Copy>(setters: &[(&str, Set<T>)], value: T, same: impl Into<core::OptionValue> + Copy) {
        for (option, setter) in setters {
            let mut config = Config(core::Config::default());
            assert!(setter(Some(&mut config), value).is_none(), "{option}");
            let mut expected = core::Config::default();
            expected.set(option, same).unwrap();
            assert!(config.0 == expected, "{option} sets something else");
        }
    }

    #[test]
    fn every_option_has_a_setter_that_sets_it() {
        check(TEXTS, c"x".as_ptr(), "x");
        check(INTEGERS, 7, 7);
        check(FLAGS, true, true);
        let names = TEXTS.iter().map(|(name, _)| *name);
        let names = names.chain(INTEGERS.iter().map(|(name, _)| *name)).chain(FLAGS.iter().map(|(name, _)| *name));
        let mut names: Vec<_> = names.collect();
        let mut options: Vec<_> = core::Config::options().collect();
        names.sort_unstable();
        options.sort_unstable();
        assert_eq!(names, options);
    }
}
