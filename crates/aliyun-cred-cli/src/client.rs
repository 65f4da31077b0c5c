//! The client that the arguments choose.

use std::io::Read as _;
use std::path::Path;

use aliyun_cred::{Client, Config, Source, binding};

use crate::arguments::{Chosen, Origin};
use crate::failure::Failure;

/// How many bytes of options standard input may have.
const LONGEST: u64 = 1 << 20;

/// The options that are not the source's: how to reach STS.
pub(crate) fn reach(origin: &Origin) -> Config {
    match &origin.sts_region_id {
        Some(region) => Config::default().sts_region_id(region.as_str()),
        None => Config::default(),
    }
}

/// Creates the client that a command uses.
pub(crate) fn of(chosen: &Chosen) -> Result<Client, Failure> {
    of_profile(chosen.profile.as_deref(), &chosen.origin)
}

/// Creates the client of a profile, or of another origin without one.
pub(crate) fn of_profile(profile: Option<&str>, origin: &Origin) -> Result<Client, Failure> {
    let base = base(profile, origin)?;
    let Some(role_arn) = &origin.role_arn else { return Ok(base) };
    let mut role = reach(origin).role_arn(role_arn.as_str());
    if let Some(name) = &origin.role_session_name {
        role = role.role_session_name(name.as_str());
    }
    if let Some(seconds) = origin.role_session_expiration {
        role = role.role_session_expiration(seconds);
    }
    if let Some(id) = &origin.external_id {
        role = role.external_id(id.as_str());
    }
    Ok(base.assume_role(&role)?)
}

fn base(profile: Option<&str>, origin: &Origin) -> Result<Client, Failure> {
    let config = match &origin.config {
        Some(path) => options(path)?,
        None => reach(origin),
    };
    if profile.is_some() {
        // The variables that `serve` prints turn profiles off for programs; this one is asked for by its name.
        binding::assign_variable("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", Some(None));
    }
    let builder = Client::builder();
    let builder = match (profile, &origin.source) {
        (Some(profile), _) => builder.source(Source::CliProfile).config(&config.profile_name(profile)),
        (None, Some(source)) => builder.source(source.parse().map_err(Failure::invalid)?).config(&config),
        (None, None) if origin.config.is_some() => builder.config(&config),
        (None, None) => builder.source(Source::Default).config(&config),
    };
    Ok(builder.build()?)
}

/// Reads options as JSON.
fn options(path: &Path) -> Result<Config, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
        text
    } else {
        let read = binding::read_text(path.to_owned());
        let shown = binding::shown_path(path);
        read.map_err(|error| Failure::new(format!("cannot read {shown}: {error}")))?.to_string()
    };
    Ok(Config::from_json(&text)?)
}
