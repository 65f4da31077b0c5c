//! The local server: what it serves, to whom, and how it ends.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aliyun_cred_emulator::{DEFAULT_ACCESS_KEYS, Emulator};
use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};
use serde_json::{Value, json};

use super::support::{Home, ROLE, refused, said, text, write};

/// What reaches this hangs.
const WATCHDOG: Duration = Duration::from_secs(60);
/// How many connections the server keeps.
const MOST: usize = 1024;
/// A key in the place of the profile that a role stands on.
const KEY: &str = r#""access_key_id":"LTAIother","access_key_secret":"s""#;
const PATH: &str = "{token}/credentials";

/// A server in the foreground, killed when dropped.
struct Server {
    child: Child,
    errors: BufReader<ChildStderr>,
    address: SocketAddr,
    token: String,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("CREDENTIALS_URI='") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it ended: {}", {
                let mut errors = String::new();
                child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
                errors
            });
        }
        let uri = line.trim_end().trim_end_matches('\'').split_once("://").unwrap().1.to_owned();
        let (address, path) = uri.split_once('/').unwrap();
        let (token, rest) = path.split_once('/').unwrap();
        assert_eq!(rest, "credentials");
        let errors = BufReader::new(child.stderr.take().unwrap());
        Server { child, errors, address: address.parse().unwrap(), token: token.to_owned() }
    }

    fn of(home: &Home, arguments: &[&str]) -> Self {
        Server::start(home.command(&[&["serve"], arguments].concat()))
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream
    }

    /// The request of an honest client.
    fn request(&self, method: &str, path: &str, fields: &str) -> String {
        let path = path.replace("{token}", &self.token);
        format!("{method} /{path} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", self.address)
    }

    /// Sends bytes, and returns the status and the body of the first reply.
    fn send(&self, request: &str) -> (u16, String) {
        let mut stream = self.connect();
        // It may have refused already.
        let _ = stream.write_all(request.as_bytes());
        reply(&mut BufReader::new(stream))
    }

    fn get(&self, path: &str) -> (u16, String) {
        self.send(&self.request("GET", path, ""))
    }

    fn signal(&self, signal: Signal) {
        kill(&self.child, signal);
    }

    /// The next line of standard error.
    fn complaint(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).unwrap();
        line
    }

    /// Ends it as a service manager does; what it still says.
    fn stop(mut self) -> String {
        self.signal(Signal::TERM);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        self.errors.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn kill(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

/// Reads one reply; status 0 if there is none.
fn reply(stream: &mut impl std::io::BufRead) -> (u16, String) {
    let (mut status, mut length, mut line) = (0, 0, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return (0, String::new());
        }
        let lower = line.to_ascii_lowercase();
        assert!(!lower.starts_with("access-control-"), "no page of another origin may read this");
        match lower.trim_end().split_once([' ', ':']) {
            Some(("http/1.1" | "http/1.0", rest)) => status = rest[..3].parse().unwrap(),
            Some(("content-length", rest)) => length = rest.trim().parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (status, text(&body))
}

fn credential(body: &str) -> Value {
    let document: Value = serde_json::from_str(body).unwrap();
    for member in ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"] {
        assert!(document[member].as_str().is_some_and(|value| !value.is_empty()), "{member}");
    }
    assert_eq!(document["Code"], "Success");
    document
}

/// A request to the control interface of an emulator.
fn control(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Value {
    let address = emulator.addresses().control.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = body.to_string();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let (status, body) = reply(&mut BufReader::new(stream));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

fn roles_assumed(emulator: &Emulator) -> usize {
    let log = control(emulator, "GET", "/requests", &json!({}));
    log["requests"].as_array().unwrap().iter().filter(|entry| entry["action"] == "AssumeRole").count()
}

/// An emulator of one test, and a command that reaches it.
fn with_own(home: &Home, emulator: &Emulator, arguments: &[&str]) -> Command {
    let mut command = home.command(arguments);
    command.env("ALIBABA_CLOUD_STS_ENDPOINT", &emulator.addresses().sts_http);
    command
}

#[test]
fn sessions_are_served_by_profile() {
    let home = Home::with_profiles("serve");
    let server = Server::of(&home, &["--profile", "reader", "--profile", "key", "--verbose"]);
    let (status, body) = server.get(PATH);
    assert_eq!(status, 200);
    let first = credential(&body);
    let (_, again) = server.get("{token}/credentials?profile=reader");
    assert!(first == credential(&again), "the same session differs");
    let (status, body) = server.get("{token}/credentials?profile=key");
    assert!(status == 502 && body.contains("no_session") && body.contains("--role-arn"), "{body}");
    assert_eq!(server.get("{token}/credentials?profile=none").0, 404);
    assert_eq!(server.get("{token}/credentials?other=reader").0, 400);
    assert_eq!(server.get("{token}/other").0, 404);
    assert_eq!(server.send(&server.request("POST", PATH, "")).0, 405);
    assert_eq!(server.get("healthz"), (200, String::new()));
    let (status, metrics) = server.get("{token}/metrics");
    assert_eq!(status, 200);
    for row in [
        "aliyun_cred_seconds_until_expiry{profile=\"key\"} +Inf",
        "aliyun_cred_refreshes_total{profile=\"reader\"} 1",
        "aliyun_cred_failures{profile=\"reader\"} 0",
        "aliyun_cred_requests_total{status=\"200\"} 3",
    ] {
        assert!(metrics.lines().any(|line| line == row), "{row}\n{metrics}");
    }
    let token = server.token.clone();
    let log = server.stop();
    assert!(log.contains("GET credentials 200 ") && log.contains("GET health 200 "), "{log}");
    let issued = ["AccessKeySecret", "SecurityToken"].map(|member| first[member].as_str().unwrap());
    for secret in issued.iter().chain(&[&*token, DEFAULT_ACCESS_KEYS[0].secret]) {
        assert!(!log.contains(secret), "the log has a secret");
        assert!(!metrics.contains(secret), "the metrics have a secret");
    }
}

#[test]
fn nothing_is_told_without_the_token() {
    let home = Home::with_profiles("attacks");
    let server = Server::of(&home, &["--profile", "reader"]);
    assert_eq!(server.get(PATH).0, 200);
    let (host, token) = (server.address, server.token.clone());
    let short = &token[..token.len() - 1];
    let good = format!("GET /{token}/credentials");
    let many = "X: y\r\n".repeat(70);
    let long = format!("X: {}\r\n", "y".repeat(20_000));
    let attacks: &[(u16, String)] = &[
        (404, format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /{short}/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /{token}A/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /{}/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n", token.to_lowercase() + "-")),
        (404, format!("GET //{token}/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /x/../{token}/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (404, format!("GET /{token} HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (
            404,
            format!(
                "PUT /latest/api/token HTTP/1.1\r\nHost: {host}\r\nX-aliyun-ecs-metadata-token-ttl-seconds: 60\r\n\r\n"
            ),
        ),
        (404, format!("GET /latest/meta-data/ram/security-credentials/ HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        // A page whose name resolves to this machine.
        (403, format!("{good} HTTP/1.1\r\nHost: evil.example\r\n\r\n")),
        (403, format!("{good} HTTP/1.1\r\nHost: evil.example:{}\r\n\r\n", host.port())),
        (403, format!("{good} HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n")),
        (403, format!("{good} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n\r\n")),
        (403, format!("{good} HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\n\r\n")),
        (403, format!("GET http://evil.example/{token}/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")),
        (400, format!("{good} HTTP/1.0\r\n\r\n")),
        (400, format!("{good} HTTP/1.1\r\n\r\n")),
        (400, format!("{good} HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n")),
        (413, format!("{good} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nhello")),
        (413, format!("{good} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n")),
        (431, format!("{good} HTTP/1.1\r\nHost: {host}\r\n{many}\r\n")),
        (431, format!("{good} HTTP/1.1\r\nHost: {host}\r\n{long}\r\n")),
        (400, "\u{16}\u{3}\u{1}\u{2}\r\n\r\n".to_owned()),
        (400, format!("{good} HTTP/1.1\r\nHost : {host}\r\n\r\n")),
    ];
    for (expected, attack) in attacks {
        let (status, body) = server.send(attack);
        let shown = attack.replace(&token, "TOKEN");
        assert_eq!((status, body.as_str()), (*expected, ""), "{}", &shown[..shown.len().min(200)]);
    }
    // Official clients leave the port out; and in absolute form a request to this server is like any other.
    assert_eq!(server.send(&format!("{good} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).0, 200);
    assert_eq!(server.send(&format!("GET http://{host}/{token}/credentials HTTP/1.1\r\nHost: {host}\r\n\r\n")).0, 200);
    assert_eq!(server.stop(), "");
}

#[test]
fn a_thousand_clients_cause_one_request() {
    may_open(4 * MOST);
    let (home, emulator) = (Home::with_profiles("thousand"), Emulator::start(None).unwrap());
    let server = Server::start(with_own(&home, &emulator, &["serve", "--profile", "reader"]));
    control(&emulator, "POST", "/reset", &json!({ "faults": [{ "action": "AssumeRole", "hold": true }] }));
    let request = server.request("GET", PATH, "");
    let clients: Vec<TcpStream> = (0..1000)
        .map(|_| {
            let mut client = server.connect();
            client.write_all(request.as_bytes()).unwrap();
            client
        })
        .collect();
    control(&emulator, "GET", "/held", &Value::Null);
    control(&emulator, "POST", "/release", &json!({}));
    let mut sessions: Vec<String> = clients.into_iter().map(|client| reply(&mut BufReader::new(client)).1).collect();
    sessions.dedup();
    assert_eq!((sessions.len(), roles_assumed(&emulator)), (1, 1));
    credential(&sessions[0]);
    assert_eq!(server.stop(), "");
}

#[test]
fn idle_and_slow_clients_give_way() {
    may_open(4 * MOST);
    let home = Home::with_profiles("idle");
    let server = Server::of(&home, &["--profile", "reader"]);
    let mut slow: Vec<TcpStream> = (0..MOST).map(|_| server.connect()).collect();
    for client in &mut slow {
        client.write_all(b"GET /").unwrap();
    }
    // One that is served stays, while those that never sent a request make way for more.
    let served = server.connect();
    let mut reader = BufReader::new(served.try_clone().unwrap());
    for _ in 0..2 {
        (&served).write_all(server.request("GET", PATH, "").as_bytes()).unwrap();
        assert_eq!(reply(&mut reader).0, 200);
        let more: Vec<TcpStream> = (0..64).map(|_| server.connect()).collect();
        assert_eq!(server.get(PATH).0, 200);
        drop(more);
    }
    let mut byte = [0];
    let closed = |stream: &mut TcpStream, byte: &mut [u8]| {
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        matches!(stream.read(byte), Ok(0) | Err(_))
    };
    assert!(closed(&mut slow[0], &mut byte), "the one that was idle for the longest time");
    assert_eq!(server.stop(), "");
}

#[test]
fn a_server_that_was_killed_can_be_started_again() {
    let home = Home::with_profiles("killed");
    let file = home.0.join("token");
    let file = file.to_str().unwrap();
    let start = |address: &str| {
        let arguments = ["serve", "--profile", "reader", "--token-file", file, "--listen", address, "--verbose"];
        let mut child = home.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("aliyun-cred: serving on http://").unwrap().parse().unwrap();
        let token = std::fs::read_to_string(file).unwrap().trim_end().to_owned();
        Server { child, errors, address, token }
    };
    let mut first = start("127.0.0.1:0");
    let (address, token) = (first.address, first.token.clone());
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(first.get(PATH).0, 200);
    // Clients that die in the middle of a request hurt nobody.
    for _ in 0..50 {
        let mut client = first.connect();
        client.write_all(first.request("GET", PATH, "").as_bytes()).unwrap();
        drop(client);
    }
    assert_eq!(first.get(PATH).0, 200);
    let kept = first.connect();
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let mut out = String::new();
    first.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(out, "", "the token is in its file, and is not printed");
    assert!(TcpStream::connect(address).is_err());
    let second = start(&address.to_string());
    assert!(second.token == token, "the token differs");
    assert_eq!(second.get(PATH).0, 200);
    drop(kept);
    std::fs::write(file, "short\n").unwrap();
    refused(&home.run(&["serve", "--token-file", file]), 1, "has no token");
}

#[test]
fn a_token_file_that_others_can_read_is_warned_of() {
    let home = Home::with_profiles("readable");
    let file = home.0.join("token");
    std::fs::write(&file, "t".repeat(43)).unwrap();
    for (mode, warnings) in [(0o600, 0), (0o640, 0), (0o644, 1)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let arguments = ["serve", "--profile", "reader", "--token-file", file.to_str().unwrap(), "--verbose"];
        let mut child = home.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let said: Vec<_> = lines.by_ref().take_while(|line| !line.contains("serving on")).collect();
        kill(&child, Signal::TERM);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let warning = format!("aliyun-cred: warning: the mode of {} lets all users read it", file.display());
        assert_eq!(said.len(), warnings, "{mode:o}");
        assert!(said.iter().all(|line| line.starts_with(&warning)), "{said:?}");
    }
}

#[test]
fn a_token_file_that_is_no_file_is_refused() {
    let home = Home::with_profiles("token-file");
    let path = |name: &str| home.0.join(name);
    let linked = |name: &str, to: &Path| std::os::unix::fs::symlink(to, path(name)).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    linked("device", Path::new("/dev/zero"));
    linked("circle", &path("circle"));
    linked("nowhere", &path("missing"));
    std::fs::create_dir(path("folder")).unwrap();
    std::fs::File::create(path("large")).unwrap().set_len(100_000_000).unwrap();
    std::fs::write(path("binary"), [0xff; 43]).unwrap();
    std::fs::write(path("nul"), [0; 43]).unwrap();
    for (name, why) in [
        ("pipe", "it is not a regular file"),
        ("device", "it is not a regular file"),
        ("circle", "symbolic links"),
        ("nowhere", "No such file"),
        ("folder", "is a directory"),
        ("large", "it is larger than 1 MiB"),
        ("binary", "it is neither UTF-8 nor UTF-16"),
        ("nul", "has no token"),
        ("nul/below", "Not a directory"),
    ] {
        refused(&home.run(&["serve", "--token-file", path(name).to_str().unwrap()]), 1, why);
    }
}

#[test]
fn a_token_that_cannot_be_written_leaves_no_file() {
    let home = Home::with_profiles("full-disk");
    let file = home.0.join("token");
    let full = r#"trap "" XFSZ; ulimit -f 0; exec "$0" serve --token-file "$1""#;
    let variables = home.command(&[]);
    let mut command = Command::new("sh");
    command.args(["-c", full, env!("CARGO_BIN_EXE_aliyun-cred"), file.to_str().unwrap()]).env_clear();
    command.envs(variables.get_envs().filter_map(|(name, value)| Some((name, value?))));
    refused(&command.output().unwrap(), 1, "cannot write");
    assert!(!file.exists());
}

#[test]
fn requests_are_answered_before_it_stops() {
    let (home, emulator) = (Home::with_profiles("drain"), Emulator::start(None).unwrap());
    let server = Server::start(with_own(&home, &emulator, &["serve", "--profile", "reader"]));
    control(&emulator, "POST", "/reset", &json!({ "faults": [{ "action": "AssumeRole", "hold": true }] }));
    let idle = server.connect();
    let mut client = server.connect();
    client.write_all(server.request("GET", PATH, "").as_bytes()).unwrap();
    control(&emulator, "GET", "/held", &Value::Null);
    server.signal(Signal::TERM);
    // It has closed what was idle, so it no longer accepts either.
    assert_eq!(reply(&mut BufReader::new(idle)).0, 0);
    assert!(TcpStream::connect(server.address).is_err());
    control(&emulator, "POST", "/release", &json!({}));
    let (status, body) = reply(&mut BufReader::new(client));
    assert_eq!(status, 200);
    credential(&body);
    assert_eq!(server.stop_by_itself(), "");
}

impl Server {
    /// Waits for one that was told to stop already.
    fn stop_by_itself(mut self) -> String {
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        let mut rest = String::new();
        self.errors.read_to_string(&mut rest).unwrap();
        rest
    }
}

#[test]
fn the_configuration_is_read_again() {
    let (home, emulator) = (Home::with_profiles("reload"), Emulator::start(None).unwrap());
    let mut server = Server::start(with_own(&home, &emulator, &["serve", "--profile", "reader"]));
    assert_eq!(server.get(PATH).0, 200);
    let file = home.0.join(".aliyun/config.json");
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "{").unwrap();
    server.signal(Signal::HUP);
    let line = server.complaint();
    assert!(line.starts_with("aliyun-cred: what could not be read again stays as it was: profile reader: "), "{line}");
    assert_eq!((server.get(PATH).0, roles_assumed(&emulator)), (200, 1));
    // A profile that gives no session is no improvement either.
    let key = good.replace("ChainableRamRoleArn", "AK").replace(r#""source_profile":"key""#, KEY);
    std::fs::write(&file, key).unwrap();
    server.signal(Signal::HUP);
    let line = server.complaint();
    assert!(line.contains("profile reader: a credentials URI returns sessions"), "{line}");
    assert_eq!(server.get(PATH).0, 200);
    std::fs::write(&file, good.replace(ROLE, "acs:ram::1000000000000001:role/writer")).unwrap();
    server.signal(Signal::HUP);
    assert_eq!(server.complaint(), "aliyun-cred: the configuration was read again\n");
    assert_eq!((server.get(PATH).0, roles_assumed(&emulator)), (200, 2));
    assert_eq!(server.stop(), "");
}

#[test]
fn a_unix_socket_is_for_its_user_alone() {
    let home = Home::with_profiles("socket");
    let path = home.0.join("cred.sock");
    let listen = format!("unix:{}", path.display());
    let start = || {
        let mut child = home
            .command(&["serve", "--profile", "reader", "--listen", &listen])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("export ALIYUN_CRED_URI='http://localhost") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0);
        }
        (child, line.trim_end().trim_end_matches('\'').rsplit_once("localhost").unwrap().1.to_owned())
    };
    let get = |target: &str, host: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
        reply(&mut BufReader::new(stream))
    };
    let (mut child, target) = start();
    let found = std::fs::metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    credential(&get(&target, "localhost").1);
    assert_eq!(get(&target, "evil.example").0, 403);
    // One that is in use is not taken away.
    refused(&home.run(&["serve", "--listen", &listen]), 1, "cannot listen on");
    child.kill().unwrap();
    child.wait().unwrap();
    // One that was left behind is replaced.
    let (mut child, target) = start();
    credential(&get(&target, "localhost").1);
    kill(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!path.exists());
    std::fs::write(&path, "a file").unwrap();
    refused(&home.run(&["serve", "--listen", &listen]), 1, "cannot listen on");
}

#[test]
fn it_goes_to_the_background_for_eval() {
    let home = Home::with_profiles("background");
    let lines = said(&home.run(&["serve", "--print-env", "--profile", "reader"]));
    // Another shell, as `eval` would be, whose own program asks the server by its default chain.
    let script = format!(
        "{lines}\n\"$0\" get --profile key >/dev/null && \"$0\" get --format json; kill \"$ALIYUN_CRED_SERVE_PID\""
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_aliyun-cred")]).env("HOME", &home.0);
    command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "stale").env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "stale");
    let answered: Value = serde_json::from_str(&said(&command.output().unwrap())).unwrap();
    assert_eq!(answered["provider_name"], "default/credential_uri");
    refused(&home.run(&["serve", "--print-env", "--profile", "none"]), 1, "there is no profile none in ");
}

#[test]
fn the_metadata_protocol_needs_its_token() {
    let home = Home::with_profiles("imds");
    let server = Server::of(&home, &["--profile", "reader", "--imds"]);
    let roles = "latest/meta-data/ram/security-credentials/";
    let put = |fields: &str| server.send(&server.request("PUT", "latest/api/token", fields));
    assert_eq!(server.get(roles), (401, String::new()));
    assert_eq!(put(""), (400, String::new()));
    assert_eq!(put("X-aliyun-ecs-metadata-token-ttl-seconds: 21601\r\n"), (400, String::new()));
    assert_eq!(put("X-aliyun-ecs-metadata-token-ttl-seconds: 60\r\nX-Forwarded-For: 10.0.0.1\r\n").0, 403);
    let (status, token) = put("X-aliyun-ecs-metadata-token-ttl-seconds: 60\r\n");
    assert_eq!(status, 200);
    let with = |path: &str, token: &str| {
        server.send(&server.request("GET", path, &format!("X-aliyun-ecs-metadata-token: {token}\r\n")))
    };
    assert_eq!(with(roles, &token), (200, "reader".to_owned()));
    credential(&with(&format!("{roles}reader"), &token).1);
    assert_eq!(with(&format!("{roles}key"), &token).0, 404);
    assert_eq!(with(roles, "wrong"), (401, String::new()));
    let forwarded = format!("X-aliyun-ecs-metadata-token: {token}\r\nX-Forwarded-For: 10.0.0.1\r\n");
    assert_eq!(server.send(&server.request("GET", roles, &forwarded)).0, 401);
    assert_eq!(server.get("latest/meta-data/instance-id").0, 404);
    // This library's own source speaks it, too.
    let output = home
        .command(&["get", "--source", "ecs_ram_role"])
        .env("ALIBABA_CLOUD_ECS_METADATA_ENDPOINT", format!("http://{}", server.address))
        .env_remove("ALIBABA_CLOUD_ECS_METADATA_DISABLED")
        .output()
        .unwrap();
    assert!(said(&output).contains("\"provider_name\":\"ecs_ram_role\""));
    let old = Server::of(&home, &["--profile", "reader", "--imds", "--imds-v1"]);
    assert_eq!(old.get(roles), (200, "reader".to_owned()));
    refused(&home.run(&["serve", "--imds-v1"]), 2, "--imds");
    let everyone = ["serve", "--imds", "--allow-remote", "--tls-cert", "c", "--tls-key", "k"];
    refused(&home.run(&everyone), 2, "cannot be used with");
}

#[test]
fn other_machines_need_permission_and_tls() {
    let home = Home::with_profiles("remote");
    refused(&home.run(&["serve", "--listen", "0.0.0.0:0"]), 2, "--allow-remote");
    refused(&home.run(&["serve", "--listen", "0.0.0.0:0", "--allow-remote"]), 2, "--tls-cert");
    let made = rcgen::generate_simple_self_signed(["cred.example".to_owned()]).unwrap();
    let (certificate, key) = (home.0.join("cert.pem"), home.0.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    write(&key, &made.signing_key.serialize_pem());
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let missing = home.0.join("missing.pem");
    let missing = ["serve", "--tls-cert", missing.to_str().unwrap(), "--tls-key", key];
    refused(&home.run(&missing), 1, "cannot use");
    let arguments =
        ["serve", "--profile", "reader", "--listen", "0.0.0.0:0", "--allow-remote", "--tls-cert", certificate];
    let arguments = [&arguments[..], &["--tls-key", key, "--host", "cred.example"]].concat();
    let mut child = home.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut errors).unwrap();
    assert!(errors.starts_with("aliyun-cred: warning: other machines can reach this server"), "{errors}");
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("CREDENTIALS_URI='") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0);
    }
    let uri = line.trim_end().trim_end_matches('\'').split_once("https://").unwrap().1;
    let (host, path) = uri.split_once('/').unwrap();
    let port: u16 = host.strip_prefix("cred.example:").unwrap().parse().unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = rustls::ClientConnection::new(Arc::new(config), "cred.example".try_into().unwrap()).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut stream = rustls::StreamOwned::new(tls, stream);
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    credential(&reply(&mut BufReader::new(stream)).1);
    // Without TLS there is no answer.
    let mut plain = TcpStream::connect(("127.0.0.1", port)).unwrap();
    plain.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    kill(&child, Signal::TERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// `exec --serve` with a shell's script as the program.
fn exec(home: &Home, script: &str) -> Command {
    let mut command = home.command(&["exec", "--serve", "--profile", "reader", "--", "sh", "-c", script]);
    command.env("OWN", env!("CARGO_BIN_EXE_aliyun-cred"));
    command
}

#[test]
fn exec_serves_its_program() {
    let home = Home::with_profiles("exec-serve");
    let run = |script: &str| -> Output { exec(&home, script).output().unwrap() };
    let answered: Value = serde_json::from_str(&said(&run("\"$OWN\" get"))).unwrap();
    assert_eq!(answered["provider_name"], "default/credential_uri");
    let environment = said(&run("env"));
    assert!(!environment.contains("SECRET") && environment.contains("ALIYUN_CRED_EXEC=1"));
    assert_eq!(run("exit 7").status.code(), Some(7));
    assert_eq!(run("kill -TERM $$").status.code(), Some(128 + 15));
    let exec = ["exec", "--serve", "--profile", "reader", "no-such-program"];
    refused(&home.run(&exec), 127, "cannot run no-such-program");
    refused(&home.run(&["exec", "--serve", "--profile", "key", "true"]), 1, "--role-arn");
    refused(&home.run(&["exec", "--serve", "--profile", "none", "true"]), 1, "there is no profile none in ");
}

#[test]
fn exec_passes_signals_to_the_program_that_it_serves() {
    let home = Home::with_profiles("exec-signals");
    let signals = [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::USR1, "USR1")];
    for (signal, name) in signals.into_iter().filter(|(signal, _)| !is_ignored(*signal)) {
        let script = format!("trap 'exit 9' {name}; echo ready; while :; do sleep 0.01; done");
        let mut child = exec(&home, &script).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        kill(&child, signal);
        assert_eq!(child.wait().unwrap().code(), Some(9), "{name}");
    }
}

/// Whether this process ignores a signal, and so do its children, where a shell could not set a trap for it: shells start
/// programs in the background like that.
fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() >> (signal.as_raw() - 1) & 1 == 1
}

/// The secret is in no argument of any process, and no file is left behind.
#[test]
fn nothing_secret_is_an_argument() {
    let home = Home::with_profiles("arguments");
    let output =
        exec(&home, "cat /proc/$PPID/cmdline /proc/$$/cmdline | tr '\\0' ' '; env | grep URI").output().unwrap();
    let lines = said(&output);
    let token = lines.rsplit_once("/credentials").and_then(|(uri, _)| uri.rsplit('/').next()).unwrap();
    assert_eq!(lines.matches(token).count(), 1, "the token is in an argument");
    assert!(!lines.contains(DEFAULT_ACCESS_KEYS[0].secret));
    let left: Vec<_> = std::fs::read_dir(Path::new(&home.0)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [".aliyun"]);
}

/// Permits this process to open so many files.
fn may_open(count: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum.map_or(Some(count as u64), |most| Some(most.min(count as u64)));
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
fn a_program_that_is_to_survive_its_terminal_does() {
    let home = Home::with_profiles("nohup");
    // As `nohup` does: the signal is ignored from the start.
    let inner = "kill -HUP $PPID; kill -HUP $$; exit 7";
    let script = format!("trap '' HUP; exec \"$OWN\" exec --serve --profile reader -- sh -c '{inner}'");
    let command = home.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.env("OWN", command.get_program()).stdin(Stdio::null()).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(7), String::new()));
}
