//! Object Storage Service. Real clients use it in the tests of `aliyun-cred-reqsign`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::support::*;

/// The time of signing: now, in the format of HTTP headers.
fn date() -> String {
    jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A request for `/bucket/<key>` of the service's own port, signed by version 1.
fn send(emulator: &aliyun_cred_emulator::Emulator, key: &Key, method: &str, target: &str, body: &str) -> Reply {
    send_at(emulator, key, (method, target, body), &date())
}

fn send_at(
    emulator: &aliyun_cred_emulator::Emulator,
    key: &Key,
    (method, target, body): (&str, &str, &str),
    date: &str,
) -> Reply {
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let token = key.token.as_ref().map_or_else(String::new, |token| format!("x-oss-security-token:{token}\n"));
    let text = format!("{method}\n\ntext/plain\n{date}\n{token}{path}");
    let mac = Hmac::<Sha1>::new_from_slice(key.secret.as_bytes()).unwrap().chain_update(text);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let token = key.token.as_ref().map_or_else(String::new, |token| format!("x-oss-security-token: {token}\r\n"));
    let headers =
        format!("date: {date}\r\ncontent-type: text/plain\r\n{token}authorization: OSS {}:{signature}\r\n", key.id);
    if method == "HEAD" {
        // The length that its answer names is that of a body which does not follow.
        let url = &emulator.addresses().sts_http;
        let request = format!("HEAD {target} HTTP/1.1\r\nhost: a\r\n{headers}connection: close\r\n\r\n");
        let mut stream = connect(url);
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut head = String::new();
        std::io::Read::read_to_string(&mut stream, &mut head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        return Reply { status, head: head.to_lowercase(), body: Vec::new() };
    }
    http(&emulator.addresses().sts_http, method, target, &headers, body)
}

fn code(reply: &Reply) -> (u16, &str) {
    let code = reply.text().split("<Code>").nth(1).and_then(|rest| rest.split("</Code>").next());
    (reply.status, code.unwrap_or_default())
}

#[test]
fn objects_are_written_read_and_listed() {
    let emulator = start();
    let session = Key::issued(&Request::assume_role(&alice()).send(&emulator));
    assert_eq!(send(&emulator, &alice(), "PUT", "/bucket/a/1", "one").status, 200);
    assert_eq!(send(&emulator, &session, "PUT", "/bucket/b&", "").status, 200);
    assert_eq!(send(&emulator, &session, "PUT", "/other/c", "three").status, 200);

    let object = send(&emulator, &session, "GET", "/bucket/a/1", "");
    assert_eq!((object.status, object.text()), (200, "one"));
    assert!(object.head.contains("content-type: text/plain\r\n"), "{}", object.head);
    let head = send(&emulator, &session, "HEAD", "/bucket/a/1", "");
    assert_eq!(head.status, 200);
    assert!(head.head.contains("content-length: 3\r\n"), "{}", head.head);
    assert_eq!(code(&send(&emulator, &session, "GET", "/bucket/none", "")), (404, "NoSuchKey"));
    assert_eq!(code(&send(&emulator, &session, "DELETE", "/bucket/a/1", "")), (405, "MethodNotAllowed"));

    let all = send(&emulator, &alice(), "GET", "/bucket/?list-type=2", "");
    let keys: Vec<&str> = all.text().split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(keys, ["a/1", "b&amp;"]);
    let page = send(&emulator, &alice(), "GET", "/bucket/?list-type=2&delimiter=/&max-keys=1", "");
    assert!(page.text().contains("<IsTruncated>true</IsTruncated>"), "{}", page.text());
    assert!(page.text().contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"), "{}", page.text());
    assert!(!page.text().contains("<Key>"), "{}", page.text());
    let (_, rest) = page.text().split_once("<NextContinuationToken>").unwrap();
    assert_eq!(rest.split('<').next(), Some("a/"));

    let log = requests(&emulator);
    let entry = log.iter().find(|entry| entry["action"] == "PutObject").unwrap();
    assert_eq!((&entry["service"], &entry["signature"]), (&json!("oss"), &json!("oss_v1")));
    assert_eq!((&entry["bucket"], &entry["key"]), (&json!("bucket"), &json!("a/1")));
    assert_eq!(entry["identity"], "acs:ram::1000000000000001:user/alice");
    no_secret_in_the_log(&emulator, &[&alice().secret, session.token.as_ref().unwrap()]);
}

#[test]
fn what_is_wrong_is_refused() {
    let emulator = start();
    let session = Key::issued(&Request::assume_role(&alice()).send(&emulator));
    let get = |key: &Key| send(&emulator, key, "GET", "/bucket/a", "");
    assert_eq!(code(&get(&Key::new("nobody", "s"))), (403, "InvalidAccessKeyId"));
    assert_eq!(code(&get(&Key::new("LTAIEmulatorUser", "wrong"))), (403, "SignatureDoesNotMatch"));
    assert_eq!(code(&get(&Key { token: None, ..session.clone() })), (403, "InvalidSecurityToken"));
    assert_eq!(code(&get(&Key { token: session.token.clone(), ..alice() })), (403, "InvalidSecurityToken"));
    let old = send_at(&emulator, &alice(), ("GET", "/bucket/a", ""), "Thu, 17 Nov 2005 18:49:58 GMT");
    assert_eq!(code(&old), (403, "RequestTimeTooSkewed"));
    let unsigned = "GET /a HTTP/1.1\r\nhost: bucket.oss-cn-hangzhou.aliyuncs.com\r\n\r\n";
    assert_eq!(code(&tunnel(&emulator, "bucket.oss-cn-hangzhou.aliyuncs.com", unsigned)), (403, "AccessDenied"));
    assert_eq!(requests(&emulator).last().unwrap()["identity"], Value::Null);

    control(&emulator, "PATCH", "/state", r#"{"lifetime":-1}"#);
    let expired = Key::issued(&Request::assume_role(&alice()).send(&emulator));
    assert_eq!(code(&get(&expired)), (403, "SecurityTokenExpired"));
}
