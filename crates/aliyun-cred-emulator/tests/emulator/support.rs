//! A client for the tests: plain TCP, and signatures made in a few lines of their own.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use aliyun_cred_emulator::Emulator;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Far more than anything here takes: a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// HTTP status and error code.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["Code"].as_str().unwrap_or_default().to_owned())
    }
}

/// An access key, perhaps with a token. A secret that is a PEM file signs as a private key does.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) token: Option<String>,
}

impl Key {
    pub(crate) fn new(id: &str, secret: &str) -> Self {
        Self { id: id.to_owned(), secret: secret.to_owned(), token: None }
    }

    pub(crate) fn issued(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200);
        Self::read(&reply.json()["Credentials"])
    }

    /// The fields that most services give.
    pub(crate) fn read(document: &Value) -> Self {
        let field = |name: &str| document[name].as_str().unwrap().to_owned();
        Self { id: field("AccessKeyId"), secret: field("AccessKeySecret"), token: Some(field("SecurityToken")) }
    }
}

/// The user that exists by default.
pub(crate) fn alice() -> Key {
    Key::new("LTAIEmulatorUser", "EmulatorUserSecret")
}

pub(crate) fn start() -> Emulator {
    Emulator::start(None).unwrap()
}

pub(crate) fn connect(url: &str) -> TcpStream {
    let address = url.split("://").nth(1).unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a request; `None` if the connection is closed without an answer.
pub(crate) fn exchange(stream: &mut (impl Read + Write), request: &str) -> Option<Reply> {
    stream.write_all(request.as_bytes()).unwrap();
    receive(stream)
}

pub(crate) fn receive(stream: &mut impl Read) -> Option<Reply> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let mut part = [0; 4096];
        match stream.read(&mut part) {
            Ok(0) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return None,
            Err(error) => panic!("{error}"),
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap().to_lowercase();
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
    let start = body.len();
    body.resize(length, 0);
    stream.read_exact(&mut body[start..]).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Reply { status, head, body })
}

/// A request to the control interface.
pub(crate) fn control(emulator: &Emulator, method: &str, path: &str, body: &str) -> Reply {
    let request = format!("{method} {path} HTTP/1.1\r\nhost: control\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    exchange(&mut connect(&emulator.addresses().control), &request).unwrap()
}

/// `POST /reset`, which has to succeed.
pub(crate) fn reset(emulator: &Emulator, settings: &str) {
    let reply = control(emulator, "POST", "/reset", settings);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
}

/// A request by plain HTTP to one of the emulator's URLs; `headers` end with line breaks.
pub(crate) fn http(url: &str, method: &str, target: &str, headers: &str, body: &str) -> Reply {
    let host = url.split("://").nth(1).unwrap();
    let length = body.len();
    let request =
        format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\r\n{body}");
    exchange(&mut connect(url), &request).unwrap()
}

/// TLS through the proxy, to a real name.
pub(crate) fn tunnel(emulator: &Emulator, host: &str, request: &str) -> Reply {
    let mut stream = connect(&emulator.addresses().proxy);
    let connect = format!("CONNECT {host}:443 HTTP/1.1\r\nhost: {host}:443\r\n\r\n");
    assert_eq!(exchange(&mut stream, &connect).unwrap().status, 200);
    exchange(&mut tls(emulator, host, stream), request).unwrap()
}

/// The ARN that `GetCallerIdentity` gives for a key, or the code with which it refuses.
pub(crate) fn who(emulator: &Emulator, key: &Key) -> String {
    let reply = Request::new("GetCallerIdentity", key).send(emulator).json();
    reply["Arn"].as_str().or_else(|| reply["Code"].as_str()).unwrap().to_owned()
}

/// Fails if one of `secrets` is anywhere in the request log.
pub(crate) fn no_secret_in_the_log(emulator: &Emulator, secrets: &[&str]) {
    let log = control(emulator, "GET", "/requests", "");
    for (index, secret) in secrets.iter().enumerate() {
        assert!(!secret.is_empty());
        for form in [(*secret).to_owned(), encode(secret), STANDARD.encode(secret)] {
            assert!(!log.text().contains(&form), "secret {index} is in the log");
        }
    }
}

/// The request log.
pub(crate) fn requests(emulator: &Emulator) -> Vec<Value> {
    let reply = control(emulator, "GET", "/requests", "");
    reply.json()["requests"].as_array().unwrap().clone()
}

pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(crate) fn nonce() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A request's parameters, by version 1 of the signature.
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) key: Key,
}

impl Request {
    pub(crate) fn new(action: &str, key: &Key) -> Self {
        let mut request = Self { method: "POST", query: Vec::new(), form: Vec::new(), key: key.clone() };
        for (name, value) in [
            ("Action", action),
            ("Format", "JSON"),
            ("Version", "2015-04-01"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("AccessKeyId", &key.id),
            ("SignatureNonce", &nonce()),
            ("Timestamp", &now()),
        ] {
            request.set(name, value);
        }
        if let Some(token) = &key.token {
            request.set("SecurityToken", token);
        }
        request
    }

    pub(crate) fn assume_role(key: &Key) -> Self {
        let mut request = Self::new("AssumeRole", key);
        for (name, value) in [
            ("RoleArn", "acs:ram::1000000000000001:role/reader"),
            ("RoleSessionName", "session"),
            ("DurationSeconds", "900"),
        ] {
            request.form.push((name.to_owned(), value.to_owned()));
        }
        request
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        for pairs in [&mut self.query, &mut self.form] {
            pairs.retain(|(key, _)| key != name);
        }
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(&mut self, name: &str) -> &mut Self {
        for pairs in [&mut self.query, &mut self.form] {
            pairs.retain(|(key, _)| key != name);
        }
        self
    }

    /// Puts a parameter into the form.
    pub(crate) fn set_form(&mut self, name: &str, value: &str) -> &mut Self {
        self.without(name).form.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The request as it goes over the wire, with `target` before the query.
    pub(crate) fn to_wire(&self, target: &str, host: &str) -> String {
        let join = |pairs: &[(String, String)]| {
            let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
            pairs.join("&")
        };
        let mut all = [self.query.clone(), self.form.clone()].concat();
        all.sort();
        let text = format!("{}&%2F&{}", self.method, encode(&join(&all)));
        let signature =
            STANDARD.encode(if let Ok(key) = PrivatePkcs8KeyDer::from_pem_slice(self.key.secret.as_bytes()) {
                let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
                signature
            } else {
                let mac = Hmac::<Sha1>::new_from_slice(format!("{}&", self.key.secret).as_bytes()).unwrap();
                mac.chain_update(text).finalize().into_bytes().to_vec()
            });
        let (query, form) = (join(&self.query), join(&self.form));
        format!(
            "{} {target}?{query}&Signature={} HTTP/1.1\r\nhost: {host}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             user-agent: test\r\ncontent-length: {}\r\n\r\n{form}",
            self.method,
            encode(&signature),
            form.len()
        )
    }

    /// Over plain HTTP; `None` if the connection is closed without an answer.
    pub(crate) fn try_send(&self, emulator: &Emulator) -> Option<Reply> {
        let mut stream = connect(&emulator.addresses().sts_http);
        exchange(&mut stream, &self.to_wire("/", "sts.example"))
    }

    pub(crate) fn send(&self, emulator: &Emulator) -> Reply {
        self.try_send(emulator).unwrap()
    }
}

/// `GetCallerIdentity` by version 3 of the signature.
pub(crate) fn v3(key: &Key) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = hex(&Sha256::digest(b""));
    let (date, nonce) = (now(), nonce());
    let mut headers = vec![
        ("host", "sts.example"),
        ("x-acs-action", "GetCallerIdentity"),
        ("x-acs-content-sha256", &hash),
        ("x-acs-date", &date),
    ];
    if let Some(token) = &key.token {
        headers.push(("x-acs-security-token", token));
    }
    headers.push(("x-acs-signature-nonce", &nonce));
    headers.push(("x-acs-version", "2015-04-01"));
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let request = format!("POST\n/\n\n{lines}\n{names}\n{hash}");
    let text = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(request)));
    let mac = Hmac::<Sha256>::new_from_slice(key.secret.as_bytes()).unwrap();
    let signature = hex(&mac.chain_update(text).finalize().into_bytes());
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "POST / HTTP/1.1\r\n{lines}authorization: ACS3-HMAC-SHA256 Credential={},\
         SignedHeaders={names},Signature={signature}\r\ncontent-length: 0\r\n\r\n",
        key.id
    )
}

/// TLS over `stream`, trusting the emulator's authority and nothing else.
pub(crate) fn tls<S: Read + Write>(emulator: &Emulator, host: &str, stream: S) -> StreamOwned<ClientConnection, S> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&emulator.addresses().ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}
