//! The options of a client, their names and types, from the table in `bindings/options.json`.
//!
//! Invariant: a `Config` holds only what was set; defaults, environment and validation are applied when a client is
//! created.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::text::{length, shown_path};

/// A value of an option, as passed by a language binding.
///
/// ```
/// use aliyun_cred::Config;
///
/// let mut config = Config::default();
/// config.set("role_session_expiration", 900)?;
/// config.set("enableVpc", true)?;
/// config.set("roleArn", "acs:ram::1234567890123456:role/reader")?;
/// # Ok::<(), aliyun_cred::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionValue {
    /// Text.
    Text(Secret),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// Anything else. No option accepts it; the error says what the option expects.
    Other,
}

/// Options that are set, by name. Boxed once more, so that each client has a thin pointer.
pub(crate) type Entries = Arc<Box<[(&'static str, OptionValue)]>>;

impl From<&str> for OptionValue {
    fn from(value: &str) -> Self {
        OptionValue::Text(Secret::new(value))
    }
}

impl From<i64> for OptionValue {
    fn from(value: i64) -> Self {
        OptionValue::Integer(value)
    }
}

impl From<bool> for OptionValue {
    fn from(value: bool) -> Self {
        OptionValue::Flag(value)
    }
}

/// How an option's type converts a value from outside, and prints it.
trait FromValue: Sized + Clone + fmt::Debug {
    const EXPECTED: &'static str;
    fn from_value(value: OptionValue) -> Option<Self>;
    fn to_value(&self) -> OptionValue;

    /// How `Debug` prints the option called `name`.
    fn shown(&self, _name: &str) -> impl fmt::Debug {
        self.clone()
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "a string";
    fn from_value(value: OptionValue) -> Option<Self> {
        match value {
            OptionValue::Text(text) => Some(text.expose().to_owned()),
            _ => None,
        }
    }

    fn to_value(&self) -> OptionValue {
        OptionValue::from(self.as_str())
    }

    /// Secrets are often pasted into paths and names by mistake.
    fn shown(&self, name: &str) -> impl fmt::Debug {
        match name {
            "profile_name" | "secret_name" => length(self),
            _ if ["_file", "_path", "_dir"].iter().any(|ending| name.ends_with(ending)) => shown_path(self.as_ref()),
            _ => self.clone(),
        }
    }
}

impl FromValue for Secret {
    const EXPECTED: &'static str = "a string";
    fn from_value(value: OptionValue) -> Option<Self> {
        match value {
            OptionValue::Text(text) => Some(text),
            _ => None,
        }
    }

    fn to_value(&self) -> OptionValue {
        OptionValue::Text(self.clone())
    }
}

impl FromValue for i64 {
    const EXPECTED: &'static str = "an integer";
    fn from_value(value: OptionValue) -> Option<Self> {
        match value {
            OptionValue::Integer(number) => Some(number),
            _ => None,
        }
    }

    fn to_value(&self) -> OptionValue {
        OptionValue::Integer(*self)
    }
}

impl FromValue for bool {
    const EXPECTED: &'static str = "true or false";
    fn from_value(value: OptionValue) -> Option<Self> {
        match value {
            OptionValue::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    fn to_value(&self) -> OptionValue {
        OptionValue::Flag(*self)
    }
}

macro_rules! options {
    ($( $(#[$doc:meta])* $name:ident: $type:ty $(, $key:literal)*; )*) => {
        /// The options of one source. All are optional here; [`Client::new`](crate::Client::new) checks them, and fills
        /// in missing ones from the environment and the defaults.
        ///
        /// `Debug` masks the secrets.
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct Config {
            $( pub(crate) $name: Option<$type>, )*
        }

        impl Config {
            /// The options' names, in snake case.
            pub fn options() -> impl Iterator<Item = &'static str> {
                [$( stringify!($name), )*].into_iter().map(|name| name.trim_start_matches("r#"))
            }

            $( $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, value: impl Into<$type>) -> Self {
                self.$name = Some(value.into());
                self
            } )*

            /// The options that are set: a tenth of the memory of a `Config`.
            pub(crate) fn entries(&self) -> Entries {
                let entries = [$( (stringify!($name), self.$name.as_ref().map(FromValue::to_value)) ),*];
                Arc::new(entries.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
            }

            /// Sets the option called `key`, in snake case (`role_arn`) or as in the official packages' maps
            /// (`roleArn`).
            ///
            /// # Errors
            /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) for an unknown name or a value of another type.
            pub fn set(&mut self, key: &str, value: impl Into<OptionValue>) -> Result<()> {
                match key {
                    $( stringify!($name) $(| $key)* => self.$name = Some(convert(key, value.into())?), )*
                    _ => return Err(Error::invalid_config(format!("unknown option '{key}'"))),
                }
                Ok(())
            }
        }

        impl fmt::Debug for Config {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut shown = f.debug_struct("Config");
                $( if let Some(value) = &self.$name {
                    shown.field(stringify!($name), &value.shown(stringify!($name)));
                } )*
                shown.finish()
            }
        }
    };
}

fn convert<T: FromValue>(key: &str, value: OptionValue) -> Result<T> {
    if matches!(&value, OptionValue::Text(text) if text.expose().contains('\0')) {
        return Err(Error::invalid_config(format!("the option '{key}' contains a NUL character")));
    }
    T::from_value(value).ok_or_else(|| Error::invalid_config(format!("the option '{key}' must be {}", T::EXPECTED)))
}

options! {
    // --- generated by bindings/options.py from bindings/options.json
    /// The kind of source: `access_key`, `sts`, `bearer`, `ecs_ram_role`, `ram_role_arn`, `rsa_key_pair`,
    /// `oidc_role_arn`, `credentials_uri` or `kms_secret`. Required.
    r#type: String, "type";
    /// The AccessKey ID; else `ALIBABA_CLOUD_ACCESS_KEY_ID`.
    access_key_id: String, "accessKeyId";
    /// The AccessKey secret; else `ALIBABA_CLOUD_ACCESS_KEY_SECRET`.
    access_key_secret: Secret, "accessKeySecret";
    /// The STS security token; for `sts` else `ALIBABA_CLOUD_SECURITY_TOKEN`.
    security_token: Secret, "securityToken";
    /// The bearer token, for the type `bearer`.
    bearer_token: Secret, "bearerToken";
    /// The ARN of the RAM role to assume; else `ALIBABA_CLOUD_ROLE_ARN`.
    role_arn: String, "roleArn";
    /// The ARN of the OIDC provider; else `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.
    oidc_provider_arn: String, "oidcProviderArn";
    /// The file that holds the OIDC token; else `ALIBABA_CLOUD_OIDC_TOKEN_FILE`.
    oidc_token_file_path: String, "oidcTokenFilePath";
    /// The session's name; else `ALIBABA_CLOUD_ROLE_SESSION_NAME`, else `credentials-rust-<seconds>`.
    role_session_name: String, "roleSessionName";
    /// The session's lifetime in seconds, 900 or more; default 3600.
    role_session_expiration: i64, "roleSessionExpiration";
    /// A policy in JSON that restricts the session's permissions.
    policy: String;
    /// The external ID that the role's trust policy requires.
    external_id: String, "externalId";
    /// STS's host, host with port, or URL; else `ALIBABA_CLOUD_STS_ENDPOINT`, else by region.
    sts_endpoint: String, "stsEndpoint", "STSEndpoint";
    /// STS's region, such as `cn-hangzhou`; else `ALIBABA_CLOUD_STS_REGION`, else `sts.aliyuncs.com`.
    sts_region_id: String, "stsRegionId";
    /// Whether to use the region's VPC endpoint; else `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`. Without a region, no
    /// effect.
    enable_vpc: bool, "enableVpc";
    /// The key ID of an RSA key pair.
    public_key_id: String, "publicKeyId";
    /// The file that holds the private key of an RSA key pair.
    private_key_file: String, "privateKeyFile";
    /// The private key itself, in PEM; takes precedence over the file.
    private_key: Secret, "privateKey";
    /// The name or the ARN of the KMS secret that holds an AccessKey pair, for the type `kms_secret`.
    secret_name: String, "secretName";
    /// KMS's region, such as `cn-hangzhou`; else that of the secret's ARN.
    kms_region_id: String, "kmsRegionId";
    /// KMS's host, host with port, or URL, such as that of a dedicated gateway; else by region.
    kms_endpoint: String, "kmsEndpoint";
    /// The file with the certificate authorities, in PEM, that alone are trusted when KMS is asked; a dedicated gateway
    /// has one of its own. Else those of the system.
    ca_file: String, "caFile";
    /// The instance's RAM role; else `ALIBABA_CLOUD_ECS_METADATA`; if empty, read from the metadata service.
    role_name: String, "roleName";
    /// Whether never to fall back to version 1 of the metadata service; else `ALIBABA_CLOUD_IMDSV1_DISABLED`.
    disable_imds_v1: bool, "disableIMDSv1";
    /// Whether a timer refreshes the metadata service's credentials; default true.
    async_credential_update_enabled: bool, "asyncCredentialUpdateEnabled";
    /// The URI that returns credentials; else `ALIBABA_CLOUD_CREDENTIALS_URI`.
    credentials_uri: Secret, "credentialsUri", "credentialsURI";
    /// The time limit of one request once connected, or of an external command, in milliseconds; 0 or absent: the
    /// source's default.
    timeout: i64, "readTimeout";
    /// The time limit of a connection attempt, in milliseconds; 0 or absent: the source's default.
    connect_timeout: i64, "connectTimeout";
    /// The folder where the processes of this user share sessions, or `1` for the usual one; else
    /// `ALIBABA_CLOUD_CREDENTIALS_CACHE`, else nothing is shared.
    cache_dir: String, "cacheDir";
    /// The profile of a configuration file, for the sources `cli_profile` and `profile`; else `ALIBABA_CLOUD_PROFILE`,
    /// else the current profile of the CLI's file, or the one called `default`.
    profile_name: String, "profileName";
    /// The configuration file, for the sources `cli_profile` and `profile`; else `ALIBABA_CLOUD_CONFIG_FILE` or
    /// `ALIBABA_CLOUD_CREDENTIALS_FILE`, else the default path.
    profile_file: String, "profileFile";
    /// Whether the default chain keeps to the first source that returned a credential; default true.
    reuse_last_provider_enabled: bool, "reuseLastProviderEnabled";
    /// The command that prints a credential, for the source `external`.
    process_command: Secret, "processCommand";
    /// The sign-in URL, for the sources `cloud_sso` and `oauth`.
    sign_in_url: String, "signInUrl";
    /// The account's ID, for the source `cloud_sso`.
    account_id: String, "accountId";
    /// The access configuration's ID, for the source `cloud_sso`.
    access_config: String, "accessConfig";
    /// The access token, for the sources `cloud_sso` and `oauth`.
    access_token: Secret, "accessToken";
    /// When the access token expires, in seconds since the Unix epoch.
    access_token_expire: i64, "accessTokenExpire";
    /// The client's ID, for the source `oauth`.
    client_id: String, "clientId";
    /// The refresh token, for the source `oauth`.
    refresh_token: Secret, "refreshToken";
    /// When the given AccessKey pair and security token expire, in seconds since the Unix epoch, for the source
    /// `oauth`.
    sts_expiration: i64, "stsExpiration";
    /// The proxy for this source's requests, such as `http://127.0.0.1:8080`; else that of the environment.
    proxy: Secret;
    // --- end of the generated code
}

macro_rules! ignored_options {
    ($( $type:ty: $name:literal $(, $key:literal)*; )*) => {
        /// The options that only some bindings accept, and ignore.
        pub(crate) const IGNORED_OPTIONS: &[&str] = &[$( $name ),*];

        /// Sets an option as [`Config::set`] does. An ignored one is checked in the same way, and dropped.
        pub(crate) fn set_or_ignore(config: &mut Config, key: &str, value: OptionValue) -> Result<()> {
            match key {
                $( $name $(| $key)* => convert::<$type>(key, value).map(drop), )*
                _ => config.set(key, value),
            }
        }
    };
}

ignored_options! {
    // --- generated by bindings/options.py from bindings/options.json
    i64: "duration_seconds", "durationSeconds";
    bool: "enable_imds_v2", "enableIMDSv2";
    i64: "metadata_token_duration", "metadataTokenDuration";
    String: "host";
    // --- end of the generated code
}

impl Config {
    /// Creates a configuration of this type; see [`Config::type`].
    ///
    /// ```
    /// use aliyun_cred::Config;
    ///
    /// let config = Config::new("ecs_ram_role").role_name("reader");
    /// assert_eq!(config, Config::default().r#type("ecs_ram_role").role_name("reader"));
    /// ```
    pub fn new(type_name: impl Into<String>) -> Self {
        Config::default().r#type(type_name)
    }

    /// Parses an object whose keys are option names. `null` counts as absent.
    ///
    /// ```
    /// use aliyun_cred::Config;
    ///
    /// let config = Config::from_json(r#"{"type": "access_key", "accessKeyId": "LTAI...", "accessKeySecret": "..."}"#)?;
    /// assert_eq!(config, Config::new("access_key").access_key_id("LTAI...").access_key_secret("..."));
    /// # Ok::<(), aliyun_cred::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) if `text` is not a JSON object, or for an unknown name or a
    /// value of another type. The message never quotes a value.
    pub fn from_json(text: &str) -> Result<Self> {
        use serde_json::Value;
        let not_json = || Error::invalid_config("the configuration is not a JSON object");
        let Value::Object(entries) = serde_json::from_str(text).map_err(|_| not_json())? else {
            return Err(not_json());
        };
        let mut config = Config::default();
        for (key, value) in entries {
            let value = match value {
                Value::Null => continue,
                Value::String(text) => OptionValue::Text(text.into()),
                Value::Bool(flag) => OptionValue::Flag(flag),
                Value::Number(number) if number.is_i64() => OptionValue::Integer(number.as_i64().unwrap_or_default()),
                _ => return Err(Error::invalid_config(format!("the option '{key}' has a value of the wrong type"))),
            };
            config.set(&key, value)?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn entries_make_the_same_configuration() {
        let config = Config::new("sts").access_key_id("i").access_key_secret("s").timeout(5).enable_vpc(false);
        let mut again = Config::default();
        for (name, value) in config.entries().iter() {
            again.set(name, value.clone()).unwrap();
        }
        assert_eq!((again, config.entries().len()), (config, 5));
    }

    #[test]
    fn options_go_by_both_names() {
        let mut config = Config::default();
        config.set("roleArn", "arn").unwrap();
        config.set("role_session_expiration", 900).unwrap();
        config.set("enableVpc", true).unwrap();
        assert_eq!(config, Config::default().role_arn("arn").role_session_expiration(900).enable_vpc(true));
    }

    #[test]
    fn every_option_can_be_set_by_its_name() {
        for name in Config::options() {
            let types = [OptionValue::from("x"), OptionValue::from(1), OptionValue::from(true)];
            let taken = types.into_iter().filter(|value| Config::default().set(name, value.clone()).is_ok());
            assert_eq!(taken.count(), 1, "{name}");
        }
        assert!(Config::options().any(|name| name == "type"));
    }

    #[test]
    fn wrong_types_and_names_are_refused_without_their_values() {
        let mut config = Config::default();
        for (key, value) in [
            ("role_arn", OptionValue::from(3)),
            ("timeout", OptionValue::from("canary")),
            ("enable_vpc", OptionValue::from("canary")),
            ("role_session_expiration", OptionValue::Other),
            ("no_such_option", OptionValue::from("canary")),
            ("access_key_secret", OptionValue::from("cana\0ry")),
        ] {
            let error = config.set(key, value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(error.message().contains(key), "{error}");
            assert!(!error.message().contains("canary"), "a value shows");
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn ignored_options_are_checked_and_dropped() {
        let mut config = Config::default();
        set_or_ignore(&mut config, "timeout", 7.into()).unwrap();
        for name in IGNORED_OPTIONS {
            assert!(
                Config::default().set(name, 1).is_err() && Config::options().all(|option| option != *name),
                "{name}"
            );
            let types = [OptionValue::from("x"), OptionValue::from(1), OptionValue::from(true)];
            let taken = types.into_iter().filter(|value| set_or_ignore(&mut config, name, value.clone()).is_ok());
            assert_eq!(taken.count(), 1, "{name}");
        }
        assert_eq!(config, Config::default().timeout(7));
        let error = set_or_ignore(&mut config, "durationSeconds", "canary".into()).unwrap_err();
        assert_eq!(error.message(), "the option 'durationSeconds' must be an integer");
        let error = set_or_ignore(&mut config, "no_such_option", 1.into()).unwrap_err();
        assert_eq!(error.message(), "unknown option 'no_such_option'");
    }

    #[test]
    fn json_is_read_by_the_same_table() {
        let config = Config::from_json(r#"{"type": "sts", "securityToken": "t", "timeout": 7, "policy": null}"#);
        assert!(config.unwrap() == Config::new("sts").security_token("t").timeout(7), "differs");
        for text in ["", "[]", "{", r#"{"timeout": 1.5}"#, r#"{"policy": {}}"#, r#"{"polciy": "x"}"#] {
            assert_eq!(Config::from_json(text).unwrap_err().kind(), ErrorKind::InvalidConfig, "{text}");
        }
    }

    #[test]
    fn debug_masks_secrets() {
        let shown = format!(
            "{:?}",
            Config::new("sts").access_key_secret("canary").security_token("canary").bearer_token("canary")
        );
        assert!(!shown.contains("canary"), "a secret shows");
        assert!(shown.contains("sts"));
        let config = Config::new("sts").role_arn("arn").private_key_file("canarySecret").profile_name("canary");
        let shown = format!("{:?}", config.profile_file("/h/config.json"));
        assert!(!shown.contains("canary"), "a secret in the wrong place shows");
        assert!(shown.contains("arn") && shown.contains("/h/config.json"), "{shown}");
    }
}
