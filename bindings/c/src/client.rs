//! Clients: made from a configuration or of the default chain, and asked for credentials.

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

/// A client of one source, or of the default chain. It holds the cached credential and refreshes it in time; keep it,
/// and share it between threads.
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

/// Makes a client of the source that a configuration names. It opens no connection and starts no thread.
///
/// config: borrowed for the call, and copied; it may be changed or freed afterwards. client: written on success only,
/// with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing, contradictory or out of range;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL; another kind if a file that an option names cannot be used.
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

/// Makes a client of the default chain: the environment, then the configuration files, and so on. It opens no
/// connection and starts no thread; what the chain finds, or why it finds nothing, shows at the first call.
///
/// client: written on success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns
/// NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG if an environment variable that only the chain reads makes no
/// sense; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if client is NULL. Any thread may call it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_default(client: Option<&mut MaybeUninit<*mut Client>>) -> Option<Box<Error>> {
    fallible(|| {
        let client = given(client, "client")?;
        client.write(Client::hand_out(binding::builder(Surface::C).build()?));
        Ok(())
    })
}

/// Makes a client of a source by its name, without guessing: "env", "env_legacy", "static_ak", "static_sts", "bearer",
/// "ram_role_arn", "oidc_role_arn", "ecs_ram_role", "rsa_key_pair", "credential_uri", "cli_profile", "profile",
/// "cloud_sso", "oauth", "external" or "default". It opens no connection and starts no thread.
///
/// name: borrowed, NUL-terminated UTF-8; it becomes the client's type. config: borrowed for the call, and copied; its
/// type is not looked at; NULL is as good as an empty one. client: written on success only, with a client that the
/// caller owns and frees with aliyun_cred_client_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_CONFIG for an
/// unknown name, or if an option is missing, contradictory or out of range; ALIYUN_CRED_ERROR_LOGIN_REQUIRED if only a
/// person can go on; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if name or client is NULL or name is not UTF-8; another kind if
/// the source is switched off, or a file that an option names cannot be used. Any thread may call it, as long as none
/// changes config meanwhile.
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

/// Makes a client of a profile of the Alibaba Cloud CLI's configuration file. The file is read when a credential is first
/// asked for.
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

/// Makes a client of a role that is assumed with what another client gives. Roles can be assumed one on top of another,
/// each with a session name and an external ID of its own, up to 1,000 high. It opens no connection and starts no thread.
///
/// base: borrowed for the call; the new client keeps what it needs of it, and base may be freed. role: borrowed for the
/// call, and copied: the role's ARN and the other options of ram_role_arn; its type is not looked at. client: written on
/// success only, with a client that the caller owns and frees with aliyun_cred_client_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_INVALID_CONFIG if an option is missing or out of range, or too many roles stand on one another;
/// ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL. Any thread may call it, as long as none changes role meanwhile.
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

/// Frees a client. Credentials that it gave stay valid; a refresh in flight ends on its own.
///
/// client: taken over and no longer to be used; NULL does nothing. Any thread may call it, as long as no other is using
/// the client.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_free(client: Option<Box<Client>>) {
    guard(|| drop(client));
}

/// Gets the current credential. While the cached one is fresh that takes nanoseconds and no lock; otherwise the calling
/// thread waits for the source, within the source's own time limits. Threads that wait together share one request.
///
/// client: borrowed. credentials: written on success only, with a reference that the caller owns and frees with
/// aliyun_cred_credentials_free. Returns NULL on success; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a pointer is NULL; any
/// other kind if the source has no credential that is still valid. Any number of threads may call it at once.
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

/// As aliyun_cred_client_get_credentials, but waits for a limited time. A refresh goes on when the limit runs out. To read
/// configuration files is not to wait: that is done by the calling thread, and takes as long as the disk does.
///
/// client: borrowed. timeout_ms: the limit in milliseconds; 0 never waits. credentials: written on success only, with a
/// reference that the caller owns and frees with aliyun_cred_credentials_free. Returns NULL on success;
/// ALIYUN_CRED_ERROR_TIMEOUT if the limit, or one of the source's own, ran out; ALIYUN_CRED_ERROR_INVALID_ARGUMENT if a
/// pointer is NULL; any other kind if the source has no credential that is still valid. Any number of threads may call
/// it at once.
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

/// Gives the cached credential if it is fresh, without waiting for anything and without asking the source; of environment
/// variables, which are never cached, what they say if they said it before. What a provider of the program's own gives
/// without saying until when is never cached either.
///
/// client: borrowed. Returns a reference that the caller owns and frees with aliyun_cred_credentials_free; NULL if
/// there is no such credential or if client is NULL. Any number of threads may call it at once.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_cached(client: Option<&Client>) -> *mut Credentials {
    guard(|| client.and_then(|client| client.client.cached()).map_or(ptr::null_mut(), give))
}

/// Says that the service has refused the cached credential: the next call asks the source again, and reads the
/// configuration file that it came from anew. A credential that somebody typed into the configuration stays as it is. Of
/// the clients that a role stands on, those with a configuration file read it anew; the others keep their credential.
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

/// Gives the type that the client was made for: "access_key", "ram_role_arn" and so on, or "default" for the chain.
///
/// client: borrowed. Returns a string that belongs to the client; NULL only if client is NULL. Any number of threads
/// may call it at once.
#[unsafe(no_mangle)]
pub extern "C" fn aliyun_cred_client_type(client: Option<&Client>) -> *const c_char {
    guard(|| client.map_or(ptr::null(), |client| client.type_name.as_ptr()))
}
