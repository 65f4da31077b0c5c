//! CloudSSO.

use serde_json::{Value, json};

use crate::support::*;

const TOKEN: &str = "the access token";
const BODY: &str = r#"{"AccountId":"7","AccessConfigurationId":"ac-1"}"#;

fn request(token: &str, body: &str) -> String {
    format!(
        "POST /cloud-credentials HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn an_access_token_becomes_credentials() {
    let emulator = start();
    let send = |token: &str, body: &str| {
        exchange(&mut connect(&emulator.addresses().sts_http), &request(token, body)).unwrap()
    };
    assert_eq!(send(TOKEN, BODY).status, 401);
    let grant = |account: &str, configuration: &str| json!({"access_token": TOKEN, "account_id": account, "access_configuration_id": configuration});
    reset(&emulator, &json!({"cloud_sso": [grant("7", "ac-1"), grant("8", "ac-2")]}).to_string());

    let reply = send(TOKEN, BODY);
    assert_eq!(reply.status, 200);
    let document = reply.json();
    assert_eq!(document["RequestId"].as_str().unwrap().len(), 36);
    let arn = who(&emulator, &Key::read(&document["CloudCredential"]));
    assert_eq!(arn, "acs:ram::7:assumed-role/AliyunReservedSSO-ac-1/user");
    for host in ["signin-cn-shanghai.alibabacloudsso.com", "signin.alibabacloud.com", "x.aliyuncs.com", "x.aliyun.com"]
    {
        assert_eq!(tunnel(&emulator, host, &request(TOKEN, BODY)).status, 200, "{host}");
    }
    let own = connect(&emulator.addresses().sts_https);
    let mut own = tls(&emulator, "127.0.0.1", own);
    assert_eq!(exchange(&mut own, &request(TOKEN, BODY)).unwrap().status, 200);

    let log = requests(&emulator);
    let entry = &log[0];
    assert_eq!((&entry["service"], &entry["action"]), (&json!("cloud_sso"), &json!("CreateCloudCredential")));
    assert_eq!((&entry["account_id"], &entry["access_configuration_id"]), (&json!("7"), &json!("ac-1")));
    assert_eq!((&entry["path"], &entry["headers"]["authorization"]), (&json!("/cloud-credentials"), &json!("Bearer")));

    for (token, body, status, code) in [
        ("other", BODY, 401, "InvalidAccessToken"),
        (TOKEN, "", 400, "InvalidParameter"),
        (TOKEN, r#"{"AccountId":"7"}"#, 400, "MissingAccessConfigurationId"),
        (TOKEN, r#"{"AccountId":7,"AccessConfigurationId":"ac-1"}"#, 400, "MissingAccountId"),
        (TOKEN, r#"{"AccountId":"9","AccessConfigurationId":"ac-1"}"#, 403, "NoPermission"),
        (TOKEN, r#"{"AccountId":"7","AccessConfigurationId":"ac-2"}"#, 404, "EntityNotExists.AccessConfiguration"),
    ] {
        let reply = send(token, body);
        assert_eq!((reply.status, &reply.json()["ErrorCode"]), (status, &json!(code)));
        assert!(reply.json()["ErrorMessage"].is_string());
    }
    let log = requests(&emulator);
    assert_eq!(log.last().unwrap()["code"], "EntityNotExists.AccessConfiguration");
    no_secret_in_the_log(&emulator, &[TOKEN]);

    let fault = r#"{"faults":[{"service":"cloud_sso","set_fields":{"AccessKeyId":null}}]}"#;
    control(&emulator, "PATCH", "/state", fault);
    assert_eq!(send(TOKEN, BODY).json()["CloudCredential"]["AccessKeyId"], Value::Null);
}
