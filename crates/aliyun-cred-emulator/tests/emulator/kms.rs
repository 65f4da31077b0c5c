//! KMS.

use aliyun_cred_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::*;

const FIRST: &str = "FirstSecretOfARotatedKey";

fn ask(key: &Key, name: &str) -> Request {
    let mut request = Request::new("GetSecretValue", key);
    request.set("Version", "2016-01-20").set_form("SecretName", name).set_form("VersionStage", "ACSCurrent");
    request
}

fn pair(reply: &Reply) -> Key {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let data: Value = serde_json::from_str(reply.json()["SecretData"].as_str().unwrap()).unwrap();
    Key::new(data["AccessKeyId"].as_str().unwrap(), data["AccessKeySecret"].as_str().unwrap())
}

fn rotate(emulator: &Emulator, name: &str) -> u16 {
    control(emulator, "POST", "/rotate", &json!({"secret": name}).to_string()).status
}

#[test]
fn a_rotated_key_works_until_the_next_rotation() {
    let emulator = start();
    assert_eq!(ask(&alice(), "app").send(&emulator).refusal(), (404, "Forbidden.ResourceNotFound".to_owned()));
    let first = json!({"id": "LTAIfirst", "secret": FIRST});
    let secret = json!({"name": "app", "user": "app", "access_key": first, "rotates_in": 3600});
    reset(&emulator, &json!({"secrets": [secret]}).to_string());

    let who_is = |key: &Key| who(&emulator, key);
    let reply = ask(&alice(), "app").send(&emulator);
    let first = pair(&reply);
    assert_eq!((first.id.as_str(), who_is(&first).as_str()), ("LTAIfirst", "acs:ram::1000000000000001:user/app"));
    let document = reply.json();
    let known = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [known("SecretType"), known("VersionId"), known("RotationInterval")],
        ["RAMCredentials", "v1", "604800s"]
    );
    assert_eq!((known("NextRotationDate").len(), &document["LastRotationDate"]), (20, &Value::Null));

    assert_eq!(rotate(&emulator, "app"), 200);
    let arn = "acs:kms:cn-hangzhou:1000000000000001:secret/app";
    let reply = ask(&alice(), arn).send(&emulator);
    let second = pair(&reply);
    assert_eq!((reply.json()["VersionId"].as_str(), second.id == first.id), (Some("v2"), false));
    assert!([&first, &second].iter().all(|key| who_is(key).ends_with("user/app")));
    let previous = ask(&alice(), "app").set_form("VersionStage", "ACSPrevious").send(&emulator);
    assert_eq!(pair(&previous).id, first.id);

    assert_eq!(rotate(&emulator, "app"), 200);
    assert_eq!(who_is(&first), "InvalidAccessKeyId.NotFound");
    assert!(who_is(&second).ends_with("user/app"));
    assert_eq!(rotate(&emulator, "other"), 404);
    no_secret_in_the_log(&emulator, &[FIRST, &second.secret]);
}

#[test]
fn a_rotation_that_is_due_has_happened() {
    let emulator = start();
    let first = json!({"id": "LTAIfirst", "secret": FIRST});
    reset(&emulator, &json!({"secrets": [{"name": "app", "access_key": first, "rotates_in": -1}]}).to_string());
    let reply = ask(&alice(), "app").send(&emulator);
    assert_ne!(pair(&reply).id, "LTAIfirst");
    assert_eq!(reply.json()["LastRotationDate"].as_str().unwrap().len(), 20);
    assert_eq!(pair(&ask(&alice(), "app").send(&emulator)).id, pair(&reply).id);
}

#[test]
fn refusals_and_other_types() {
    let emulator = start();
    let readers = ["acs:ram::1000000000000001:root"];
    let secrets = json!([
        {"name": "mine", "readers": ["acs:ram::1000000000000001:user/bob"]},
        {"name": "ours", "readers": readers},
        {"name": "text", "type": "Generic", "data": "no JSON"},
    ]);
    reset(&emulator, &json!({"secrets": secrets}).to_string());
    let sent = |request: &Request| request.send(&emulator);
    assert_eq!(sent(&ask(&alice(), "mine")).refusal(), (403, "Forbidden.NoPermission".to_owned()));
    let ours = sent(&ask(&alice(), "ours")).json();
    assert_eq!((&ours["AutomaticRotation"], ours.get("NextRotationDate")), (&json!("Disabled"), None));
    let text = sent(&ask(&alice(), "text")).json();
    assert_eq!((&text["SecretType"], &text["SecretData"]), (&json!("Generic"), &json!("no JSON")));
    assert_eq!(rotate(&emulator, "text"), 404);

    for (name, value, status, code) in [
        ("SecretName", "", 400, "MissingParameter"),
        ("VersionStage", "other", 400, "InvalidParameter"),
        ("VersionStage", "ACSPrevious", 404, "Forbidden.ResourceNotFound"),
        ("Action", "ListSecrets", 404, "InvalidAction.NotFound"),
        ("AccessKeyId", "LTAInobody", 404, "InvalidAccessKeyId.NotFound"),
        ("Timestamp", "2020-01-01T00:00:00Z", 400, "InvalidTimeStamp.Expired"),
    ] {
        assert_eq!(sent(ask(&alice(), "ours").set(name, value)).refusal(), (status, code.to_owned()), "{name}");
    }
    for host in ["kms.cn-hangzhou.aliyuncs.com", "kms-vpc.cn-beijing.aliyuncs.com", "x.cryptoservice.kms.aliyuncs.com"]
    {
        let request = ask(&alice(), "ours").to_wire("/", host);
        assert_eq!(tunnel(&emulator, host, &request).status, 200, "{host}");
    }
    let elsewhere = ask(&alice(), "ours").to_wire("/", "sts.aliyuncs.com");
    assert_eq!(tunnel(&emulator, "sts.aliyuncs.com", &elsewhere).refusal().1, "InvalidAction.NotFound");
    let log = requests(&emulator);
    assert_eq!((&log[0]["service"], &log[0]["action"]), (&json!("kms"), &json!("GetSecretValue")));

    for (wrong, named) in [
        (json!([{"name": "a"}, {"name": "a"}]), "twice"),
        (json!([{"name": "a", "rotation_interval": 0}]), "rotation_interval"),
        (json!([{"name": "a", "colour": 1}]), "colour"),
    ] {
        let reply = control(&emulator, "POST", "/reset", &json!({"secrets": wrong}).to_string());
        assert!(reply.status == 400 && reply.text().contains(named), "{}", reply.text());
    }
}
