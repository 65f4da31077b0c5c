//! The names of the sources of credentials.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

macro_rules! sources {
    ($( $(#[$doc:meta])* $variant:ident, $name:literal; )*) => {
        /// A source of credentials, for [`ClientBuilder::source`](crate::ClientBuilder::source).
        ///
        /// ```
        /// use aliyun_cred::Source;
        ///
        /// assert_eq!("ram_role_arn".parse(), Ok(Source::RamRoleArn));
        /// assert_eq!(Source::RamRoleArn.to_string(), "ram_role_arn");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Source {
            $( $(#[$doc])* $variant, )*
        }

        impl Source {
            /// Every source.
            pub const ALL: &[Source] = &[$( Source::$variant ),*];

            /// The name that [`Credentials::provider_name`](crate::Credentials::provider_name) uses.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Source::$variant => $name, )*
                }
            }
        }
    };
}

sources! {
    /// The default chain: the first source on this machine that has a credential.
    Default, "default";
    /// The variables `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET`.
    Env, "env";
    /// The variables `ALIYUN_ACCESS_KEY_ID` and `ALIYUN_ACCESS_KEY_SECRET`.
    EnvLegacy, "env_legacy";
    /// The variables `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`.
    EnvOss, "env_oss";
    /// The variables `ALICLOUD_ACCESS_KEY`, `ALICLOUD_SECRET_KEY` and `ALICLOUD_SECURITY_TOKEN`.
    EnvTerraform, "env_terraform";
    /// An AccessKey pair in the options.
    StaticAk, "static_ak";
    /// An STS token in the options.
    StaticSts, "static_sts";
    /// A bearer token in the options.
    Bearer, "bearer";
    /// A RAM role, assumed with another credential.
    RamRoleArn, "ram_role_arn";
    /// A RAM role, assumed with an OIDC token from a file.
    OidcRoleArn, "oidc_role_arn";
    /// The RAM role of an ECS instance.
    EcsRamRole, "ecs_ram_role";
    /// A session of an RSA key pair.
    RsaKeyPair, "rsa_key_pair";
    /// An AccessKey pair in a secret of KMS, which rotates it.
    KmsSecret, "kms_secret";
    /// A service that returns credentials at a URI.
    CredentialUri, "credential_uri";
    /// A profile of the CLI's `config.json`.
    CliProfile, "cli_profile";
    /// A section of `credentials.ini`.
    Profile, "profile";
    /// A section of OSS's own `~/.oss/credentials`.
    OssProfile, "oss_profile";
    /// A CloudSSO session.
    CloudSso, "cloud_sso";
    /// An OAuth session.
    OAuth, "oauth";
    /// A command that prints a credential.
    External, "external";
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Source {
    type Err = Error;

    /// # Errors
    /// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) if there is no source of this name.
    fn from_str(name: &str) -> Result<Self> {
        let unknown = || format!("there is no source called '{name}'; the documentation lists them");
        let found = Source::ALL.iter().find(|source| source.name() == name);
        found.copied().ok_or_else(|| Error::invalid_config(unknown()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for source in Source::ALL {
            assert_eq!(source.name().parse::<Source>(), Ok(*source));
        }
        let error = "access_key".parse::<Source>().unwrap_err();
        assert_eq!(error.message(), "there is no source called 'access_key'; the documentation lists them");
    }
}
