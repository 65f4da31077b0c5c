//! Test vectors: valid signatures, and requests that are rejected before one is computed.

use super::*;
use crate::http::Via;
use bytes::Bytes;

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn call(method: &str) -> Call {
    Call {
        via: Via::Http,
        method: method.to_owned(),
        host: "sts.aliyuncs.com".to_owned(),
        target: "/".to_owned(),
        path: "/".to_owned(),
        query: Vec::new(),
        form: Vec::new(),
        headers: Vec::new(),
        body: Bytes::new(),
        defect: None,
    }
}

fn v1(method: &str, signature: &str) -> Call {
    let mut call = call(method);
    call.query = pairs(&[
        ("Action", "AssumeRole"),
        ("Format", "JSON"),
        ("Version", "2015-04-01"),
        ("Timestamp", "2026-01-02T03:04:05Z"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("SignatureNonce", "nonce"),
        ("AccessKeyId", "testid"),
        ("Signature", signature),
    ]);
    // Half in the query and half in the form, as newer clients send them: that makes no difference.
    call.form = pairs(&[
        ("RoleArn", "acs:ram::1:role/x"),
        ("RoleSessionName", "n m"),
        ("DurationSeconds", "3600"),
        ("Policy", r#"{"a": ["*~"]}"#),
    ]);
    call
}

/// The signatures were made with Python's standard library:
/// `hmac.new(b"testsecret&", s.encode(), "sha1")` over
/// `s = method + "&%2F&" + quote("&".join(quote(k, safe="~") + "=" + quote(v, safe="~") for k, v
/// in sorted(params.items())), safe="~")`.
#[test]
fn v1_vectors() {
    for (method, right, other) in [
        ("GET", "zQxDk/D0nFlz0B67XJNHUKcDQM8=", "wgG23I2Aq2KlIKRYFfKmhczFvSE="),
        ("POST", "wgG23I2Aq2KlIKRYFfKmhczFvSE=", "zQxDk/D0nFlz0B67XJNHUKcDQM8="),
    ] {
        let by = |signature: &str, secret: &str| {
            Signed::read(&v1(method, signature)).is_ok_and(|signed| signed.is_by(secret))
        };
        assert!(by(right, "testsecret"), "{method}");
        assert!(!by(right, "testsecret2"), "{method}");
        assert!(!by(other, "testsecret"), "{method}");
        assert!(!by("not base64", "testsecret"), "{method}");
    }
    // A space signed as `+` instead of `%20`.
    let signed = Signed::read(&v1("GET", "ES6RsFKHJ7XYgiS0uVZYfKnpEfk="));
    assert!(signed.is_ok_and(|signed| !signed.is_by("testsecret")));
}

#[test]
fn v1_says_what_is_missing() {
    for name in ["AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "Timestamp", "SignatureNonce"] {
        let mut call = v1("GET", "x");
        call.query.retain(|(key, _)| key != name);
        let code = Signed::read(&call).err().map(|refusal| refusal.code);
        assert_eq!(code, Some(format!("Missing{name}")));
    }
    let mut call = v1("GET", "x");
    call.query.retain(|(key, _)| key != "SignatureMethod");
    call.query.extend(pairs(&[("SignatureMethod", "HMAC-SHA256")]));
    let code = Signed::read(&call).err().map(|refusal| refusal.code);
    assert_eq!(code.as_deref(), Some("InvalidSignatureMethod"));
}

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The example with fixed parameters in the published description of version 3.
fn published() -> Call {
    let mut call = call("POST");
    call.query =
        pairs(&[("RegionId", "cn-shanghai"), ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")]);
    call.headers = pairs(&[
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-content-sha256", EMPTY),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-version", "2014-05-26"),
        (
            "authorization",
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;\
             x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=\
             06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
        ),
    ]);
    call
}

#[test]
fn v3_published_vector() {
    let signed = Signed::read(&published());
    assert!(signed.as_ref().is_ok_and(|signed| signed.is_by("YourAccessKeySecret")));
    assert!(signed.is_ok_and(|signed| !signed.is_by("YourAccessKeySecret&")));
    assert_eq!(Scheme::V3.claimed_key(&published()), Some("YourAccessKeyId"));
}

/// A form in the body, a space and a tilde in the query, a security token. Made with:
///
/// ```text
/// python3 -c '
/// import hashlib, hmac
/// body = b"RoleArn=acs%3Aram%3A%3A1%3Arole%2Fx"
/// h = {"content-type": "application/x-www-form-urlencoded", "host": "127.0.0.1:1",
///   "x-acs-action": "AssumeRole", "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
///   "x-acs-date": "2026-01-02T03:04:05Z", "x-acs-security-token": "a+/=",
///   "x-acs-signature-nonce": "nonce", "x-acs-version": "2015-04-01"}
/// names = ";".join(sorted(h))
/// request = "\n".join(["POST", "/", "A=b%20c&Z=%2A~&e="] + [k + ":" + h[k] for k in sorted(h)]
///   + ["", names, h["x-acs-content-sha256"]])
/// text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(request.encode()).hexdigest()
/// print(hmac.new(b"testsecret", text.encode(), "sha256").hexdigest())'
/// ```
#[test]
fn v3_vector_with_form_and_token() {
    let mut call = call("POST");
    call.body = Bytes::from_static(b"RoleArn=acs%3Aram%3A%3A1%3Arole%2Fx");
    call.query = pairs(&[("Z", "*~"), ("e", ""), ("A", "b c")]);
    call.headers = pairs(&[
        ("user-agent", "not signed"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", "127.0.0.1:1"),
        ("x-acs-action", "AssumeRole"),
        ("x-acs-content-sha256", "0501018fef0ed1d0a0a5a89fafd4b90cc3a95d96f2f4f5d0c617e1fe8289af19"),
        ("x-acs-date", "2026-01-02T03:04:05Z"),
        ("x-acs-security-token", "a+/="),
        ("x-acs-signature-nonce", "nonce"),
        ("x-acs-version", "2015-04-01"),
        (
            "authorization",
            "ACS3-HMAC-SHA256 Credential=STS.id,SignedHeaders=content-type;host;x-acs-action;\
             x-acs-content-sha256;x-acs-date;x-acs-security-token;x-acs-signature-nonce;\
             x-acs-version,Signature=\
             76e00ebc4f2d9c8fc8e58a5f50fe372956ee31bcc959e0fdee53105307af1308",
        ),
    ]);
    let signed = Signed::read(&call);
    assert!(signed.as_ref().is_ok_and(|signed| signed.is_by("testsecret")));
    assert_eq!(signed.ok().and_then(|signed| signed.token).as_deref(), Some("a+/="));
}

#[test]
fn v3_refusals() {
    let code = |change: fn(&mut Call)| {
        let mut call = published();
        change(&mut call);
        Signed::read(&call).err().map(|refusal| refusal.code).unwrap_or_default()
    };
    assert_eq!(code(|_| ()), "");
    let missing = |call: &mut Call| call.headers.retain(|(name, _)| name != "x-acs-date");
    assert_eq!(code(missing), "MissingParameter");
    let unsigned = |call: &mut Call| call.headers.extend(pairs(&[("x-acs-region", "x")]));
    assert_eq!(code(unsigned), "IncompleteSignature");
    let absent = |call: &mut Call| call.headers.retain(|(name, _)| name != "host");
    assert_eq!(code(absent), "IncompleteSignature");
    let body = |call: &mut Call| call.body = Bytes::from_static(b"x");
    assert_eq!(code(body), "SignatureDoesNotMatch");
}
