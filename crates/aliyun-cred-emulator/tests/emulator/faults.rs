//! Every fault, whether it answers or not.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use aliyun_cred_emulator::Emulator;
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

/// The services' clock shows in every answer; a fault changes the `Date` alone.
#[test]
fn the_date_is_that_of_the_services() {
    let emulator = start();
    for (state, ahead) in [
        (r#"{"clock_offset":21600}"#, 21_600),
        (r#"{"clock_offset":-21600}"#, -21_600),
        (r#"{"clock_offset":3600,"faults":[{"date_offset":600},{"date_offset":60,"status":403,"code":"No"}]}"#, 4_260),
        ("{}", 0),
    ] {
        reset(&emulator, state);
        let now = jiff::Timestamp::now().as_second();
        let head = Request::assume_role(&alice()).send(&emulator).head;
        let date = head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap();
        let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp().as_second();
        assert!((0..60).contains(&(date - now - ahead)), "{state}: {}", date - now);
    }
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

#[test]
fn bytes_are_sent_as_they_are() {
    let emulator = start();
    let ask = |fault: &str| {
        reset(&emulator, &format!(r#"{{"faults":[{fault}]}}"#));
        let mut stream = connect(&emulator.addresses().sts_http);
        stream.write_all(Request::assume_role(&alice()).to_wire("/", "sts.example").as_bytes()).unwrap();
        stream
    };
    let mut read = Vec::new();
    ask(r#"{"wire":"HTTP/1.0 200 OK\r\n\r\n\u00ff"}"#).read_to_end(&mut read).unwrap();
    assert_eq!(read, b"HTTP/1.0 200 OK\r\n\r\n\xff");
    assert_eq!(requests(&emulator)[0]["status"], Value::Null);

    read.clear();
    ask(r#"{"wire":"abc","byte_every_ms":1}"#).read_to_end(&mut read).unwrap();
    assert_eq!(read, b"abc");

    let mut read = [0; 100_001];
    ask(r#"{"wire":"a","forever":"bc"}"#).read_exact(&mut read).unwrap();
    assert_eq!((read[0], &read[1..]), (b'a', b"bc".repeat(50_000).as_slice()));
}

#[test]
fn the_proxy_fails_too() {
    let emulator = start();
    let connect = || {
        let mut stream = connect(&emulator.addresses().proxy);
        stream.write_all(b"CONNECT sts.aliyuncs.com:443 HTTP/1.1\r\nHost: sts.aliyuncs.com:443\r\n\r\n").unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        String::from_utf8_lossy(&head).into_owned()
    };
    let fault = r#"{"service":"proxy","status":407,"body":"","times":1}"#;
    reset(&emulator, &format!(r#"{{"faults":[{fault},{{"close":true}}]}}"#));
    assert_eq!(connect(), "HTTP/1.1 407");
    // Faults that name no service are none of the proxy's.
    assert_eq!(connect(), "HTTP/1.1 200");
    assert_eq!(requests(&emulator), Vec::<Value>::new());
}

/// The answer to `GET /held`, which comes once so many are held.
fn held(emulator: &Emulator, at_least: usize) -> Value {
    let reply = control(emulator, "GET", &format!("/held?at_least={at_least}"), "");
    assert_eq!(reply.status, 200);
    reply.json()["held"].clone()
}

/// Sends `AssumeRole` and returns without its answer, once it is the `count`th that is held.
fn hold(emulator: &Emulator, count: usize) -> TcpStream {
    let mut stream = connect(&emulator.addresses().sts_http);
    stream.write_all(Request::assume_role(&alice()).to_wire("/", "sts.example").as_bytes()).unwrap();
    assert_eq!(held(emulator, count), count);
    stream
}

fn release(emulator: &Emulator, body: &str) -> Value {
    let reply = control(emulator, "POST", "/release", body);
    assert_eq!(reply.status, 200);
    reply.json()["held"].clone()
}

fn is_unanswered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let error = stream.peek(&mut [0]).err().map(|error| error.kind());
    stream.set_nonblocking(false).unwrap();
    error == Some(ErrorKind::WouldBlock)
}

const HOLD: &str = r#"{"faults":[{"hold":true,"action":"AssumeRole"}]}"#;

#[test]
fn held_requests_wait_for_their_release() {
    let emulator = start();
    reset(&emulator, HOLD);
    let mut waiting: Vec<TcpStream> = (1..=3).map(|count| hold(&emulator, count)).collect();
    // They are in the log, and others are answered in the meantime.
    assert_eq!(Request::new("GetCallerIdentity", &alice()).send(&emulator).status, 200);
    let log = requests(&emulator);
    assert_eq!(log.iter().map(|entry| &entry["status"]).collect::<Vec<_>>(), [200; 4]);
    assert_eq!(control(&emulator, "GET", "/state", "").json()["held"], 3);

    // The oldest first.
    assert_eq!(release(&emulator, r#"{"count":1}"#), 2);
    assert_eq!(receive(&mut waiting.remove(0)).unwrap().status, 200);
    assert!(waiting.iter().all(is_unanswered));
    waiting.push(hold(&emulator, 3));
    // Then all, and whatever comes later.
    assert_eq!(release(&emulator, ""), 0);
    for stream in &mut waiting {
        assert_eq!(receive(stream).unwrap().status, 200);
    }
    assert_eq!(Request::assume_role(&alice()).send(&emulator).status, 200);

    // New faults hold again, and what waits goes on waiting for its release.
    let changed = control(&emulator, "PATCH", "/state", HOLD);
    assert_eq!(changed.json()["held"], 0);
    let mut one = hold(&emulator, 1);
    assert_eq!(control(&emulator, "PATCH", "/state", r#"{"faults":[]}"#).json()["held"], 1);
    assert!(is_unanswered(&one));
    // A reset releases it.
    reset(&emulator, HOLD);
    assert_eq!(receive(&mut one).unwrap().status, 200);
    hold(&emulator, 1);
}

#[test]
fn a_hold_is_counted_and_goes_with_other_faults() {
    let emulator = start();
    reset(
        &emulator,
        r#"{"faults":[{"hold":true,"skip":1,"times":1,"status":503,"code":"Down"},{"hold":true,"skip":2,"times":1},
            {"skip":2,"times":1,"close":true}]}"#,
    );
    assert_eq!(Request::assume_role(&alice()).send(&emulator).status, 200);
    let mut refused = hold(&emulator, 1);
    let mut closed = hold(&emulator, 2);
    assert_eq!(Request::assume_role(&alice()).send(&emulator).status, 200);
    assert_eq!(release(&emulator, r#"{"count":2}"#), 0);
    assert_eq!(receive(&mut refused).unwrap().refusal(), (503, "Down".to_owned()));
    assert!(receive(&mut closed).is_none());
}

#[test]
fn whoever_is_held_may_go() {
    let emulator = start();
    reset(&emulator, HOLD);
    let (gone, mut stays) = (hold(&emulator, 1), hold(&emulator, 2));
    drop(gone);
    let deadline = Instant::now() + Duration::from_secs(30);
    while held(&emulator, 1) != 1 {
        assert!(Instant::now() < deadline, "the client that went is still held");
    }
    assert_eq!(release(&emulator, r#"{"count":1}"#), 0);
    assert_eq!(receive(&mut stays).unwrap().status, 200);

    let mut last = hold(&emulator, 1);
    drop(emulator);
    assert!(receive(&mut last).is_none());
}

#[test]
fn what_is_wrong_about_a_hold_is_named() {
    let emulator = start();
    assert_eq!(held(&emulator, 0), 0);
    for (method, path, body, named) in [
        ("POST", "/release", r#"{"cuont":1}"#, "cuont"),
        ("GET", "/held?least=1", "", "least=1"),
        ("GET", "/held?at_least=x", "", "at_least=x"),
    ] {
        let reply = control(&emulator, method, path, body);
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"].as_str().unwrap().contains(named), "{path}");
    }
    assert_eq!(control(&emulator, "POST", "/held", "").status, 405);
    assert_eq!(control(&emulator, "GET", "/release", "").status, 405);
}
