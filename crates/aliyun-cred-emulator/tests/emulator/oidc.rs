//! `AssumeRoleWithOIDC`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::*;

const PROVIDER: &str = "acs:ram::1:oidc-provider/k8s";

/// An unsigned request.
fn ask(token: &str) -> Request {
    let mut request = Request::new("AssumeRoleWithOIDC", &alice());
    for name in ["AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce"] {
        request.without(name);
    }
    for (name, value) in [
        ("RoleArn", "acs:ram::1:role/r"),
        ("OIDCProviderArn", PROVIDER),
        ("OIDCToken", token),
        ("RoleSessionName", "session"),
        ("DurationSeconds", "900"),
    ] {
        request.set_form(name, value);
    }
    request
}

/// Without the signature that [`Request::to_wire`] adds.
fn unsigned(request: &Request) -> String {
    let wire = request.to_wire("/", "sts.example");
    let (start, rest) = wire.split_once("&Signature=").unwrap();
    format!("{start}{}", &rest[rest.find(' ').unwrap()..])
}

fn send(emulator: &aliyun_cred_emulator::Emulator, request: &Request) -> Reply {
    exchange(&mut connect(&emulator.addresses().sts_http), &unsigned(request)).unwrap()
}

fn jwt(claims: &Value) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(json!({"alg": "HS256"}).to_string()), part(claims.to_string()));
    let mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap().chain_update(&signed);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_fixed_token() {
    let emulator = start();
    let refused = |request: &Request| send(&emulator, request).refusal();
    let refusal = |status: u16, code: &str| (status, code.to_owned());
    // Nothing is known until it is said.
    assert_eq!(refused(&ask("the token")), refusal(401, "AuthenticationFail.NoPermission"));

    reset(
        &emulator,
        r#"{"oidc":[{"provider_arn":"acs:ram::1:oidc-provider/k8s","token":"the token","issuer":"https://i"}]}"#,
    );
    let reply = send(&emulator, &ask("the token"));
    let document = reply.json();
    assert_eq!(document["AssumedRoleUser"]["Arn"], "acs:ram::1:role/r/session");
    assert_eq!(document["OIDCTokenInfo"]["Issuer"], "https://i");
    assert_eq!(who(&emulator, &Key::issued(&reply)), "acs:ram::1:assumed-role/r/session");

    // In the URL, as the older clients send it.
    let mut get = ask("the token");
    get.method = "GET";
    get.query.append(&mut get.form);
    assert_eq!(send(&emulator, &get).status, 200);
    // White space is part of a token.
    assert_eq!(refused(&ask("the token\n")), refusal(401, "AuthenticationFail.OIDCToken.Invalid"));

    let log = requests(&emulator);
    assert_eq!((&log[0]["action"], &log[0]["signature"]), (&json!("AssumeRoleWithOIDC"), &json!("none")));
    assert_eq!((&log[0]["identity"], &log[0]["role_arn"]), (&Value::Null, &json!("acs:ram::1:role/r")));
    assert_eq!(log[0]["params"]["OIDCToken"], "***");
    assert_eq!((&log[0]["token_trimmed"], &log[3]["token_trimmed"]), (&json!(true), &json!(false)));
    assert_eq!(log[1].get("token_trimmed"), None);
    let path = log[2]["path"].as_str().unwrap();
    assert!(path.starts_with("/?Action=AssumeRoleWithOIDC&") && path.contains("&OIDCToken=***&"), "{path}");
    no_secret_in_the_log(&emulator, &["the token", "the+token"]);

    for (name, value, expected) in [
        ("OIDCToken", "", refusal(401, "AuthenticationFail.OIDCToken.Invalid")),
        ("OIDCToken", "abc", refusal(400, "InvalidParameter.OIDCToken")),
        ("OIDCToken", &"x".repeat(20_000), refusal(401, "AuthenticationFail.OIDCToken.Invalid")),
        ("OIDCToken", &"x".repeat(20_001), refusal(400, "InvalidParameter.OIDCToken")),
        ("OIDCProviderArn", "", refusal(400, "MissingOIDCProviderArn")),
        ("OIDCProviderArn", "acs:ram::1:oidc-provider/other", refusal(401, "AuthenticationFail.NoPermission")),
        ("RoleArn", "", refusal(400, "MissingRoleArn")),
        ("RoleSessionName", "x", refusal(400, "InvalidParameter.RoleSessionName")),
        ("DurationSeconds", "899", refusal(400, "InvalidParameter.DurationSeconds")),
        ("DurationSeconds", "43201", refusal(400, "InvalidParameter.DurationSeconds")),
        ("Policy", "{", refusal(400, "InvalidParameter.PolicyGrammar")),
    ] {
        assert_eq!(refused(ask("the token").set_form(name, value)), expected, "{name}");
    }
}

#[test]
fn a_signed_token() {
    let emulator = start();
    let settings = json!({
        "oidc": [
            {"provider_arn": PROVIDER, "hs256_key": "key", "issuer": "https://i", "audience": "sts.aliyuncs.com"},
        ],
        "roles": [
            {"arn": "acs:ram::1:role/r", "trusts": [PROVIDER], "max_duration": 900},
            {"arn": "acs:ram::1:role/closed", "trusts": ["acs:ram::1:root"]},
        ],
    });
    reset(&emulator, &settings.to_string());
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({
        "iss": "https://i", "sub": "pod", "aud": ["other", "sts.aliyuncs.com"],
        "iat": now, "nbf": now, "exp": now + 600,
    });
    let reply = send(&emulator, &ask(&jwt(&claims)));
    assert_eq!(reply.status, 200);
    let info = &reply.json()["OIDCTokenInfo"];
    assert_eq!((&info["Subject"], &info["ClientIds"]), (&json!("pod"), &json!("other,sts.aliyuncs.com")));
    assert_eq!(info["ExpirationTime"].as_str().unwrap().len(), 20);

    for (name, value, code) in [
        ("exp", json!(now - 1), "Expired"),
        ("nbf", json!(now + 500), "Invalid"),
        ("iss", json!("https://j"), "IssuerNotMatch"),
        ("aud", json!("other"), "AudienceNotMatch"),
        ("sub", Value::Null, "Invalid"),
    ] {
        let mut claims = claims.clone();
        claims[name] = value;
        let refusal = send(&emulator, &ask(&jwt(&claims))).refusal();
        assert_eq!(refusal, (401, format!("AuthenticationFail.OIDCToken.{code}")), "{name}");
    }
    let forged = jwt(&claims).rsplit_once('.').unwrap().0.to_owned() + ".AAAA";
    let refusal = send(&emulator, &ask(&forged)).refusal();
    assert_eq!(refusal, (401, "AuthenticationFail.OIDCToken.InvalidSignature".to_owned()));

    let role = |arn: &str| send(&emulator, ask(&jwt(&claims)).set_form("RoleArn", arn)).refusal();
    assert_eq!(role("acs:ram::1:role/closed"), (401, "AuthenticationFail.NoPermission".to_owned()));
    assert_eq!(role("acs:ram::1:role/none"), (404, "EntityNotExist.Role".to_owned()));
    let long = send(&emulator, ask(&jwt(&claims)).set_form("DurationSeconds", "901"));
    assert_eq!(long.refusal(), (400, "InvalidParameter.DurationSeconds".to_owned()));
    // The clock of the services decides, not the machine's.
    control(&emulator, "PATCH", "/state", r#"{"clock_offset":700}"#);
    let late = send(&emulator, &ask(&jwt(&claims))).refusal();
    assert_eq!(late.1, "AuthenticationFail.OIDCToken.Expired");
}
