//! The default chain: the order of sources and the rule for picking one.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::config::Config;
use crate::credentials::Credentials;
use crate::error::{Attempt, Error, ErrorKind, Result};
use crate::host::Host;
use crate::provider::{CliProfile, CredentialsUri, EcsRamRole, Env, IniProfile, OidcRoleArn, OssProfile, Provider};
use crate::source::Source;
use crate::wording;

const NAME: &str = "default";
const NO_WINNER: usize = usize::MAX;

/// A source that the chain asks if the environment configures it.
pub(crate) struct Candidate {
    pub(crate) source: Source,
    /// The provider; `None` if the environment does not configure the source.
    pub(crate) make: fn(&Host) -> Option<Result<Provider>>,
    /// What `None` means.
    pub(crate) absent: (ErrorKind, &'static str),
    /// Whether errors and reports mention it only if it is configured: another tool's.
    pub(crate) is_quiet: bool,
}

impl Candidate {
    /// A source that is always asked.
    const fn always(source: Source, make: fn(&Host) -> Option<Result<Provider>>) -> Self {
        Candidate { source, make, absent: (ErrorKind::NotConfigured, ""), is_quiet: false }
    }

    /// A source of another tool.
    const fn quiet(source: Source, make: fn(&Host) -> Option<Result<Provider>>) -> Self {
        Candidate { is_quiet: true, ..Candidate::always(source, make) }
    }
}

/// The sources in order; see the table in the crate documentation.
pub(crate) const CANDIDATES: [Candidate; 10] = [
    Candidate::always(Source::Env, |_| Some(Ok(Provider::Env(Env::STANDARD)))),
    Candidate {
        source: Source::OidcRoleArn,
        make: |host| boxed(OidcRoleArn::from_environment(host), Provider::OidcRoleArn),
        absent: (
            ErrorKind::NotConfigured,
            "set ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN and ALIBABA_CLOUD_OIDC_TOKEN_FILE",
        ),
        is_quiet: false,
    },
    Candidate::always(Source::CliProfile, |host| {
        Some(Ok(Provider::CliProfile(CliProfile::new(&Config::default(), host))))
    }),
    Candidate::always(Source::Profile, |host| {
        Some(Ok(Provider::IniProfile(IniProfile::new(&Config::default(), host))))
    }),
    Candidate {
        source: Source::EcsRamRole,
        make: |host| boxed(EcsRamRole::for_chain(host), Provider::EcsRamRole),
        absent: (ErrorKind::Disabled, "unset ALIBABA_CLOUD_ECS_METADATA_DISABLED to use it"),
        is_quiet: false,
    },
    Candidate {
        source: Source::CredentialUri,
        make: |host| boxed(CredentialsUri::from_environment(host), Provider::CredentialsUri),
        absent: (ErrorKind::NotConfigured, "set ALIBABA_CLOUD_CREDENTIALS_URI"),
        is_quiet: false,
    },
    Candidate::always(Source::EnvLegacy, |_| Some(Ok(Provider::Env(Env::LEGACY)))),
    Candidate::quiet(Source::EnvOss, |_| Some(Ok(Provider::Env(Env::OSS)))),
    Candidate::quiet(Source::EnvTerraform, |_| Some(Ok(Provider::Env(Env::TERRAFORM)))),
    Candidate::quiet(Source::OssProfile, |host| {
        Some(Ok(Provider::OssProfile(OssProfile::new(&Config::default(), host))))
    }),
];

fn boxed<T>(made: Option<Result<T>>, variant: fn(Box<T>) -> Provider) -> Option<Result<Provider>> {
    made.map(|made| made.map(|provider| variant(Box::new(provider))))
}

/// One source of the chain.
#[derive(Debug)]
struct Link {
    source: Source,
    provider: Provider,
    is_quiet: bool,
}

#[derive(Debug)]
pub(crate) struct Chain {
    links: Vec<Link>,
    /// Whether only the first source that answered is asked from then on.
    keeps_winner: bool,
    winner: AtomicUsize,
    /// A source that is left out, and not mentioned.
    without: Option<Source>,
}

impl Chain {
    /// # Errors
    /// If the environment variables of OIDC, the metadata service or a credentials URI are invalid.
    pub(crate) fn new(config: &Config, host: &Host) -> Result<Self> {
        Chain::of(config, None, host)
    }

    /// The chain below a section of the INI file: without that file, which would lead back to the section.
    pub(crate) fn below_profile(host: &Host) -> Result<Self> {
        Chain::of(&Config::default(), Some(Source::Profile), host)
    }

    fn of(config: &Config, without: Option<Source>, host: &Host) -> Result<Self> {
        let link = |candidate: &Candidate| {
            let made = (candidate.make)(host)?;
            Some(made.map(|provider| Link { source: candidate.source, provider, is_quiet: candidate.is_quiet }))
        };
        let candidates = CANDIDATES.iter().filter(|candidate| Some(candidate.source) != without);
        let links = candidates.filter_map(link).collect::<Result<_>>()?;
        let keeps_winner = config.reuse_last_provider_enabled.unwrap_or(true);
        Ok(Chain { links, keeps_winner, winner: AtomicUsize::new(NO_WINNER), without })
    }

    /// The source that answered.
    pub(crate) fn winner(&self) -> Option<&Provider> {
        self.links.get(self.winner.load(Ordering::Relaxed)).map(|link| &link.provider)
    }

    /// See [`Provider::forget_files`].
    pub(crate) fn forget_files(&self) -> bool {
        // Call all of them; do not stop at the first.
        self.links.iter().fold(false, |forgotten, link| link.provider.forget_files() | forgotten)
    }

    /// See [`Provider::watches_files`].
    pub(super) fn watches_files(&self) -> bool {
        self.in_use().any(Provider::watches_files)
    }

    /// See [`Provider::reload`].
    pub(super) fn reload(&self, host: &Host) -> bool {
        self.in_use().fold(false, |taken, provider| provider.reload(host) | taken)
    }

    /// The sources that the next fetch asks.
    fn in_use(&self) -> impl Iterator<Item = &Provider> {
        let winner = self.winner();
        let all = self.links.iter().map(|link| &link.provider).filter(move |_| winner.is_none());
        winner.into_iter().chain(all)
    }

    /// Asks each source in order:
    /// - The first success is returned, and only that source is asked from then on, even if it fails (unless the chain
    ///   is configured to ask every source each time).
    /// - A failure is recorded, and the next source is asked. That another tool's source is not configured is none.
    /// - At the end, the error lists every attempt.
    pub(crate) async fn fetch(&self, host: &Host) -> Result<Credentials> {
        if let Some(winner) = self.winner() {
            return Ok(winner.fetch(host).await?.within(NAME));
        }
        let mut attempts = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            match link.provider.fetch(host).await {
                Ok(credentials) => {
                    if self.keeps_winner {
                        self.winner.store(index, Ordering::Relaxed);
                    }
                    return Ok(credentials.within(NAME));
                }
                // A call would get its answer here.
                Err(error) if error.is_would_rotate() => return Err(error),
                Err(error) if link.is_quiet && error.kind() == ErrorKind::NotConfigured => {}
                Err(error) => attempts.push(Attempt {
                    provider: link.source.name(),
                    kind: error.kind(),
                    message: error.message().to_owned(),
                }),
            }
        }
        Err(self.exhausted(attempts, host))
    }

    /// The error when every source failed. Its kind is that of the first source that is configured. Its text is for
    /// people: a sentence for each source that failed, and one for all that are not configured.
    fn exhausted(&self, attempts: Vec<Attempt>, host: &Host) -> Error {
        let (mut failed, mut absent, mut disabled) = (Vec::new(), Vec::new(), Vec::new());
        for candidate in CANDIDATES.iter().filter(|candidate| Some(candidate.source) != self.without) {
            let name = candidate.source.name();
            let link = self.links.iter().find(|link| link.source == candidate.source);
            match link.zip(attempts.iter().find(|attempt| attempt.provider == name)) {
                Some((link, attempt)) if is_configured(&link.provider, attempt.kind) => failed.push(attempt),
                Some((_, attempt)) if attempt.kind == ErrorKind::Disabled => disabled.push(name),
                None if candidate.is_quiet => {}
                None if candidate.absent.0 == ErrorKind::Disabled => disabled.push(name),
                _ => absent.push(name),
            }
        }
        // Below a section of a file, this is a mistake in the section, which the chain above must not pass over.
        let nothing = if self.without.is_some() { ErrorKind::InvalidConfig } else { ErrorKind::NotConfigured };
        let kind = failed.first().map_or(nothing, |attempt| attempt.kind);
        let why =
            |attempt: &&Attempt| format!("{} failed: {}", attempt.provider, attempt.message.trim_end_matches('.'));
        let mut sentences: Vec<String> = failed.iter().map(why).collect();
        for (what, sources) in [("Not configured", absent), ("Disabled", disabled)] {
            if !sources.is_empty() {
                sentences.push(format!("{what}: {}", sources.join(", ")));
            }
        }
        if failed.is_empty() {
            sentences.push(wording::CONFIGURE_ONE.to_owned());
        }
        if !host.reports() {
            sentences.push(format!("{} shows more", host.surface().explain()));
        }
        let text = format!("{}{}", host.surface().words(wording::CHAIN_EXHAUSTED), sentences.join(". "));
        Error::new(kind, text).at_provider(NAME).with_attempts(attempts)
    }
}

/// Whether a failure of this kind means that the source is configured. A metadata service that is not configured and has
/// shown no sign of life is normal outside ECS, even if something else answers at its address.
pub(crate) fn is_configured(provider: &Provider, kind: ErrorKind) -> bool {
    match (provider, kind) {
        (_, ErrorKind::NotConfigured | ErrorKind::Disabled) => false,
        (Provider::EcsRamRole(ecs), _) => ecs.is_configured(),
        _ => true,
    }
}
