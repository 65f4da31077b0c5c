//! `~/.alibabacloud/credentials.ini`, the SDKs' configuration file.
//!
//! The dialect: `key = value` or `key: value`, with keys in any case. Every section inherits `[DEFAULT]`. A comment is
//! a line that begins with `#` or `;`, or follows one of them after a blank. Values are not interpolated, unquoted or
//! unescaped, so that a secret may contain any character.
//! Invariant: error messages never quote a value.

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::path::Path;

use ini::{Ini, ParseOption};
use zeroize::Zeroizing;

use super::{ListedProfile, Plan};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::text::{decode_wiped, key, one_line, quoted};

const INHERITED: &str = "DEFAULT";

/// The keys that are read. Messages quote no others: they may be secrets that lost their key.
const KEYS: [&str; 17] = [
    "type",
    "enable",
    "access_key_id",
    "access_key_secret",
    "role_arn",
    "role_session_name",
    "policy",
    "oidc_provider_arn",
    "oidc_token_file_path",
    "role_name",
    "public_key_id",
    "private_key_file",
    "secret_name",
    "kms_region_id",
    "kms_endpoint",
    "enable_vpc",
    "ca_file",
];

/// The plan of the section called `profile`.
pub(crate) fn plan(bytes: &[u8], path: &Path, profile: &str) -> Result<Plan> {
    let shown = path.display();
    let section = section(bytes, path, profile)?.ok_or_else(|| {
        Error::invalid_config(format!(
            "failed to get credential from credentials file: ${shown}: it has no section [{}]; add it, or set ALIBABA_CLOUD_PROFILE",
            quoted(profile, profile == "default")
        ))
    })?;
    let given = |key: &str| section.get(key).filter(|value| !value.is_empty()).map(|value| value.expose().to_owned());
    if given("enable").is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        let text = format!("the profile [{profile}] of {shown} is switched off by 'enable = false'");
        return Err(Error::new(ErrorKind::Disabled, text));
    }
    let held = |name: &str| -> Result<Option<Secret>> {
        let Some(value) = section.get(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        let what = format!("'{name}' of [{profile}] of {shown}");
        let cut = key(value.expose(), &what)
            .map_err(|why| Error::new(ErrorKind::MalformedFile, format!("failed to parse credentials file: {why}")))?;
        Ok(Some(Secret::new(cut)))
    };
    let config = Box::new(Config {
        access_key_id: held("access_key_id")?.map(|id| id.expose().to_owned()),
        access_key_secret: held("access_key_secret")?,
        role_arn: given("role_arn"),
        role_session_name: given("role_session_name"),
        policy: given("policy"),
        oidc_provider_arn: given("oidc_provider_arn"),
        oidc_token_file_path: given("oidc_token_file_path"),
        role_name: given("role_name"),
        public_key_id: given("public_key_id"),
        private_key_file: given("private_key_file"),
        ..Config::default()
    });
    match given("type").as_deref() {
        Some("access_key") => Ok(Plan::AccessKey(config)),
        Some("ram_role_arn") => {
            Ok(Plan::RamRoleArn { base: Box::new(Plan::AccessKey(config.clone())), roles: vec![*config] })
        }
        Some("oidc_role_arn") => Ok(Plan::OidcRoleArn(config)),
        Some("ecs_ram_role") => Ok(Plan::EcsRamRole(config)),
        Some("rsa_key_pair") => Ok(Plan::RsaKeyPair(config)),
        Some("kms_secret") => Ok(Plan::KmsSecret(Box::new(Config {
            secret_name: given("secret_name"),
            kms_region_id: given("kms_region_id"),
            kms_endpoint: given("kms_endpoint"),
            enable_vpc: given("enable_vpc").map(|value| value.eq_ignore_ascii_case("true")),
            ca_file: given("ca_file"),
            ..*config
        }))),
        other => Err(Error::invalid_config(format!(
            "unsupported credential type {} from credentials file {shown}; supported: access_key, ram_role_arn, oidc_role_arn, ecs_ram_role, rsa_key_pair, kms_secret",
            other.map_or("None".into(), |given| quoted(given, false))
        ))),
    }
}

/// The keys of `~/.oss/credentials`, in lower case. The first that is there counts.
const OSS_ID: [&str; 2] = ["access_key_id", "accesskeyid"];
const OSS_SECRET: [&str; 2] = ["access_key_secret", "accesskeysecret"];
const OSS_TOKEN: [&str; 4] = ["session_token", "security_token", "sts_token", "token"];

/// The plan of the section called `profile` of OSS's file; `None` if there is no such section.
pub(crate) fn oss_plan(bytes: &[u8], path: &Path, profile: &str) -> Result<Option<Plan>> {
    let Some(section) = section(bytes, path, profile)? else { return Ok(None) };
    let what = |name: &str| format!("'{name}' of [{}] of {}", quoted(profile, profile == "default"), path.display());
    let held = |names: &[&str]| -> Result<Option<Secret>> {
        let found = names.iter().find_map(|name| Some((name, section.get(*name).filter(|value| !value.is_empty())?)));
        let Some((name, value)) = found else { return Ok(None) };
        let cut =
            key(unquoted(value.expose()), &what(name)).map_err(|why| Error::new(ErrorKind::MalformedFile, why))?;
        Ok(Some(Secret::new(cut)).filter(|value| !value.is_empty()))
    };
    let required = |names: &[&str; 2]| {
        let [name, _] = names;
        held(names)?.ok_or_else(|| Error::invalid_config(format!("{} is missing", what(name))))
    };
    let config = Box::new(Config {
        access_key_id: Some(required(&OSS_ID)?.expose().to_owned()),
        access_key_secret: Some(required(&OSS_SECRET)?),
        security_token: held(&OSS_TOKEN)?,
        ..Config::default()
    });
    Ok(Some(if config.security_token.is_some() { Plan::StsToken(config) } else { Plan::AccessKey(config) }))
}

/// What is wrong if OSS's file has no section called `profile`.
pub(crate) fn no_oss_section(path: &Path, profile: &str) -> String {
    let shown = quoted(profile, profile == "default");
    format!("{} has no section [{shown}]; add it, or set OSS_PROFILE", path.display())
}

/// A value without the quotes around it, which other readers of OSS's file remove, too.
fn unquoted(value: &str) -> &str {
    let within = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

/// All sections, in their order.
pub(crate) fn list(bytes: &[u8], path: &Path) -> Result<Vec<ListedProfile>> {
    let file = parse(bytes, path)?;
    let listed = |(name, properties): (Option<&str>, &ini::Properties)| {
        let name = name.filter(|name| *name != INHERITED)?.to_owned();
        let mode = properties.iter().find(|(key, _)| key.trim().eq_ignore_ascii_case("type"));
        let mode = mode.map(|(_, value)| one_line(value.trim().to_owned()));
        Some(ListedProfile { name: one_line(name), mode, stands_on: None })
    };
    Ok(file.iter().filter_map(listed).collect())
}

/// The entries of a section by lower-case key, including inherited ones; `None` if there is no such section.
fn section(bytes: &[u8], path: &Path, name: &str) -> Result<Option<BTreeMap<String, Secret>>> {
    let file = parse(bytes, path)?;
    let entries = |name: &str| {
        let properties = file.section(Some(name))?;
        Some(properties.iter().map(|(key, value)| (key.trim().to_lowercase(), Secret::new(value.trim()))))
    };
    let Some(own) = entries(name) else { return Ok(None) };
    let mut found: BTreeMap<String, Secret> = entries(INHERITED).into_iter().flatten().collect();
    found.extend(own);
    Ok(Some(found))
}

fn parse(bytes: &[u8], path: &Path) -> Result<Ini> {
    let malformed = |line: usize, why: &str| {
        let place = if line == 0 { String::new() } else { format!("line {line}: ") };
        let text = format!("failed to parse credentials file {}: {place}{why}", path.display());
        Error::new(ErrorKind::MalformedFile, text)
    };
    let text = decode_wiped(bytes).ok_or_else(|| malformed(0, "it is neither UTF-8 nor UTF-16"))?;
    if text.contains('\0') {
        return Err(malformed(0, "it contains NUL characters"));
    }
    let plain = without_comments::<String>(&text).map_err(|(line, why)| malformed(line, &why))?;
    let options = ParseOption {
        enabled_quote: false,
        enabled_escape: false,
        enabled_indented_mutiline_value: true,
        ..ParseOption::default()
    };
    Ini::load_from_str_opt(&plain, options)
        .map_err(|error| malformed(error.line, "it is neither a section nor an entry"))
}

/// Removes comments, and blanks before keys. Fails with the line number on what the parser would accept: a duplicate
/// section or key, and an entry before any section.
///
/// `Name` is the type that names are compared as.
fn without_comments<Name>(text: &str) -> Result<Zeroizing<String>, (usize, String)>
where
    Name: Eq + Hash + From<String>,
{
    // A line grows by at most two characters: a section's bracket that is moved, and a final line break.
    let mut plain = Zeroizing::new(String::with_capacity(text.len() + 2));
    let mut sections: HashSet<Name> = HashSet::new();
    let mut keys: HashSet<Name> = HashSet::new();
    // The indentation of the last key: a line indented deeper continues its value.
    let mut key_indent = None;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)) {
        let line = uncommented(line);
        let trimmed = line.trim();
        let indent = line.len() - line.trim_start().len();
        if trimmed.is_empty() {
            plain.push('\n');
            continue;
        }
        if key_indent.is_some_and(|key_indent| indent > key_indent) {
            plain.push(' ');
        } else if let Some(name) = trimmed.strip_prefix('[') {
            let (name, _) = name.split_once(']').ok_or_else(|| (number, "a section's name does not end".to_owned()))?;
            if !sections.insert(name.trim().to_owned().into()) {
                let shown = quoted(name.trim(), matches!(name.trim(), "default" | INHERITED)).into_owned();
                return Err((number, format!("the section [{shown}] is there twice")));
            }
            keys = HashSet::new();
            key_indent = None;
            plain.push_str(&format!("[{name}]\n"));
            continue;
        } else {
            let (key, _) = trimmed
                .split_once(['=', ':'])
                .filter(|(key, _)| !key.trim().is_empty())
                .ok_or_else(|| (number, "it is neither a section nor an entry".to_owned()))?;
            let key = key.trim().to_lowercase();
            let shown = quoted(&key, KEYS.contains(&key.as_str())).into_owned();
            if sections.is_empty() {
                return Err((number, "an entry stands before any section".to_owned()));
            }
            if !keys.insert(key.into()) {
                return Err((number, format!("the key '{shown}' is there twice")));
            }
            key_indent = Some(indent);
        }
        plain.push_str(trimmed);
        plain.push('\n');
    }
    Ok(plain)
}

/// A line without its comment, which starts with `#` or `;` at the beginning or after a blank.
fn uncommented(line: &str) -> &str {
    if line.trim_start().starts_with(['#', ';']) {
        return "";
    }
    let cut = line
        .match_indices(['#', ';'])
        .find(|(at, _)| line.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
    cut.and_then(|(at, _)| line.get(..at)).unwrap_or(line).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, profile: &str) -> Result<Plan> {
        let plan = plan(text.as_bytes(), Path::new("/h/credentials.ini"), profile);
        if let Err(error) = &plan {
            assert!(!error.message().contains("canary"), "a value shows");
        }
        plan
    }

    fn access_key(id: &str, secret: &str) -> Plan {
        Plan::AccessKey(Box::new(Config::default().access_key_id(id).access_key_secret(secret)))
    }

    #[test]
    fn values_keep_every_character_and_lose_their_comments() {
        for (value, expected) in [
            ("a#b", "a#b"),
            ("a;b", "a;b"),
            ("a #b", "a"),
            ("a\t; b", "a"),
            ("100%(x)s%", "100%(x)s%"),
            (r"C:\new\table", r"C:\new\table"),
            ("\"quoted\"", "\"quoted\""),
            ("it's = more : here", "it's = more : here"),
            ("密钥", "密钥"),
        ] {
            let text =
                format!("[default] # comment\ntype = access_key\nACCESS_KEY_ID: id\nrole_session_name={value}\n");
            let plan = Plan::AccessKey(Box::new(Config::default().access_key_id("id").role_session_name(expected)));
            assert!(read(&text, "default").unwrap() == plan, "differs: {value:?}");
        }
    }

    #[test]
    fn the_file_of_oss_has_other_names() {
        let read = |text: &str| oss_plan(text.as_bytes(), Path::new("/h/.oss/credentials"), "default");
        let pair = "[default]\naccess_key_id = id\naccess_key_secret = canary\n";
        assert!(read(pair).unwrap() == Some(access_key("id", "canary")), "differs");
        let other = "[default]\naccessKeyID = 'id'\naccessKeySecret = \"canary\"\n";
        assert!(read(other).unwrap() == Some(access_key("id", "canary")), "differs");
        for name in OSS_TOKEN {
            let plan = read(&format!("{pair}{name} = t\n")).unwrap().unwrap();
            let Plan::StsToken(config) = plan else { panic!("another plan") };
            assert!(config.security_token == Some(Secret::new("t")), "differs: {name}");
        }
        assert!(read("[other]\naccess_key_id = id\n").unwrap().is_none());
        for (text, part) in [
            ("[default]\naccess_key_id = id\n", "'access_key_secret' of [default] of /h/.oss/credentials is missing"),
            (
                "[default]\naccess_key_secret = canary\n",
                "'access_key_id' of [default] of /h/.oss/credentials is missing",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidConfig, part));
        }
    }

    #[test]
    fn keys_have_only_key_characters() {
        let text = |secret: &str| {
            format!("[default]\ntype = access_key\naccess_key_id = \u{a0}id\naccess_key_secret = {secret}\n")
        };
        assert!(read(&text("a#b;c\"%(x)s\\n"), "default").unwrap() == access_key("id", "a#b;c\"%(x)s\\n"), "differs");
        for secret in ["canary 密", "canary\u{7}"] {
            let error = read(&text(secret), "default").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MalformedFile);
            assert!(
                error.message().contains("'access_key_secret' of [default] of /h/credentials.ini contains"),
                "{error}"
            );
        }
    }

    #[test]
    fn sections_inherit_and_names_keep_their_case() {
        let text = "\u{feff}; comment\r\n[DEFAULT]\r\ntype=access_key\r\naccess_key_id=inherited\r\n\r\n[a.b]\r\naccess_key_secret=s\r\n[Own]\r\naccess_key_id=own\r\naccess_key_secret=t\r\n";
        assert!(read(text, "a.b").unwrap() == access_key("inherited", "s"), "differs");
        assert!(read(text, "Own").unwrap() == access_key("own", "t"), "differs");
        assert_eq!(read(text, "own").unwrap_err().kind(), ErrorKind::InvalidConfig);
    }

    #[test]
    fn errors_name_the_line() {
        let default = "[default]\ntype = access_key\n";
        for (text, kind, part) in [
            (format!("{default}canary\n"), ErrorKind::MalformedFile, "line 3: it is neither"),
            (format!("{default}= canary\n"), ErrorKind::MalformedFile, "line 3: it is neither"),
            (format!("{default}Type = canary\n"), ErrorKind::MalformedFile, "line 3: the key 'type' is there twice"),
            (format!("{default}[default]\n"), ErrorKind::MalformedFile, "line 3: the section [default] is there twice"),
            ("[default\n".into(), ErrorKind::MalformedFile, "line 1: a section's name does not end"),
            ("key = canary\n".into(), ErrorKind::MalformedFile, "line 1: an entry stands before"),
            (
                "[default]\ntype = canary-type".into(),
                ErrorKind::InvalidConfig,
                "unsupported credential type <11 characters> from credentials file /h/credentials.ini",
            ),
            ("[default]\n".into(), ErrorKind::InvalidConfig, "unsupported credential type None"),
            (format!("{default}enable = FALSE\n"), ErrorKind::Disabled, "switched off"),
            (String::new(), ErrorKind::InvalidConfig, "no section [default]"),
        ] {
            let error = read(&text, "default").unwrap_err();
            assert_eq!(error.kind(), kind, "{text}");
            assert!(error.message().contains(part), "{error}");
        }
        assert!(
            read(&format!("{default}access_key_id = i\naccess_key_secret = s\nenable = true\n"), "default").is_ok()
        );
    }

    #[test]
    fn a_section_may_be_indented_as_a_whole() {
        let text = "[default]# close by\n  type = access_key\n  access_key_id = id\n\taccess_key_secret = canary\n";
        // One tab is less than two blanks: this is the next key, not a continued value.
        assert!(read(text, "default").unwrap() == access_key("id", "canary"), "differs");
        let odd = "[default]\ntype = access_key\n   access_key_secret = canary\n";
        assert_eq!(read(odd, "default").unwrap_err().kind(), ErrorKind::InvalidConfig);
    }

    #[test]
    fn a_value_may_go_on_in_indented_lines() {
        let text = "[default]\ntype = ram_role_arn\nrole_arn = r\npolicy = {\n  \"Version\": \"1\"\n  }\n";
        let Plan::RamRoleArn { roles, .. } = read(text, "default").unwrap() else { panic!("another plan") };
        let policy: serde_json::Value = serde_json::from_str(roles[0].policy.as_deref().unwrap()).unwrap();
        assert_eq!(policy, serde_json::json!({"Version": "1"}));
    }

    /// A name that counts comparisons.
    #[derive(Eq)]
    struct Counted(String);

    impl Hash for Counted {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    thread_local! {
        static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    }

    impl From<String> for Counted {
        fn from(name: String) -> Self {
            Counted(name)
        }
    }

    impl PartialEq for Counted {
        fn eq(&self, other: &Self) -> bool {
            COMPARED.set(COMPARED.get() + 1);
            self.0 == other.0
        }
    }

    #[test]
    fn many_names_are_compared_few_times() {
        const MANY: usize = 20_000;
        let lines = |line: fn(usize) -> String| (0..MANY).map(line).collect::<Vec<_>>().join("\n");
        for text in [lines(|n| format!("[p{n}]")), format!("[default]\n{}", lines(|n| format!("k{n}=1")))] {
            COMPARED.set(0);
            assert!(without_comments::<Counted>(&text).is_ok());
            assert!(COMPARED.get() < MANY, "{} comparisons of {MANY} names", COMPARED.get());
        }
    }
}
