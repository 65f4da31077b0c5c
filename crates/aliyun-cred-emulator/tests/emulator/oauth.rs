//! OAuth: refreshing, exchanging, and what happens to tokens that were used.

use std::sync::Barrier;
use std::thread;

use aliyun_cred_emulator::Emulator;
use serde_json::{Value, json};

use crate::support::*;

/// As many as may share one configuration file.
const PROCESSES: usize = 16;

fn refresh_request(token: &str) -> String {
    let form =
        format!("grant_type=refresh_token&refresh_token={}&client_id=app&Timestamp={}", encode(token), encode(&now()));
    format!(
        "POST /v1/token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    )
}

fn refresh(emulator: &Emulator, token: &str) -> Reply {
    exchange(&mut connect(&emulator.addresses().sts_http), &refresh_request(token)).unwrap()
}

fn next(reply: &Reply) -> String {
    assert_eq!(reply.status, 200);
    reply.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn exchange_token(emulator: &Emulator, token: &str) -> Reply {
    let header = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    http(&emulator.addresses().sts_http, "POST", "/v1/exchange", &header, "")
}

fn counts(emulator: &Emulator) -> Value {
    control(emulator, "GET", "/state", "").json()["oauth"].clone()
}

#[test]
fn refresh_and_exchange() {
    let emulator = start();
    assert_eq!(refresh(&emulator, "first").json()["error"], "invalid_grant");
    reset(
        &emulator,
        r#"{"oauth":{"client_ids":["app"],"refresh_token":"first","access_token":"early","access_lifetime":60}}"#,
    );
    let reply = refresh(&emulator, "first");
    let document = reply.json();
    assert_eq!((&document["expires_in"], &document["token_type"]), (&json!(60), &json!("Bearer")));
    let (access, following) = (document["access_token"].as_str().unwrap(), next(&reply));

    for token in ["early", access] {
        let reply = exchange_token(&emulator, token);
        assert_eq!(reply.status, 200);
        let document = reply.json();
        let field = |name: &str| document[name].as_str().unwrap().to_owned();
        assert_eq!((field("requestId").len(), field("expiration").len()), (36, 20));
        let key =
            Key { token: Some(field("securityToken")), ..Key::new(&field("accessKeyId"), &field("accessKeySecret")) };
        assert_eq!(who(&emulator, &key), "acs:ram::1000000000000001:user/alice");
    }
    for wrong in ["other", "", &following] {
        let reply = exchange_token(&emulator, wrong);
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_token")));
    }
    let log = requests(&emulator);
    let entry = &log[0];
    assert_eq!((&entry["service"], &entry["action"]), (&json!("oauth"), &json!("token")));
    assert_eq!((&entry["path"], &entry["params"]["refresh_token"]), (&json!("/v1/token"), &json!("***")));
    assert_eq!(entry["form"], json!(["grant_type", "refresh_token", "client_id", "Timestamp"]));
    assert_eq!((&log[1]["action"], &log[1]["headers"]["authorization"]), (&json!("exchange"), &json!("Bearer")));
    no_secret_in_the_log(&emulator, &["\"first", "early", access, &following]);

    // An access token ends with the services' clock.
    control(&emulator, "PATCH", "/state", r#"{"clock_offset":61}"#);
    assert_eq!(exchange_token(&emulator, access).status, 401);
    control(
        &emulator,
        "PATCH",
        "/state",
        r#"{"clock_offset":0,"faults":[
        {"service":"oauth","action":"token","drop_fields":["refresh_token"]},
        {"service":"oauth","action":"exchange","set_fields":{"securityToken":""}}]}"#,
    );
    assert_eq!(refresh(&emulator, &following).json().get("refresh_token"), None);
    assert_eq!(exchange_token(&emulator, access).json()["securityToken"], "");

    reset(&emulator, r#"{"oauth":{"access_token":"early","case":"pascal"}}"#);
    let document = exchange_token(&emulator, "early").json();
    assert!(document["RequestId"].is_string());
    assert_eq!(who(&emulator, &Key::read(&document)), "acs:ram::1000000000000001:user/alice");
}

#[test]
fn wrong_requests() {
    let emulator = start();
    reset(&emulator, r#"{"oauth":{"client_ids":["app"],"refresh_token":"first"}}"#);
    let send = |target: &str, form: &str| {
        let header = "Content-Type: application/x-www-form-urlencoded\r\n";
        http(&emulator.addresses().sts_http, "POST", target, header, form)
    };
    let time = encode(&now());
    for (target, form, error) in [
        (
            "/v1/token",
            format!("grant_type=code&refresh_token=first&client_id=app&Timestamp={time}"),
            "unsupported_grant_type",
        ),
        ("/v1/token", format!("grant_type=refresh_token&client_id=app&Timestamp={time}"), "invalid_request"),
        ("/v1/token", format!("grant_type=refresh_token&refresh_token=first&Timestamp={time}"), "invalid_request"),
        (
            "/v1/token",
            "grant_type=refresh_token&refresh_token=first&client_id=app&Timestamp=now".to_owned(),
            "invalid_request",
        ),
        (
            "/v1/token",
            format!("grant_type=refresh_token&refresh_token=first&client_id=x&Timestamp={time}"),
            "invalid_client",
        ),
        // A token has no place in a URL.
        (
            "/v1/token?refresh_token=first",
            format!("grant_type=refresh_token&client_id=app&Timestamp={time}"),
            "invalid_request",
        ),
        ("/v1/token", String::new(), "invalid_request"),
    ] {
        let reply = send(target, &form);
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)), "{target} {form}");
    }
    assert_eq!(http(&emulator.addresses().sts_http, "GET", "/v1/token", "", "").status, 405);
    assert_eq!(requests(&emulator)[5]["path"], "/v1/token?refresh_token=***");
    assert_eq!(counts(&emulator), json!({"refreshes": 0, "refused": 0}));

    // By its own names through the proxy, and by no other.
    let mut token = "first".to_owned();
    for host in ["oauth.aliyun.com", "oauth.alibabacloud.com"] {
        let request = refresh_request(&token).replacen("host: a", &format!("host: {host}"), 1);
        token = next(&tunnel(&emulator, host, &request));
    }
    let request = refresh_request(&token).replacen("host: a", "host: sts.aliyuncs.com", 1);
    let reply = tunnel(&emulator, "sts.aliyuncs.com", &request);
    assert_eq!(reply.refusal(), (404, "InvalidAction.NotFound".to_owned()));
    let reply = tunnel(&emulator, "oauth.aliyun.com", "GET /x HTTP/1.1\r\nhost: oauth.aliyun.com\r\n\r\n");
    assert_eq!(reply.status, 404);
}

#[test]
fn tokens_rotate() {
    let emulator = start();
    let error = |reply: &Reply| (reply.status, reply.json()["error"].as_str().unwrap().to_owned());
    let refused = (400, "invalid_grant".to_owned());

    // Kindly: a token works until its successor is used.
    reset(&emulator, r#"{"oauth":{"refresh_token":"first"}}"#);
    let lost = next(&refresh(&emulator, "first"));
    let second = next(&refresh(&emulator, "first"));
    assert_ne!(lost, second);
    let third = next(&refresh(&emulator, &second));
    assert_eq!(error(&refresh(&emulator, "first")), refused);
    assert_eq!(refresh(&emulator, &third).status, 200);
    assert_eq!(counts(&emulator), json!({"refreshes": 4, "refused": 1}));

    // Strictly: once.
    reset(&emulator, r#"{"oauth":{"refresh_token":"first","strict":true}}"#);
    let second = next(&refresh(&emulator, "first"));
    assert_eq!(error(&refresh(&emulator, "first")), refused);
    assert_eq!(refresh(&emulator, &second).status, 200);
    assert_eq!(counts(&emulator), json!({"refreshes": 2, "refused": 1}));
}

/// Everybody sends the same token at the same moment, and then what came of it.
#[test]
fn many_at_once() {
    let emulator = start();
    let all_at_once = |token: &str| -> Vec<String> {
        let barrier = Barrier::new(PROCESSES);
        let one = || {
            barrier.wait();
            let reply = refresh(&emulator, token);
            (reply.status == 200).then(|| next(&reply))
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(one)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        })
    };
    reset(&emulator, r#"{"oauth":{"refresh_token":"0","strict":true}}"#);
    let mut token = "0".to_owned();
    for _ in 0..5 {
        let mut next = all_at_once(&token);
        assert_eq!(next.len(), 1, "a strict token was taken twice");
        token = next.remove(0);
    }
    assert_eq!(counts(&emulator), json!({"refreshes": 5, "refused": 5 * (PROCESSES - 1)}));

    reset(&emulator, r#"{"oauth":{"refresh_token":"0"}}"#);
    let mut next = all_at_once("0");
    assert_eq!(next.len(), PROCESSES);
    next.sort();
    next.dedup();
    assert_eq!(next.len(), PROCESSES, "two got the same token");
    assert_eq!(all_at_once(&next[0]).len(), PROCESSES);
    assert!(all_at_once("0").is_empty());
    assert_eq!(counts(&emulator), json!({"refreshes": 2 * PROCESSES, "refused": PROCESSES}));
}
