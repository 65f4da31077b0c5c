//! `~/.aliyun/config.json`, the Alibaba Cloud CLI's configuration file.
//!
//! <https://github.com/aliyun/aliyun-cli#configure>
//! Invariant: no error text quotes a value of the file but profile names, modes and keys.

use std::path::Path;

use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};

/// What a profile asks for. `Config` holds the options that the mode reads.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    AccessKey(Box<Config>),
    StsToken(Box<Config>),
    RamRoleArn { base: Box<Plan>, role: Box<Config> },
}

/// A parsed file.
pub(crate) struct ConfigFile {
    /// For texts.
    path: String,
    current: Option<String>,
    profiles: Vec<Map<String, Value>>,
}

impl ConfigFile {
    /// Reads UTF-8 JSON, with or without a byte order mark.
    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let path = path.display().to_string();
        let malformed = |why: &str| {
            let text = format!("failed to parse credential form cli credentials file: {path}: {why}");
            Error::new(ErrorKind::MalformedFile, text)
        };
        let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root: Value = serde_json::from_str(text)
            .map_err(|error| malformed(&format!("not JSON, line {} column {}", error.line(), error.column())))?;
        let Value::Object(mut root) = root else { return Err(malformed("it is not a JSON object")) };
        let current = match root.remove("current") {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
            Some(_) => return Err(malformed("'current' is not a string")),
        };
        let profiles = match root.remove("profiles") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::Object(profile) => Ok(profile),
                    _ => Err(malformed("an entry of 'profiles' is not an object")),
                })
                .collect::<Result<_>>()?,
            Some(_) => return Err(malformed("'profiles' is not a list")),
        };
        Ok(ConfigFile { path, current, profiles })
    }

    /// What the profile called `name` asks for, else the file's current one.
    pub(crate) fn plan(&self, name: Option<&str>) -> Result<Plan> {
        let name = name.or(self.current.as_deref()).ok_or_else(|| {
            Error::invalid_config(format!(
                "invalid profile name; {} has no 'current': set ALIBABA_CLOUD_PROFILE or run `aliyun configure switch`",
                self.path
            ))
        })?;
        self.plan_from(name, &mut Vec::new())
    }

    /// `trail` holds the profiles that led here, so that a circle is found and named.
    fn plan_from<'a>(&'a self, name: &'a str, trail: &mut Vec<&'a str>) -> Result<Plan> {
        if trail.contains(&name) {
            let circle = trail.iter().chain([&name]).copied().collect::<Vec<_>>().join(" -> ");
            let text = format!("the profiles of {} lead in a circle: {circle}; change a source_profile", self.path);
            return Err(Error::invalid_config(text));
        }
        trail.push(name);
        let profile = self.profile(name)?;
        let mode = profile.text("mode")?.unwrap_or("None");
        match mode.to_ascii_lowercase().as_str() {
            "ak" => Ok(Plan::AccessKey(Box::new(profile.key_pair()?))),
            "ststoken" => Ok(Plan::StsToken(Box::new(profile.key_pair()?))),
            "ramrolearn" => {
                let keys = Box::new(profile.key_pair()?);
                let base = if keys.security_token.is_some() { Plan::StsToken(keys) } else { Plan::AccessKey(keys) };
                Ok(Plan::RamRoleArn { base: Box::new(base), role: Box::new(profile.role()?) })
            }
            "chainableramrolearn" => {
                let source = profile.text("source_profile")?.ok_or_else(|| {
                    Error::invalid_config(format!(
                        "invalid profile name; the profile '{name}' of {} has no source_profile",
                        self.path
                    ))
                })?;
                let base = Box::new(self.plan_from(source, trail)?);
                Ok(Plan::RamRoleArn { base, role: Box::new(profile.role()?) })
            }
            _ => Err(Error::invalid_config(format!(
                "unsupported profile mode '{mode}' form cli credentials file. The profile is '{name}' of {}; supported: AK, StsToken, RamRoleArn, ChainableRamRoleArn",
                self.path
            ))),
        }
    }

    fn profile<'a>(&'a self, name: &'a str) -> Result<Profile<'a>> {
        let named = |profile: &&Map<String, Value>| profile.get("name").and_then(Value::as_str) == Some(name);
        let entries = self.profiles.iter().find(named).ok_or_else(|| {
            let names: Vec<&str> = self.profiles.iter().filter_map(|profile| profile.get("name")?.as_str()).collect();
            Error::invalid_config(format!(
                "unable to get profile with '{name}' form cli credentials file. {} has: {}",
                self.path,
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            ))
        })?;
        Ok(Profile { name, path: &self.path, entries })
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        for profile in &mut self.profiles {
            for (_, value) in profile.iter_mut() {
                if let Value::String(text) = value {
                    text.zeroize();
                }
            }
        }
    }
}

/// One profile's entries, read by type.
struct Profile<'a> {
    name: &'a str,
    path: &'a str,
    entries: &'a Map<String, Value>,
}

impl<'a> Profile<'a> {
    fn wrong_type(&self, key: &str, expected: &str) -> Error {
        let text = format!(
            "failed to parse credential form cli credentials file: {}: '{key}' of the profile '{}' must be {expected}",
            self.path, self.name
        );
        Error::new(ErrorKind::MalformedFile, text)
    }

    /// A string; absent, `null` and empty are all `None`.
    fn text(&self, key: &str) -> Result<Option<&'a str>> {
        match self.entries.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => Err(self.wrong_type(key, "without NUL characters")),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong_type(key, "a string")),
        }
    }

    fn owned(&self, key: &str) -> Result<Option<String>> {
        Ok(self.text(key)?.map(str::to_owned))
    }

    /// A whole number; 0 is what the CLI writes for "not set".
    fn number(&self, key: &str) -> Result<Option<i64>> {
        match self.entries.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number).filter(|number| *number != 0)),
                None => Err(self.wrong_type(key, "a whole number")),
            },
        }
    }

    fn flag(&self, key: &str) -> Result<Option<bool>> {
        match self.entries.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.wrong_type(key, "true or false")),
        }
    }

    fn key_pair(&self) -> Result<Config> {
        Ok(Config {
            access_key_id: self.owned("access_key_id")?,
            access_key_secret: self.owned("access_key_secret")?.map(Into::into),
            security_token: self.owned("sts_token")?.map(Into::into),
            ..Config::default()
        })
    }

    fn role(&self) -> Result<Config> {
        Ok(Config {
            role_arn: self.owned("ram_role_arn")?,
            role_session_name: self.owned("ram_session_name")?,
            role_session_expiration: self.number("expired_seconds")?,
            policy: self.owned("policy")?,
            external_id: self.owned("external_id")?,
            sts_region_id: self.owned("sts_region")?,
            sts_endpoint: self.owned("sts_endpoint")?,
            enable_vpc: self.flag("enable_vpc")?,
            ..Config::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str, name: Option<&str>) -> Result<Plan> {
        ConfigFile::parse(json.as_bytes(), Path::new("/h/config.json"))?.plan(name)
    }

    fn failure(json: &str, name: Option<&str>) -> (ErrorKind, String) {
        let error = plan(json, name).unwrap_err();
        assert!(!error.message().contains("canary"), "a value shows");
        (error.kind(), error.message().to_owned())
    }

    const CHAINED: &str = r#"{"current": "top", "profiles": [
        {"name": "base", "mode": "ak", "access_key_id": "id", "access_key_secret": "canary"},
        {"name": "top", "mode": "ChainableRamRoleArn", "source_profile": "middle", "ram_role_arn": "outer",
         "ram_session_name": "s", "expired_seconds": 0, "enable_vpc": false, "external_id": "x", "policy": "",
         "unknown": [1, {}]},
        {"name": "middle", "mode": "RamRoleArn", "access_key_id": "id", "access_key_secret": "canary",
         "sts_token": "canary", "ram_role_arn": "inner", "expired_seconds": 900, "sts_region": "cn-x"}
    ]}"#;

    #[test]
    fn chained_profiles_nest() {
        let key = || Config::default().access_key_id("id").access_key_secret("canary");
        let inner = Config::default().role_arn("inner").role_session_expiration(900).sts_region_id("cn-x");
        let outer = Config::default().role_arn("outer").role_session_name("s").enable_vpc(false).external_id("x");
        let middle = Plan::RamRoleArn {
            base: Box::new(Plan::StsToken(Box::new(key().security_token("canary")))),
            role: Box::new(inner),
        };
        let top = Plan::RamRoleArn { base: Box::new(middle), role: Box::new(outer) };
        assert!(plan(CHAINED, None).unwrap() == top, "differs");
        assert!(plan(&format!("\u{feff}{CHAINED}"), Some("top")).unwrap() == top, "differs");
        assert!(plan(CHAINED, Some("base")).unwrap() == Plan::AccessKey(Box::new(key())), "differs");
    }

    #[test]
    fn a_circle_is_named() {
        let hop = |name: &str, source: &str| {
            format!(
                r#"{{"name":"{name}","mode":"ChainableRamRoleArn","source_profile":"{source}","ram_role_arn":"r"}}"#
            )
        };
        let json = format!(r#"{{"current":"a","profiles":[{},{},{}]}}"#, hop("a", "b"), hop("b", "c"), hop("c", "b"));
        let (kind, text) = failure(&json, None);
        assert_eq!(kind, ErrorKind::InvalidConfig);
        assert!(text.contains("a -> b -> c -> b"), "{text}");
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_else() {
        let with = |profile: &str| format!(r#"{{"current":"p","profiles":[{{"name":"p",{profile}}}]}}"#);
        for (json, name, kind, part) in [
            ("{\"access_key_secret\": \"canary".into(), None, ErrorKind::MalformedFile, "not JSON, line 1 column "),
            ("null".into(), None, ErrorKind::MalformedFile, "not a JSON object"),
            ("[]".into(), None, ErrorKind::MalformedFile, "not a JSON object"),
            (r#"{"current":1}"#.into(), None, ErrorKind::MalformedFile, "'current'"),
            (r#"{"profiles":{}}"#.into(), None, ErrorKind::MalformedFile, "'profiles'"),
            (r#"{"profiles":["canary"]}"#.into(), None, ErrorKind::MalformedFile, "'profiles'"),
            ("{}".into(), None, ErrorKind::InvalidConfig, "invalid profile name"),
            ("{}".into(), Some("x"), ErrorKind::InvalidConfig, "has: none"),
            (CHAINED.into(), Some("x"), ErrorKind::InvalidConfig, "has: base, top, middle"),
            (with(r#""mode":"Nope""#), None, ErrorKind::InvalidConfig, "unsupported profile mode 'Nope'"),
            (with(r#""mode":null"#), None, ErrorKind::InvalidConfig, "unsupported profile mode 'None'"),
            (with(r#""mode":7"#), None, ErrorKind::MalformedFile, "'mode' of the profile 'p'"),
            (
                with(r#""mode":"AK","access_key_secret":["canary"]"#),
                None,
                ErrorKind::MalformedFile,
                "'access_key_secret'",
            ),
            (with(r#""mode":"AK","access_key_secret":"can\u0000ary""#), None, ErrorKind::MalformedFile, "NUL"),
            (
                with(r#""mode":"RamRoleArn","expired_seconds":"900""#),
                None,
                ErrorKind::MalformedFile,
                "'expired_seconds'",
            ),
            (with(r#""mode":"RamRoleArn","enable_vpc":"true""#), None, ErrorKind::MalformedFile, "'enable_vpc'"),
            (with(r#""mode":"ChainableRamRoleArn""#), None, ErrorKind::InvalidConfig, "no source_profile"),
        ] {
            let (found, text) = failure(&json, name);
            assert_eq!(found, kind, "{json}");
            assert!(text.contains(part), "{text}");
        }
        let error = ConfigFile::parse(b"{\"a\": \"\xff\"}", Path::new("/h/config.json")).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::MalformedFile);
    }
}
