//! Every fault, whether it answers or not.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::*;

#[test]
fn faults_that_answer() {
    let emulator = start();
    let assume = || Request::assume_role(&alice()).send(&emulator);
    let with = |fault: &str| reset(&emulator, &format!(r#"{{"faults":[{fault}]}}"#));

    with(r#"{"status":503,"code":"Down","message":"later","action":"AssumeRole","times":1,"skip":1}"#);
    assert_eq!(assume().status, 200);
    assert_eq!(Request::new("GetCallerIdentity", &alice()).send(&emulator).status, 200);
    let reply = assume();
    assert_eq!(reply.refusal(), (503, "Down".to_owned()));
    assert_eq!(reply.json()["Message"], "later");
    assert_eq!(assume().status, 200);
    assert_eq!(requests(&emulator)[2]["code"], "Down");

    with(r#"{"status":200,"body":"<html>","content_type":"text/html"}"#);
    let reply = assume();
    assert_eq!((reply.status, reply.body.as_slice()), (200, b"<html>".as_slice()));
    assert!(reply.head.contains("content-type: text/html\r\n"));

    with(r#"{"redirect":"http://127.0.0.1:1/x"}"#);
    let reply = assume();
    assert_eq!(reply.status, 302);
    assert!(reply.head.contains("location: http://127.0.0.1:1/x\r\n"));

    with(r#"{"oversize":2000000}"#);
    assert_eq!(assume().body.len(), 2_000_000);

    with(r#"{"drop_fields":["SecurityToken"],"set_fields":{"Expiration":7,"New":null}}"#);
    let credentials = assume().json()["Credentials"].clone();
    assert_eq!(credentials.get("SecurityToken"), None);
    assert_eq!((&credentials["Expiration"], &credentials["New"]), (&json!(7), &Value::Null));
    assert!(credentials["AccessKeyId"].is_string());
    let wrong = Request::assume_role(&Key::new("nobody", "x")).send(&emulator);
    assert_eq!(wrong.status, 404);

    with(r#"{"latency_ms":60}"#);
    let before = Instant::now();
    assert_eq!(assume().status, 200);
    assert!(before.elapsed() >= Duration::from_millis(60));
    let state = control(&emulator, "PATCH", "/state", r#"{"faults":[],"lifetime":3}"#).json();
    assert_eq!((&state["faults"], &state["lifetime"]), (&json!([]), &json!(3)));
}

#[test]
fn faults_that_do_not_answer() {
    let emulator = start();
    reset(&emulator, r#"{"faults":[{"close":true,"times":1}]}"#);
    assert!(Request::assume_role(&alice()).try_send(&emulator).is_none());
    assert_eq!(Request::assume_role(&alice()).send(&emulator).status, 200);
    let log = requests(&emulator);
    assert_eq!((&log[0]["status"], &log[1]["status"]), (&Value::Null, &json!(200)));

    reset(&emulator, r#"{"faults":[{"hang":true,"times":1}]}"#);
    let mut hanging = connect(&emulator.addresses().sts_http);
    let request = Request::assume_role(&alice()).to_wire("/", "sts.example");
    hanging.write_all(request.as_bytes()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while requests(&emulator).is_empty() {
        assert!(Instant::now() < deadline, "the request was never recorded");
    }
    // Others are answered in the meantime, and it still is not.
    assert_eq!(Request::assume_role(&alice()).send(&emulator).status, 200);
    hanging.set_nonblocking(true).unwrap();
    let error = hanging.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    hanging.set_nonblocking(false).unwrap();
    drop(emulator);
    assert!(receive(&mut hanging).is_none());
}
