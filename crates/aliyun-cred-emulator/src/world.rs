//! Everything that a reset replaces, and the documents that configure it: the bodies of `POST /reset` and `PATCH
//! /state`.
//!
//! An unknown key is an error that names it, so that a misspelt fault is noticed.

use serde::{Deserialize, Deserializer};

use crate::clock;
use crate::fault::{Fault, FaultSettings};
use crate::services::{self, Services, cloud_sso, credentials_uri, kms, metadata, oauth, oss, sts};
use crate::settings::{AccessKeySettings, seconds};
use crate::state::State;

/// The state of all services, shared and separate.
pub(crate) struct World {
    /// Shared state.
    pub(crate) state: State,
    /// The state of each service.
    pub(crate) services: Services,
}

impl World {
    /// A world with these settings; the error text says what is wrong with them.
    pub(crate) fn new(settings: Settings) -> Result<Self, String> {
        seconds("lifetime", settings.lifetime)?;
        seconds("clock_offset", Some(settings.clock_offset))?;
        let now = clock::now() + settings.clock_offset;
        let mut state = State::new(settings.access_keys, now)?;
        state.lifetime = settings.lifetime;
        state.clock_offset = settings.clock_offset;
        let services = Services {
            sts: sts::Sts::new(settings.roles, settings.oidc, settings.key_pairs)?,
            metadata: metadata::Metadata::new(settings.metadata)?,
            credentials_uri: credentials_uri::CredentialsUri::new(settings.credentials_uri)?,
            cloud_sso: cloud_sso::CloudSso::new(settings.cloud_sso),
            oauth: oauth::Oauth::new(settings.oauth, now)?,
            kms: kms::Kms::new(settings.secrets, &mut state)?,
            oss: oss::Oss::default(),
        };
        state.faults = faults(settings.faults)?;
        Ok(Self { state, services })
    }

    /// Changes a part without a reset: applies all of `changes`, or none if one is invalid.
    pub(crate) fn change(&mut self, changes: Changes) -> Result<(), String> {
        seconds("lifetime", changes.lifetime.flatten())?;
        seconds("clock_offset", changes.clock_offset)?;
        let faults = changes.faults.map(faults).transpose()?;
        if let Some(lifetime) = changes.lifetime {
            self.state.lifetime = lifetime;
        }
        if let Some(offset) = changes.clock_offset {
            self.state.clock_offset = offset;
        }
        if let Some(faults) = faults {
            self.state.faults = faults;
        }
        Ok(())
    }
}

fn faults(settings: Vec<FaultSettings>) -> Result<Vec<Fault>, String> {
    settings.into_iter().map(|settings| Fault::new(settings, &services::NAMES)).collect()
}

/// The whole state: the body of `POST /reset`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Absent: [`crate::DEFAULT_ACCESS_KEYS`].
    pub(crate) access_keys: Option<Vec<AccessKeySettings>>,
    /// Absent: every well-formed role exists and trusts everyone.
    pub(crate) roles: Option<Vec<sts::roles::Role>>,
    /// In seconds; overrides the lifetime of issued credentials.
    pub(crate) lifetime: Option<i64>,
    /// How far the services' clock is ahead, in seconds.
    pub(crate) clock_offset: i64,
    /// OIDC providers, for `AssumeRoleWithOIDC`.
    pub(crate) oidc: Vec<sts::oidc::Provider>,
    /// Key pairs, for `GenerateSessionAccessKey`.
    pub(crate) key_pairs: Vec<sts::key_pair::KeyPair>,
    /// The instance metadata service.
    pub(crate) metadata: metadata::Settings,
    /// The credentials URI.
    pub(crate) credentials_uri: credentials_uri::Settings,
    /// CloudSSO.
    pub(crate) cloud_sso: Vec<cloud_sso::SignIn>,
    /// OAuth.
    pub(crate) oauth: oauth::Settings,
    /// KMS's secrets.
    pub(crate) secrets: Vec<kms::SecretSettings>,
    /// The faults.
    pub(crate) faults: Vec<FaultSettings>,
}

/// A part of the state: the body of `PATCH /state`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Changes {
    /// `null` removes the override.
    #[serde(deserialize_with = "present")]
    pub(crate) lifetime: Option<Option<i64>>,
    /// As in [`Settings`].
    pub(crate) clock_offset: Option<i64>,
    /// Replaces all faults.
    pub(crate) faults: Option<Vec<FaultSettings>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::<i64>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<String> {
        match serde_json::from_str::<Settings>(text) {
            Ok(settings) => World::new(settings).err(),
            Err(error) => Some(error.to_string()),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, named) in [
            (r#"{"acces_keys":[]}"#, "acces_keys"),
            (r#"{"access_keys":[{"id":"a","secret":"b","usr":"c"}]}"#, "usr"),
            (r#"{"access_keys":[{"id":"a"}]}"#, "secret"),
            (r#"{"access_keys":[{"id":"a","secret":"b"},{"id":"a","secret":"c"}]}"#, "twice"),
            (r#"{"roles":[{"arn":"x"}]}"#, "arn"),
            (r#"{"lifetime":999999999999}"#, "lifetime"),
            (r#"{"faults":[{"hnag":true}]}"#, "hnag"),
            (r#"{"faults":[{"service":"stss"}]}"#, "stss"),
            (r#"{"faults":[{"hang":true,"close":true}]}"#, "close and hang"),
            (r#"{"faults":[{"status":500}]}"#, "code"),
            (r#"{"faults":[{"status":100,"code":"x"}]}"#, "status"),
            (r#"{"faults":[{"code":"x"}]}"#, "status"),
            (r#"{"faults":[{"status":200,"code":"x","body":"y"}]}"#, "code"),
            (r#"{"faults":[{"oversize":999999999}]}"#, "oversize"),
            (r#"{"faults":[{"redirect":"a\nb"}]}"#, "redirect"),
            (r#"{"oidc":[{"provider_arn":"p"}]}"#, "hs256_key"),
            (r#"{"oidc":[{"provider_arn":"p","token":"t","hs256_key":"k"}]}"#, "not both"),
            (r#"{"key_pairs":[{"id":"a","public_key_pem":"x"}]}"#, "public_key_pem"),
            (r#"{"metadata":{"rule":"r"}}"#, "rule"),
            (r#"{"metadata":{"lifetime":999999999999}}"#, "metadata.lifetime"),
            (r#"{"metadata":{"versions":["v3"]}}"#, "v3"),
            (r#"{"credentials_uri":{"password":"p"}}"#, "user"),
            (r#"{"cloud_sso":[{"access_token":"t","account_id":"1"}]}"#, "access_configuration_id"),
            (r#"{"oauth":{"case":"snake"}}"#, "snake"),
            (r#"{"oauth":{"access_lifetime":999999999999}}"#, "access_lifetime"),
        ] {
            let problem = problem(text).unwrap_or_default();
            assert!(problem.contains(named), "{text}: {problem}");
        }
        assert_eq!(problem("{}"), None);
        assert_eq!(problem(r#"{"faults":[{"latency_ms":5}],"lifetime":-5}"#), None);
    }

    #[test]
    fn null_removes_the_lifetime() {
        let lifetime = |text: &str| serde_json::from_str::<Changes>(text).map(|changes| changes.lifetime).ok();
        assert_eq!(lifetime("{}"), Some(None));
        assert_eq!(lifetime(r#"{"lifetime":null}"#), Some(Some(None)));
        assert_eq!(lifetime(r#"{"lifetime":-1}"#), Some(Some(Some(-1))));
    }
}
