//! Requests a credential over HTTP and parses the reply: the part shared by all services.
//!
//! Invariant: of a request or reply, error messages contain only `Code`, `Message` and `RequestId`, with every secret
//! of the request removed.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::credentials::Issued;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Failure, Host, Request, Response};
use crate::protocol::json::{self, Wiped};
use crate::secret::Secret;
use crate::text::key;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A service that issues credentials, as error messages describe it.
pub(crate) struct Service<'a> {
    /// Its name in messages: `ram_role_arn`, `sso`, a URI.
    pub(crate) label: &'a str,
    /// How a message begins when the service replies with this error status.
    pub(crate) refused: fn(label: &str, status: u16) -> String,
    /// How a message begins when the service replies with success, but without a credential.
    pub(crate) rejected: fn(label: &str) -> String,
    /// The secrets in the request, which must not reach a message.
    pub(crate) secrets: &'a [&'a str],
    /// What the user can do about a refusal with this status and code.
    pub(crate) hint: fn(status: u16, code: &str) -> &'static str,
}

/// Where a reply's JSON holds the credential. Names are tried in order.
pub(crate) struct Shape {
    /// The object that holds it; `None`: the reply itself.
    pub(crate) object: Option<&'static str>,
    pub(crate) id: &'static [&'static str],
    pub(crate) secret: &'static [&'static str],
    /// `None`: this service issues no security token.
    pub(crate) token: Option<&'static [&'static str]>,
    pub(crate) expiration: &'static [&'static str],
    /// Whether `Code` must be `Success`.
    pub(crate) checks_code: bool,
}

impl Shape {
    /// The names used by most services.
    pub(crate) const fn common(object: Option<&'static str>) -> Shape {
        Shape {
            object,
            id: &["AccessKeyId"],
            secret: &["AccessKeySecret"],
            token: Some(&["SecurityToken"]),
            expiration: &["Expiration"],
            checks_code: false,
        }
    }
}

/// The beginning that most sources use.
pub(crate) fn refused(label: &str, status: u16) -> String {
    format!("error refreshing credentials from {label}, http_code: {status}")
}

/// The beginning that most sources use for an invalid reply.
pub(crate) fn rejected(label: &str) -> String {
    format!("error retrieving credentials from {label} result:")
}

pub(crate) fn no_hint(_: u16, _: &str) -> &'static str {
    ""
}

impl Service<'_> {
    /// Sends the request built by `make`; any status except 200 is an error.
    pub(crate) async fn ask(&self, host: &Host, make: impl Fn() -> Result<Request>) -> Result<Response> {
        self.answered(host.http(make).await)
    }

    /// Like [`Service::ask`], but never retried.
    pub(crate) async fn ask_once(&self, host: &Host, request: Request) -> Result<Response> {
        self.answered(host.http_once(request).await)
    }

    fn answered(&self, answer: Result<Response, Failure>) -> Result<Response> {
        let response = answer.map_err(|failure| self.unreachable(&failure))?;
        if response.status == 200 { Ok(response) } else { Err(self.refusal(&response)) }
    }

    /// Sends a request and parses the credential in the reply.
    pub(crate) async fn fetch(&self, host: &Host, make: impl Fn() -> Result<Request>, shape: &Shape) -> Result<Issued> {
        let response = self.ask(host, make).await?;
        self.read(&response, shape, host)
    }

    fn unreachable(&self, failure: &Failure) -> Error {
        let Failure { kind, target, text, hint, .. } = failure;
        Error::new(*kind, format!("error refreshing credentials from {}: {target}: {text}{hint}", self.label))
    }

    /// The credential in a successful reply.
    pub(crate) fn read(&self, response: &Response, shape: &Shape, host: &Host) -> Result<Issued> {
        let malformed = |why: &str| self.malformed(response, why);
        let answer = self.json(response)?;
        if shape.checks_code && text(&answer, &["Code"]) != Some("Success") {
            return Err(self.refusal(response));
        }
        let object = match shape.object {
            None => &*answer,
            Some(name) => answer.get(name).ok_or_else(|| malformed(&format!("the answer has no {name}")))?,
        };
        if !object.is_object() {
            return Err(malformed("the answer is not the JSON of a credential"));
        }
        let path = |names: &'static [&'static str]| {
            let name = names.first().copied().unwrap_or_default();
            shape.object.map_or_else(|| name.to_owned(), |object| format!("{object}.{name}"))
        };
        let field =
            |names| text(object, names).ok_or_else(|| malformed(&format!("{} is missing or empty", path(names))));
        let key = |names| key(field(names)?, &path(names)).map_err(|why| malformed(&why));
        let issued = Issued {
            access_key_id: key(shape.id)?.to_owned(),
            access_key_secret: key(shape.secret)?.into(),
            security_token: shape.token.map(|names| key(names).map(Secret::from)).transpose()?,
            expiration: parse_time(field(shape.expiration)?)
                .ok_or_else(|| malformed("the expiration is not a point of time"))?,
            clock_offset: host.clock_offset(),
        };
        if crate::host::wall_millis(issued.expiration) <= host.service_now() {
            let text = format!(
                "error retrieving credentials from {} result: the credential has already expired; is this machine's clock right?",
                self.label
            );
            return Err(Error::new(ErrorKind::Expired, text));
        }
        Ok(issued)
    }

    /// The JSON of a successful reply.
    pub(crate) fn json(&self, response: &Response) -> Result<Wiped> {
        let value = json::parse(&response.body);
        value.ok_or_else(|| self.malformed(response, "the answer is not the JSON of a credential"))
    }

    pub(crate) fn malformed(&self, response: &Response, why: &str) -> Error {
        let label = self.label;
        let text = format!(
            "error retrieving credentials from {label} result: {why}; is something else answering in place of the service?"
        );
        Error::new(ErrorKind::MalformedReply, text).with_service(response.status, None, None)
    }

    /// The error for a reply without a credential.
    pub(crate) fn refusal(&self, response: &Response) -> Error {
        let answer = json::parse(&response.body).unwrap_or_default();
        let said = |names: &[&str]| text(&answer, names).map(|text| self.redact(text));
        let code = said(&["Code", "ErrorCode", "error"]);
        let message = said(&["Message", "ErrorMessage", "error_description"]);
        let request_id = said(&["RequestId", "requestId"]);
        let kind = match (response.status, code.as_deref()) {
            (429, _) => ErrorKind::Throttled,
            (_, Some(code)) if code.starts_with("Throttling") => ErrorKind::Throttled,
            (_, Some("Rejected.Throttling")) => ErrorKind::Throttled,
            (500.., _) | (_, Some("ServiceUnavailableTemporary" | "InternalFailure")) => ErrorKind::Unavailable,
            (200 | 400..500, _) => ErrorKind::Denied,
            // Redirects are never followed: a signed request must not reach another host.
            _ => ErrorKind::MalformedReply,
        };
        let mut parts = Vec::new();
        for (name, value) in [("Code", &code), ("Message", &message), ("RequestId", &request_id)] {
            parts.extend(value.as_ref().map(|value| format!("{name}={value}")));
        }
        if parts.is_empty() {
            parts.push(match &response.proxy {
                Some(proxy) => format!("the answer is not the service's own, perhaps that of the proxy {proxy}"),
                None => "the answer is not the service's own".to_owned(),
            });
        }
        let hint = match kind {
            ErrorKind::Unavailable => "; the service has a fault, try again later",
            ErrorKind::Throttled => "; it was asked too often, try again later",
            _ => (self.hint)(response.status, code.as_deref().unwrap_or_default()),
        };
        let first_words = match response.status {
            200 => (self.rejected)(self.label),
            status => format!("{}, result:", (self.refused)(self.label, status)),
        };
        let text = format!("{first_words} {}{hint}", parts.join(" "));
        Error::new(kind, text).with_service(response.status, code, request_id)
    }

    /// Removes every secret of the request from the service's message; a signature error echoes them.
    fn redact(&self, said: &str) -> String {
        let mut said = said.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            let mut form = Secret::new(*secret);
            for _ in 0..3 {
                said = said.replace(form.expose(), "***");
                form = Secret::new(encode(form.expose()));
            }
        }
        said
    }
}

/// Percent-encodes everything except unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Parses a time in RFC 3339 or ISO 8601. A time beyond the clock's range is clamped to it.
pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    use jiff::fmt::temporal::{Pieces, PiecesOffset};
    let text = nine_digits(text.trim());
    let pieces = Pieces::parse(&*text).ok()?;
    let offset = match pieces.offset()? {
        PiecesOffset::Zulu => 0,
        PiecesOffset::Numeric(numeric) => numeric.offset().seconds(),
        _ => return None,
    };
    // Avoids jiff's timestamp, which ends a day before the last second that four-digit years can express.
    let epoch = jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let local = pieces.date().to_datetime(pieces.time()?).duration_since(epoch);
    let millis = local.as_millis() - i128::from(offset) * 1000;
    // A time before the epoch is in the past, and that is all that matters.
    let since_epoch = Duration::from_millis(u64::try_from(millis.max(0)).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since_epoch).or_else(farthest)
}

/// Limits the fraction of a second to nine digits: RFC 3339 allows any number.
fn nine_digits(text: &str) -> Cow<'_, str> {
    let Some((before, fraction)) = text.split_once(['.', ',']) else { return text.into() };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    match (fraction.get(..digits.min(9)), fraction.get(digits..)) {
        (Some(kept), Some(after)) if digits > 9 => format!("{before}.{kept}{after}").into(),
        _ => text.into(),
    }
}

/// The last second of a signed 32-bit clock, for systems with such a clock.
fn farthest() -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(i32::MAX.unsigned_abs().into()))
}

/// The first of `names` that is a non-empty string.
pub(crate) fn text<'a>(object: &'a Value, names: &[&str]) -> Option<&'a str> {
    let found = names.iter().find_map(|name| object.get(name)).and_then(Value::as_str);
    found.filter(|text| !text.is_empty())
}

#[cfg(all(test, not(feature = "model-check")))]
mod tests {
    use super::*;
    use crate::host::fake::Fake;
    use crate::wording::Surface;

    #[test]
    fn times_are_read_with_fraction_and_offset() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
        for text in [
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000Z",
            "2026-01-02T11:04:05+08:00",
            "2026-01-02T02:34:05-00:30",
            "2026-01-02t03:04:05z",
            "2026-01-02 03:04:05+00:00",
        ] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        // What many programs write for "never"; and a leap second, which is read as the second before it.
        for (text, seconds) in [
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("9999-12-31T23:59:59-23:59", 253_402_387_139),
            ("2016-12-31T23:59:60Z", 1_483_228_799),
            ("2026-01-02T03:04:05.00000000000000000001Z", 1_767_323_045),
            ("0001-01-01T00:00:00Z", 0),
            ("1960-01-02T03:04:05Z", 0),
        ] {
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        for text in ["", "tomorrow", "2026-01-02", "2026-01-02T03:04:05"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    fn answer(status: u16, body: &str) -> Result<Issued> {
        let secrets = ["canary+secret", "canary/token="];
        let hint =
            |_: u16, code: &str| if code == "SignatureDoesNotMatch" { "; check the AccessKey secret" } else { "" };
        let service = Service { label: "ram_role_arn", refused, rejected, secrets: &secrets, hint };
        let response = Response { status, body: body.as_bytes().to_vec().into(), proxy: None, date: None };
        let shape = Shape::common(Some("Credentials"));
        let read = match status {
            200 => service.read(&response, &shape, &Host::on(Fake::new().system, Surface::Rust)),
            _ => Err(service.refusal(&response)),
        };
        if let Err(error) = &read {
            assert!(!format!("{error} {error:?}").contains("canary"), "a secret shows");
        }
        read
    }

    #[test]
    fn refusals_are_sorted_and_quoted_without_secrets() {
        for (status, body, kind) in [
            (403, r#"{"Code":"NoPermission","Message":"no","RequestId":"r"}"#, ErrorKind::Denied),
            (400, r#"{"Code":"Throttling.User","Message":"slow down"}"#, ErrorKind::Throttled),
            (429, "", ErrorKind::Throttled),
            (500, "<html>canary+secret</html>", ErrorKind::Unavailable),
            (302, "", ErrorKind::MalformedReply),
        ] {
            assert_eq!(answer(status, body).unwrap_err().kind(), kind, "{status} {body}");
        }
        let echo = format!(
            r#"{{"Code":"SignatureDoesNotMatch","Message":"string to sign is: {} {} {} canary+secret","RequestId":"r-1"}}"#,
            "canary/token=",
            encode("canary/token="),
            encode(&encode("canary/token=")),
        );
        let error = answer(400, &echo).unwrap_err();
        assert_eq!(
            error.message(),
            "error refreshing credentials from ram_role_arn, http_code: 400, result: Code=SignatureDoesNotMatch \
             Message=string to sign is: *** *** *** *** RequestId=r-1; check the AccessKey secret"
        );
        assert_eq!((error.code(), error.request_id()), (Some("SignatureDoesNotMatch"), Some("r-1")));
        assert_eq!(error.http_status(), Some(400));
    }

    #[test]
    fn an_answer_needs_all_four_fields() {
        let full = r#"{"Credentials":{"AccessKeyId":"STS.x","AccessKeySecret":"canary","SecurityToken":"canary","Expiration":"2026-01-02T04:04:05Z"}}"#;
        assert!(answer(200, full).is_ok());
        for field in ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"] {
            let error = answer(200, &full.replace(field, "Other")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MalformedReply);
            assert!(error.message().contains(field), "{error}");
        }
        for body in ["", "null", "{}", "[1]", r#"{"Credentials":3}"#, "\u{feff}{"] {
            assert_eq!(answer(200, body).unwrap_err().kind(), ErrorKind::MalformedReply, "{body}");
        }
        // The time of the fake clock.
        let expired = full.replace("2026-01-02T04:04:05Z", "2023-11-14T22:13:20Z");
        assert_eq!(answer(200, &expired).unwrap_err().kind(), ErrorKind::Expired);
    }
}
