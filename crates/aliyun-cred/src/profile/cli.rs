//! `~/.aliyun/config.json`, the Alibaba Cloud CLI's configuration file.
//!
//! <https://github.com/aliyun/aliyun-cli#configure>
//! Invariant: error messages quote nothing from the file except profile names, modes and keys.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::profile::{ListedProfile, Plan};
use crate::protocol::json::Wiped;
use crate::text::{decode_wiped, key, one_line, quoted};
use crate::wording::{self, Surface};

const MODES: &str = "AK, StsToken, RamRoleArn, EcsRamRole, OIDC, ChainableRamRoleArn, RamRoleArnWithRoleName, RsaKeyPair, CloudSSO, OAuth, CredentialsURI, External, BearerToken";

/// The two OAuth sites, and the CLI's client ID on each.
const OAUTH_SITES: [(&str, &str, &str); 2] = [
    ("CN", "https://oauth.aliyun.com", "4038181954557748008"),
    ("INTL", "https://oauth.alibabacloud.com", "4103531455503354461"),
];

/// A parsed file.
pub(crate) struct ConfigFile {
    /// For messages.
    path: String,
    current: Option<String>,
    profiles: Vec<Map<String, Value>>,
    /// `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS`: rejects profiles that run a command or call an arbitrary URI.
    pub(crate) external_disabled: bool,
    pub(crate) surface: Surface,
}

impl ConfigFile {
    /// Reads JSON in UTF-8, or in UTF-16 with a byte order mark.
    pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Self> {
        let path = path.display().to_string();
        let malformed = |why: &str| {
            let text = format!("failed to parse credential form cli credentials file: {path}: {why}");
            Error::new(ErrorKind::MalformedFile, text)
        };
        let text = decode_wiped(bytes).ok_or_else(|| malformed("it is neither UTF-8 nor UTF-16"))?;
        let root: Value = serde_json::from_str(&text)
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
        Ok(ConfigFile { path, current, profiles, external_disabled: false, surface: Surface::Rust })
    }

    /// All profiles, in their order.
    pub(crate) fn list(&self) -> Vec<ListedProfile> {
        let text = |profile: &Map<String, Value>, key: &str| {
            profile
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(|text| one_line(text.to_owned()))
        };
        let listed = |profile: &Map<String, Value>| ListedProfile {
            name: text(profile, "name").unwrap_or_default(),
            mode: text(profile, "mode"),
            stands_on: text(profile, "source_profile"),
        };
        self.profiles.iter().map(listed).collect()
    }

    /// The name of the profile to use: `name`, else the file's current one.
    pub(crate) fn chosen<'a>(&'a self, name: Option<&'a str>) -> Option<&'a str> {
        name.or(self.current.as_deref())
    }

    /// The plan of the profile called `name`, else of the file's current one.
    pub(crate) fn plan(&self, name: Option<&str>) -> Result<Plan> {
        let name = self.chosen(name).ok_or_else(|| {
            Error::invalid_config(format!(
                "invalid profile name; {} has no 'current': set ALIBABA_CLOUD_PROFILE or run `aliyun configure switch`",
                self.path
            ))
        })?;
        let by_name = self.by_name();
        let (mut trail, mut passed) = (vec![name], HashSet::from([name]));
        let mut roles = Vec::new();
        // Walk down to the base of the role chain; the roles are then assumed from there upwards.
        let base = loop {
            let last = trail.last().copied().unwrap_or(name);
            let profile = self.found(last, by_name.get(last).copied())?;
            if !profile.mode()?.eq_ignore_ascii_case("ChainableRamRoleArn") {
                break profile.plan(self)?;
            }
            roles.push(profile.role()?);
            let source = profile.source_profile()?;
            if !passed.insert(source) {
                let circle = trail.iter().chain([&source]).copied().collect::<Vec<_>>().join(" -> ");
                let text = format!("the profiles of {} lead in a circle: {circle}; change a source_profile", self.path);
                return Err(Error::invalid_config(text));
            }
            trail.push(source);
        };
        roles.reverse();
        Ok(match base {
            base if roles.is_empty() => base,
            Plan::RamRoleArn { base, roles: mut first } => {
                first.append(&mut roles);
                Plan::RamRoleArn { base, roles: first }
            }
            base => Plan::RamRoleArn { base: Box::new(base), roles },
        })
    }

    pub(crate) fn profile<'a>(&'a self, name: &'a str) -> Result<Profile<'a>> {
        self.found(name, self.by_name().get(name).copied())
    }

    /// The profiles, the first of each name.
    fn by_name(&self) -> HashMap<&str, &Map<String, Value>> {
        // The last counts in a map.
        let profiles = self.profiles.iter().rev();
        profiles.filter_map(|profile| Some((profile.get("name")?.as_str()?, profile))).collect()
    }

    fn found<'a>(&'a self, name: &'a str, entries: Option<&'a Map<String, Value>>) -> Result<Profile<'a>> {
        let entries = entries.ok_or_else(|| {
            Error::invalid_config(format!(
                "unable to get profile with '{}' form cli credentials file. {} has: {}",
                quoted(name, name == "default"),
                self.path,
                self.names()
            ))
        })?;
        Ok(Profile { name, path: &self.path, entries })
    }
}

impl ConfigFile {
    /// The profiles' names, for messages. A name that nothing else in the file refers to may be a misplaced secret: it
    /// is only counted.
    fn names(&self) -> String {
        let names: Vec<&str> = self.profiles.iter().filter_map(|profile| profile.get("name")?.as_str()).collect();
        let sources = self.profiles.iter().filter_map(|profile| profile.get("source_profile")?.as_str());
        let referred: HashSet<&str> = sources.chain(self.current.as_deref()).chain(["default"]).collect();
        let (known, others): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| referred.contains(name));
        let mut shown: Vec<String> = known.into_iter().map(str::to_owned).collect();
        match (shown.len(), others.len()) {
            (0, 0) => return "none".to_owned(),
            (_, 0) => {}
            (0, 1) => shown.push("1 profile".to_owned()),
            (0, count) => shown.push(format!("{count} profiles")),
            (_, count) => shown.push(format!("{count} more")),
        }
        shown.join(", ")
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        for profile in std::mem::take(&mut self.profiles) {
            drop(Wiped(Value::Object(profile)));
        }
    }
}

/// The entries of one profile, read by type.
pub(crate) struct Profile<'a> {
    name: &'a str,
    path: &'a str,
    entries: &'a Map<String, Value>,
}

impl<'a> Profile<'a> {
    fn mode(&self) -> Result<&'a str> {
        Ok(self.text("mode")?.unwrap_or("None"))
    }

    fn source_profile(&self) -> Result<&'a str> {
        self.text("source_profile")?.ok_or_else(|| {
            let text =
                format!("invalid profile name; the profile '{}' of {} has no source_profile", self.name, self.path);
            Error::invalid_config(text)
        })
    }

    /// The plan of the profile alone, without the roles on top of it.
    fn plan(&self, file: &ConfigFile) -> Result<Plan> {
        let mode = self.mode()?;
        let plan = match mode.to_ascii_lowercase().as_str() {
            "ak" => Plan::AccessKey(Box::new(self.key_pair()?)),
            "ststoken" => Plan::StsToken(Box::new(self.key_pair()?)),
            "bearertoken" => Plan::BearerToken(Box::new(self.bearer_token()?)),
            "ramrolearn" => {
                let keys = Box::new(self.key_pair()?);
                let base = if keys.security_token.is_some() { Plan::StsToken(keys) } else { Plan::AccessKey(keys) };
                Plan::RamRoleArn { base: Box::new(base), roles: vec![self.role()?] }
            }
            "ramrolearnwithrolename" => {
                let base = Box::new(Plan::EcsRamRole(Box::new(self.instance_role()?)));
                Plan::RamRoleArn { base, roles: vec![self.role()?] }
            }
            "ecsramrole" => Plan::EcsRamRole(Box::new(self.instance_role()?)),
            "oidc" => Plan::OidcRoleArn(Box::new(self.oidc()?)),
            "rsakeypair" => self.key_pair_of_rsa()?,
            "cloudsso" => Plan::CloudSso(Box::new(self.cloud_sso()?)),
            "oauth" => Plan::OAuth { config: Box::new(self.oauth(&file.surface)?), profile: self.name.to_owned() },
            "credentialsuri" | "external" if file.external_disabled => {
                let text = format!(
                    "the mode {mode} of the profile '{}' is switched off; unset ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS to use it",
                    self.name
                );
                return Err(Error::new(ErrorKind::Disabled, text));
            }
            "credentialsuri" => Plan::CredentialsUri(Box::new(self.credentials_uri()?)),
            "external" => Plan::External { config: Box::new(self.external()?), profile: self.name.to_owned() },
            "anonymous" => {
                return Err(Error::invalid_config(format!(
                    "the profile '{}' of {} is of mode Anonymous and has no credential; choose another by ALIBABA_CLOUD_PROFILE",
                    self.name, self.path
                )));
            }
            _ => {
                return Err(Error::invalid_config(format!(
                    "unsupported profile mode '{}' form cli credentials file. The profile is '{}' of {}; supported: {MODES}",
                    quoted(mode, self.text("mode")?.is_none()),
                    self.name,
                    self.path
                )));
            }
        };
        Ok(plan)
    }

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

    /// A key, secret or token; see [`key`].
    fn key(&self, name: &str) -> Result<Option<String>> {
        let Some(value) = self.text(name)? else { return Ok(None) };
        let what = format!("'{name}' of the profile '{}' of {}", self.name, self.path);
        let cut = key(value, &what).map_err(|why| {
            let text = format!("failed to parse credential form cli credentials file: {why}");
            Error::new(ErrorKind::MalformedFile, text)
        })?;
        Ok(Some(cut).filter(|cut| !cut.is_empty()).map(str::to_owned))
    }

    fn owned(&self, key: &str) -> Result<Option<String>> {
        Ok(self.text(key)?.map(str::to_owned))
    }

    /// A whole number; the CLI writes 0 for "not set".
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
            access_key_id: self.key("access_key_id")?,
            access_key_secret: self.key("access_key_secret")?.map(Into::into),
            security_token: self.key("sts_token")?.map(Into::into),
            ..Config::default()
        })
    }

    fn bearer_token(&self) -> Result<Config> {
        Ok(Config { bearer_token: self.key("bearer_token")?.map(Into::into), ..Config::default() })
    }

    fn instance_role(&self) -> Result<Config> {
        Ok(Config { role_name: self.owned("ram_role_name")?, ..Config::default() })
    }

    fn oidc(&self) -> Result<Config> {
        let session_name = self.owned("ram_session_name")?;
        Ok(Config {
            oidc_provider_arn: self.owned("oidc_provider_arn")?,
            oidc_token_file_path: self.owned("oidc_token_file")?,
            // The official Python package reads this name.
            role_session_name: session_name.map_or_else(|| self.owned("role_session_name"), |name| Ok(Some(name)))?,
            ..self.role()?
        })
    }

    /// `private_key` is the path of the key file, or the key itself.
    fn key_pair_of_rsa(&self) -> Result<Plan> {
        let private_key = self.owned("private_key")?;
        let inline = private_key.as_ref().is_some_and(|key| key.contains("-----BEGIN") || key.contains('\n'));
        let (path, private_key) = if inline { (None, private_key) } else { (private_key, None) };
        let config = Config {
            public_key_id: self.owned("key_pair_name")?,
            private_key_file: path,
            role_session_expiration: self.number("expired_seconds")?,
            sts_region_id: self.owned("sts_region")?,
            sts_endpoint: self.owned("sts_endpoint")?,
            enable_vpc: self.flag("enable_vpc")?,
            private_key: private_key.map(Into::into),
            ..Config::default()
        };
        Ok(Plan::RsaKeyPair(Box::new(config)))
    }

    fn cloud_sso(&self) -> Result<Config> {
        Ok(Config {
            sign_in_url: self.owned("cloud_sso_sign_in_url")?,
            account_id: self.owned("cloud_sso_account_id")?,
            access_config: self.owned("cloud_sso_access_config")?,
            access_token: self.key("access_token")?.map(Into::into),
            access_token_expire: self.number("cloud_sso_access_token_expire")?,
            ..Config::default()
        })
    }

    fn oauth(&self, surface: &Surface) -> Result<Config> {
        // Absent means the Chinese site; empty is an error.
        let given = match self.entries.get("oauth_site_type") {
            None | Some(Value::Null) => "CN",
            Some(_) => self.text("oauth_site_type")?.unwrap_or_default(),
        };
        let site = OAUTH_SITES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(given));
        let (_, url, client) = site.ok_or_else(|| Error::invalid_config(surface.words(wording::OAUTH_SITE)))?;
        let tokens = self.oauth_tokens()?;
        Ok(Config { sign_in_url: Some((*url).to_owned()), client_id: Some((*client).to_owned()), ..tokens })
    }

    /// The entries that a refresh changes.
    pub(crate) fn oauth_tokens(&self) -> Result<Config> {
        Ok(Config {
            access_token: self.key("oauth_access_token")?.map(Into::into),
            access_token_expire: self.number("oauth_access_token_expire")?,
            refresh_token: self.key("oauth_refresh_token")?.map(Into::into),
            sts_expiration: self.number("sts_expiration")?,
            ..self.key_pair()?
        })
    }

    fn credentials_uri(&self) -> Result<Config> {
        Ok(Config { credentials_uri: self.owned("credentials_uri")?.map(Into::into), ..Config::default() })
    }

    fn external(&self) -> Result<Config> {
        Ok(Config { process_command: self.owned("process_command")?.map(Into::into), ..Config::default() })
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
        let base = Box::new(Plan::StsToken(Box::new(key().security_token("canary"))));
        let top = Plan::RamRoleArn { base, roles: vec![inner, outer] };
        assert!(plan(CHAINED, None).unwrap() == top, "differs");
        assert!(plan(&format!("\u{feff}{CHAINED}"), Some("top")).unwrap() == top, "differs");
        assert!(plan(CHAINED, Some("base")).unwrap() == Plan::AccessKey(Box::new(key())), "differs");
    }

    /// As long as a file of 1 MiB permits: the square of that takes too long.
    #[test]
    fn a_chain_may_be_long() {
        const HOPS: usize = 12_000;
        let hops = (1..=HOPS).map(|hop| {
            let source = hop - 1;
            format!(
                r#"{{"name":"{hop}","mode":"ChainableRamRoleArn","source_profile":"{source}","ram_role_arn":"{hop}"}}"#
            )
        });
        let base = r#"{"name":"0","mode":"AK","access_key_id":"id","access_key_secret":"s"}"#.to_owned();
        let profiles: Vec<String> = std::iter::once(base).chain(hops).collect();
        let json = format!(r#"{{"current":"{HOPS}","profiles":[{}]}}"#, profiles.join(","));
        let Plan::RamRoleArn { base, roles } = plan(&json, None).unwrap() else { panic!("another plan") };
        assert!(matches!(*base, Plan::AccessKey(_)));
        let arns: Vec<&str> = roles.iter().filter_map(|role| role.role_arn.as_deref()).collect();
        assert_eq!((arns.len(), arns[0], arns[HOPS - 1]), (HOPS, "1", "12000"));
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
    fn errors_name_the_mistake_and_quote_no_value() {
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
            (CHAINED.into(), Some("x"), ErrorKind::InvalidConfig, "with '<1 character>' form cli"),
            // Nor is the name of a profile that nothing refers to.
            (CHAINED.into(), Some("x"), ErrorKind::InvalidConfig, "has: top, middle, 1 more"),
            (r#"{"current":"canary-a"}"#.into(), None, ErrorKind::InvalidConfig, "with '<8 characters>'"),
            (
                r#"{"current":"d","profiles":[{"name":"canary"}]}"#.into(),
                None,
                ErrorKind::InvalidConfig,
                "has: 1 profile",
            ),
            (
                with(r#""mode":"ChainableRamRoleArn","source_profile":"canary""#),
                None,
                ErrorKind::InvalidConfig,
                "with '<6 characters>'",
            ),
            (with(r#""mode":"Nope""#), None, ErrorKind::InvalidConfig, "unsupported profile mode '<4 characters>'"),
            (with(r#""mode":null"#), None, ErrorKind::InvalidConfig, "unsupported profile mode 'None'"),
            (with(r#""mode":7"#), None, ErrorKind::MalformedFile, "'mode' of the profile 'p'"),
            (
                with(r#""mode":"AK","access_key_secret":["canary"]"#),
                None,
                ErrorKind::MalformedFile,
                "'access_key_secret'",
            ),
            (with(r#""mode":"AK","access_key_secret":"can\u0000ary""#), None, ErrorKind::MalformedFile, "NUL"),
            (with(r#""mode":"AK","access_key_id":"can\nary""#), None, ErrorKind::MalformedFile, "control character"),
            (with(r#""mode":"StsToken","sts_token":"can ary""#), None, ErrorKind::MalformedFile, "white space"),
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
