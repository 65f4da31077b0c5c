//! `GenerateSessionAccessKey`.

use serde_json::json;

use crate::support::*;

const PRIVATE: &str = include_str!("rsa_private.pem");
const PUBLIC: &str = include_str!("rsa_public.pem");

fn ask() -> Request {
    let mut request = Request::new("GenerateSessionAccessKey", &Key::new("pk-1", PRIVATE));
    request.set("SignatureMethod", "SHA256withRSA").set("SignatureType", "PRIVATEKEY").set("DurationSeconds", "900");
    request
}

#[test]
fn a_private_key_gets_an_access_key() {
    let emulator = start();
    assert_eq!(ask().send(&emulator).refusal(), (404, "InvalidAccessKeyId.NotFound".to_owned()));
    reset(&emulator, &json!({"key_pairs": [{"id": "pk-1", "public_key_pem": PUBLIC}]}).to_string());

    for method in ["GET", "POST"] {
        let mut request = ask();
        request.method = method;
        let reply = request.send(&emulator);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let issued = reply.json()["SessionAccessKey"].clone();
        assert_eq!(issued["Expiration"].as_str().unwrap().len(), 20);
        let field = |name: &str| issued[name].as_str().unwrap();
        let key = Key::new(field("SessionAccessKeyId"), field("SessionAccessKeySecret"));
        assert_eq!(who(&emulator, &key), "acs:ram::1000000000000001:root");
    }
    let log = requests(&emulator);
    assert_eq!((&log[0]["signature"], &log[0]["access_key_id"]), (&json!("rsa"), &json!("pk-1")));
    assert_eq!(log[0]["identity"], "acs:ram::1000000000000001:root");

    let once = ask();
    assert_eq!(once.send(&emulator).status, 200);
    assert_eq!(once.send(&emulator).refusal().1, "SignatureNonceUsed");
    for (name, value, code) in [
        ("DurationSeconds", "899", "InvalidParameter.DurationSeconds"),
        ("DurationSeconds", "3601", "InvalidParameter.DurationSeconds"),
        ("SignatureMethod", "HMAC-SHA1", "InvalidSignatureMethod"),
        ("SignatureType", "", "MissingSignatureType"),
        ("SignatureVersion", "2.0", "InvalidSignatureVersion"),
        ("Timestamp", "2020-01-01T00:00:00Z", "InvalidTimeStamp.Expired"),
        // Another action takes an access key, not a key pair.
        ("Action", "GetCallerIdentity", "InvalidSignatureMethod"),
    ] {
        assert_eq!(ask().set(name, value).send(&emulator).refusal(), (400, code.to_owned()), "{name}");
    }
    let mut forged = ask();
    forged.key.secret = "an AccessKey secret".to_owned();
    assert_eq!(forged.send(&emulator).refusal().1, "SignatureDoesNotMatch");

    control(
        &emulator,
        "PATCH",
        "/state",
        r#"{"lifetime":-1,"faults":[{"set_fields":{"Expiration":"soon"},"drop_fields":["SessionAccessKeyId"]}]}"#,
    );
    let changed = ask().send(&emulator).json()["SessionAccessKey"].clone();
    assert_eq!((&changed["Expiration"], changed.get("SessionAccessKeyId")), (&json!("soon"), None));
    let wrong = r#"{"key_pairs":[{"id":"a","public_key_pem":"-----BEGIN PUBLIC KEY-----"}]}"#;
    assert!(control(&emulator, "POST", "/reset", wrong).text().contains("public_key_pem"));
}
