//! KMS: its endpoint, and how to ask for a secret that holds an AccessKey pair.
//!
//! <https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-getsecretvalue>
//! Invariant: no message holds any part of a secret's data.

use serde_json::Value;

use super::sts::{self, Api, Call, Parameters, Rpc, Signer, regional, vpc};
use super::{endpoint, limits, route};
use crate::config::Config;
use crate::credentials::{Credentials, Freshness};
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Response, Trust, wall_millis};
use crate::protocol::json;
use crate::protocol::reply::{self, parse_time, text};
use crate::text::{key, length};

const API: Api = Api { version: "2016-01-20", hint };
const NAME: &str = "kms_secret";
/// The type of the secrets that KMS rotates together with the AccessKey of a RAM user.
const RAM_CREDENTIALS: &str = "RAMCredentials";
/// The longest name that KMS accepts.
const MAX_NAME: usize = 64;
/// A secret is fetched again after six hours at most, and after a quarter of an hour at least, whatever its rotation
/// interval.
const LONGEST_INTERVAL: u32 = 6 * 3600;
const SHORTEST_INTERVAL: u32 = 900;

/// A secret, and the service that holds it.
#[derive(Debug)]
pub(crate) struct Kms {
    rpc: Rpc,
    /// The name or the ARN.
    secret: String,
}

impl Kms {
    /// Uses `kms_endpoint`, the region in the options, then that of the secret's ARN.
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        let secret = given(config.secret_name.as_ref()).ok_or_else(|| Error::invalid_config("secret_name is empty"))?;
        let arn_region = region_of(secret)?;
        let endpoint = match (given(config.kms_endpoint.as_ref()), given(config.kms_region_id.as_ref()).or(arn_region))
        {
            (Some(endpoint), _) => endpoint.to_owned(),
            (None, Some(region)) => regional("KMS", if vpc(config, host) { "kms-vpc" } else { "kms" }, region)?,
            (None, None) => {
                let text =
                    "where the secret is, is unknown; set kms_region_id or kms_endpoint, or give the secret's ARN";
                return Err(Error::invalid_config(text));
            }
        };
        let url = endpoint::service("KMS endpoint", &endpoint)?;
        let (limits, route) = (limits(config, 5_000, 10_000), route(config, &url));
        let rpc = Rpc { url, limits, route };
        Ok(Kms { rpc, secret: secret.to_owned() })
    }

    /// Fetches the AccessKey pair in the secret's current version.
    pub(crate) async fn secret_value(&self, host: &Host, signer: &Credentials, trust: Trust) -> Result<Credentials> {
        if signer.access_key_id().is_none() {
            return Err(Error::invalid_config("KMS is asked with an AccessKey; a bearer token cannot read a secret"));
        }
        let form = [("SecretName", self.secret.as_str()), ("VersionStage", "ACSCurrent")];
        let call = Call {
            api: &API,
            provider: NAME,
            action: "GetSecretValue",
            form: Parameters::from(form.map(|(name, value)| (name, value.to_owned()))),
            signer: Signer::Credentials(signer),
            secrets: &[],
            trust,
        };
        let read = |service: &reply::Service<'_>, response: &Response| read(service, response, host.service_now());
        let credentials = self.rpc.exchange(host, &call, read).await?;
        Ok(credentials.rotated_by_a_clock_ahead(host.clock_offset()))
    }
}

fn given(option: Option<&String>) -> Option<&str> {
    option.map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// The region in a secret's ARN; `None` if it is a name.
///
/// # Errors
/// If it is neither. What it is may be a misplaced secret, so it is not shown.
fn region_of(secret: &str) -> Result<Option<&str>> {
    let shown = length(secret);
    let (region, name) = match secret.strip_prefix("acs:") {
        None => (None, secret),
        Some(_) => {
            let parts = secret.strip_prefix("acs:kms:").and_then(|rest| {
                let (place, name) = rest.split_once(":secret/")?;
                let (region, account) = place.split_once(':')?;
                let is_account = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
                (is_account && !region.is_empty()).then_some((region, name))
            });
            let wrong = || {
                let text = format!("secret_name {shown} is not an ARN, acs:kms:<region>:<account>:secret/<name>");
                Error::invalid_config(text)
            };
            parts.map(|(region, name)| (Some(region), name)).ok_or_else(wrong)?
        }
    };
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        let text = format!("secret_name {shown} is not a secret's name, of at most {MAX_NAME} printable characters");
        return Err(Error::invalid_config(text));
    }
    Ok(region)
}

/// The AccessKey pair in a successful reply, with the schedule of its rotation. `now` is the service's time.
fn read(service: &reply::Service<'_>, response: &Response, now: u64) -> Result<Credentials> {
    let malformed = |why: &str| {
        let text = format!("error retrieving credentials from {NAME} result: {why}");
        Error::new(ErrorKind::MalformedReply, text).with_service(response.status, None, None)
    };
    let reply = service.json(response)?;
    let data = text(&reply, &["SecretData"]).ok_or_else(|| service.malformed(response, "SecretData is missing"))?;
    let data = json::parse(data.as_bytes()).unwrap_or_default();
    let field = |name| text(&data, &[name]);
    let (Some(id), Some(secret)) = (field("AccessKeyId"), field("AccessKeySecret")) else {
        let type_name = text(&reply, &["SecretType"]).unwrap_or_default();
        return Err(malformed(&match type_name {
            RAM_CREDENTIALS => {
                format!("the secret is of type {RAM_CREDENTIALS}, but its data has no AccessKeyId and AccessKeySecret")
            }
            other => format!(
                "the secret is of type {}, and its data is not a JSON object with AccessKeyId and AccessKeySecret; \
                 name a secret of type {RAM_CREDENTIALS}",
                shown_type(other)
            ),
        }));
    };
    let checked = |value, name| key(value, name).map_err(|why| malformed(&why));
    let (id, secret) = (checked(id, "AccessKeyId")?, checked(secret, "AccessKeySecret")?);
    // The pair stops working at the one, and is replaced at the other.
    let ends = field("ExpireTimestamp").and_then(parse_time).filter(|end| wall_millis(*end) > now);
    let rotates = text(&reply, &["NextRotationDate"]).and_then(parse_time);
    let freshness =
        Freshness::Rotates { rotation: ends.into_iter().chain(rotates).min(), at_most: longest_interval(&reply) };
    Ok(Credentials::access_key(id, secret, NAME).with_freshness(freshness))
}

/// How long a secret is kept at most, in seconds: its `RotationInterval`, such as `604800s`, within our limits.
fn longest_interval(reply: &Value) -> u32 {
    let interval = text(reply, &["RotationInterval"]).and_then(|interval| interval.strip_suffix('s')?.parse().ok());
    interval.unwrap_or(LONGEST_INTERVAL).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
}

/// A type as messages show it: anything but a word may be a misplaced secret.
fn shown_type(name: &str) -> String {
    let is_word = name.len() <= 24 && name.chars().all(|c| c.is_ascii_alphanumeric());
    if name.is_empty() {
        "unknown".to_owned()
    } else if is_word {
        name.to_owned()
    } else {
        length(name)
    }
}

fn hint(status: u16, code: &str) -> &'static str {
    match code {
        "Forbidden.NoPermission" | "NoPermission" | "Forbidden.RAM" => {
            "; the caller needs kms:GetSecretValue, and kms:Decrypt if a key of your own encrypts the secret"
        }
        "Forbidden.ResourceNotFound" => "; check secret_name and the region",
        _ => sts::hint(status, code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    /// In the second 1767323045.
    const NOW: u64 = 1_767_323_045_000;

    fn answer(reply: &Value) -> Result<Credentials> {
        let service =
            reply::Service { label: NAME, refused: reply::refused, rejected: reply::rejected, secrets: &[], hint };
        let response = Response { status: 200, body: reply.to_string().into_bytes().into(), proxy: None, date: None };
        let read = read(&service, &response, NOW);
        if let Err(error) = &read {
            assert_eq!(error.kind(), ErrorKind::MalformedReply);
            assert!(!format!("{error} {error:?}").contains("canary"), "a secret shows");
        }
        read
    }

    fn managed(data: &str) -> Value {
        serde_json::json!({"SecretType": "RAMCredentials", "SecretData": data})
    }

    const PAIR: &str = r#"{"AccessKeyId": "LTAI", "AccessKeySecret": "canary"}"#;

    #[test]
    fn dates_and_intervals_say_when_to_look_again() {
        let second = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW / 1000 + seconds);
        let pair = |end: &str| PAIR.replace("}", &format!(r#", "ExpireTimestamp": "{end}"}}"#));
        for (end, date, interval, rotation, at_most) in [
            ("", "", "", None, 21_600),
            ("", "2026-01-02T03:05:05Z", "604800s", Some(second(60)), 21_600),
            ("2026-01-02T03:04:35Z", "2026-01-02T03:05:05Z", "7200s", Some(second(30)), 7_200),
            ("2026-01-02T03:06:05Z", "2026-01-02T03:05:05Z", "1s", Some(second(60)), 900),
            // An end in the past says nothing; a rotation may be late.
            ("2026-01-02T03:04:00Z", "", "99999999999999999999s", None, 21_600),
            ("2026-01-02T03:04:00Z", "2026-01-02T03:05:05Z", "18446744073709551615s", Some(second(60)), 21_600),
            ("soon", "soon", "an hour", None, 21_600),
        ] {
            let mut reply = managed(&pair(end));
            reply["NextRotationDate"] = date.into();
            reply["RotationInterval"] = interval.into();
            let expected = Freshness::Rotates { rotation, at_most };
            assert_eq!(answer(&reply).unwrap().freshness(), expected, "{end} {date} {interval}");
        }
        let mut late = managed(PAIR);
        late["NextRotationDate"] = "2026-01-02T03:04:00Z".into();
        let before = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW / 1000 - 5);
        let expected = Freshness::Rotates { rotation: Some(before), at_most: 21_600 };
        assert_eq!(answer(&late).unwrap().freshness(), expected);
    }

    #[test]
    fn only_a_pair_is_a_credential() {
        assert!(answer(&serde_json::json!({"SecretType": "Generic", "SecretData": PAIR})).is_ok());
        assert!(answer(&serde_json::json!({"SecretData": PAIR})).is_ok());
        for (type_name, shown) in [("Rds", "type Rds,"), ("", "type unknown,"), ("canary of a secret", "type <18 ch")] {
            for data in ["canary", "[\"canary\"]", r#"{"AccessKeyId": "canary"}"#, r#"{"AccessKeyId": 1}"#] {
                let error = answer(&serde_json::json!({"SecretType": type_name, "SecretData": data})).unwrap_err();
                assert!(error.message().contains(shown), "{error}");
            }
        }
        for reply in [managed("canary"), managed("{}"), managed(""), serde_json::json!({}), serde_json::json!([])] {
            assert!(answer(&reply).is_err());
        }
        assert!(answer(&managed(&PAIR.replace("canary", "canary with blanks"))).is_err());
    }

    #[test]
    fn an_arn_has_a_region_and_a_name_has_none() {
        let arn = "acs:kms:cn-hangzhou:1000000000000001:secret/app/ram+key=1@x_y.z-";
        assert_eq!(region_of(arn), Ok(Some("cn-hangzhou")));
        for name in ["app", "app/ram:key", &"n".repeat(64)] {
            assert_eq!(region_of(name), Ok(None));
        }
        for wrong in [
            "acs:ram::1:role/canary",
            "acs:kms:cn-hangzhou:1:key/canary",
            "acs:kms::1:secret/canary",
            "acs:kms:cn-hangzhou:me:secret/canary",
            "acs:kms:cn-hangzhou:1:secret/",
            "ca nary",
            &"canary".repeat(11),
            &format!("acs:kms:cn-hangzhou:1:secret/{}", "n".repeat(65)),
        ] {
            let error = region_of(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert!(!error.message().contains("canary"), "a secret shows");
        }
    }
}
