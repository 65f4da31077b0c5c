//! Where the server listens, and by which names requests may call it.
//!
//! Invariant: without `--allow-remote` no other machine can be answered.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// The address of an instance's metadata service, for programs that ask no other.
const METADATA: IpAddr = IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200));

/// An address and port, or the path of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    #[cfg_attr(not(unix), allow(dead_code, reason = "refused there"))]
    Unix(PathBuf),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match cfg!(unix) && !path.is_empty() {
                true => Ok(Address::Unix(path.into())),
                false => Err("unix: takes a path, on a system with Unix sockets".to_owned()),
            };
        }
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        let parsed = numeric.as_deref().unwrap_or(text).parse();
        parsed.map(Address::Tcp).map_err(|_| "an address and a port, such as 127.0.0.1:0, or unix:PATH".to_owned())
    }
}

/// Whether only programs of this machine reach the address. The metadata service's is one that its user has put on the
/// loopback interface; [`is_local_peer`] keeps others away there.
pub(crate) fn is_local(address: IpAddr) -> bool {
    address.to_canonical().is_loopback() || address == METADATA
}

/// Whether a connection comes from this machine: from the loopback interface, or from the very address that it goes to.
pub(crate) fn is_local_peer(peer: IpAddr, local: IpAddr) -> bool {
    peer.to_canonical().is_loopback() || peer == local
}

/// Whether a `Host` header, or the target of a request in absolute form, names the address that the connection goes to.
/// A page of another site that has its name resolve to this machine names that site. The port may be missing: official
/// clients leave it out.
pub(crate) fn is_named(host: &str, local: Option<SocketAddr>, names: &[String]) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let named = |other: &str| name.eq_ignore_ascii_case(other);
    let Some(local) = local else { return named("localhost") };
    // Behind another port, a name is given with it.
    if names.iter().any(|name| name.eq_ignore_ascii_case(host)) {
        return true;
    }
    let ip = local.ip().to_canonical();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_address = address.is_ok_and(|address| address.to_canonical() == ip);
    let is_name = (ip.is_loopback() && named("localhost")) || names.iter().any(|name| named(name));
    port.is_none_or(|port| port.parse() == Ok(local.port())) && (is_address || is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed() {
        assert_eq!("localhost:80".parse(), Ok(Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 80)))));
        assert_eq!("[::1]:0".parse(), Ok(Address::Tcp(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 0)))));
        #[cfg(unix)]
        assert_eq!("unix:/run/a".parse(), Ok(Address::Unix("/run/a".into())));
        for wrong in ["", "unix:", "127.0.0.1", "example.com:80", ":80", "127.0.0.1:65536"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_its_own_address_names_a_server() {
        let local = Some(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let none: &[String] = &[];
        for good in ["127.0.0.1:8080", "127.0.0.1", "localhost:8080", "LOCALHOST:8080", "localhost"] {
            assert!(is_named(good, local, none), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:80",
            "127.0.0.1:08080x",
            "127.0.0.2:8080",
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "a@127.0.0.1:8080",
            "[::1]:8080",
        ] {
            assert!(!is_named(bad, local, none), "{bad}");
        }
        let names = ["Cred.internal".to_owned()];
        assert!(is_named("cred.internal:8080", local, &names) && !is_named("cred.internal:80", local, &names));
        assert!(is_named("cred.internal:443", local, &["cred.internal:443".to_owned()]));
        let metadata = Some(SocketAddr::new(METADATA, 80));
        assert!(is_named("100.100.100.200", metadata, none) && !is_named("localhost", metadata, none));
        let six = Some(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 8080)));
        assert!(is_named("[::1]:8080", six, none) && !is_named("[::1]:80", six, none));
        assert!(is_named("localhost", None, none) && !is_named("evil.example", None, none));
    }

    #[test]
    fn only_this_machine_is_local() {
        let of = |text: &str| text.parse::<IpAddr>().unwrap_or(METADATA);
        assert!(is_local(of("127.9.9.9")) && is_local(of("::1")) && is_local(METADATA));
        assert!(!is_local(of("0.0.0.0")) && !is_local(of("::")) && !is_local(of("192.168.1.2")));
        assert!(is_local_peer(METADATA, METADATA) && !is_local_peer(of("192.168.1.2"), METADATA));
    }
}
