//! The credentials URI.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::*;

#[test]
fn any_query_and_basic_authorization() {
    let emulator = start();
    let get = |target: &str, headers: &str| http(&emulator.addresses().sts_http, "GET", target, headers, "");
    // Repeated, empty, encoded in odd ways, not UTF-8: whatever it is, it is answered and written down.
    let odd = "/credentials-uri/a%2Fb?x=1&x=2&&y=&z&%41=%ff";
    for target in ["/credentials-uri", "/credentials-uri?a=1", odd] {
        let reply = get(target, "");
        assert_eq!(reply.status, 200, "{target}");
        let document = reply.json();
        assert_eq!(document["Code"], "Success");
        assert_eq!(document.as_object().unwrap().len(), 5);
        let arn = who(&emulator, &Key::read(&document));
        assert_eq!(arn, "acs:ram::1000000000000001:assumed-role/credentials-uri/emulator");
    }
    let log = requests(&emulator);
    assert_eq!((&log[0]["service"], &log[0]["action"]), (&json!("credentials_uri"), &json!("credential")));
    assert_eq!((&log[4]["path"], &log[0]["basic"]), (&json!(odd), &Value::Null));
    assert_eq!(log[0]["host"].as_str(), emulator.addresses().sts_http.strip_prefix("http://"));
    assert_eq!(http(&emulator.addresses().sts_http, "POST", "/credentials-uri", "", "").status, 405);

    reset(
        &emulator,
        r#"{"credentials_uri":{"user":"u","password":"p:w"},
            "faults":[{"service":"credentials_uri","set_fields":{"Code":"No"},"drop_fields":["Expiration"]}]}"#,
    );
    let basic = |text: &str| format!("Authorization: Basic {}\r\n", STANDARD.encode(text));
    for (headers, status, is_right) in [
        (String::new(), 401, Value::Null),
        (basic("u:other"), 401, json!(false)),
        ("Authorization: Basic not Base64\r\n".to_owned(), 401, json!(false)),
        ("Authorization: u:p:w\r\n".to_owned(), 401, json!(false)),
        (basic("u:p:w"), 200, json!(true)),
    ] {
        let reply = get("/credentials-uri/x", &headers);
        assert_eq!(reply.status, status);
        let log = requests(&emulator);
        assert_eq!(log.last().unwrap()["basic"], is_right);
        if status == 200 {
            assert_eq!((&reply.json()["Code"], reply.json().get("Expiration")), (&json!("No"), None));
        } else {
            assert_eq!(reply.refusal().1, "Unauthorized");
        }
    }
    let log = requests(&emulator);
    assert_eq!(
        (&log[3]["headers"]["authorization"], &log[4]["headers"]["authorization"]),
        (&json!("***"), &json!("Basic"))
    );
    no_secret_in_the_log(&emulator, &["p:w", "u:p:w"]);
    assert_eq!(control(&emulator, "POST", "/reset", r#"{"credentials_uri":{"user":"u"}}"#).status, 400);
}
