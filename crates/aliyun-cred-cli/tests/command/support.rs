//! A home directory with profiles for the emulator, and what a run says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use aliyun_cred_emulator::{DEFAULT_ACCESS_KEYS, Emulator};

pub(crate) const ROLE: &str = "acs:ram::1000000000000001:role/reader";

pub(crate) fn emulator() -> &'static Emulator {
    static EMULATOR: OnceLock<Emulator> = OnceLock::new();
    EMULATOR.get_or_init(|| Emulator::start(None).unwrap())
}

/// Writes a file for its user alone: others would be warned of.
pub(crate) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

/// A home directory that is removed when it is dropped.
pub(crate) struct Home(pub(crate) PathBuf);

impl Home {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("aliyun-cred-cli-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join(".aliyun")).unwrap();
        Home(folder)
    }

    /// With a profile for the emulator's key, and one that stands on it.
    pub(crate) fn with_profiles(name: &str) -> Self {
        let home = Home::new(name);
        let key = &DEFAULT_ACCESS_KEYS[0];
        let profiles = serde_json::json!({ "current": "key", "profiles": [
            { "name": "key", "mode": "AK", "access_key_id": key.id, "access_key_secret": key.secret },
            { "name": "reader", "mode": "ChainableRamRoleArn", "source_profile": "key", "ram_role_arn": ROLE,
              "ram_session_name": "test" },
        ] });
        let file = home.0.join(".aliyun/config.json");
        write(&file, &profiles.to_string());
        home
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aliyun-cred"));
        command.args(arguments).env_clear().envs([
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", self.0.display().to_string()),
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true".to_owned()),
            ("ALIBABA_CLOUD_STS_ENDPOINT", emulator().addresses().sts_http.clone()),
        ]);
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The output of a run that succeeded and complained of nothing.
pub(crate) fn said(output: &Output) -> String {
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    text(&output.stdout)
}

pub(crate) fn refused(output: &Output, status: i32, words: &str) {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert!(errors.starts_with("aliyun-cred: ") && errors.contains(words), "{errors}");
    assert!(output.stdout.is_empty());
    assert!(!errors.contains(DEFAULT_ACCESS_KEYS[0].secret));
}
