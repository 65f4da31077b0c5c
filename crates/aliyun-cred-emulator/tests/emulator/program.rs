//! TLS, the proxy, and the program around them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::*;

#[test]
fn tls_and_the_proxy() {
    let emulator = start();
    let request = || Request::assume_role(&alice());
    let own = connect(&emulator.addresses().sts_https);
    let mut own = tls(&emulator, "127.0.0.1", own);
    assert_eq!(exchange(&mut own, &request().to_wire("/", "127.0.0.1")).unwrap().status, 200);

    let tunnel = |host: &str| {
        let mut stream = connect(&emulator.addresses().proxy);
        let connect = format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let status = exchange(&mut stream, &connect).unwrap().status;
        (status, stream)
    };
    for host in ["sts.aliyuncs.com", "sts.ap-northeast-1.aliyuncs.com", "sts-vpc.cn-hangzhou.aliyuncs.com"] {
        let (status, stream) = tunnel(&format!("{host}:443"));
        assert_eq!(status, 200);
        let mut stream = tls(&emulator, host, stream);
        // Twice over one connection.
        for _ in 0..2 {
            let reply = exchange(&mut stream, &request().to_wire("/", host)).unwrap();
            assert_eq!(reply.status, 200);
        }
    }
    for host in ["example.com:443", "sts.aliyuncs.com:22", "aliyuncs.com.example:443"] {
        assert_eq!(tunnel(host).0, 403, "{host}");
    }
    // The certificate is for the host that was asked for, not for any.
    let (_, stream) = tunnel("sts.aliyuncs.com:443");
    let mut stream = tls(&emulator, "oauth.aliyun.com", stream);
    assert!(stream.write_all(b"x").and_then(|()| stream.flush()).is_err());

    let plain = |target: &str, host: &str| {
        let mut stream = connect(&emulator.addresses().proxy);
        exchange(&mut stream, &request().to_wire(target, host)).unwrap().status
    };
    assert_eq!(plain("http://sts.aliyuncs.com/", "sts.aliyuncs.com"), 200);
    assert_eq!(plain("http://example.com/", "example.com"), 403);
    assert_eq!(plain("/", "sts.aliyuncs.com"), 400);

    let via: Vec<_> = requests(&emulator)
        .iter()
        .map(|entry| format!("{} {}", entry["via"], entry["host"]).replace('"', ""))
        .collect();
    assert_eq!(via.len(), 8);
    assert_eq!(via[0], "https 127.0.0.1");
    assert_eq!(via[7], "proxy sts.aliyuncs.com");
    let state = control(&emulator, "GET", "/state", "").json();
    assert_eq!(state["connections"]["proxy"], 10);
    assert_eq!(state["connections"]["sts_https"], 1);
}

#[test]
fn the_program_ends_with_its_input() {
    let directory = std::env::temp_dir().join(format!("emulator-test-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let named = directory.join("ca.pem");
    for ca in [None, Some(&named)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aliyun-cred-emulator"));
        if let Some(ca) = ca {
            command.arg("--ca").arg(ca);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["sts_http", "sts_https", "proxy", "metadata", "control", "ca"]);
        let file = std::path::PathBuf::from(line["ca"].as_str().unwrap());
        assert!(file.is_absolute());
        assert!(std::fs::read_to_string(&file).unwrap().contains("BEGIN CERTIFICATE"));
        let mut control = connect(line["control"].as_str().unwrap());
        let request = "GET /state HTTP/1.1\r\nhost: a\r\n\r\n";
        assert_eq!(exchange(&mut control, request).unwrap().status, 200);

        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        assert_eq!(file.exists(), ca.is_some());
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn the_program_explains_itself() {
    let run = |argument: &str| {
        Command::new(env!("CARGO_BIN_EXE_aliyun-cred-emulator")).arg(argument).stdin(Stdio::null()).output().unwrap()
    };
    let help = run("--help");
    assert!(help.status.success());
    assert!(String::from_utf8(help.stdout).unwrap().contains("LTAIEmulatorUser"));
    let wrong = run("--hlep");
    assert_eq!((wrong.status.code(), wrong.stdout.len()), (Some(2), 0));
}
