//! `AssumeRole`, `GetCallerIdentity`, the request log and the control interface.

use serde_json::{Value, json};

use crate::support::*;

#[test]
fn assume_role_and_the_log() {
    let emulator = start();
    let mut request = Request::assume_role(&alice());
    request.form.push(("Policy".to_owned(), r#"{"a": ["*~"]}"#.to_owned()));
    let reply = request.send(&emulator);
    assert_eq!(reply.status, 200);
    let document = reply.json();
    let arn = "acs:ram::1000000000000001:role/reader/session";
    assert_eq!(document["AssumedRoleUser"]["Arn"], arn);
    let id = document["AssumedRoleUser"]["AssumedRoleId"].as_str().unwrap();
    assert!(id.ends_with(":session"));
    assert!(document["Credentials"]["AccessKeyId"].as_str().unwrap().starts_with("STS."));
    assert_eq!(document["Credentials"]["Expiration"].as_str().unwrap().len(), 20);
    assert_eq!(document["RequestId"].as_str().unwrap().len(), 36);

    let log = requests(&emulator);
    assert_eq!(log.len(), 1);
    let entry = &log[0];
    for (name, value) in [
        ("service", json!("sts")),
        ("action", json!("AssumeRole")),
        ("method", json!("POST")),
        ("host", json!("sts.example")),
        ("access_key_id", json!("LTAIEmulatorUser")),
        ("role_arn", json!("acs:ram::1000000000000001:role/reader")),
        ("form", json!(["RoleArn", "RoleSessionName", "DurationSeconds", "Policy"])),
        ("signature", json!("v1")),
        ("via", json!("http")),
        ("identity", json!("acs:ram::1000000000000001:user/alice")),
        ("status", json!(200)),
        ("code", Value::Null),
    ] {
        assert_eq!(entry[name], value, "{name}");
    }
    assert_eq!(entry["params"]["Policy"], r#"{"a": ["*~"]}"#);
    assert_eq!(entry["params"].get("Signature"), None);
    assert_eq!(entry["headers"]["user-agent"], "test");

    assert_eq!(control(&emulator, "DELETE", "/requests", "").status, 200);
    assert_eq!(requests(&emulator).len(), 0);
    let state = control(&emulator, "GET", "/state", "").json();
    assert_eq!(state["requests"], 1);
    assert_eq!(state["connections"]["sts_http"], 1);
    assert_eq!(state["issued"], 1);
}

#[test]
fn issued_credentials_sign_further_requests() {
    let emulator = start();
    let first = Key::issued(&Request::assume_role(&alice()).send(&emulator));
    let second = Request::assume_role(&first).send(&emulator);
    let token = Key::issued(&second).token;
    assert_ne!(token, first.token);

    let caller = Request::new("GetCallerIdentity", &first).send(&emulator).json();
    assert_eq!(caller["IdentityType"], "AssumedRoleUser");
    assert_eq!(caller["Arn"], "acs:ram::1000000000000001:assumed-role/reader/session");
    let mut stream = connect(&emulator.addresses().sts_http);
    let by_header = exchange(&mut stream, &v3(&first)).unwrap();
    assert_eq!(by_header.json()["Arn"], caller["Arn"]);

    let log = control(&emulator, "GET", "/requests", "");
    let text = String::from_utf8(log.body).unwrap();
    for secret in [&first.secret, first.token.as_ref().unwrap(), &alice().secret] {
        assert!(!text.contains(secret.as_str()), "a secret is in the log");
    }
    let log = requests(&emulator);
    assert_eq!(log[1]["params"]["SecurityToken"], "***");
    assert_eq!(log[3]["signature"], "v3");
    assert_eq!(log[3]["headers"]["authorization"], "ACS3-HMAC-SHA256");
    assert_eq!(log[3]["headers"]["x-acs-security-token"], "***");

    let check = |key: &Key, expected: (u16, &str)| {
        let reply = Request::new("GetCallerIdentity", key).send(&emulator);
        assert_eq!(reply.refusal(), (expected.0, expected.1.to_owned()));
    };
    check(&Key { token: None, ..first.clone() }, (400, "MissingSecurityToken"));
    check(&Key { token: Some("x".into()), ..first.clone() }, (400, "InvalidSecurityToken.Malformed"));
    check(&Key { token, ..first.clone() }, (400, "InvalidSecurityToken.MismatchWithAccessKey"));
    check(&Key { token: first.token.clone(), ..alice() }, (400, "InvalidSecurityToken.MismatchWithAccessKey"));
    // It was issued for fifteen minutes; the services' clock goes twenty forward, and so does ours.
    control(&emulator, "PATCH", "/state", r#"{"clock_offset":1200}"#);
    let later = jiff::Timestamp::now().as_second() + 1200;
    let later = jiff::Timestamp::from_second(later).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ");
    let mut request = Request::new("GetCallerIdentity", &first);
    request.set("Timestamp", &later.to_string());
    let refusal = request.send(&emulator).refusal();
    assert_eq!(refusal, (400, "InvalidSecurityToken.Expired".to_owned()));
}

#[test]
fn signatures_are_refused() {
    let emulator = start();
    let code = |request: &Request| request.send(&emulator).refusal();
    let refused = |status: u16, code: &str| (status, code.to_owned());

    let wrong = Request::assume_role(&Key::new("LTAIEmulatorUser", "wrong"));
    let reply = wrong.send(&emulator);
    assert_eq!(reply.refusal(), refused(400, "SignatureDoesNotMatch"));
    let message = reply.json()["Message"].as_str().unwrap().to_owned();
    assert!(message.contains("server string to sign is:POST&%2F&AccessKeyId%3D"));
    let unknown = Request::assume_role(&Key::new("nobody", "wrong"));
    assert_eq!(code(&unknown), refused(404, "InvalidAccessKeyId.NotFound"));

    let once = Request::assume_role(&alice());
    assert_eq!(once.send(&emulator).status, 200);
    assert_eq!(code(&once), refused(400, "SignatureNonceUsed"));
    // A nonce that came with a wrong signature is not used up.
    let mut right = Request::assume_role(&alice());
    let nonce = wrong.query.iter().find(|(name, _)| name == "SignatureNonce").unwrap();
    assert_eq!(right.set("SignatureNonce", &nonce.1).send(&emulator).status, 200);

    let mut request = Request::assume_role(&alice());
    let old = jiff::Timestamp::now().as_second() - 1000;
    let old = jiff::Timestamp::from_second(old).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    assert_eq!(code(request.set("Timestamp", &old)), refused(400, "InvalidTimeStamp.Expired"));
    assert_eq!(code(request.set("Timestamp", "now")), refused(400, "InvalidTimeStamp.Format"));

    let log = requests(&emulator);
    assert_eq!(log[0]["identity"], Value::Null);
    assert_eq!(log[0]["access_key_id"], "LTAIEmulatorUser");
    assert_eq!((&log[0]["status"], &log[0]["code"]), (&json!(400), &json!("SignatureDoesNotMatch")));
}

#[test]
fn parameters_are_refused() {
    let emulator = start();
    reset(
        &emulator,
        r#"{"roles":[{"arn":"acs:ram::1:role/r","max_duration":1800,
        "trusts":["acs:ram::1000000000000001:user/alice"],"external_id":"e"}]}"#,
    );
    let check = |change: &dyn Fn(&mut Request), key: &Key, expected: (u16, &str)| {
        let mut request = Request::assume_role(key);
        request.set("RoleArn", "acs:ram::1:role/r").set("ExternalId", "e");
        change(&mut request);
        let reply = request.send(&emulator);
        assert_eq!(reply.refusal(), (expected.0, expected.1.to_owned()));
    };
    let set = |name: &'static str, value: &'static str, expected: (u16, &str)| {
        check(
            &|request| {
                request.set(name, value);
            },
            &alice(),
            expected,
        );
    };
    set("RoleSessionName", "good", (200, ""));
    set("RoleSessionName", "x", (400, "InvalidParameter.RoleSessionName"));
    set("RoleSessionName", "n m", (400, "InvalidParameter.RoleSessionName"));
    set("RoleArn", "acs:ram::1:user/r", (400, "InvalidParameter.RoleArn"));
    set("RoleArn", "acs:ram::1:role/other", (404, "EntityNotExist.Role"));
    set("DurationSeconds", "899", (400, "InvalidParameter.DurationSeconds"));
    set("DurationSeconds", "1801", (400, "InvalidParameter.DurationSeconds"));
    set("DurationSeconds", "soon", (400, "InvalidParameter.DurationSeconds"));
    set("Policy", "{", (400, "InvalidParameter.PolicyGrammar"));
    set("ExternalId", "other", (403, "NoPermission"));
    set("Action", "Nothing", (404, "InvalidAction.NotFound"));
    set("Version", "2014-05-26", (400, "InvalidVersion"));
    for name in ["RoleArn", "RoleSessionName", "Action", "Version", "AccessKeyId", "SignatureNonce"] {
        let change = |request: &mut Request| {
            request.without(name);
        };
        check(&change, &alice(), (400, &format!("Missing{name}")));
    }
    let root = Key::new("LTAIEmulatorRoot", "EmulatorRootSecret");
    check(&|_| (), &root, (403, "NoPermission"));
    check(&|request| request.method = "PUT", &alice(), (400, "UnsupportedHTTPMethod"));
    let twice = |request: &mut Request| request.form.push(("Version".into(), "2015-04-01".into()));
    check(&twice, &alice(), (400, "InvalidParameter"));

    let large = "x".repeat((1 << 20) + 1);
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", large.len());
    let mut stream = connect(&emulator.addresses().sts_http);
    assert_eq!(exchange(&mut stream, &(head + &large)).unwrap().status, 413);
}

#[test]
fn the_state_is_replaced() {
    let emulator = start();
    reset(
        &emulator,
        r#"{"access_keys":[
        {"id":"a","secret":"s","account":"7"},
        {"id":"STS.b","secret":"t","account":"7","user":"bob","token":"tok","expires_in":60},
        {"id":"STS.c","secret":"u","account":"7","user":"bob","token":"old","expires_in":-1}
    ],"lifetime":-5}"#,
    );
    let caller = |id: &str, secret: &str, token: Option<&str>| {
        let key = Key { token: token.map(str::to_owned), ..Key::new(id, secret) };
        Request::new("GetCallerIdentity", &key).send(&emulator)
    };
    assert_eq!(caller("a", "s", None).json()["Arn"], "acs:ram::7:root");
    assert_eq!(caller("STS.b", "t", Some("tok")).json()["Arn"], "acs:ram::7:user/bob");
    let old = caller("STS.c", "u", Some("old")).refusal();
    assert_eq!(old.1, "InvalidSecurityToken.Expired");
    assert_eq!(caller("LTAIEmulatorUser", "x", None).status, 404);

    let issued = Key::issued(&Request::assume_role(&Key::new("a", "s")).send(&emulator));
    let refusal = Request::new("GetCallerIdentity", &issued).send(&emulator).refusal();
    assert_eq!(refusal.1, "InvalidSecurityToken.Expired");

    let reply = control(&emulator, "POST", "/reset", r#"{"rolls":[]}"#);
    assert_eq!(reply.status, 400);
    assert!(reply.json()["error"].as_str().unwrap().contains("`rolls`"));
    assert_eq!(caller("a", "s", None).status, 200, "a refused reset must change nothing");
    reset(&emulator, "");
    assert_eq!(caller("a", "s", None).status, 404);
    assert_eq!(requests(&emulator).len(), 1);
    assert_eq!(control(&emulator, "PUT", "/reset", "").status, 405);
    assert_eq!(control(&emulator, "GET", "/", "").status, 404);
}
