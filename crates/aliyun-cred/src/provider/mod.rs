//! The sources of credentials, one file each.
//!
//! Invariant: a provider only fetches. It knows nothing about the cache above it, and uses [`Host`] for everything
//! outside the process. To add one, write its file, then add its variant here and its name or profile mode to
//! [`Provider::of`] or [`Provider::from_plan`].

mod access_key;
mod bearer;
pub(crate) mod chain;
mod cli_profile;
mod cloud_sso;
mod credentials_uri;
mod custom;
mod ecs_ram_role;
mod env;
mod external;
mod ini_profile;
mod kms_secret;
mod loaded;
mod oauth;
mod oidc_role_arn;
mod oss_profile;
mod ram_role_arn;
mod rsa_key_pair;
pub(crate) mod shared_session;
mod shell_words;
mod sts_token;
mod watched;

/// What fuzzing looks at by itself.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod parts {
    pub(crate) use super::rsa_key_pair::SHAPE as RSA_SHAPE;
    pub(crate) use super::shell_words::{posix, windows};
}

use std::future::Future;
use std::pin::Pin;

use zeroize::Zeroizing;

use chain::Chain;
pub(crate) use cli_profile::CliProfile;
use cloud_sso::CloudSso;
pub(crate) use credentials_uri::CredentialsUri;
pub(crate) use custom::{Base, Custom, check as check_custom};
pub(crate) use ecs_ram_role::EcsRamRole;
pub(crate) use env::Env;
use external::External;
pub(crate) use ini_profile::IniProfile;
use kms_secret::KmsSecret;
use oauth::OAuth;
pub(crate) use oidc_role_arn::OidcRoleArn;
pub(crate) use oss_profile::OssProfile;
use ram_role_arn::RamRoleArn;
use rsa_key_pair::RsaKeyPair;

use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::profile::{Plan, Store};
use crate::runtime::user_code::Listener;
use crate::secret::Secret;
use crate::source::Source;
use crate::text::key;
use crate::wording::{self, Surface, Words};

/// A future that any executor can run, including the driver.
pub(crate) type Fetch<'a> = Pin<Box<dyn Future<Output = Result<Credentials>> + Send + 'a>>;

#[derive(Debug)]
pub(crate) enum Provider {
    /// An AccessKey pair, an STS triple or a bearer token from the options.
    Static(Box<Credentials>),
    Env(Env),
    RamRoleArn(Box<RamRoleArn>),
    OidcRoleArn(Box<OidcRoleArn>),
    EcsRamRole(Box<EcsRamRole>),
    RsaKeyPair(Box<RsaKeyPair>),
    KmsSecret(Box<KmsSecret>),
    CredentialsUri(Box<CredentialsUri>),
    CloudSso(Box<CloudSso>),
    OAuth(Box<OAuth>),
    External(Box<External>),
    CliProfile(CliProfile),
    IniProfile(IniProfile),
    OssProfile(OssProfile),
    Default(Chain),
    Custom(Box<Custom>),
}

/// What a client is built from besides its options.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    /// The credential that a role is assumed with, or a secret fetched.
    pub(crate) base: Option<Provider>,
    /// The update callback.
    pub(crate) listener: Option<Listener>,
}

impl Provider {
    /// The source for a configuration's type.
    pub(crate) fn source_of(config: &Config, surface: &Surface) -> Result<Source> {
        match config.r#type.as_deref() {
            Some("access_key") => Ok(Source::StaticAk),
            Some("sts") => Ok(Source::StaticSts),
            Some("bearer") => Ok(Source::Bearer),
            Some("credentials_uri") => Ok(Source::CredentialUri),
            Some("ecs_ram_role") => Ok(Source::EcsRamRole),
            Some("ram_role_arn") => Ok(Source::RamRoleArn),
            Some("rsa_key_pair") => Ok(Source::RsaKeyPair),
            Some("oidc_role_arn") => Ok(Source::OidcRoleArn),
            Some("kms_secret") => Ok(Source::KmsSecret),
            Some(_) => Err(Error::unknown_type(surface.words(wording::UNKNOWN_TYPE))),
            None => Err(Error::unknown_type(surface.words(wording::MISSING_TYPE))),
        }
    }

    /// Creates the provider of a source, and checks its options.
    pub(crate) fn of(source: Source, config: &Config, extras: Extras, host: &Host) -> Result<Provider> {
        extras.check(source)?;
        match source {
            Source::Default => Chain::new(config, host).map(Provider::Default),
            Source::Env => Ok(Provider::Env(Env::STANDARD)),
            Source::EnvLegacy => Ok(Provider::Env(Env::LEGACY)),
            Source::EnvOss => Ok(Provider::Env(Env::OSS)),
            Source::EnvTerraform => Ok(Provider::Env(Env::TERRAFORM)),
            Source::StaticAk => access_key::new(config, host),
            Source::StaticSts => sts_token::new(config, host),
            Source::Bearer => bearer::new(config, host),
            Source::RamRoleArn => {
                let base = extras.base.map_or_else(|| pair_or_token(config, host), Ok)?;
                RamRoleArn::assume(base, std::slice::from_ref(config), host)
            }
            Source::KmsSecret => {
                let base = match extras.base {
                    Some(base) => base,
                    None if has_pair(config) => pair_or_token(config, host)?,
                    None => Provider::Default(Chain::new(&Config::default(), host)?),
                };
                KmsSecret::read(base, config, host)
            }
            Source::EcsRamRole => EcsRamRole::new(config, host).map(|p| Provider::EcsRamRole(Box::new(p))),
            Source::OidcRoleArn => OidcRoleArn::new(config, host).map(|p| Provider::OidcRoleArn(Box::new(p))),
            Source::RsaKeyPair => RsaKeyPair::new(config, host).map(|p| Provider::RsaKeyPair(Box::new(p))),
            Source::CredentialUri => CredentialsUri::new(config, host).map(|p| Provider::CredentialsUri(Box::new(p))),
            Source::CliProfile => Ok(Provider::CliProfile(CliProfile::new(config, host))),
            Source::Profile => Ok(Provider::IniProfile(IniProfile::new(config, host))),
            Source::OssProfile => Ok(Provider::OssProfile(OssProfile::new(config, host))),
            Source::CloudSso => CloudSso::new(config, host).map(|p| Provider::CloudSso(Box::new(p))),
            Source::OAuth => OAuth::new(config, None, extras.listener, host).map(|p| Provider::OAuth(Box::new(p))),
            Source::External => External::new(config, None, extras.listener).map(|p| Provider::External(Box::new(p))),
        }
    }

    /// Creates the provider that a profile's plan describes. Sources that obtain new values write them to `store`.
    pub(crate) fn from_plan(plan: &Plan, store: Option<&Store>, host: &Host) -> Result<Provider> {
        match plan {
            Plan::AccessKey(config) => access_key::new(config, host),
            Plan::StsToken(config) => sts_token::new(config, host),
            Plan::BearerToken(config) => bearer::new(config, host),
            Plan::RamRoleArn { base, roles } => {
                RamRoleArn::assume(Provider::from_plan(base, store, host)?, roles, host)
            }
            Plan::EcsRamRole(config) => EcsRamRole::new(config, host).map(|p| Provider::EcsRamRole(Box::new(p))),
            Plan::OidcRoleArn(config) => OidcRoleArn::new(config, host).map(|p| Provider::OidcRoleArn(Box::new(p))),
            Plan::RsaKeyPair(config) => RsaKeyPair::new(config, host).map(|p| Provider::RsaKeyPair(Box::new(p))),
            Plan::KmsSecret(config) => {
                let base = match has_pair(config) {
                    true => pair_or_token(config, host)?,
                    false => Provider::Default(Chain::below_profile(host)?),
                };
                KmsSecret::read(base, config, host)
            }
            Plan::CredentialsUri(config) => {
                CredentialsUri::new(config, host).map(|p| Provider::CredentialsUri(Box::new(p)))
            }
            Plan::CloudSso(config) => CloudSso::new(config, host).map(|p| Provider::CloudSso(Box::new(p))),
            Plan::OAuth { config, profile } => {
                let store = store.map(|store| store.profile(profile));
                OAuth::new(config, store, None, host).map(|p| Provider::OAuth(Box::new(p)))
            }
            Plan::External { config, profile } => {
                let store = store.map(|store| store.profile(profile));
                External::new(config, store, None).map(|p| Provider::External(Box::new(p)))
            }
        }
    }

    /// The provider whose credential this one exchanges for another.
    fn base(&self) -> Option<&Provider> {
        match self {
            Provider::RamRoleArn(role) => Some(role.base()),
            Provider::KmsSecret(secret) => Some(secret.base()),
            _ => None,
        }
    }

    /// The environment variables behind this provider, if it answers from them.
    pub(crate) fn variables(&self) -> Option<&Env> {
        match self {
            Provider::Env(env) => Some(env),
            Provider::Default(chain) => chain.winner()?.variables(),
            _ => None,
        }
    }

    /// Whether the environment configures it, as far as variables say.
    pub(crate) fn is_set(&self, host: &Host) -> bool {
        match self {
            Provider::Env(env) => env.is_set(host),
            Provider::OssProfile(profile) => profile.is_set(),
            _ => true,
        }
    }

    /// Drops values read from configuration files, here and in the clients below, so that they are reread. Returns
    /// whether there were any.
    pub(crate) fn forget_files(&self) -> bool {
        match self {
            Provider::CliProfile(profile) => profile.loaded.forget(),
            Provider::IniProfile(profile) => profile.loaded.forget(),
            Provider::OssProfile(profile) => profile.loaded.forget(),
            Provider::Default(chain) => chain.forget_files(),
            Provider::RsaKeyPair(key_pair) => key_pair.forget_file(),
            Provider::Custom(custom) => custom.forget_files(),
            _ => self.base().is_some_and(Provider::forget_files),
        }
    }

    /// Whether a file that it was made from is watched.
    pub(crate) fn watches_files(&self) -> bool {
        match self {
            Provider::CliProfile(profile) => profile.loaded.is_watched(),
            Provider::IniProfile(profile) => profile.loaded.is_watched(),
            Provider::OssProfile(profile) => profile.loaded.is_watched(),
            Provider::Default(chain) => chain.watches_files(),
            Provider::RsaKeyPair(key_pair) => key_pair.has_file(),
            Provider::Custom(custom) => custom.watches_files(),
            _ => self.base().is_some_and(Provider::watches_files),
        }
    }

    /// Looks at the files that it was made from, and takes what has changed. A file that cannot be used changes
    /// nothing, and is warned of once. Returns whether anything was taken.
    pub(crate) fn reload(&self, host: &Host) -> bool {
        match self {
            Provider::CliProfile(profile) => profile.reload(host),
            Provider::IniProfile(profile) => profile.reload(host),
            Provider::OssProfile(profile) => profile.reload(host),
            Provider::Default(chain) => chain.reload(host),
            Provider::RsaKeyPair(key_pair) => key_pair.reload(host),
            Provider::Custom(custom) => custom.reload(),
            _ => self.base().is_some_and(|base| base.reload(host)),
        }
    }

    /// Whether it holds tokens that could not be written to the file: rereading the file would lose them.
    fn is_ahead_of_its_file(&self) -> bool {
        match self {
            Provider::OAuth(oauth) => oauth.has_unwritten(),
            _ => self.base().is_some_and(Provider::is_ahead_of_its_file),
        }
    }

    /// Copies from the replaced provider which credential was last returned, so that it is not read from a file again.
    fn inherit(&self, before: &Provider) {
        match (self, before) {
            (Provider::OAuth(oauth), Provider::OAuth(before)) => oauth.inherit(before),
            (Provider::RamRoleArn(role), Provider::RamRoleArn(before)) => role.inherit(before),
            (Provider::OidcRoleArn(role), Provider::OidcRoleArn(before)) => role.shared.inherit(&before.shared),
            (Provider::CloudSso(sso), Provider::CloudSso(before)) => sso.shared.inherit(&before.shared),
            (Provider::RsaKeyPair(pair), Provider::RsaKeyPair(before)) => pair.shared.inherit(&before.shared),
            _ => {
                if let (Some(base), Some(before)) = (self.base(), before.base()) {
                    base.inherit(before);
                }
            }
        }
    }

    /// The client that this role is assumed with, or this secret fetched, to be asked anew on this host; `None` if there
    /// is no such client.
    pub(crate) fn base_anew(&self, host: &Host) -> Option<Provider> {
        match self {
            Provider::Custom(custom) => custom.base_anew(host).map(|base| Provider::Custom(Box::new(base))),
            _ => self.base()?.base_anew(host),
        }
    }

    /// Whether fetching leaves something behind: a loaded file, rotated tokens, the source that answered.
    pub(crate) fn has_state(&self) -> bool {
        match self {
            Provider::Static(_)
            | Provider::Env(_)
            | Provider::OidcRoleArn(_)
            | Provider::EcsRamRole(_)
            | Provider::CredentialsUri(_)
            | Provider::CloudSso(_) => false,
            Provider::RamRoleArn(_) | Provider::KmsSecret(_) => self.base().is_some_and(Provider::has_state),
            Provider::RsaKeyPair(_)
            | Provider::OAuth(_)
            | Provider::External(_)
            | Provider::CliProfile(_)
            | Provider::IniProfile(_)
            | Provider::OssProfile(_)
            | Provider::Default(_)
            | Provider::Custom(_) => true,
        }
    }

    /// Copies the tokens that only `live` has, so that this provider can be asked in its place.
    pub(crate) fn adopt_tokens(&self, live: &Provider) {
        match (self, live) {
            (Provider::OAuth(oauth), Provider::OAuth(live)) => oauth.adopt_tokens(live),
            _ => {
                if let (Some(base), Some(live)) = (self.base(), live.base()) {
                    base.adopt_tokens(live);
                }
            }
        }
    }

    /// Asks the source, within the source's own time limits.
    pub(crate) fn fetch<'a>(&'a self, host: &'a Host) -> Fetch<'a> {
        match self {
            Provider::Static(credentials) => {
                let credentials = Credentials::clone(credentials);
                Box::pin(std::future::ready(Ok(credentials)))
            }
            Provider::Env(provider) => Box::pin(provider.fetch(host)),
            Provider::RamRoleArn(provider) => Box::pin(provider.fetch(host)),
            Provider::OidcRoleArn(provider) => Box::pin(provider.fetch(host)),
            Provider::EcsRamRole(provider) => Box::pin(provider.fetch(host)),
            Provider::RsaKeyPair(provider) => Box::pin(provider.fetch(host)),
            Provider::KmsSecret(provider) => Box::pin(provider.fetch(host)),
            Provider::CredentialsUri(provider) => Box::pin(provider.fetch(host)),
            Provider::CloudSso(provider) => Box::pin(provider.fetch(host)),
            Provider::OAuth(provider) => Box::pin(provider.fetch(host)),
            Provider::External(provider) => Box::pin(provider.fetch(host)),
            Provider::CliProfile(provider) => Box::pin(provider.fetch(host)),
            Provider::IniProfile(provider) => Box::pin(provider.fetch(host)),
            Provider::OssProfile(provider) => Box::pin(provider.fetch(host)),
            Provider::Default(chain) => Box::pin(chain.fetch(host)),
            Provider::Custom(provider) => Box::pin(provider.fetch(host)),
        }
    }
}

impl Extras {
    /// Rejects extras that the source would ignore: the caller expects them to have an effect.
    fn check(&self, source: Source) -> Result<()> {
        let what = match self {
            Extras { base: Some(_), .. } if !matches!(source, Source::RamRoleArn | Source::KmsSecret) => {
                "base, which only ram_role_arn and kms_secret have"
            }
            Extras { listener: Some(_), .. } if !matches!(source, Source::OAuth | Source::External) => {
                "listener for updates, which only oauth and external have"
            }
            _ => return Ok(()),
        };
        Err(Error::invalid_config(format!("the source '{source}' was given a {what}")))
    }
}

const DEFAULT_SESSION_SECONDS: i64 = 3600;
const MIN_SESSION_SECONDS: i64 = 900;

/// A required option, or its environment variable; `empty` is the error if both are missing.
fn required(given: Option<&str>, variable: &str, host: &Host, empty: Words) -> Result<String> {
    let found = given.filter(|value| !value.is_empty()).map(str::to_owned).or_else(|| host.env(variable));
    found.ok_or_else(|| Error::invalid_config(host.surface().words(empty)))
}

/// Whether the options hold an AccessKey pair, or half of one.
fn has_pair(config: &Config) -> bool {
    filled(config.access_key_id.as_ref()).is_some() || filled_secret(config.access_key_secret.as_ref()).is_some()
}

/// The AccessKey pair in the options, with their security token if there is one.
fn pair_or_token(config: &Config, host: &Host) -> Result<Provider> {
    match filled_secret(config.security_token.as_ref()) {
        Some(_) => sts_token::new(config, host),
        None => access_key::new(config, host),
    }
}

/// An option that counts only if it is not empty.
fn filled(option: Option<&String>) -> Option<String> {
    option.filter(|value| !value.is_empty()).cloned()
}

fn filled_secret(option: Option<&Secret>) -> Option<Secret> {
    option.filter(|value| !value.is_empty()).cloned()
}

/// Like [`filled_secret`], for a token that goes into a header; `name` is what messages call it.
fn filled_key(option: Option<&Secret>, name: &str) -> Result<Option<Secret>> {
    let Some(given) = filled_secret(option) else { return Ok(None) };
    let cut = key(given.expose(), name).map_err(Error::invalid_config)?;
    Ok(Some(cut).filter(|cut| !cut.is_empty()).map(Secret::new))
}

/// The session's lifetime in seconds. Only STS knows the maximum for a role.
fn session_duration(config: &Config) -> Result<i64> {
    let seconds = config.role_session_expiration.unwrap_or(DEFAULT_SESSION_SECONDS);
    if seconds < MIN_SESSION_SECONDS {
        let text = "session duration should be in the range of 900s - max session duration";
        return Err(Error::invalid_config(text));
    }
    Ok(seconds)
}

/// The session name: the option, `ALIBABA_CLOUD_ROLE_SESSION_NAME`, or one made from the language and the time.
fn session_name(config: &Config, host: &Host) -> String {
    filled(config.role_session_name.as_ref())
        .or_else(|| host.env("ALIBABA_CLOUD_ROLE_SESSION_NAME"))
        .unwrap_or_else(|| host.surface().session_name(host.now().wall))
}

/// Whether the session name is given, instead of made up by each process for itself.
fn names_session(config: &Config, host: &Host) -> bool {
    filled(config.role_session_name.as_ref()).or_else(|| host.env("ALIBABA_CLOUD_ROLE_SESSION_NAME")).is_some()
}

/// A required key, secret or token: the option of this name, or its environment variable.
fn required_key(given: Option<&str>, option: &str, variable: &str, host: &Host, empty: &'static str) -> Result<String> {
    let is_given = given.is_some_and(|given| !given.is_empty());
    let found = Zeroizing::new(required(given, variable, host, Words::common(empty))?);
    let name = if is_given { format!("the option '{option}'") } else { variable.to_owned() };
    match key(&found, &name).map_err(Error::invalid_config)? {
        "" => Err(Error::invalid_config(empty)),
        key => Ok(key.to_owned()),
    }
}

/// The pair that static sources share.
fn access_key_pair(config: &Config, host: &Host) -> Result<(String, Secret)> {
    let id = config.access_key_id.as_deref();
    let id = required_key(id, "access_key_id", "ALIBABA_CLOUD_ACCESS_KEY_ID", host, "the access key id is empty")?;
    let secret = config.access_key_secret.as_ref().map(Secret::expose);
    let secret = required_key(
        secret,
        "access_key_secret",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        host,
        "the access key secret is empty",
    )?;
    Ok((id, secret.into()))
}

#[cfg(all(test, not(feature = "model-check")))]
mod tests {
    use super::*;
    use crate::host::fake::Fake;
    use std::task::{Context, Waker};
    use std::time::Duration;

    #[test]
    fn requests_have_limits_that_nobody_has_set() {
        let pair = || Config::default().access_key_id("i").access_key_secret("s");
        let oidc = Config::default().role_arn("acs:ram::1:role/r").oidc_provider_arn("acs:ram::1:oidc-provider/p");
        let sign_in = || Config::default().sign_in_url("https://signin.aliyun.com").access_token("t");
        for (source, config, connect, whole) in [
            (Source::RamRoleArn, pair().role_arn("acs:ram::1:role/r"), 5, 15),
            (Source::OidcRoleArn, oidc.oidc_token_file_path("/token"), 5, 15),
            (Source::KmsSecret, pair().secret_name("n").kms_region_id("cn-hangzhou"), 5, 15),
            (Source::CredentialUri, Config::default().credentials_uri("http://agent/"), 5, 15),
            (
                Source::CloudSso,
                sign_in().access_token_expire(4_000_000_000_i64).account_id("1").access_config("a"),
                5,
                15,
            ),
            (Source::OAuth, sign_in().access_token_expire(4_000_000_000_i64).client_id("1").refresh_token("r"), 5, 15),
            (Source::EcsRamRole, Config::default(), 1, 1),
        ] {
            let fake = Fake::new();
            fake.write("/token", "t");
            let host = Host::on(fake.system.clone(), Surface::Rust);
            let provider = Provider::of(source, &config, Extras { base: None, listener: None }, &host).unwrap();
            let mut fetching = std::pin::pin!(provider.fetch(&host));
            assert!(fetching.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            let limits = fake.asked.try_recv().unwrap().request.limits;
            let seconds = Duration::from_secs;
            assert_eq!((limits.connect, limits.whole), (seconds(connect), seconds(whole)), "{source}");
        }
    }
}
