//! The messages that differ between languages, because callers match on those of the official packages.
//!
//! Invariant: the language affects only wording.

/// The language a client is used from.
///
/// It shows in the User-Agent, in the default session name, and in the messages of construction errors, which are those
/// of each language's official package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Surface {
    /// Rust: this crate itself.
    #[default]
    Rust,
    /// C or C++: `libaliyun_cred`.
    C,
    /// Python, with the interpreter's version, such as `3.11.7`.
    Python(String),
    /// Node, with the runtime's version, such as `20.20.2`.
    Node(String),
}

impl Surface {
    /// The message: Node's in Node, Python's everywhere else.
    pub(crate) fn words(&self, words: Words) -> &'static str {
        match self {
            Surface::Node(_) => words.node,
            Surface::Rust | Surface::C | Surface::Python(_) => words.python,
        }
    }

    /// What this language calls [`Client::explain`](crate::Client::explain).
    pub(crate) fn explain(&self) -> &'static str {
        match self {
            Surface::Rust => "Client::explain()",
            Surface::C => "aliyun_cred_client_explain()",
            Surface::Python(_) => "Client.explain()",
            Surface::Node(_) => "explain()",
        }
    }

    /// The message for an unreadable private key file.
    pub(crate) fn unreadable_key_file(&self, shown: &str, error: &std::io::Error) -> String {
        match self {
            Surface::Node(_) => format!("privateKeyFile {shown} cannot be empty"),
            Surface::Rust | Surface::C | Surface::Python(_) => format!("{error}: '{shown}'"),
        }
    }

    /// The default session name; `unix_ms` is the time since the epoch in milliseconds.
    pub(crate) fn session_name(&self, unix_ms: u64) -> String {
        let seconds = unix_ms / 1000;
        match self {
            Surface::Rust => format!("credentials-rust-{seconds}"),
            Surface::C => format!("credentials-c-{seconds}"),
            Surface::Python(_) => format!("credentials-python-{seconds}"),
            Surface::Node(_) => format!("credentials-nodejs-{unix_ms}"),
        }
    }

    /// The User-Agent, in the format that the services' logs use.
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

/// A message in Python's words and in Node's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    python: &'static str,
    node: &'static str,
}

impl Words {
    /// A message that both languages share.
    pub(crate) const fn common(words: &'static str) -> Self {
        Words { python: words, node: words }
    }
}

pub(crate) const UNKNOWN_TYPE: Words = Words {
    python: "invalid type option, support: access_key, sts, bearer, ecs_ram_role, ram_role_arn, rsa_key_pair, oidc_role_arn, credentials_uri",
    node: "Invalid type option, support: access_key, sts, ecs_ram_role, ram_role_arn, rsa_key_pair, credentials_uri",
};
pub(crate) const MISSING_TYPE: Words = Words { python: UNKNOWN_TYPE.python, node: "Missing required type option" };
pub(crate) const ROLE_ARN_EMPTY: Words = Words {
    python: "role_arn or environment variable ALIBABA_CLOUD_ROLE_ARN cannot be empty",
    node: "the RoleArn is empty",
};
pub(crate) const OIDC_ROLE_ARN_EMPTY: Words =
    Words { python: ROLE_ARN_EMPTY.python, node: "roleArn does not exist and env ALIBABA_CLOUD_ROLE_ARN is null." };
pub(crate) const OIDC_PROVIDER_ARN_EMPTY: Words = Words {
    python: "oidc_provider_arn or environment variable ALIBABA_CLOUD_OIDC_PROVIDER_ARN cannot be empty",
    node: "oidcProviderArn does not exist and env ALIBABA_CLOUD_OIDC_PROVIDER_ARN is null.",
};
pub(crate) const OIDC_TOKEN_FILE_EMPTY: Words = Words {
    python: "oidc_token_file_path or environment variable ALIBABA_CLOUD_OIDC_TOKEN_FILE cannot be empty",
    node: "oidcTokenFilePath is not exists and env ALIBABA_CLOUD_OIDC_TOKEN_FILE is null.",
};
pub(crate) const PUBLIC_KEY_ID_EMPTY: Words = Words {
    python: "public_key_id cannot be empty",
    node: "Missing required publicKeyId option in config for rsa_key_pair",
};
pub(crate) const PRIVATE_KEY_FILE_EMPTY: Words = Words {
    python: "private_key_file cannot be empty",
    node: "Missing required privateKeyFile option in config for rsa_key_pair",
};
pub(crate) const CLOUD_SSO_OPTIONS_EMPTY: Words = Words {
    python: "CloudSSO sign in url or account id or access config is empty",
    node: "CloudSSO sign in url, account id, and access config cannot be empty.",
};
pub(crate) const CLOUD_SSO_LOGIN: Words = Words {
    python: "CloudSSO access token is empty or expired, please re-login with cli",
    node: "CloudSSO access token is empty or expired, please re-login with cli.",
};
pub(crate) const OAUTH_CLIENT_ID_EMPTY: Words =
    Words { python: "the ClientId is empty", node: "the clientId is empty" };
pub(crate) const OAUTH_SITE: Words = Words {
    python: "Invalid OAuth site type, support CN or INTL",
    node: "invalid OAuth site type, support CN or INTL",
};
pub(crate) const OPEN_QUOTE: Words = Words {
    python: "failed to execute external command: No closing quotation",
    node: "invalid process_command: unclosed quote",
};
pub(crate) const OPEN_ESCAPE: Words = Words {
    python: "failed to execute external command: No escaped character",
    node: "invalid process_command: trailing backslash",
};
pub(crate) const CHAIN_EXHAUSTED: Words = Words {
    python: "unable to load credentials from any of the providers in the chain: ",
    node: "unable to get credentials from any of the providers in the chain: ",
};

/// What to do if no source of the chain is configured.
pub(crate) const CONFIGURE_ONE: &str =
    "Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or log in with the CLI: aliyun configure";

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
