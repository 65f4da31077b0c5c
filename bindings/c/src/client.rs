//! Clients: created from a configuration or for the default chain, and asked for credentials.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use aliyun_cred_core as core;
use core::Credentials;
use core::binding::{self, Surface};

use crate::border::{fallible, given, guard, terminated, text};
use crate::config::Config;
use crate::credentials::give;
use crate::error::Error;

/// A client for one source, or for the default chain. It caches the credential and refreshes it in time; keep it, and
/// share it between threads.
#[derive(Debug)]
pub struct Client {
    pub(crate) client: core::Client,
    type_name: CString,
}

impl Client {
    pub(crate) fn hand_out(client: core::Client) -> *mut Client {
        crate::resident::stay();
        let type_name = terminated(client.type_name());
        Box::into_raw(Box::new(Client { client, type_name }))
    }
}

/// Creates a client for the source that a configuration names. It opens no connection and starts no thread.
///
/// config: borrowed for the call, and copied; it may be changed or freed afterwards. client: written on success only,
/// with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing, contradictory or out of range;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL; another kind if a file named by an option cannot be used.
/// Any thread may call it, as long as none changes config meanwhile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_new(
    config: Option<&Config>,
    client: Option<&mut MaybeUninit<*mut Client>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let config = given(config, "config")?;
        let client = given(client, "client")?;
        client.write(Client::hand_out(binding::builder(Surface::C).config(&config.0).build()?));
        Ok(())
    })
}

/// Creates a client for the default chain: the environment, then the configuration files, and so on. It opens no
/// connection and starts no thread; sources are searched at the first call, which also reports why none was found.
///
/// client: written on success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns
/// NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if an environment variable that only the chain reads has an
/// invalid value; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL. Any thread may call it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_default(client: Option<&mut MaybeUninit<*mut Client>>) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        client.write(Client::hand_out(binding::builder(Surface::C).build()?));
        Ok(())
    })
}

/// Creates a client for a source by name: "env", "env_legacy", "env_oss", "env_terraform", "static_ak", "static_sts",
/// "bearer", "ram_role_arn", "oidc_role_arn", "ecs_ram_role", "rsa_key_pair", "kms_secret", "credential_uri",
/// "cli_profile", "profile", "oss_profile", "cloud_sso", "oauth", "external" or "default". It opens no connection and
/// starts no thread.
///
/// name: borrowed, NUL-terminated UTF-8; it becomes the client's type. config: borrowed for the call, and copied; its
/// type is ignored; NULL means an empty one. client: written on success only, with a client that the caller owns and
/// frees with aliyun_cred_client_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG for an unknown name,
/// or if an option is missing, contradictory or out of range; ALIYUN_CRED_ERROR_LOGIN_REQUIRED if the user must log in
/// again; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name or client is NULL or name is not UTF-8; another kind if the source
/// is disabled, or a file named by an option cannot be used. Any thread may call it, as long as none changes config
/// meanwhile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_from_source(
    name: *const c_char,
    config: Option<&Config>,
    client: Option<&mut MaybeUninit<*mut Client>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let name = text(name, "name")?;
        let client = given(client, "client")?;
        let builder = binding::builder(Surface::C).source(name.parse()?);
        let builder = match config {
            Some(config) => builder.config(&config.0),
            None => builder,
        };
        client.write(Client::hand_out(builder.build()?));
        Ok(())
    })
}

/// Creates a client for a profile of the Alibaba Cloud CLI's configuration file. The file is read when a credential is
/// first requested.
///
/// name: borrowed, NUL-terminated UTF-8; NULL for the profile that ALIBABA_CLOUD_PROFILE names, else the file's current
/// one. client: written on success only, with a client that the caller owns and frees with aliyun_cred_client_free.
/// Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL or name is not UTF-8. Any thread may
/// call it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_from_profile(
    name: *const c_char,
    client: Option<&mut MaybeUninit<*mut Client>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let mut config = core::Config::default();
        if !name.is_null() {
            config.set("profile_name", text(name, "name")?)?;
        }
        let client = given(client, "client")?;
        let builder = binding::builder(Surface::C).source(core::Source::CliProfile).config(&config);
        client.write(Client::hand_out(builder.build()?));
        Ok(())
    })
}

/// Creates a client that assumes a role with another client's credential. Up to 1,000 roles can be chained, each with
/// its own session name and external ID. It opens no connection and starts no thread.
///
/// base: borrowed for the call; the new client keeps what it needs, and base may be freed. role: borrowed for the call,
/// and copied: the role's ARN and the other options of ram_role_arn; its type is ignored. client: written on success
/// only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing or out of range, or too many roles are chained;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any thread may call it, as long as none changes role
/// meanwhile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_assume_role(
    base: Option<&Client>,
    role: Option<&Config>,
    client: Option<&mut MaybeUninit<*mut Client>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let base = given(base, "base")?;
        let role = given(role, "role")?;
        let client = given(client, "client")?;
        let builder = binding::builder(Surface::C).source(core::Source::RamRoleArn).config(&role.0);
        client.write(Client::hand_out(builder.base(&base.client).build()?));
        Ok(())
    })
}

/// Creates a client for an AccessKey pair in a secret of KMS, which is fetched with another client's credential, and
/// again after each rotation. It opens no connection and starts no thread.
///
/// base: borrowed for the call; the new client keeps what it needs, and base may be freed. secret: borrowed for the
/// call, and copied: the secret's name and the other options of kms_secret; its type is ignored. client: written on
/// success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing, or too many clients are chained;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any thread may call it, as long as none changes secret
/// meanwhile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_read_secret(
    base: Option<&Client>,
    secret: Option<&Config>,
    client: Option<&mut MaybeUninit<*mut Client>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let base = given(base, "base")?;
        let secret = given(secret, "secret")?;
        let client = given(client, "client")?;
        let builder = binding::builder(Surface::C).source(core::Source::KmsSecret).config(&secret.0);
        client.write(Client::hand_out(builder.base(&base.client).build()?));
        Ok(())
    })
}

/// Frees a client. Credentials from it stay valid; a refresh in flight ends on its own.
///
/// client: taken over, and must not be used afterwards; NULL does nothing. Any thread may call it, as long as no other
/// is using the client.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_free(client: Option<Box<Client>>) {
    guard(|| drop(client));
}

/// Gets the current credential. A fresh one is returned within nanoseconds and without a lock; otherwise the calling
/// thread waits for the source, within the source's own time limits. Threads that wait together share one request.
///
/// client: borrowed. credentials: written on success only, with a reference that the caller owns and frees with
/// aliyun_cred_credentials_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL;
/// another kind if the source fails and no valid credential is left. Any number of threads may call it at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_get_credentials(
    client: Option<&Client>,
    credentials: Option<&mut MaybeUninit<*mut Credentials>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        let credentials = given(credentials, "credentials")?;
        credentials.write(give(client.client.credentials_blocking()?));
        Ok(())
    })
}

/// Like aliyun_cred_client_get_credentials, but waits for a limited time. The refresh continues when the limit runs
/// out. Configuration files are read on the calling thread; that time does not count against the limit.
///
/// client: borrowed. timeout_ms: the limit in milliseconds; 0 never waits. credentials: written on success only, with a
/// reference that the caller owns and frees with aliyun_cred_credentials_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_TIMEOUT if the limit, or one of the source's own, ran out; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a
/// pointer is NULL; another kind if the source fails and no valid credential is left. Any number of threads may call it
/// at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_get_credentials_within(
    client: Option<&Client>,
    timeout_ms: u64,
    credentials: Option<&mut MaybeUninit<*mut Credentials>>,
) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        let credentials = given(credentials, "credentials")?;
        let limit = Duration::from_millis(timeout_ms);
        credentials.write(give(client.client.credentials_within(limit)?));
        Ok(())
    })
}

/// Returns the cached credential if it is fresh, without waiting and without asking the source. Environment variables
/// are never cached; for them, returns the last credential if the variables have not changed. The credential of a
/// custom provider is cached only if it has an expiration.
///
/// client: borrowed. Returns a reference that the caller owns and frees with aliyun_cred_credentials_free; NULL if
/// there is no such credential or if client is NULL. Any number of threads may call it at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_cached(client: Option<&Client>) -> *mut Credentials {
    guard(|| client.and_then(|client| client.client.cached()).map_or(ptr::null_mut(), give))
}

/// Reports that a service rejected the cached credential. The next call asks the source again and rereads its
/// configuration file. A credential from the options stays as it is. Base clients that use a configuration file are
/// invalidated too; others keep their credential.
///
/// client: borrowed; NULL does nothing. Any number of threads may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_invalidate(client: Option<&Client>) {
    guard(|| {
        if let Some(client) = client {
            client.client.invalidate();
        }
    });
}

/// Returns the type that the client was created for: "access_key", "ram_role_arn" and so on, or "default" for the
/// chain.
///
/// client: borrowed. Returns a string that belongs to the client; NULL only if client is NULL. Any number of threads
/// may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_type(client: Option<&Client>) -> *const c_char {
    guard(|| client.map_or(ptr::null(), |client| client.type_name.as_ptr()))
}
