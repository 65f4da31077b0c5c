//! Everything that a reset replaces, and the documents that set it up: what `POST /reset` and
//! `PATCH /state` take.
//!
//! A key that is not known is an error that names it, so that a misspelt fault cannot go unnoticed.

use serde::{Deserialize, Deserializer};

use crate::clock;
use crate::fault::{Fault, FaultSettings};
use crate::services::{self, Services, cloud_sso, credentials_uri, metadata, oauth, sts};
use crate::settings::{AccessKeySettings, seconds};
use crate::state::State;

/// What all services know, together and each alone.
pub(crate) struct World {
    /// What they share.
    pub(crate) state: State,
    /// What each has for itself.
    pub(crate) services: Services,
}

impl World {
    /// As `settings` say; the text says what is wrong with them.
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
        };
        state.faults = faults(settings.faults)?;
        Ok(Self { state, services })
    }

    /// Changes a part without a reset: all of `changes`, or nothing if one is wrong.
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

/// The whole state, as `POST /reset` takes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Absent: [`crate::DEFAULT_ACCESS_KEYS`].
    pub(crate) access_keys: Option<Vec<AccessKeySettings>>,
    /// Absent: every well-formed role exists and trusts everybody.
    pub(crate) roles: Option<Vec<sts::roles::Role>>,
    /// Seconds; overrides the lifetime of what is issued.
    pub(crate) lifetime: Option<i64>,
    /// Seconds by which the services' clock is ahead.
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
    /// What goes wrong.
    pub(crate) faults: Vec<FaultSettings>,
}

/// A part of the state, as `PATCH /state` takes it.
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
