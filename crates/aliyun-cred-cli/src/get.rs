//! `get`: prints a credential, with its secret.

use std::io::{IsTerminal as _, stdout};

use aliyun_cred::Credentials;
use aliyun_cred::binding::rfc3339;
use serde_json::{Map, Value};

use crate::arguments::{Format, Get};
use crate::client;
use crate::environment::export;
use crate::failure::{Failure, Outcome};
use crate::print;

pub(crate) fn run(arguments: &Get) -> Outcome {
    if stdout().is_terminal() && !arguments.show {
        let text = "standard output is a terminal, and a secret on a screen may be seen; redirect it, or pass --show";
        return Err(Failure::invalid(text));
    }
    let credentials = client::of(&arguments.chosen)?.credentials_blocking()?;
    print(text(&credentials, arguments.format)?.as_bytes())
}

fn text(credentials: &Credentials, format: Format) -> Result<String, Failure> {
    let line = |document: Value| format!("{document}\n");
    match format {
        Format::Json => Ok(line(json(credentials))),
        Format::Process => process(credentials).map(line),
        Format::Uri => uri(credentials).map(line),
        Format::Env => variables(credentials, export),
        Format::Fish => {
            variables(credentials, |name, value| format!("set -gx {name} {}\n", single_quoted(value, "\\'")))
        }
        Format::Powershell => {
            variables(credentials, |name, value| format!("$Env:{name} = {}\n", single_quoted(value, "''")))
        }
        Format::Dotenv => variables(credentials, |name, value| format!("{name}={}\n", of_dotenv(value))),
    }
}

/// In single quotes, which keep everything; in double quotes if it has a single one.
fn of_dotenv(value: &str) -> String {
    match value.contains('\'') {
        true => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$")),
        false => format!("'{value}'"),
    }
}

/// Keys are printable ASCII without white space, so only the quote itself needs care.
pub(crate) fn single_quoted(value: &str, quote: &str) -> String {
    format!("'{}'", value.replace('\'', quote))
}

fn variables(credentials: &Credentials, shown: impl Fn(&str, &str) -> String) -> Result<String, Failure> {
    let (id, secret) = pair(credentials)?;
    let values = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", Some(id)),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", Some(secret)),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", credentials.security_token()),
    ];
    Ok(values.into_iter().filter_map(|(name, value)| Some(shown(name, value?))).collect())
}

fn pair(credentials: &Credentials) -> Result<(&str, &str), Failure> {
    let pair = credentials.access_key_id().zip(credentials.access_key_secret());
    pair.ok_or_else(|| Failure::new("a bearer token can be printed as json only"))
}

fn object(members: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Value {
    let present = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
    Value::Object(present.collect::<Map<_, _>>())
}

fn json(credentials: &Credentials) -> Value {
    let text = |value: Option<&str>| value.map(str::to_owned);
    object([
        ("type", text(Some(credentials.type_name()))),
        ("provider_name", text(credentials.provider_name())),
        ("access_key_id", text(credentials.access_key_id())),
        ("access_key_secret", text(credentials.access_key_secret())),
        ("security_token", text(credentials.security_token())),
        ("bearer_token", text(credentials.bearer_token())),
        ("expiration", credentials.expiration().map(rfc3339)),
    ])
}

fn process(credentials: &Credentials) -> Result<Value, Failure> {
    let (id, secret) = pair(credentials)?;
    let token = credentials.security_token();
    Ok(object([
        ("mode", Some(if token.is_some() { "StsToken" } else { "AK" }.to_owned())),
        ("access_key_id", Some(id.to_owned())),
        ("access_key_secret", Some(secret.to_owned())),
        ("sts_token", token.map(str::to_owned)),
        ("expiration", credentials.expiration().map(rfc3339)),
    ]))
}

/// What a credentials URI returns.
pub(crate) fn uri(credentials: &Credentials) -> Result<Value, Failure> {
    let (id, secret) = pair(credentials)?;
    let (Some(token), Some(expiration)) = (credentials.security_token(), credentials.expiration()) else {
        let text = "a credentials URI returns sessions, with a token and an expiration; this credential has none. \
                    Assume a role with --role-arn";
        return Err(Failure::new(text));
    };
    Ok(object([
        ("Code", Some("Success".to_owned())),
        ("AccessKeyId", Some(id.to_owned())),
        ("AccessKeySecret", Some(secret.to_owned())),
        ("SecurityToken", Some(token.to_owned())),
        ("Expiration", Some(rfc3339(expiration))),
    ]))
}
