//! OpenDAL's OSS service and reqsign's signers write and read objects of the emulator's OSS, which verifies the
//! signatures of both versions by its own reading of the protocol.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use aliyun_cred::{Client, Config};
use aliyun_cred_emulator::{DEFAULT_ACCESS_KEYS, Emulator};
use aliyun_cred_reqsign::ClientCredentialProvider;
use opendal::layers::HttpClientLayer;
use opendal::raw::{HttpBody, HttpClient, HttpFetch};
use opendal::services::Oss;
use opendal::{Buffer, Error, ErrorKind, Operator};
use reqsign_aliyun_oss::{Credential, EnvCredentialProvider, RequestSigner, SigningVersion};
use reqsign_core::{Context, ProvideCredential, ProvideCredentialChain, Signer, StaticEnv};
use serde_json::Value;

const BUCKET: &str = "bucket";
const HOST: &str = "bucket.oss-cn-hangzhou.aliyuncs.com";

/// The emulator, and an HTTP client for which it is OSS.
struct World {
    emulator: Emulator,
    http: reqwest::Client,
}

impl World {
    async fn new(settings: &str) -> Self {
        // Fails only if another test was first.
        let _another = rustls::crypto::ring::default_provider().install_default();
        let emulator = Emulator::start(None).unwrap();
        let address = emulator.addresses().sts_http.strip_prefix("http://").unwrap().parse().unwrap();
        let http = reqwest::Client::builder().no_proxy().resolve(HOST, address).build().unwrap();
        let world = Self { emulator, http };
        let reset = world.http.post(format!("{}/reset", world.emulator.addresses().control));
        assert!(reset.body(settings.to_owned()).send().await.unwrap().status().is_success());
        world
    }

    /// A client that assumes a role with the emulator's own key.
    fn role(&self) -> Client {
        let key = DEFAULT_ACCESS_KEYS[0];
        let config = Config::new("ram_role_arn")
            .access_key_id(key.id)
            .access_key_secret(key.secret)
            .role_arn("acs:ram::1000000000000001:role/writer")
            .sts_endpoint(self.emulator.addresses().sts_http.as_str());
        Client::new(&config).unwrap()
    }

    /// OpenDAL's service, with requests signed by `provider`.
    fn operator(&self, provider: impl ProvideCredential<Credential = Credential>, version: SigningVersion) -> Operator {
        let request = RequestSigner::new(BUCKET).with_region("cn-hangzhou").with_signing_version(version);
        let signer = Signer::new(Context::new(), provider, request);
        let signing = HttpClient::with(Signing { signer, http: self.http.clone() });
        let port = self.emulator.addresses().sts_http.rsplit(':').next().unwrap();
        let endpoint = format!("http://oss-cn-hangzhou.aliyuncs.com:{port}");
        let service = Oss::default().bucket(BUCKET).endpoint(&endpoint).skip_signature();
        Operator::new(service).unwrap().layer(HttpClientLayer::new(signing)).finish()
    }

    /// The requests to `service` so far.
    async fn requests(&self, service: &str) -> Vec<Value> {
        let url = format!("{}/requests", self.emulator.addresses().control);
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let log: Value = serde_json::from_str(&text).unwrap();
        log["requests"].as_array().unwrap().iter().filter(|entry| entry["service"] == service).cloned().collect()
    }
}

/// Signs every request, then sends it.
struct Signing {
    signer: Signer<Credential>,
    http: reqwest::Client,
}

impl HttpFetch for Signing {
    async fn fetch(&self, request: http::Request<Buffer>) -> opendal::Result<http::Response<HttpBody>> {
        let (mut head, body) = request.into_parts();
        let signed = self.signer.sign(&mut head, None).await;
        signed.map_err(|error| Error::new(ErrorKind::Unexpected, "cannot sign the request").set_source(error))?;
        self.http.fetch(http::Request::from_parts(head, body)).await
    }
}

#[tokio::test]
async fn objects_are_written_and_read_with_both_versions() {
    for (version, name) in [(SigningVersion::V1, "oss_v1"), (SigningVersion::V4, "oss_v4")] {
        let world = World::new("").await;
        let operator = world.operator(ClientCredentialProvider::new(world.role()), version);
        operator.write("a/one +&.txt", "1").await.unwrap();
        operator.write("a/two", "22").await.unwrap();
        assert_eq!(operator.read("a/one +&.txt").await.unwrap().to_vec(), b"1", "{name}");
        assert_eq!(operator.stat("a/two").await.unwrap().content_length(), 2, "{name}");
        let listed = operator.list("a/").await.unwrap();
        let paths: Vec<&str> = listed.iter().map(opendal::Entry::path).collect();
        assert_eq!(paths, ["a/one +&.txt", "a/two"], "{name}");
        assert_eq!(operator.read("none").await.unwrap_err().kind(), ErrorKind::NotFound, "{name}");

        let log = world.requests("oss").await;
        let actions: Vec<&str> = log.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        let expected = ["PutObject", "PutObject", "GetObject", "HeadObject", "ListObjectsV2", "GetObject"];
        assert_eq!(actions, expected, "{name}");
        for entry in &log {
            assert_eq!(entry["signature"], name);
            assert!(entry["identity"].as_str().unwrap().contains(":assumed-role/writer/"), "{entry}");
        }
        assert_eq!(world.requests("sts").await.len(), 1, "one credential for all requests");
    }
}

#[tokio::test]
async fn a_credential_is_refreshed_between_two_requests() {
    // So short that reqsign asks the client for every request; the client refreshes half of it before the end.
    let world = World::new(r#"{"lifetime":100}"#).await;
    let client = world.role();
    let operator = world.operator(ClientCredentialProvider::new(client.clone()), SigningVersion::V4);
    operator.write("a", "1").await.unwrap();
    operator.write("a", "2").await.unwrap();
    client.invalidate();
    assert_eq!(operator.read("a").await.unwrap().to_vec(), b"2");

    assert_eq!(world.requests("sts").await.len(), 2);
    let log = world.requests("oss").await;
    let keys: Vec<&str> = log.iter().map(|entry| entry["access_key_id"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}

#[tokio::test]
async fn one_client_serves_many_signers_at_once() {
    let world = World::new("").await;
    let client = world.role();
    let operators = [(); 8].map(|()| world.operator(ClientCredentialProvider::new(client.clone()), SigningVersion::V1));
    let writes = operators.map(|operator| tokio::spawn(async move { operator.write("a", "1").await.map(drop) }));
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(world.requests("oss").await.len(), 8);
    assert_eq!(world.requests("sts").await.len(), 1, "they share one refresh");
}

#[tokio::test]
async fn sources_of_reqsign_can_stand_in_front() {
    let world = World::new("").await;
    let chain = || {
        ProvideCredentialChain::new()
            .push(EnvCredentialProvider::new())
            .push(ClientCredentialProvider::new(world.role()))
    };
    let env = |variables: &[(&str, &str)]| {
        let envs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Context::new().with_env(StaticEnv { home_dir: None, envs })
    };
    let theirs = env(&[("OSS_ACCESS_KEY_ID", "id"), ("OSS_ACCESS_KEY_SECRET", "secret")]);
    let found = chain().provide_credential(&theirs).await.unwrap().unwrap();
    assert_eq!((found.access_key_id.as_str(), found.expires_in), ("id", None));
    assert!(world.requests("sts").await.is_empty());

    let found = chain().provide_credential(&env(&[])).await.unwrap().unwrap();
    assert!(found.security_token.is_some() && found.expires_in.is_some());
    assert_eq!(world.requests("sts").await.len(), 1);
}

#[tokio::test]
async fn a_failure_keeps_its_text_and_no_secret() {
    let world = World::new(r#"{"faults":[{"service":"sts","status":503,"code":"ServiceUnavailable"}]}"#).await;
    let provider = ClientCredentialProvider::new(world.role());
    let error = provider.provide_credential(&Context::new()).await.unwrap_err();
    assert!(error.to_string().contains("Code=ServiceUnavailable"), "{error}");
    assert!(error.is_retryable());
    let shown = format!("{error:?} {provider:?}");
    assert!(!shown.contains(DEFAULT_ACCESS_KEYS[0].secret), "a secret is in the error");

    let world = World::new("").await;
    let config = Config::new("ram_role_arn")
        .access_key_id("nobody")
        .access_key_secret("secret")
        .role_arn("acs:ram::1000000000000001:role/writer")
        .sts_endpoint(world.emulator.addresses().sts_http.as_str());
    let error = world
        .operator(ClientCredentialProvider::new(Client::new(&config).unwrap()), SigningVersion::V1)
        .write("a", "1")
        .await
        .unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("InvalidAccessKeyId.NotFound"), "{source}");
    assert!(world.requests("oss").await.is_empty(), "a request was sent unsigned");
}
