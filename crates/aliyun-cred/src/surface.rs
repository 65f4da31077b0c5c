//! Which language asks. It decides the few words that differ between the surfaces, and nothing else.

/// The language a client is used from.
///
/// It shows in the User-Agent, in the default session name, and in the texts of construction errors, which are
/// those of the package that each language's users know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Surface {
    /// Rust, this crate itself.
    #[default]
    Rust,
    /// C or C++, through `libaliyun_cred`.
    C,
    /// Python; holds the interpreter's version, such as `3.11.7`.
    Python(String),
    /// Node; holds the runtime's version, such as `20.20.2`.
    Node(String),
}

impl Surface {
    /// The text for a failure that callers match on: Node's in Node, Python's everywhere else.
    pub(crate) fn text<'a>(&self, python: &'a str, node: &'a str) -> &'a str {
        match self {
            Surface::Node(_) => node,
            Surface::Rust | Surface::C | Surface::Python(_) => python,
        }
    }

    /// The session name when none is configured, `unix_ms` being the time since the epoch in milliseconds.
    pub(crate) fn session_name(&self, unix_ms: u64) -> String {
        let seconds = unix_ms / 1000;
        match self {
            Surface::Rust => format!("credentials-rust-{seconds}"),
            Surface::C => format!("credentials-c-{seconds}"),
            Surface::Python(_) => format!("credentials-python-{seconds}"),
            Surface::Node(_) => format!("credentials-nodejs-{unix_ms}"),
        }
    }

    /// The User-Agent, in the shape that the services' logs know.
    pub(crate) fn user_agent(&self) -> String {
        let system = match std::env::consts::OS {
            "linux" => "Linux",
            "macos" => "Darwin",
            "windows" => "Windows",
            other => other,
        };
        let language = match self {
            Surface::Rust => "Rust".to_owned(),
            Surface::C => "C".to_owned(),
            Surface::Python(version) => format!("Python/{version}"),
            Surface::Node(version) => format!("Node.js/{version}"),
        };
        let arch = std::env::consts::ARCH;
        let version = env!("CARGO_PKG_VERSION");
        format!("AlibabaCloud ({system}; {arch}) {language} Credentials/{version} TeaDSL/1")
    }
}

#[cfg(test)]
mod tests {
    use super::Surface;

    #[test]
    fn session_names_are_those_of_the_replaced_packages() {
        let python = Surface::Python("3.11.7".into());
        assert_eq!(python.session_name(1_700_000_000_123), "credentials-python-1700000000");
        let node = Surface::Node("20.20.2".into());
        assert_eq!(node.session_name(1_700_000_000_123), "credentials-nodejs-1700000000123");
    }

    #[test]
    fn user_agent_names_language_and_version() {
        let agent = Surface::Python("3.11.7".into()).user_agent();
        assert!(agent.starts_with("AlibabaCloud ("), "{agent}");
        assert!(agent.contains(") Python/3.11.7 Credentials/"), "{agent}");
        assert!(agent.ends_with(" TeaDSL/1"), "{agent}");
    }
}
