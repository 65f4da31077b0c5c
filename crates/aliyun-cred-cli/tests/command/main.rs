//! The command, run as a user runs it, against the emulator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "a test is not the core")]
#![allow(missing_docs, reason = "a test")]

mod serve;
mod support;

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use aliyun_cred_emulator::DEFAULT_ACCESS_KEYS;
use serde_json::Value;

use support::{Home, ROLE, refused, said, text, write};

#[test]
fn get_prints_every_format() {
    let home = Home::with_profiles("get");
    let (id, secret) = (DEFAULT_ACCESS_KEYS[0].id, DEFAULT_ACCESS_KEYS[0].secret);
    let pair: Value = serde_json::from_str(&said(&home.run(&["get"]))).unwrap();
    assert_eq!((&pair["access_key_id"], &pair["access_key_secret"]), (&id.into(), &secret.into()));
    assert_eq!(pair["provider_name"], "default/cli_profile/static_ak");
    assert!(pair.get("security_token").is_none());
    let lines = |format| said(&home.run(&["get", "--format", format]));
    assert_eq!(
        lines("env"),
        format!("export ALIBABA_CLOUD_ACCESS_KEY_ID='{id}'\nexport ALIBABA_CLOUD_ACCESS_KEY_SECRET='{secret}'\n")
    );
    assert!(lines("fish").starts_with(&format!("set -gx ALIBABA_CLOUD_ACCESS_KEY_ID '{id}'\n")));
    assert!(lines("powershell").starts_with(&format!("$Env:ALIBABA_CLOUD_ACCESS_KEY_ID = '{id}'\n")));
    assert!(lines("dotenv").ends_with(&format!("ALIBABA_CLOUD_ACCESS_KEY_SECRET='{secret}'\n")));
    let process: Value = serde_json::from_str(&lines("process")).unwrap();
    assert_eq!((&process["mode"], &process["access_key_secret"]), (&"AK".into(), &secret.into()));

    let role = ["get", "--profile", "reader", "--format"];
    let run = |format| said(&home.run(&[&role[..], &[format]].concat()));
    let uri: Value = serde_json::from_str(&run("uri")).unwrap();
    assert_eq!(uri["Code"], "Success");
    for member in ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"] {
        assert!(uri[member].as_str().is_some_and(|value| !value.is_empty()), "{member}");
    }
    let process: Value = serde_json::from_str(&run("process")).unwrap();
    assert!(process["mode"] == "StsToken" && process["sts_token"].is_string() && process["expiration"].is_string());
    assert!(run("env").contains("\nexport ALIBABA_CLOUD_SECURITY_TOKEN='"));
    refused(&home.run(&["get", "--format", "uri"]), 1, "--role-arn");
}

#[cfg(unix)]
#[test]
fn a_configuration_that_all_users_can_read_is_warned_of() {
    let home = Home::with_profiles("open");
    let file = home.0.join(".aliyun/config.json");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let output = home.run(&["get", "--profile", "key"]);
    let errors = text(&output.stderr);
    assert_eq!((output.status.code(), errors.lines().count()), (Some(0), 1));
    assert!(errors.starts_with(&format!("aliyun-cred: warning: the mode of {} lets", file.display())), "{errors}");
}

/// What `process` prints is what a profile of mode External reads.
#[test]
fn the_process_format_is_that_of_an_external_profile() {
    let home = Home::with_profiles("process");
    let inner = format!("{} get --profile reader --format process", env!("CARGO_BIN_EXE_aliyun-cred"));
    let options = serde_json::json!({ "process_command": inner }).to_string();
    let path = home.0.join("options.json");
    write(&path, &options);
    let output = home.run(&["get", "--source", "external", "--config", path.to_str().unwrap()]);
    let credential: Value = serde_json::from_str(&said(&output)).unwrap();
    assert_eq!(credential["provider_name"], "external");
    assert!(credential["security_token"].is_string() && credential["expiration"].is_string());
}

#[test]
fn a_role_is_assumed_on_top() {
    let home = Home::with_profiles("role");
    let output = home.run(&["whoami", "--role-arn", ROLE, "--role-session-name", "me"]);
    let identity = said(&output);
    assert!(identity.contains("assumed-role/reader/me") && identity.contains("AssumedRoleUser"), "{identity}");
    assert!(identity.contains("provider    ram_role_arn/default/cli_profile/static_ak"), "{identity}");
    assert!(said(&home.run(&["whoami"])).starts_with("account     1000000000000001\n"));
    refused(&home.run(&["whoami", "--role-session-name", "me"]), 2, "--role-arn");
}

#[test]
fn options_come_from_standard_input() {
    let home = Home::new("stdin");
    let mut child = home
        .command(&["get", "--config", "-", "--format", "dotenv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let options = r#"{"type": "sts", "accessKeyId": "i", "accessKeySecret": "it's", "securityToken": "t"}"#;
    child.stdin.take().unwrap().write_all(options.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        text(&output.stdout),
        "ALIBABA_CLOUD_ACCESS_KEY_ID='i'\nALIBABA_CLOUD_ACCESS_KEY_SECRET=\"it's\"\nALIBABA_CLOUD_SECURITY_TOKEN='t'\n"
    );
    refused(&home.run(&["get", "--config", "none.json"]), 1, "cannot read none.json");
    refused(&home.run(&["get", "--config", "-"]), 1, "JSON");
}

#[test]
fn exec_passes_the_credential_on() {
    let home = Home::with_profiles("exec");
    let output = home
        .command(&["exec", "--profile", "reader", "--", "env"])
        .env("ALIBABA_CLOUD_PROFILE", "none")
        .env("KEPT", "yes")
        .output()
        .unwrap();
    let environment = said(&output);
    for name in [
        "ALIBABA_CLOUD_ACCESS_KEY_ID=STS.",
        "ALICLOUD_ACCESS_KEY=STS.",
        "ALIBABACLOUD_ACCESS_KEY_ID=STS.",
        "OSS_SESSION_TOKEN=",
        "ALIBABA_CLOUD_SECURITY_TOKEN=",
        "ALIYUN_CRED_EXEC=1",
        "KEPT=yes",
    ] {
        assert!(environment.lines().any(|line| line.starts_with(name)), "{name}");
    }
    assert!(!environment.contains("ALIBABA_CLOUD_PROFILE"));
    // A token from outside would not belong to this key.
    let output = home.command(&["exec", "env"]).env("ALICLOUD_SECURITY_TOKEN", "stale").output().unwrap();
    assert!(!said(&output).contains("TOKEN"));
}

#[test]
fn exec_passes_the_exit_status_on_and_does_not_nest() {
    let home = Home::with_profiles("status");
    assert_eq!(home.run(&["exec", "sh", "-c", "exit 7"]).status.code(), Some(7));
    refused(&home.run(&["exec", "no-such-program"]), 127, "cannot run no-such-program");
    refused(&home.run(&["exec", home.0.to_str().unwrap()]), 126, "cannot run");
    let own = env!("CARGO_BIN_EXE_aliyun-cred");
    refused(&home.run(&["exec", own, "exec", "true"]), 2, "--nested");
    assert_eq!(home.run(&["exec", own, "exec", "--nested", "true"]).status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn exec_becomes_the_program() {
    use std::os::unix::process::ExitStatusExt as _;
    let home = Home::with_profiles("signal");
    let output = home.run(&["exec", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(output.status.signal(), Some(15));
}

#[test]
fn explain_answers_by_its_exit_status() {
    let home = Home::with_profiles("explain");
    let report = said(&home.run(&["explain", "--identity"]));
    assert!(report.contains("[+] cli_profile     answered"), "{report}");
    assert!(report.contains("Identity\n  account_id    1000000000000001\n"), "{report}");
    assert!(!report.contains('\u{1b}') && !report.contains(DEFAULT_ACCESS_KEYS[0].secret));
    let report: Value =
        serde_json::from_str(&said(&home.run(&["explain", "--json", "--all", "--profile", "reader"]))).unwrap();
    assert_eq!((&report["version"], &report["sources"][0]["source"]), (&1.into(), &"cli_profile".into()));
    assert!(report.get("identity").is_none());

    let empty = Home::new("empty");
    let output = empty.run(&["explain"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), String::new()));
    assert!(text(&output.stdout).contains("No credential."));
    refused(&empty.run(&["get"]), 1, "unable to load credentials from any of the providers in the chain: ");
}

#[test]
fn list_marks_the_profile_in_use() {
    let home = Home::with_profiles("list");
    std::fs::create_dir_all(home.0.join(".alibabacloud")).unwrap();
    write(&home.0.join(".alibabacloud/credentials.ini"), "[default]\ntype = access_key\n[b]\n");
    let folder = home.0.display();
    assert_eq!(
        said(&home.run(&["list"])),
        format!(
            "{folder}/.aliyun/config.json\n* key     AK\n  reader  ChainableRamRoleArn, on key\n\n\
             {folder}/.alibabacloud/credentials.ini\n* default  access_key\n  b        no mode\n"
        )
    );
    let empty = Home::new("no-lists");
    assert!(said(&empty.run(&["list"])).contains("/.aliyun/config.json: missing\n"));
    write(&empty.0.join(".aliyun/config.json"), "{");
    assert!(said(&empty.run(&["list"])).contains("not JSON"));
}

#[test]
fn sessions_are_shared_listed_and_cleared() {
    let home = Home::with_profiles("cache");
    let folder = home.0.join("sessions");
    let run = |arguments: &[&str]| {
        said(&home.command(arguments).env("ALIBABA_CLOUD_CREDENTIALS_CACHE", &folder).output().unwrap())
    };
    assert_eq!(run(&["cache", "list"]), format!("{}: missing\n", folder.display()));
    let get = ["get", "--profile", "reader"];
    assert!(run(&get) == run(&get), "the second process has another session");
    let listed = run(&["cache", "list"]);
    assert!(listed.contains("Z  ram_role_arn   STS.") && listed.ends_with(&format!("  {ROLE}\n")), "{listed}");
    assert_eq!(run(&["cache", "clear"]), format!("{}: removed 1 session\n", folder.display()));
    assert_eq!(run(&["cache", "list"]), format!("{}\n", folder.display()));
    // Without the variable it is the usual folder that is shown, and nothing is shared.
    assert!(home.run(&get).stdout != home.run(&get).stdout);
    assert!(said(&home.run(&["cache", "list"])).ends_with("/.cache/aliyun-cred: missing\n"));
}

#[test]
fn bad_usage_is_status_2() {
    let home = Home::new("usage");
    for (arguments, words) in [
        (&["get", "--access-key-secret", "x"][..], "unexpected argument '--access-key-secret'"),
        (&["get", "--format", "xml"], "invalid value 'xml'"),
        (&["get", "--source", "none"], "no source called"),
        (&["get", "--profile", "a", "--source", "env"], "cannot be used with"),
        (&["exec"], "<COMMAND>"),
        (&["nothing"], "unrecognized subcommand"),
    ] {
        refused(&home.run(arguments), 2, words);
    }
    let help = said(&home.run(&["exec", "--help"]));
    assert!(help.contains("Usage: aliyun-cred exec [OPTIONS] <COMMAND>..."), "{help}");
    assert!(said(&home.run(&["--version"])).starts_with("aliyun-cred 0."));
}

#[test]
fn completions_and_the_manual_page_are_printed() {
    let home = Home::new("completions");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(said(&home.run(&["completions", shell])).contains("whoami"), "{shell}");
    }
    assert!(said(&home.run(&["man"])).contains(".TH aliyun-cred 1"));
}

#[test]
fn a_reader_that_goes_away_is_silent() {
    let home = Home::new("pipe");
    let mut child =
        home.command(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
}
