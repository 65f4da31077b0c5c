//! Service endpoints. HTTPS is required except on loopback, so that tests can use a plain-HTTP emulator.
//!
//! Invariant: a URL created here has a scheme, a host, an optional port, and ends with `/`.

use url::{Host, Url};

use crate::error::{Error, Result};
use crate::text::quoted;

/// A service endpoint as users write it: a host, a host with port, or a URL without a path. `what` names it in
/// messages.
pub(crate) fn service(what: &str, given: &str) -> Result<String> {
    let url = parse(what, given)?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !bare || !url.username().is_empty() || url.password().is_some() {
        let text = format!("invalid {what}: it has more than a host and a port; leave out user, path and query");
        return Err(Error::invalid_config(text));
    }
    Ok(url.into())
}

/// The scheme, host and port of a URL; the caller sets the path.
pub(crate) fn origin(what: &str, given: &str) -> Result<String> {
    let mut url = parse(what, given)?;
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    // These fail only for URLs without a host, which were rejected above.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url.into())
}

fn parse(what: &str, given: &str) -> Result<Url> {
    let text = given.trim();
    let shown = quoted(text, looks_like_a_host(text));
    let invalid = |why: &str| {
        let text = format!("invalid {what} '{shown}': {why}; give a host, a host with port, or an https:// URL");
        Error::invalid_config(text)
    };
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&full).map_err(|error| invalid(&error.to_string()))?;
    // A name without a dot does not exist on the Internet; an explicit port shows that it is intended.
    let is_one_word = matches!(url.host(), Some(Host::Domain(name)) if !name.contains('.') && name != "localhost");
    if is_one_word && url.port().is_none() {
        return Err(invalid("its host is no host's name"));
    }
    if url.host().is_none() {
        return Err(invalid("it has no host"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(invalid("plain http would show what is sent to the network; it is for loopback addresses only")),
        _ => Err(invalid("it is spoken over https")),
    }
}

/// Whether messages may quote it. A text with a password in it, or a misplaced secret, does not look like a host: real
/// labels are shorter than this.
fn looks_like_a_host(text: &str) -> bool {
    const LONGEST: usize = 24;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '-' | '[' | ']' | ' ');
    text.contains('.')
        && text.chars().all(is_plain)
        && text.split(['.', ':', '/', '-', ' ']).all(|label| label.len() <= LONGEST)
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn endpoints_are_hosts_or_urls_and_plain_http_stays_on_loopback() {
        for (given, url) in [
            ("sts.aliyuncs.com", "https://sts.aliyuncs.com/"),
            (" sts.aliyuncs.com:8443 ", "https://sts.aliyuncs.com:8443/"),
            ("https://sts.cn-beijing.aliyuncs.com/", "https://sts.cn-beijing.aliyuncs.com/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
            ("http://127.9.9.9", "http://127.9.9.9/"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("http://localhost:1", "http://localhost:1/"),
        ] {
            assert_eq!(service("STS endpoint", given).unwrap(), url);
        }
        for given in [
            "http://sts.aliyuncs.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1@sts.example.com",
            "ftp://127.0.0.1",
            "https://",
            "https://user:canary@sts.aliyuncs.com",
            "sts.aliyuncs.com/path",
            "sts.aliyuncs.com?query",
            "a b",
            "Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY",
            "https://Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY",
            "ftp://x.Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY",
            "-----BEGIN PRIVATE KEY-----\ncanary",
        ] {
            let error = service("STS endpoint", given).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{given}");
            assert!(!error.message().to_lowercase().contains("canary"), "a secret shows");
        }
    }

    #[test]
    fn an_origin_loses_its_path() {
        let url = "https://signin-cn-shanghai.alibabacloudsso.com:444/start/login?x=1#y";
        assert_eq!(origin("sign-in URL", url).unwrap(), "https://signin-cn-shanghai.alibabacloudsso.com:444/");
        assert!(origin("sign-in URL", "http://signin.example.com/").is_err());
    }
}
