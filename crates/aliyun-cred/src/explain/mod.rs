//! Asks the sources of a client anew, and reports what each of them found.
//!
//! Invariant: nothing that the client has cached is touched, nothing is written, and no token is rotated, unless that was
//! permitted.

mod recorder;

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::single_flight::Flight;
use crate::cache::{recursion, refresh_window};
use crate::client::{Client, wait_for};
use crate::config::{Config, Entries};
use crate::credentials::Credentials;
use crate::error::{Error, ErrorKind, Result};
use crate::host::{Host, Now, wall_time};
use crate::provider::chain::{CANDIDATES, is_configured};
use crate::provider::{Base, Extras, Fetch, Provider};
use crate::report::{
    CredentialReport, FileReport, FileState, Report, RequestReport, SourceReport, State, VariableState, Warning,
    shortened,
};
use crate::runtime::call_scope::Scope;
use crate::runtime::driver;
use crate::source::Source;
use recorder::{Recorder, Seen};

/// How long a report may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How far this machine's clock may be off before the report warns, in milliseconds. STS allows 15 minutes.
const CLOCK_TOLERANCE: u64 = 30_000;
/// The variable that names a profile or section.
const PROFILE: &str = "ALIBABA_CLOUD_PROFILE";

/// A request for a report; see [`Client::explain`].
///
/// ```
/// use aliyun_cred::Client;
///
/// # async fn run() -> aliyun_cred::Result<()> {
/// let client = Client::from_default_chain()?;
/// println!("{}", client.explain().all().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Explain {
    client: Client,
    all: bool,
    rotate: bool,
    limit: Duration,
}

impl fmt::Debug for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explain").field("all", &self.all).field("rotate", &self.rotate).finish_non_exhaustive()
    }
}

impl Explain {
    pub(crate) fn new(client: Client, all: bool, rotate: bool) -> Self {
        Explain { client, all, rotate, limit: LIMIT }
    }

    /// Asks all sources, also behind the first that answers.
    pub fn all(self) -> Self {
        Explain { all: true, ..self }
    }

    /// Permits an OAuth session to rotate its refresh token, together with [`all`](Self::all): where the report would have
    /// to, the client refreshes its credential first, as a call does, with the new token in the file or passed to the
    /// update callback.
    pub fn rotate(self) -> Self {
        Explain { rotate: true, ..self }
    }

    /// Blocks this thread until the report is complete.
    ///
    /// # Errors
    /// [`Recursion`](ErrorKind::Recursion) if the client's own custom provider asks for it, or on the library's
    /// background thread; [`Io`](ErrorKind::Io) if no thread can be started. A source that fails is not an error.
    pub fn blocking(self) -> Result<Report> {
        driver::may_wait()?;
        wait_for(self.begin(), None).unwrap_or_else(|| Err(recursion())).map(|report| (*report).clone())
    }

    /// Starts, and returns the flight that brings the report.
    pub(crate) fn begin(self) -> Arc<Flight<Result<Arc<Report>>>> {
        let scope = Scope::current();
        let id = self.client.cache().id();
        if scope.asks(id) {
            return Flight::completed(Err(recursion()));
        }
        let driver = match driver::current() {
            Ok(driver) => driver,
            Err(error) => return Flight::completed(Err(error)),
        };
        let flight = Flight::alone();
        let (reached, own) = (flight.clone(), driver.clone());
        // If the caller is a custom provider, its concurrency slot is for others meanwhile.
        scope.release_slots();
        let work = scope.asking(id).run(self.report());
        driver.spawn(async move {
            let report = own.run(work).await.and_then(|report| report.map(Arc::new));
            // Waiters may call any client and start any process.
            driver::with_the_programs_signals(|| Scope::default().enter(|| reached.complete(report)));
        });
        flight
    }

    async fn report(self) -> Result<Report> {
        let begun = self.client.cache().host().now();
        let report = self.walk(begun).await?;
        let left = self.left(begun);
        let may_rotate = self.all && self.rotate && !left.is_zero();
        if !(may_rotate && report.sources.iter().any(SourceReport::was_left_alone)) {
            return Ok(report);
        }
        // The client itself rotates the token: it keeps a new one even if that cannot be written.
        match driver::within(left, self.client.cache().refresh_now().join()).await {
            Some(_) => self.walk(begun).await,
            // It goes on, but there is no time to ask once more.
            None => Ok(report),
        }
    }

    /// How much of the limit is left.
    fn left(&self, begun: Now) -> Duration {
        self.limit.saturating_sub(self.client.cache().host().now().after(begun))
    }

    /// The sources in order, each on a host that records what it looks at.
    async fn steps(&self, begun: Now) -> Result<Vec<Step>> {
        let client = &self.client;
        let failed = |error| (State::Failed, error);
        Ok(match client.recipe() {
            Some((Source::Default, _)) => CANDIDATES
                .iter()
                .map(|candidate| {
                    let mut step = Step::new(candidate.source.name(), client);
                    step.is_quiet = candidate.is_quiet;
                    step.asked = match (candidate.make)(&step.host) {
                        Some(made) => made.map(Asked::New).map_err(failed),
                        None => {
                            let (kind, reason) = candidate.absent;
                            let state =
                                if kind == ErrorKind::Disabled { State::Disabled } else { State::NotConfigured };
                            Err((state, Error::new(kind, reason)))
                        }
                    };
                    step
                })
                .collect(),
            Some(recipe) => {
                let mut step = Step::new(recipe.0.name(), client);
                let (own, host) = (client.clone(), step.host.clone());
                // On a helper: the options may name files on a hanging disk.
                let build = move || rebuilt(&recipe, own.cache().provider(), &host);
                let built = driver::within(self.left(begun), driver::current()?.read(build)).await;
                let built = built.unwrap_or_else(|| Ok(Err(too_late("no answer"))))?;
                step.asked = built.map(Asked::New).map_err(failed);
                vec![step]
            }
            None => vec![Step::new(client.source().map_or(client.type_name(), |source| source.name()), client)],
        })
    }

    async fn walk(&self, begun: Now) -> Result<Report> {
        let client = &self.client;
        let type_name = client.type_name();
        let in_chain = client.source() == Some(Source::Default);
        let mut report = Report::new(type_name);
        let mut seen = Vec::new();
        // A source that would have to rotate a token ends the search, as one that answers does.
        let mut is_over = false;
        for step in self.steps(begun).await? {
            if is_over && !self.all {
                if step.is_quiet && !step.is_set() {
                    continue;
                }
                report.sources.push(SourceReport::new(&step.name, State::NotAsked));
                seen.push(step.recorder.take());
                continue;
            }
            let started = step.host.now();
            let (state, outcome) = step.ask(client.cache().provider(), in_chain, self.left(begun)).await;
            let took = step.host.now().after(started);
            if step.is_quiet && state == State::NotConfigured {
                continue;
            }
            let mut recorded = step.recorder.take();
            let source = SourceReport { took, ..SourceReport::new(&step.name, state) };
            is_over |= matches!(source.state, State::Answered | State::NotAsked);
            report.sources.push(match &outcome {
                Ok(_) => source.with(&recorded),
                Err(error) => {
                    recorded.complete(error);
                    // Not being asked is no failure.
                    let kind = (state != State::NotAsked).then_some(error.kind());
                    SourceReport { kind, ..source.with_error(error).with(&recorded) }
                }
            });
            seen.push(recorded);
            if let Some(credentials) = outcome.ok().filter(|_| report.credentials.is_none()) {
                let credentials = if in_chain { credentials.within(Source::Default.name()) } else { credentials };
                report.credentials = Some(facts(&credentials.with_type(type_name), step.host.now()));
            }
        }
        report.warnings = warnings(&report, &seen);
        report.clock_offset_seconds = client.cache().host().clock_offset() / 1000;
        Ok(report)
    }
}

impl IntoFuture for Explain {
    type Output = Result<Report>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Report>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.begin().join().await.map(|report| (*report).clone()) })
    }
}

/// A source that is about to be asked.
struct Step {
    name: String,
    recorder: Arc<Recorder>,
    host: Host,
    /// What it asks; or its state and the reason, if there is nothing to ask.
    asked: std::result::Result<Asked, (State, Error)>,
    /// Whether it is left out unless it is configured.
    is_quiet: bool,
}

/// What a step asks.
enum Asked {
    /// A provider built for the report.
    New(Provider),
    /// The client's own, which has no state.
    Own,
}

impl Step {
    fn new(name: &str, client: &Client) -> Self {
        let real = client.cache().host();
        let recorder = Arc::new(Recorder::new(real.system().clone()));
        let host = Host::on(recorder.clone(), real.surface().clone()).for_report();
        Step { name: name.to_owned(), recorder, host, asked: Ok(Asked::Own), is_quiet: false }
    }

    /// Whether the environment configures it, as far as variables say.
    fn is_set(&self) -> bool {
        matches!(&self.asked, Ok(Asked::New(provider)) if provider.is_set(&self.host))
    }

    async fn ask(&self, own: &Provider, in_chain: bool, left: Duration) -> (State, Result<Credentials>) {
        let provider = match &self.asked {
            Ok(Asked::New(provider)) => provider,
            Ok(Asked::Own) => own,
            Err((state, error)) => return (*state, Err(error.clone())),
        };
        if left.is_zero() {
            return (State::NotAsked, Err(too_late("its turn did not come")));
        }
        let outcome = driver::within(left, provider.fetch(&self.host)).await;
        let outcome = outcome.unwrap_or_else(|| Err(too_late("no answer")));
        let state = match outcome.as_ref().map_err(Error::kind) {
            Ok(_) => State::Answered,
            Err(_) if outcome.as_ref().is_err_and(Error::is_would_rotate) => State::NotAsked,
            Err(ErrorKind::Disabled) => State::Disabled,
            Err(ErrorKind::NotConfigured) if !is_below(&outcome, &self.name) => State::NotConfigured,
            Err(kind) if in_chain && !is_configured(provider, kind) => State::NotConfigured,
            Err(_) => State::Failed,
        };
        (state, outcome)
    }
}

fn too_late(what: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("{what} within the {} s that a report may take", LIMIT.as_secs()))
}

/// Whether an error comes from a source below `name`.
fn is_below(outcome: &Result<Credentials>, name: &str) -> bool {
    outcome.as_ref().err().and_then(Error::provider).is_some_and(|provider| provider != name)
}

impl Seen {
    /// Adds to the last request what the service said in its refusal. The error has it without the request's secrets.
    fn complete(&mut self, error: &Error) {
        let is_refused =
            |request: &&mut RequestReport| request.status.is_some() && request.status == error.http_status();
        if let Some(last) = self.requests.last_mut().filter(is_refused) {
            last.code = error.code().filter(|code| is_word(code)).map(str::to_owned);
            let id = error.request_id().filter(|id| is_word(id)).map(str::to_owned);
            last.request_id = last.request_id.take().or(id);
        }
    }
}

/// Whether a service's word looks like a code or an ID. Anything else may be the request, said back.
fn is_word(text: &str) -> bool {
    text.len() <= 64 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

impl SourceReport {
    fn with(self, seen: &Seen) -> Self {
        let Seen { variables, files, requests, commands, .. } = seen;
        SourceReport {
            variables: variables.clone(),
            files: files.clone(),
            requests: requests.clone(),
            commands: commands.clone(),
            ..self
        }
    }
}

/// A client's source, asked anew for the client above it.
pub(crate) struct Anew {
    pub(crate) client: Client,
    pub(crate) host: Host,
}

impl Base for Anew {
    fn ask(&self) -> Fetch<'static> {
        let (client, host) = (self.client.clone(), self.host.clone());
        Box::pin(async move {
            let scope = Scope::current().asking(client.cache().id());
            // As a task of its own, because a chain of clients must not need a deep stack.
            driver::current()?.run(scope.run(fetch_anew(client, host))).await?
        })
    }

    fn forget_files(&self) -> bool {
        false
    }

    fn watches_files(&self) -> bool {
        false
    }

    fn reload(&self) -> u32 {
        0
    }

    fn anew(&self, host: &Host) -> Box<dyn Base> {
        Box::new(Anew { client: self.client.clone(), host: host.clone() })
    }
}

async fn fetch_anew(client: Client, host: Host) -> Result<Credentials> {
    let credentials = match client.recipe() {
        Some(recipe) => {
            let (own, there) = (client.clone(), host.clone());
            let build = move || rebuilt(&recipe, own.cache().provider(), &there);
            host.block(build).await??.fetch(&host).await?
        }
        None => client.cache().provider().fetch(&host).await?,
    };
    Ok(credentials.with_type(client.type_name()))
}

/// Builds the provider of a client anew. Tokens that only `live` has are taken from there.
fn rebuilt((source, options): &(Source, Entries), live: &Provider, host: &Host) -> Result<Provider> {
    let extras = Extras { base: live.base_anew(host), listener: None };
    let mut config = Config::default();
    for (name, value) in options.iter() {
        config.set(name, value.clone())?;
    }
    let provider = Provider::of(*source, &config, extras, host)?;
    provider.adopt_tokens(live);
    Ok(provider)
}

fn facts(credentials: &Credentials, now: Now) -> CredentialReport {
    let window = refresh_window(credentials, now);
    // By the clock that set the expiration, which stands beside them.
    let now_there = wall_time(now.wall.saturating_add_signed(credentials.clock_offset()));
    let after = |age: Duration| now_there.checked_add(age);
    CredentialReport {
        type_name: credentials.type_name().to_owned(),
        provider_name: credentials.provider_name().map(str::to_owned),
        access_key_id: credentials.access_key_id().map(shortened),
        expiration: credentials.expiration(),
        refresh_from: window.and_then(|(from, _)| after(from)),
        refresh_until: window.and_then(|(_, until)| after(until)),
    }
}

/// What may be wrong although a credential was found. `seen` has what each of the report's sources looked at.
fn warnings(report: &Report, seen: &[Seen]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |kind, message: String| {
        let warning = Warning { kind, message };
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    };
    let clocks = seen.iter().filter_map(|seen| seen.clock.as_ref());
    if let Some((host, ahead)) = clocks.max_by_key(|(_, ahead)| ahead.unsigned_abs())
        && ahead.unsigned_abs() > CLOCK_TOLERANCE
    {
        let (seconds, how) = (ahead.unsigned_abs() / 1000, if *ahead > 0 { "behind" } else { "ahead of" });
        warn("clock", format!("this machine's clock is {seconds} s {how} that of {host}; synchronise it"));
    }
    for seen in seen {
        for text in &seen.open_files {
            warn("file_permissions", text.clone());
        }
        for (host, proxy) in seen.requests.iter().filter_map(|request| Some((&request.host, request.proxy.as_ref()?))) {
            warn("proxy", format!("requests to {host} go through the proxy {proxy}"));
        }
    }
    let profile_is_named = seen.iter().flat_map(|seen| &seen.variables).any(|variable| {
        variable.name == PROFILE && matches!(variable.state, VariableState::Set | VariableState::Assigned)
    });
    let files = [Source::CliProfile.name(), Source::Profile.name()];
    let reads_profiles = |source: &&SourceReport| files.contains(&&*source.source);
    let answered = report.answered().map(|source| &*source.source);
    let before_files = [Source::Env.name(), Source::OidcRoleArn.name()];
    if let Some(source) = answered.filter(|source| profile_is_named && before_files.contains(source)) {
        warn(
            "shadowed_profile",
            format!(
                "{PROFILE} names a profile, but the source {source} comes first; unset its variables to use the profile"
            ),
        );
    }
    // Only if both files are known: each was read, or does not exist.
    let known = report.sources.iter().filter(reads_profiles).filter(|source| {
        let is_known = |file: &FileReport| file.state != FileState::Unreadable;
        source.kind != Some(ErrorKind::MalformedFile) && source.files.iter().any(is_known)
    });
    let files_of_profiles: Vec<_> = known.map(|source| &source.files).collect();
    let is_found = files_of_profiles.iter().copied().flatten().any(|file| file.profile.is_some());
    if profile_is_named && files_of_profiles.len() == files.len() && !is_found {
        warn("unknown_profile", format!("{PROFILE} names a profile that no configuration file has"));
    }
    if answered == Some(Source::EnvLegacy.name()) {
        let text = "the variables ALIYUN_ACCESS_KEY_ID and ALIYUN_ACCESS_KEY_SECRET are those of old SDKs; set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET";
        warn("legacy_variables", text.to_owned());
    }
    warnings
}

#[cfg(all(test, not(feature = "model-check")))]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::host::fake::Fake;
    use crate::provider::Custom;
    use crate::wording::Surface;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Mutex, mpsc};

    fn pair() -> Credentials {
        Credentials::from_parts("LTAI5tExampleExampleAbcd", "canary-secret")
    }

    #[test]
    fn a_source_that_hangs_ends_the_report_in_time() {
        // The report's clock stands still: on a slow machine the limit would be over before its source is asked.
        let vault = Provider::Custom(Box::new(Custom::future("vault".to_owned(), std::future::pending)));
        let host = Host::on(Fake::new().system, Surface::Rust);
        let client = Client::of(Cache::new(vault, host, "vault"), None, None);
        let report = Explain { limit: Duration::from_millis(20), ..client.explain() }.blocking().unwrap();
        let source = report.sources.first().unwrap();
        assert_eq!((source.state, source.kind), (State::Failed, Some(ErrorKind::Timeout)));
        assert_eq!(source.reason.as_deref(), Some("no answer within the 30 s that a report may take"));
    }

    #[test]
    fn a_disk_that_hangs_ends_the_report_in_time() {
        let driver = driver::current().unwrap();
        let (disk, (tell, told)) = (Arc::new(Mutex::new(())), mpsc::channel());
        let hangs = disk.lock().unwrap();
        for _ in 0..driver::MAX_READERS {
            let (own, disk, tell) = (driver.clone(), disk.clone(), tell.clone());
            driver.spawn(async move {
                let reading = own.read(move || {
                    tell.send(()).unwrap();
                    drop(disk.lock());
                });
                reading.await.unwrap();
            });
        }
        told.iter().take(driver::MAX_READERS).for_each(drop);
        let config = Config::default().process_command("false");
        let client = Client::builder().source(Source::External).config(&config).build().unwrap();
        let flight = Explain { limit: Duration::from_millis(20), ..client.explain() }.begin();
        let report = wait_for(flight, Some(LIMIT)).unwrap().unwrap();
        drop(hangs);
        let source = report.sources.first().unwrap();
        assert_eq!((source.source.as_str(), source.state), ("external", State::Failed));
        assert_eq!(source.kind, Some(ErrorKind::Timeout));
        assert!(source.commands.is_empty());
    }

    #[test]
    fn no_token_is_rotated_once_the_time_is_up() {
        let (fake, calls) = (Arc::new(Mutex::new(Fake::new())), Arc::new(AtomicUsize::new(0)));
        let (clock, counted) = (fake.clone(), calls.clone());
        let vault = Custom::future("vault".to_owned(), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            clock.lock().unwrap().pass(LIMIT);
            std::future::ready(Err(Error::would_rotate()))
        });
        let host = Host::on(fake.lock().unwrap().system.clone(), Surface::Rust);
        let client = Client::of(Cache::new(Provider::Custom(Box::new(vault)), host, "vault"), None, None);
        let report = client.explain().all().rotate().blocking().unwrap();
        let source = report.sources.first().unwrap();
        assert_eq!((source.state, source.took), (State::NotAsked, LIMIT));
        assert!(source.reason.as_ref().unwrap().contains("a new one costs its refresh token"));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_provider_that_asks_for_its_own_report_gets_an_error() {
        let own: Arc<std::sync::OnceLock<Client>> = Arc::default();
        let inside = own.clone();
        let client = Client::from_blocking("vault", move || {
            let error = inside.get().unwrap().explain_blocking().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Recursion);
            Err(error)
        });
        own.set(client.clone()).unwrap();
        let report = client.explain_blocking().unwrap();
        assert_eq!(report.sources.first().unwrap().kind, Some(ErrorKind::Recursion));
        assert_eq!(client.credentials_blocking().unwrap_err().kind(), ErrorKind::Recursion);
    }

    /// The client below is asked anew, although it has a credential, and keeps that.
    #[test]
    fn a_base_client_is_asked_anew() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let base = Client::from_blocking("vault", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(pair().with_expiration(wall_time(4_000_000_000_000)))
        });
        let before = base.credentials_blocking().unwrap();
        // Nothing listens there.
        let role = Config::default().role_arn("acs:ram::1:role/r").sts_endpoint("http://127.0.0.1:9");
        let outer = base.assume_role(&role).unwrap().assume_role(&role).unwrap();
        let report = outer.explain_blocking().unwrap();
        let source = report.sources.first().unwrap();
        assert_eq!((source.source.as_str(), source.state), ("ram_role_arn", State::Failed));
        assert_eq!(source.kind, Some(ErrorKind::Unavailable));
        assert_eq!(source.requests.first().unwrap().host, "127.0.0.1:9");
        assert_eq!(calls.load(Ordering::SeqCst), 2);
        assert!(Arc::ptr_eq(&before, &base.credentials_blocking().unwrap()));
    }

    #[test]
    fn a_thousand_clients_on_top_of_each_other_are_explained() {
        let mut client = Client::from_blocking("vault", || Err(Error::from_provider(ErrorKind::Denied, "sealed")));
        for _ in 0..1_000 {
            client = client.assume_role(&Config::default().role_arn("acs:ram::1:role/r")).unwrap();
        }
        let report = client.explain_blocking().unwrap();
        assert_eq!(report.sources.first().unwrap().failed_at.as_deref(), Some("vault"));
    }

    #[test]
    fn providers_that_ask_for_reports_of_others_free_their_slots() {
        const SLOTS: usize = 4;
        let all_here = Arc::new(std::sync::Barrier::new(SLOTS));
        let asking: Vec<_> = (0..SLOTS)
            .map(|_| {
                let (inner, all_here) = (Client::from_blocking("inner", || Ok(pair())), all_here.clone());
                Client::from_blocking("outer", move || {
                    all_here.wait();
                    let report = inner.explain_blocking()?;
                    assert_eq!(report.answered().map(|source| source.source.as_str()), Some("inner"));
                    Ok(pair())
                })
            })
            .map(|client| std::thread::spawn(move || client.credentials_blocking().map(drop)))
            .collect();
        for thread in asking {
            thread.join().unwrap().unwrap();
        }
    }

    #[test]
    fn on_the_background_thread_nobody_is_asked() {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let client = Client::from_blocking("vault", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(pair())
        });
        let kind = driver::wait(async move { Ok(client.explain_blocking().unwrap_err().kind()) });
        assert_eq!((kind, calls.load(Ordering::SeqCst)), (Ok(ErrorKind::Recursion), 0));
    }

    /// As `ssh` does; but nothing is refused for it.
    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_warned_of_once() {
        use std::fs;
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("aliyun-cred-test-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).unwrap();
        let (file, key) = (folder.join("file"), folder.join("key.pem"));
        let profile = |more: String| format!(r#"{{"current":"p","profiles":[{{"name":"p",{more}}}]}}"#);
        let pair = profile(r#""mode":"AK","access_key_id":"i","access_key_secret":"s""#.to_owned());
        let key_pair = profile(format!(r#""mode":"RsaKeyPair","key_pair_name":"k","private_key":"{}""#, key.display()));
        for (source, text, is_key) in [
            (Source::CliProfile, &*pair, false),
            (Source::Profile, "[default]\ntype = access_key\naccess_key_id = i\naccess_key_secret = s\n", false),
            (Source::OssProfile, "[default]\naccessKeyID = i\naccessKeySecret = s\n", false),
            (Source::CliProfile, &*key_pair, true),
        ] {
            fs::write(&file, text).unwrap();
            fs::write(&key, "not a key").unwrap();
            let open = if is_key { &key } else { &file };
            for (mode, expected) in [(0o600, 0), (0o700, 0), (0o640, 0), (0o604, 1), (0o644, 1)] {
                for path in [&file, &key] {
                    let mode = if path == open { mode } else { 0o600 };
                    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
                }
                let config = Config::default().profile_file(file.to_str().unwrap());
                let client = Client::builder().source(source).config(&config).build().unwrap();
                let report = client.explain_blocking().unwrap();
                let warnings: Vec<_> = report.warnings.iter().filter(|one| one.kind == "file_permissions").collect();
                assert_eq!(warnings.len(), expected, "{source}, {mode:o}");
                assert!(warnings.iter().all(|warning| warning.message.contains(open.to_str().unwrap())));
                assert!(is_key || report.credentials.is_some(), "it was refused");
            }
        }
        // What all users may read; nobody answers.
        let shared = file.to_str().unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let token = Config::new("oidc_role_arn").role_arn("acs:ram::1:role/r").oidc_provider_arn("p");
        let secret = Config::new("kms_secret").secret_name("s").access_key_id("i").access_key_secret("s");
        for config in [
            token.oidc_token_file_path(shared).sts_endpoint("http://127.0.0.1:1"),
            secret.kms_endpoint("https://127.0.0.1:1").ca_file(shared),
        ] {
            let report = Client::new(&config).unwrap().explain_blocking().unwrap();
            let files: Vec<_> =
                report.sources.iter().flat_map(|source| &source.files).map(|file| &*file.path).collect();
            assert_eq!((files, report.warnings.len()), (vec![shared], 0));
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_static_credential_is_shortened() {
        let config = Config::new("access_key").access_key_id("LTAI5tExampleExampleAbcd").access_key_secret("canary");
        let report = Client::new(&config).unwrap().explain_blocking().unwrap();
        let credentials = report.credentials.as_ref().unwrap();
        assert_eq!(credentials.access_key_id.as_deref(), Some("LTAI5tEx****Abcd"));
        assert_eq!(report.answered().unwrap().source, "static_ak");
        assert!(!format!("{report} {report:?} {}", report.to_json()).contains("canary"));
    }
}
