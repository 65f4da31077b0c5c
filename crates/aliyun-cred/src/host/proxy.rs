//! Chooses the proxy of a request, and reports why a proxy refused it.
//!
//! Invariant: a configured proxy that cannot be used is an error; the request never bypasses it.

use std::net::ToSocketAddrs as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use url::Url;
use zeroize::Zeroizing;

use super::env;
use super::http::Route;
use crate::error::{Error, Result};
use crate::runtime::driver::{self, Driver};
use crate::secret::Secret;
use crate::text::quoted;

/// The supported schemes. `socks5` resolves the host name here, `socks5h` at the proxy.
const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

/// What messages call the option.
pub(super) const OPTION: &str = "the option 'proxy'";

/// A valid proxy.
#[derive(Clone, Debug)]
pub(super) struct Proxy {
    /// May hold a password.
    pub(super) url: Secret,
    /// Host and port, for messages.
    pub(super) host: String,
    /// The variable or option that configures it.
    pub(super) name: &'static str,
}

/// The proxy for a request to `url`; `None` for a direct connection.
///
/// # Errors
/// [`InvalidConfig`](crate::ErrorKind::InvalidConfig) if the configured proxy cannot be used.
pub(super) fn of(route: &Route, url: &str) -> Result<Option<Proxy>> {
    match route {
        Route::Direct => Ok(None),
        Route::Through(proxy) => parse(OPTION, proxy.expose()).map(Some),
        Route::Environment => {
            let plain = url.starts_with("http:");
            let names: &[&'static str] = match plain {
                // In a CGI program, `HTTP_PROXY` is a header sent by the client.
                true if env::read("REQUEST_METHOD").is_some() => &["http_proxy"],
                true => &["HTTP_PROXY", "http_proxy"],
                false => &["HTTPS_PROXY", "https_proxy"],
            };
            let named =
                names.iter().find_map(|name| Some((*name, env::read(name).filter(|value| !value.trim().is_empty())?)));
            match named {
                Some((name, proxy)) if !is_excepted(url) => parse(name, &proxy).map(Some),
                _ => Ok(None),
            }
        }
    }
}

/// The proxy for a request to `url`, as reports show it; `None` for a direct connection, or if it cannot be used.
pub(crate) fn shown(route: &Route, url: &str) -> Option<String> {
    let proxy = of(route, url).ok()??;
    Some(format!("{} ({})", proxy.host, proxy.name))
}

/// Whether `NO_PROXY` lists the host: by name, by name and port, by a parent domain, by a network, or by `*`.
fn is_excepted(url: &str) -> bool {
    let list = ["NO_PROXY", "no_proxy"].iter().find_map(|name| env::read(name));
    list.is_some_and(|list| excepts(&list, url))
}

pub(super) fn excepts(list: &str, url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let port = url.port_or_known_default();
    let entries: Vec<&str> = list
        .split(',')
        .filter_map(|entry| {
            let (host, only) = split_port(entry.trim().trim_end_matches('.'));
            let host = host.strip_prefix("*.").unwrap_or(host);
            only.is_none_or(|only| Some(only) == port).then_some(host)
        })
        .collect();
    if entries.contains(&"*") {
        return true;
    }
    let matcher = Matcher::builder().all("http://proxy").no(entries.join(",")).build();
    url.origin().ascii_serialization().parse().is_ok_and(|origin| matcher.intercept(&origin).is_none())
}

/// A host without its brackets, and its port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some((host, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn parse(name: &'static str, given: &str) -> Result<Proxy> {
    let invalid = |why: &str| {
        Error::invalid_config(format!(
            "{name} cannot be used as a proxy: {why}; give http://, https://, socks5:// or socks5h:// with host and port"
        ))
    };
    let given = given.trim();
    if given.starts_with(['"', '\'']) {
        return Err(invalid("it stands in quotes, which nothing removes"));
    }
    // The scheme is usually omitted.
    let full = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
    let url = Url::parse(&full).map_err(|error| invalid(&error.to_string()))?;
    if !SCHEMES.contains(&url.scheme()) {
        return Err(invalid("that kind of proxy is not supported"));
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has more than a host and a port; in a password, write / ? and # as %2F %3F and %23"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| invalid("it names no host"))?;
    let default = if url.scheme().starts_with("socks") { 1080 } else { 80 };
    // A long name without a dot may be a misplaced secret.
    let shown = quoted(host, host.len() < 20 || host.contains(['.', ':']));
    let host = format!("{shown}:{}", url.port_or_known_default().unwrap_or(default));
    Ok(Proxy { url: Secret::new(full), host, name })
}

impl Proxy {
    /// Whether it has a password that the environment does not have.
    pub(super) fn is_secret(&self) -> bool {
        self.name == OPTION && self.url.expose().contains('@')
    }

    /// The status with which an HTTP proxy refuses a tunnel to `url`. Asks the proxy again, because the HTTP library
    /// does not expose the status. `None` if the proxy does not refuse, or cannot be asked.
    pub(super) async fn refusal(&self, driver: &Driver, url: &str, limit: Duration) -> Option<u16> {
        let proxy = Url::parse(self.url.expose()).ok().filter(|proxy| proxy.scheme() == "http")?;
        let target = Url::parse(url).ok()?;
        let target = format!("{}:{}", target.host_str()?, target.port_or_known_default()?);
        let mut request = Zeroizing::new(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"));
        if !proxy.username().is_empty() {
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let pair = format!("{}:{}", decoded(proxy.username()), decoded(proxy.password().unwrap_or_default()));
            request.push_str(&format!("Proxy-Authorization: Basic {}\r\n", BASE64.encode(pair)));
        }
        request.push_str("\r\n");
        let host = format!("{}:{}", proxy.host_str()?, proxy.port_or_known_default()?);
        let asking = async {
            let addresses = driver.block(move || host.to_socket_addrs()).await.ok()?.ok()?;
            let mut stream = tokio::net::TcpStream::connect(addresses.as_slice()).await.ok()?;
            stream.write_all(request.as_bytes()).await.ok()?;
            let (mut head, mut length) = ([0; 64], 0);
            // Read to the end of the first line.
            while !head.contains(&b'\n') {
                length += match stream.read(head.get_mut(length..)?).await.ok()? {
                    0 => break,
                    read => read,
                };
            }
            let head = String::from_utf8_lossy(head.get(..length)?).into_owned();
            let status = head.strip_prefix("HTTP/1.")?.split_whitespace().nth(1)?.parse().ok()?;
            (status != 200).then_some(status)
        };
        driver::within(limit, asking).await.flatten()
    }
}

/// What to change if a proxy refuses with this status. `NO_PROXY` applies only to a proxy from the environment.
pub(super) fn advice(status: u16, is_option: bool) -> &'static str {
    match (status, is_option) {
        (407, _) => "; give the user and password that the proxy asks for",
        (403 | 405, false) => "; have the proxy allow this host, or name the host in NO_PROXY",
        (403 | 405, true) => "; have the proxy allow this host",
        (502..=504, false) => "; the proxy cannot reach the host: check the endpoint, or name the host in NO_PROXY",
        (502..=504, true) => "; the proxy cannot reach the host: check the endpoint",
        _ => "; check the proxy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn invalid_proxies_are_rejected_unquoted() {
        for (given, host) in [
            ("127.0.0.1:3128", "127.0.0.1:3128"),
            ("http://user:canary@proxy", "proxy:80"),
            (" https://proxy/ \n", "proxy:443"),
            ("socks5h://[::1]", "[::1]:1080"),
        ] {
            assert_eq!(parse("HTTPS_PROXY", given).unwrap().host, host);
        }
        for (given, why) in [
            ("\"http://u:canary@127.0.0.1:1\"", "it stands in quotes"),
            ("'127.0.0.1:1'", "it stands in quotes"),
            ("ftp://u:canary@127.0.0.1:1", "that kind of proxy is not supported"),
            ("socks4://127.0.0.1:1", "that kind of proxy is not supported"),
            ("http://", "empty host"),
            ("http://a b", "invalid international domain name"),
            ("http://h:canary", "invalid port number"),
            ("http://user:12#canary@127.0.0.1:1", "it has more than a host and a port"),
            ("http://user:canary/x@127.0.0.1:1", "invalid port number"),
            ("http://127.0.0.1:1/canary", "it has more than a host and a port"),
            ("http:/127.0.0.1:1", "it has more than a host and a port"),
        ] {
            let error = parse("HTTPS_PROXY", given).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{why}");
            let text = error.message();
            assert!(text.starts_with(&format!("HTTPS_PROXY cannot be used as a proxy: {why}")), "{text}");
            assert!(!text.contains("canary"), "a value shows");
        }
    }

    #[test]
    fn exceptions_are_written_in_many_ways() {
        for (list, url) in [
            ("*", "http://127.0.0.1:8080/"),
            (" x , * ", "https://sts.aliyuncs.com/"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("127.0.0.0/8", "http://127.0.0.1/"),
            ("[::1]", "http://[::1]:1/"),
            ("[::1]:1", "http://[::1]:1/"),
            ("*.aliyuncs.com", "https://sts.aliyuncs.com/"),
            (".aliyuncs.com", "https://sts.aliyuncs.com/"),
            ("aliyuncs.com.", "https://sts.aliyuncs.com/"),
            ("sts.aliyuncs.com:443", "https://sts.aliyuncs.com/"),
        ] {
            assert!(excepts(list, url), "{list} {url}");
        }
        for (list, url) in [
            ("", "https://sts.aliyuncs.com/"),
            ("127.0.0.1:8080", "http://127.0.0.1:8081/"),
            ("cs.com", "https://sts.aliyuncs.com/"),
            ("sts.aliyuncs.com:80", "https://sts.aliyuncs.com/"),
        ] {
            assert!(!excepts(list, url), "{list} {url}");
        }
    }
}
