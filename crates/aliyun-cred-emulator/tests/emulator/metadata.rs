//! The instance metadata service.

use aliyun_cred_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::*;

const ROLES: &str = "/latest/meta-data/ram/security-credentials/";

fn get(emulator: &Emulator, target: &str, token: Option<&str>) -> Reply {
    let header = token.map(|token| format!("X-aliyun-ecs-metadata-token: {token}\r\n")).unwrap_or_default();
    http(&emulator.addresses().metadata, "GET", target, &header, "")
}

fn token(emulator: &Emulator, seconds: &str) -> Reply {
    let header = format!("X-aliyun-ecs-metadata-token-ttl-seconds: {seconds}\r\n");
    http(&emulator.addresses().metadata, "PUT", "/latest/api/token", &header, "")
}

#[test]
fn both_modes() {
    let emulator = start();
    // Until it is said, the instance has no role; there are tokens all the same.
    assert_eq!(get(&emulator, ROLES, None).status, 404);
    assert_eq!(token(&emulator, "60").status, 200);

    reset(&emulator, r#"{"metadata":{"role":"app"}}"#);
    let given = token(&emulator, "21600");
    assert!(given.head.contains("content-type: text/plain\r\n"));
    for token in [None, Some(given.text())] {
        assert_eq!(get(&emulator, ROLES, token).text(), "app");
        let reply = get(&emulator, &format!("{ROLES}app"), token).json();
        let keys: Vec<&String> = reply.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration", "LastUpdated", "Code"]);
        assert_eq!(reply["Code"], "Success");
        let arn = who(&emulator, &Key::read(&reply));
        assert_eq!(arn, "acs:ram::1000000000000001:assumed-role/app/instance");
    }
    for wrong in ["0", "21601", "x", ""] {
        assert_eq!(token(&emulator, wrong).status, 400, "{wrong}");
    }
    assert_eq!(get(&emulator, ROLES, Some("wrong")).status, 401);
    for wrong in ["other", "app%0A", "app/", "%61pp/x"] {
        assert_eq!(get(&emulator, &format!("{ROLES}{wrong}"), None).status, 404, "{wrong}");
    }
    assert_eq!(get(&emulator, &format!("{ROLES}%61pp"), None).status, 200);
    assert_eq!(get(&emulator, "/latest/api/token", None).status, 405);
    assert_eq!(get(&emulator, "/", None).status, 404);
    // A token ends with the services' clock.
    control(&emulator, "PATCH", "/state", r#"{"clock_offset":21601}"#);
    assert_eq!(get(&emulator, ROLES, Some(given.text())).status, 401);

    let log = requests(&emulator);
    for (index, action, path) in [(0, "token", "/latest/api/token"), (1, "role", ROLES)] {
        let entry = &log[index];
        assert_eq!((&entry["service"], &entry["via"]), (&json!("metadata"), &json!("metadata")));
        assert_eq!((&entry["action"], &entry["path"]), (&json!(action), &json!(path)));
        assert_eq!((&entry["signature"], &entry["identity"]), (&json!("none"), &Value::Null));
    }
    assert_eq!(log[2]["action"], "credential");
    assert_eq!(log[4]["headers"]["x-aliyun-ecs-metadata-token"], "***");
    no_secret_in_the_log(&emulator, &[given.text()]);
    let state = control(&emulator, "GET", "/state", "").json();
    assert!(state["connections"]["metadata"].as_u64() > Some(10));
}

#[test]
fn one_mode() {
    let emulator = start();
    reset(&emulator, r#"{"metadata":{"role":"app","versions":["v2"],"newline":true}}"#);
    assert_eq!(get(&emulator, ROLES, None).status, 403);
    assert_eq!(get(&emulator, &format!("{ROLES}app"), None).status, 403);
    assert_eq!(get(&emulator, ROLES, Some(token(&emulator, "1").text())).text(), "app\n");

    reset(&emulator, r#"{"metadata":{"role":"app","versions":["v1"],"code":"Failed","lifetime":5},"lifetime":900}"#);
    assert_eq!(token(&emulator, "60").status, 404);
    assert_eq!(get(&emulator, ROLES, Some("ignored")).text(), "app");
    let reply = get(&emulator, &format!("{ROLES}app"), None).json();
    assert_eq!(reply["Code"], "Failed");
    let seconds = |name: &str| reply[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(seconds("Expiration") - seconds("LastUpdated"), 5);

    for wrong in
        [r#"{"metadata":{"versions":[]}}"#, r#"{"metadata":{"versions":["v3"]}}"#, r#"{"metadata":{"role":""}}"#]
    {
        assert_eq!(control(&emulator, "POST", "/reset", wrong).status, 400, "{wrong}");
    }
}

#[test]
fn faults_and_the_proxy() {
    let emulator = start();
    reset(
        &emulator,
        r#"{"metadata":{"role":"app"},"faults":[
            {"service":"metadata","action":"token","times":1,"status":503,"code":"Down","message":"later"},
            {"service":"metadata","action":"credential","drop_fields":["SecurityToken"],"set_fields":{"Code":"x"}},
            {"service":"metadata","action":"role","set_fields":{"no":"object here"}}
        ]}"#,
    );
    let reply = token(&emulator, "60");
    assert_eq!((reply.status, reply.text()), (503, "later\n"));
    assert_eq!(requests(&emulator)[0]["code"], "Down");
    let given = token(&emulator, "60");
    assert_eq!(get(&emulator, ROLES, Some(given.text())).text(), "app");
    let reply = get(&emulator, &format!("{ROLES}app"), None).json();
    assert_eq!((&reply["Code"], reply.get("SecurityToken")), (&json!("x"), None));

    // Through the proxy, by its real address and by the emulator's.
    let own = emulator.addresses().metadata.strip_prefix("http://").unwrap().to_owned();
    for host in ["100.100.100.200", own.as_str()] {
        let mut stream = connect(&emulator.addresses().proxy);
        let request = format!("GET http://{host}{ROLES} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        assert_eq!(exchange(&mut stream, &request).unwrap().text(), "app");
    }
    let log = requests(&emulator);
    let last = log.last().unwrap();
    assert_eq!((&last["service"], &last["via"], &last["path"]), (&json!("metadata"), &json!("proxy"), &json!(ROLES)));
}
