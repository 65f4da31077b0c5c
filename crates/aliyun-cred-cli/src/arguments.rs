//! The command line. No argument takes a secret: those come from files, variables and standard input.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::serve::Address;

/// Finds, shows and passes on credentials for Alibaba Cloud.
#[derive(Debug, Parser)]
#[command(name = "aliyun-cred", version, disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask each source, and say what it found: which one answers, why the others do not, and what to change
    ///
    /// Exit status: 0 if a source answers, 1 if none does.
    Explain(Explain),
    /// List the profiles of the configuration files; nothing is asked
    List,
    /// Print a credential, with its secret
    Get(Get),
    /// Run a program with a credential in its environment
    ///
    /// Sets ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and ALIBABA_CLOUD_SECURITY_TOKEN, and the names
    /// that Terraform, ossutil and older SDKs read. Removes the variables that name a profile. Exit status: that of the
    /// program; 126 if it cannot be run, 127 if there is no such program.
    Exec(Exec),
    /// Serve credentials to the programs of this machine, refreshed
    ///
    /// Speaks the credentials URI protocol, which every SDK reads, on the loopback interface or a Unix socket. Prints the
    /// variables that lead programs there, and serves until SIGTERM; SIGHUP reads the configuration again.
    Serve(Box<Serve>),
    /// Ask STS who the credential belongs to
    Whoami(Chosen),
    /// Show or clear the sessions that the processes of this user share (ALIBABA_CLOUD_CREDENTIALS_CACHE)
    Cache {
        #[command(subcommand)]
        action: Cache,
    },
    /// Print a script that completes this command in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print this command's manual page
    Man,
}

/// Which source is asked: the default chain, unless one is named.
#[derive(Args, Debug)]
pub(crate) struct Chosen {
    /// A profile of the CLI's configuration file
    #[arg(long, short, value_name = "NAME", conflicts_with_all = ["source", "config"])]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) origin: Origin,
}

/// Where credentials come from besides a profile, and the role on top.
#[derive(Args, Debug, Default)]
pub(crate) struct Origin {
    /// A source by name, such as ecs_ram_role, cli_profile or env
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// A file with the options as JSON, such as {"type": "sts", ...}; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A role to assume with the credential
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// The name of the role's session
    #[arg(long, value_name = "NAME", requires = "role_arn")]
    pub(crate) role_session_name: Option<String>,
    /// How long the role's session lasts, in seconds
    #[arg(long, value_name = "SECONDS", requires = "role_arn")]
    pub(crate) role_session_expiration: Option<i64>,
    /// The external ID that the role's trust policy requires
    #[arg(long, value_name = "ID", requires = "role_arn")]
    pub(crate) external_id: Option<String>,
    /// STS's region, such as cn-hangzhou
    #[arg(long, value_name = "ID")]
    pub(crate) sts_region_id: Option<String>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Cache {
    /// List the sessions; secrets are not shown
    List,
    /// Remove the sessions
    Clear,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Ask all sources, also behind the first that answers
    #[arg(long)]
    pub(crate) all: bool,
    /// Permit an OAuth session to rotate its refresh token, with --all
    #[arg(long, requires = "all")]
    pub(crate) rotate: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask STS, too, who the credential belongs to
    #[arg(long)]
    pub(crate) identity: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// The form of the output
    #[arg(long, short, value_enum, default_value = "json")]
    pub(crate) format: Format,
    /// Print it although standard output is a terminal
    #[arg(long)]
    pub(crate) show: bool,
}

/// The forms in which a credential is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// An object with the fields of the libraries
    Json,
    /// Commands for a POSIX shell, for `eval`
    Env,
    /// Commands for fish
    Fish,
    /// Commands for PowerShell
    Powershell,
    /// Lines of a .env file
    Dotenv,
    /// What the CLI's `process_command` prints
    Process,
    /// What a credentials URI returns
    Uri,
}

#[derive(Args, Debug)]
pub(crate) struct Exec {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Run inside another `aliyun-cred exec`
    #[arg(long)]
    pub(crate) nested: bool,
    /// Give it the address of a server instead, which lives as long as it does, so that a long job is refreshed
    #[arg(long)]
    pub(crate) serve: bool,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// A profile of the CLI's configuration file; may be repeated, the first is served to those who name none
    #[arg(long = "profile", short, value_name = "NAME", conflicts_with_all = ["source", "config"])]
    pub(crate) profiles: Vec<String>,
    #[command(flatten)]
    pub(crate) origin: Origin,
    /// Where to listen: an address and a port (0: any that is free), or unix:PATH
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: Address,
    /// Serve in the background, and print the variables that lead programs there, for `eval`
    #[arg(long)]
    pub(crate) print_env: bool,
    /// A file with the token that requests have in their path; made if it is missing. Nothing is printed then
    #[arg(long, value_name = "FILE", conflicts_with = "print_env")]
    pub(crate) token_file: Option<PathBuf>,
    /// Answer as an instance's metadata service, too: every user of this machine who can connect gets credentials
    #[arg(long, conflicts_with = "allow_remote")]
    pub(crate) imds: bool,
    /// Also answer metadata requests without a token, which web pages and proxies can be made to send
    #[arg(long, requires = "imds")]
    pub(crate) imds_v1: bool,
    /// Permit an address that other machines can reach; needs --tls-cert and --tls-key
    #[arg(long, requires_all = ["tls_cert", "tls_key"])]
    pub(crate) allow_remote: bool,
    /// A host name that requests may use, besides the address
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,
    /// The certificate chain for TLS, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Write a line for each request to standard error
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Given to the background process by --print-env.
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
}
