//! The CONNECT proxy. It answers for Alibaba Cloud's host names itself, with a certificate signed by the emulator's
//! authority, and rejects all others. It never opens a connection.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use crate::clock;
use crate::dispatch;
use crate::fault::{Effect, Misfortune, PROXY, Tls, strike};
use crate::http::{self, Reply, Via};
use crate::shared::Shared;

/// Domains that the proxy answers for, with all of their hosts.
const DOMAINS: [&str; 4] = [".aliyuncs.com", ".aliyun.com", ".alibabacloud.com", ".alibabacloudsso.com"];
/// The metadata service is reachable here too, which exposes clients that send its requests through the environment's
/// proxy.
const METADATA: &str = "100.100.100.200";
/// Hosts that the proxy answers for on every port.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "::1"];
/// The longest DNS host name.
const MAX_HOST: usize = 253;

/// A `ServerHello` of TLS 1.1, without a session's ID, that chooses `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA`.
const OLD_GREETING: &[u8] =
    b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02_thirty-two_bytes_of_randomness_\x00\xc0\x13\x00";

/// Answers one request to the proxy.
pub(crate) async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> io::Result<Reply> {
    let Some(authority) = request.uri().authority() else {
        return Ok(plain(StatusCode::BAD_REQUEST, "This is a proxy: ask it for a whole URL.\n"));
    };
    let host = authority.host().trim_matches(['[', ']']).to_ascii_lowercase();
    let is_connect = request.method() == Method::CONNECT;
    let usual = if is_connect { 443 } else { 80 };
    let port = authority.port_u16().unwrap_or(usual);
    let is_served = request.uri().scheme_str().is_none_or(|scheme| scheme == "http");
    if !is_served || !answers_for(&host, port == usual) {
        return Ok(plain(StatusCode::FORBIDDEN, "This proxy answers for Alibaba Cloud only.\n"));
    }
    if !is_connect {
        return dispatch::respond(request, Via::Proxy, shared).await;
    }
    let Misfortune { latency, effect, .. } = strike(&mut shared.world().state.faults, PROXY, Some("CONNECT"));
    tokio::time::sleep(latency).await;
    let tls = match effect.map(Effect::answer) {
        Some(Ok(answer)) => return http::send(answer, clock::now()).await,
        Some(Err(Effect::Tls(tls))) => Some(tls),
        Some(Err(_)) | None => None,
    };
    tokio::spawn(tunnel(hyper::upgrade::on(request), host, tls, shared));
    Ok(Response::new(Full::default()))
}

/// Serves a tunnel after CONNECT: TLS, with the same services inside.
async fn tunnel(upgrade: OnUpgrade, host: String, tls: Option<Tls>, shared: Arc<Shared>) -> io::Result<()> {
    let mut stream = TokioIo::new(upgrade.await.map_err(io::Error::other)?);
    if tls == Some(Tls::Old) {
        // After the client's greeting, whatever it says.
        let mut greeting = [0; 4096];
        let _length = stream.read(&mut greeting).await?;
        stream.write_all(OLD_GREETING).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
        return Ok(());
    }
    let identity = match tls.and_then(Tls::flaw) {
        Some(flaw) => shared.authority.flawed(&host, flaw)?,
        None => shared.authority.identity(&[&host])?,
    };
    let stream = TlsAcceptor::from(identity).accept(stream).await?;
    http::serve(stream, |request| dispatch::respond(request, Via::Proxy, Arc::clone(&shared))).await;
    Ok(())
}

fn answers_for(host: &str, is_usual_port: bool) -> bool {
    if LOOPBACK.contains(&host) {
        return true;
    }
    if host == METADATA {
        return is_usual_port;
    }
    let well_formed = host.len() <= MAX_HOST
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        && host.split('.').all(|label| !label.is_empty());
    is_usual_port && well_formed && DOMAINS.iter().any(|domain| host.ends_with(domain))
}

fn plain(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *reply.status_mut() = status;
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for host in ["sts.aliyuncs.com", "oauth.aliyun.com", "signin-cn-shanghai.alibabacloudsso.com", METADATA, "::1"]
        {
            assert!(answers_for(host, true), "{host}");
        }
        for host in ["aliyuncs.com", ".aliyuncs.com", "evilaliyuncs.com", "sts.aliyuncs.com.evil"] {
            assert!(!answers_for(host, true), "{host}");
        }
        assert!(!answers_for("sts.aliyuncs.com", false));
        assert!(!answers_for(METADATA, false));
        assert!(answers_for("localhost", false));
    }
}
