//! Verifies the two signatures of OSS, in headers and in URLs, following the published descriptions:
//!
//! - version 1 (`HMAC-SHA1`): <https://www.alibabacloud.com/help/en/oss/developer-reference/include-signatures-in-the-authorization-header>
//! - version 4 (`OSS4-HMAC-SHA256`): <https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4>
//!
//! The signed text is always rebuilt from the decoded request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::Place;
use crate::clock;
use crate::http::Call;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::state::State;

/// The scheme of version 4.
const V4: &str = "OSS4-HMAC-SHA256";
/// How far a request's time may differ from the service's, in seconds, either way.
const MAX_SKEW: u64 = 900;
/// Everything except letters, digits and `-_.~` is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The parameters that version 1 signs, and no others: subresources, and those that change the answer's headers.
const SUBRESOURCES: &str = "\
    acl append asyncFetch bucketInfo callback callback-var cname comp continuation-token cors delete \
    encryption endTime img inventory inventoryId lifecycle live location logging metaQuery objectMeta \
    partNumber policy position qos qosInfo referer regionList replication replicationLocation \
    replicationProgress requestPayment response-cache-control response-content-disposition \
    response-content-encoding response-content-language response-content-type response-expires restore \
    security-token startTime stat status style styleName symlink tagging transferAcceleration uploadId \
    uploads versionId versioning versions vod website x-oss-process";

fn is_subresource(name: &str) -> bool {
    SUBRESOURCES.split(' ').any(|known| known == name)
}

/// Whether `call` carries a signature of OSS.
pub(crate) fn is_signed(call: &Call) -> bool {
    call.authorization("OSS").is_some()
        || call.authorization(V4).is_some()
        || call.param("OSSAccessKeyId").is_some()
        || call.param("x-oss-signature").is_some()
}

/// A signature, and what it was made of.
struct Signed {
    access_key_id: String,
    token: Option<String>,
    string_to_sign: String,
    signature: Vec<u8>,
    /// Version 4 only: date and region of the derived key.
    scope: Option<(String, String)>,
    valid: Validity,
}

/// When a signature is valid.
enum Validity {
    /// Around the time of signing.
    At(i64),
    /// From the time of signing, if it has one, until an end.
    Until(Option<i64>, i64),
}

/// The kind of the signature, its claimed key, and the caller.
pub(super) fn authenticate(
    state: &State,
    call: &Call,
    place: &Place,
) -> (&'static str, Option<String>, Result<Identity, Refusal>) {
    let (scheme, signed) = match read(call, place) {
        Ok(found) => found,
        Err(refusal) => return ("none", None, Err(refusal)),
    };
    let id = Some(signed.access_key_id.clone());
    (scheme, id, verify(state, &signed))
}

fn read(call: &Call, place: &Place) -> Result<(&'static str, Signed), Refusal> {
    if call.authorization("OSS").is_some() || call.param("OSSAccessKeyId").is_some() {
        v1(call, place).map(|signed| ("oss_v1", signed))
    } else if call.authorization(V4).is_some() || call.param("x-oss-signature").is_some() {
        v4(call, place).map(|signed| ("oss_v4", signed))
    } else {
        Err(Refusal::new(403, "AccessDenied", "You have no right to access this object because of bucket acl."))
    }
}

fn verify(state: &State, signed: &Signed) -> Result<Identity, Refusal> {
    let now = state.now();
    match signed.valid {
        Validity::At(time) if time.abs_diff(now) > MAX_SKEW => {
            let message = "The difference between the request time and the current time is too large.";
            return Err(Refusal::new(403, "RequestTimeTooSkewed", message));
        }
        Validity::Until(from, end) if end <= now || from.is_some_and(|from| from > now + MAX_SKEW.cast_signed()) => {
            return Err(Refusal::new(403, "AccessDenied", "Request has expired."));
        }
        _ => {}
    }
    let key = state.key(&signed.access_key_id).ok_or_else(|| {
        Refusal::new(403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.")
    })?;
    if key.token != signed.token {
        return Err(Refusal::new(403, "InvalidSecurityToken", "The security token you provided is invalid."));
    }
    if !signed.is_by(&key.secret) {
        let message = "The request signature we calculated does not match the signature you provided. Check your key \
                       and signing method. The string to sign is: ";
        return Err(Refusal::new(403, "SignatureDoesNotMatch", format!("{message}{}", signed.string_to_sign)));
    }
    if key.expires_at.is_some_and(|end| end <= now) {
        return Err(Refusal::new(403, "SecurityTokenExpired", "The security token you provided has expired."));
    }
    Ok(key.identity.clone())
}

impl Signed {
    /// Whether the signature was made with `secret`; the comparison takes constant time.
    fn is_by(&self, secret: &str) -> bool {
        let text = self.string_to_sign.as_bytes();
        let Some((date, region)) = &self.scope else {
            return Hmac::<Sha1>::new_from_slice(secret.as_bytes())
                .is_ok_and(|mac| mac.chain_update(text).verify_slice(&self.signature).is_ok());
        };
        let key = [date.as_str(), region, "oss", "aliyun_v4_request"]
            .iter()
            .try_fold(format!("aliyun_v4{secret}").into_bytes(), |key, part| hmac(&key, part.as_bytes()));
        key.and_then(|key| Hmac::<Sha256>::new_from_slice(&key).ok())
            .is_some_and(|mac| mac.chain_update(text).verify_slice(&self.signature).is_ok())
    }
}

fn v1(call: &Call, place: &Place) -> Result<Signed, Refusal> {
    let (access_key_id, signature, date, valid) = match call.authorization("OSS") {
        Some(value) => {
            let (id, signature) =
                value.split_once(':').ok_or_else(|| malformed("The header Authorization is wrongly formed."))?;
            let date = call.header("x-oss-date").or_else(|| call.header("date"));
            let time =
                date.and_then(clock::from_date).ok_or_else(|| malformed("The header Date is wrongly formed."))?;
            (id, signature, date.unwrap_or_default(), Validity::At(time))
        }
        None => {
            let required = |name: &str| call.param(name).ok_or_else(|| malformed(&format!("{name} is missing.")));
            let end = required("Expires")?;
            let until = end.parse().map_err(|_| malformed("Expires is no number."))?;
            (required("OSSAccessKeyId")?, required("Signature")?, end, Validity::Until(None, until))
        }
    };
    let header = |name: &str| call.header(name).unwrap_or_default();
    let headers: String = sorted(call, |name| name.starts_with("x-oss-"));
    let mut query: Vec<&(String, String)> = call.query.iter().filter(|(name, _)| is_subresource(name)).collect();
    query.sort();
    let query = joined(query.into_iter().map(|(name, value)| (name.clone(), value.clone())));
    let separator = if query.is_empty() { "" } else { "?" };
    let token = call.header("x-oss-security-token").or_else(|| call.param("security-token"));
    Ok(Signed {
        access_key_id: access_key_id.to_owned(),
        token: token.map(str::to_owned),
        string_to_sign: format!(
            "{}\n{}\n{}\n{date}\n{headers}{}{separator}{query}",
            call.method,
            header("content-md5"),
            header("content-type"),
            place.resource(),
        ),
        // Invalid Base64 counts as a wrong signature.
        signature: STANDARD.decode(signature).unwrap_or_default(),
        scope: None,
        valid,
    })
}

fn v4(call: &Call, place: &Place) -> Result<Signed, Refusal> {
    let fields = call.authorization(V4);
    let field = |header: &str, parameter: &str| match fields {
        Some(fields) => fields.split(',').find_map(|field| field.trim().strip_prefix(header)?.strip_prefix('=')),
        None => call.param(parameter),
    };
    let required = |value: Option<&str>, name: &str| {
        value.map(str::to_owned).ok_or_else(|| malformed(&format!("{name} is missing.")))
    };
    let credential = required(field("Credential", "x-oss-credential"), "Credential")?;
    let signature = required(field("Signature", "x-oss-signature"), "Signature")?;
    let additional = field("AdditionalHeaders", "x-oss-additional-headers").unwrap_or_default();
    let additional: Vec<&str> = additional.split(';').filter(|name| !name.is_empty()).collect();
    if !additional.is_sorted() || additional.iter().any(|name| *name != name.to_ascii_lowercase()) {
        return Err(malformed("AdditionalHeaders must be lower-case names in ascending order."));
    }
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key_id, date, region, "oss", "aliyun_v4_request"] = parts[..] else {
        return Err(malformed("The credential must be <id>/<date>/<region>/oss/aliyun_v4_request."));
    };
    let time = required(call.header("x-oss-date").or_else(|| call.param("x-oss-date")), "x-oss-date")?;
    let at = clock::from_compact(&time).ok_or_else(|| malformed("x-oss-date is wrongly formed."))?;
    if !time.starts_with(date) {
        return Err(malformed("The date of the credential is not that of x-oss-date."));
    }
    let (valid, payload) = match fields {
        Some(_) => {
            let payload = required(call.header("x-oss-content-sha256"), "x-oss-content-sha256")?;
            if payload != "UNSIGNED-PAYLOAD" && payload != hex(&Sha256::digest(&call.body)) {
                return Err(malformed("x-oss-content-sha256 does not match the body."));
            }
            (Validity::At(at), payload)
        }
        None => {
            let seconds = required(call.param("x-oss-expires"), "x-oss-expires")?;
            let seconds: i64 = seconds
                .parse()
                .ok()
                .filter(|n| (1..=604_800).contains(n))
                .ok_or_else(|| malformed("x-oss-expires must be between 1 and 604800."))?;
            (Validity::Until(Some(at), at + seconds), "UNSIGNED-PAYLOAD".to_owned())
        }
    };
    let headers = sorted(call, |name| {
        name.starts_with("x-oss-") || ["content-type", "content-md5"].contains(&name) || additional.contains(&name)
    });
    let mut query: Vec<(String, String)> = call
        .query
        .iter()
        .filter(|(name, _)| name != "x-oss-signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    query.sort();
    let resource = place.resource().split('/').map(encode).collect::<Vec<_>>().join("/");
    let request = format!(
        "{}\n{resource}\n{}\n{headers}\n{}\n{payload}",
        call.method,
        joined(query.into_iter()),
        additional.join(";"),
    );
    let scope = format!("{date}/{region}/oss/aliyun_v4_request");
    let token = call.header("x-oss-security-token").or_else(|| call.param("x-oss-security-token"));
    Ok(Signed {
        access_key_id: access_key_id.to_owned(),
        token: token.map(str::to_owned),
        string_to_sign: format!("{V4}\n{time}\n{scope}\n{}", hex(&Sha256::digest(&request))),
        signature: unhex(&signature).unwrap_or_default(),
        scope: Some((date.to_owned(), region.to_owned())),
        valid,
    })
}

/// A line `name:value` for each header that `is_signed` picks, in order.
fn sorted(call: &Call, is_signed: impl Fn(&str) -> bool) -> String {
    let mut headers: Vec<&(String, String)> = call.headers.iter().filter(|(name, _)| is_signed(name)).collect();
    headers.sort();
    headers.into_iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect()
}

/// `name=value` pairs joined by `&`; without `=` where there is no value.
fn joined(pairs: impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<String> =
        pairs.map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") }).collect();
    pairs.join("&")
}

fn malformed(message: &str) -> Refusal {
    Refusal::new(400, "InvalidArgument", message)
}

/// `text`, percent-encoded.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn hmac(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(mac.chain_update(text).finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::http::Via;

    fn call(host: &str, path: &str, query: &[(&str, &str)], headers: &[(&str, &str)]) -> Call {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Call {
            via: Via::Http,
            method: "PUT".to_owned(),
            host: host.to_owned(),
            target: path.to_owned(),
            path: path.to_owned(),
            query: pairs(query),
            form: Vec::new(),
            headers: pairs(headers),
            body: Bytes::new(),
            defect: None,
        }
    }

    fn is_by(call: &Call, secret: &str) -> bool {
        read(call, &Place::of(call)).is_ok_and(|(_, signed)| signed.is_by(secret))
    }

    /// The example of the description.
    #[test]
    fn v1_example() {
        let with = |host, path, author| {
            let headers = [
                ("authorization", "OSS 44CF9590006BF252F707:26NBxoKdsyly4EDv6inkoDft/yA="),
                ("content-md5", "ODBGOERFMDMzQTczRUY3NUE3NzA5QzdFNUYzMDQxNEM="),
                ("content-type", "text/html"),
                ("date", "Thu, 17 Nov 2005 18:49:58 GMT"),
                ("host", host),
                ("x-oss-meta-author", author),
                ("x-oss-magic", "abracadabra"),
            ];
            call(host, path, &[("prefix", "not signed")], &headers)
        };
        let secret = "OtxrzxIsfpFjA7SwPzILwy8Bw21TLhquhboDYROV";
        let virtual_host = with("oss-example.oss-cn-hangzhou.aliyuncs.com", "/nelson", "foo@bar.com");
        assert!(is_by(&virtual_host, secret));
        assert!(is_by(&with("127.0.0.1:1", "/oss-example/nelson", "foo@bar.com"), secret));
        assert!(!is_by(&virtual_host, "another"));
        assert!(!is_by(&with("127.0.0.1:1", "/oss-example/nelson", "foo@baz.com"), secret));
    }

    /// The request that the tests of the official SDKs sign.
    #[test]
    fn v4_example() {
        let signature = "e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe";
        let with = |value: &str| {
            let authorization = format!(
                "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,Signature={signature}"
            );
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", "text/plain"),
                ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
                ("x-oss-date", "20231216T162057Z"),
                ("x-oss-head1", "value"),
                ("abc", "not signed"),
            ];
            let query = [
                ("param1", value),
                ("+param1", "value3"),
                ("|param1", "value4"),
                ("+param2", ""),
                ("|param2", ""),
                ("param2", ""),
            ];
            call("bucket.oss-cn-hangzhou.aliyuncs.com", "/1234%2B-/123/1.txt", &query, &headers)
        };
        assert!(is_by(&with("value1"), "sk"));
        assert!(!is_by(&with("value1"), "sl"));
        assert!(!is_by(&with("value2"), "sk"));
    }
}
