//! The default chain: order and rule, no more.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::credentials::Credentials;
use crate::error::{Attempt, Error, ErrorKind, Result};
use crate::host::Host;
use crate::provider::{CliProfile, Env, Provider};

const NAME: &str = "default";
const NO_WINNER: usize = usize::MAX;

/// One source of the chain.
#[derive(Debug)]
struct Link {
    name: &'static str,
    /// The source's class in the official packages, which callers find in the chain's error text.
    class: &'static str,
    provider: Provider,
}

#[derive(Debug)]
pub(crate) struct Chain {
    links: Vec<Link>,
    winner: AtomicUsize,
}

impl Chain {
    /// The sources in their order; see the table in the crate's documentation.
    pub(crate) fn new(host: &Host) -> Self {
        let link = |name, class, provider| Link { name, class, provider };
        let links = vec![
            link("env", "EnvironmentVariableCredentialsProvider", Provider::Env(Env)),
            link("cli_profile", "CLIProfileCredentialsProvider", Provider::CliProfile(CliProfile::new(None, host))),
        ];
        Chain { links, winner: AtomicUsize::new(NO_WINNER) }
    }

    /// Asks each source in turn:
    /// - the first success is returned, and from then on only that source is asked, its failures included;
    /// - any failure is recorded, and the next source asked;
    /// - at the end, the error lists every attempt.
    pub(crate) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        if let Some(winner) = self.links.get(self.winner.load(Ordering::Relaxed)) {
            return Ok(winner.provider.fetch(host).await?.within(NAME));
        }
        let mut attempts = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            match link.provider.fetch(host).await {
                Ok(credentials) => {
                    self.winner.store(index, Ordering::Relaxed);
                    return Ok(credentials.within(NAME));
                }
                Err(error) => attempts.push(Attempt {
                    class: link.class,
                    provider: link.name,
                    kind: error.kind(),
                    message: error.message().to_owned(),
                }),
            }
        }
        Err(exhausted(attempts, host))
    }
}

/// Every source failed. The kind is that of the first one which somebody had configured.
fn exhausted(attempts: Vec<Attempt>, host: &Host) -> Error {
    let configured = |attempt: &&Attempt| !matches!(attempt.kind, ErrorKind::NotConfigured | ErrorKind::Disabled);
    let kind = attempts.iter().find(configured).map_or(ErrorKind::NotConfigured, |attempt| attempt.kind);
    let first_words = host.surface().text(
        "unable to load credentials from any of the providers in the chain: ",
        "unable to get credentials from any of the providers in the chain: ",
    );
    let entries: Vec<String> =
        attempts.iter().map(|attempt| python_repr(&format!("{}: {}", attempt.class, attempt.message))).collect();
    let text = format!("{first_words}[{}]", entries.join(", "));
    Error::new(kind, text).at_provider(NAME).with_attempts(attempts)
}

/// The text as Python writes a string in a list: callers match on it.
fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push(quote);
    for character in text.chars() {
        match character {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c == quote => shown.extend(['\\', c]),
            c if c.is_control() => shown.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use super::python_repr;

    /// What `repr()` gives in Python for the same texts.
    #[test]
    fn entries_are_quoted_as_python_does() {
        for (text, shown) in [
            ("plain", "'plain'"),
            ("it's", "\"it's\""),
            ("say \"it's\"", "'say \"it\\'s\"'"),
            ("C:\\x\n\u{7}", "'C:\\\\x\\n\\x07'"),
            ("凭证", "'凭证'"),
        ] {
            assert_eq!(python_repr(text), shown);
        }
    }
}
