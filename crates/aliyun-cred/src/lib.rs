//! Finds, fetches and refreshes Alibaba Cloud credentials before they expire.
//!
//! ```no_run
//! use aliyun_cred::{Client, Config};
//!
//! # async fn run() -> aliyun_cred::Result<()> {
//! // Whatever this machine provides:
//! let client = Client::from_default_chain()?;
//! let credentials = client.credentials().await?;
//! println!("{:?} by {:?}", credentials.access_key_id(), credentials.provider_name());
//!
//! // Or one source by name:
//! let config = Config::new("ram_role_arn")
//!     .access_key_id("LTAI...")
//!     .access_key_secret("...")
//!     .role_arn("acs:ram::1234567890123456:role/reader");
//! let credentials = Client::new(&config)?.credentials_blocking()?;
//! # Ok(())
//! # }
//! ```
//!
//! # The default chain
//!
//! | order | source | used when |
//! | --- | --- | --- |
//! | 1 | `env` | `ALIBABA_CLOUD_ACCESS_KEY_ID` and `ALIBABA_CLOUD_ACCESS_KEY_SECRET` are set |
//! | 2 | `oidc_role_arn` | `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN` and `ALIBABA_CLOUD_OIDC_TOKEN_FILE` are set |
//! | 3 | `cli_profile` | `~/.aliyun/config.json` has the profile that `ALIBABA_CLOUD_PROFILE` or `current` names |
//! | 4 | `profile` | `~/.alibabacloud/credentials.ini` has the section that `ALIBABA_CLOUD_PROFILE` names, else `default` |
//! | 5 | `ecs_ram_role` | the instance metadata service answers, unless `ALIBABA_CLOUD_ECS_METADATA_DISABLED` is `true` |
//! | 6 | `credential_uri` | `ALIBABA_CLOUD_CREDENTIALS_URI` is set |
//! | 7 | `env_legacy` | `ALIYUN_ACCESS_KEY_ID` and `ALIYUN_ACCESS_KEY_SECRET` are set |
//! | 8 | `env_oss` | `OSS_ACCESS_KEY_ID` and `OSS_ACCESS_KEY_SECRET` are set |
//! | 9 | `env_terraform` | `ALICLOUD_ACCESS_KEY` and `ALICLOUD_SECRET_KEY` are set |
//! | 10 | `oss_profile` | `~/.oss/credentials` has the section that `OSS_PROFILE` names, else `default` |
//!
//! The last three are those of other tools. An error or a report mentions them only if they are configured.
//!
//! The first source that answers is kept. [`Client::credentials`] describes the cost of a call, [`ErrorKind`] the
//! errors.
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test may panic")
)]

#[doc(hidden)]
pub mod binding;
mod builder;
mod cache;
mod client;
mod config;
mod credentials;
mod error;
mod event;
mod explain;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzz;
mod host;
mod lead;
mod profile;
mod protocol;
mod provider;
mod report;
mod runtime;
mod secret;
mod source;
mod status;
mod text;
mod update;
mod wording;

pub use builder::ClientBuilder;
pub use client::Client;
pub use config::{Config, OptionValue};
pub use credentials::Credentials;
pub use error::{Attempt, Error, ErrorKind, Result};
pub use event::{Event, EventKind};
pub use explain::Explain;
pub use report::{
    CommandReport, CredentialReport, FileReport, FileState, Report, RequestReport, SourceReport, State, VariableReport,
    VariableState, Warning,
};
pub use secret::Secret;
pub use source::Source;
pub use status::{Refresh, Status};
pub use update::Update;
