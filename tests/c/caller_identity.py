#!/usr/bin/env python3
"""Runs examples/caller-identity against the emulator: caller_identity.py PROGRAM

The program knows only the real host names; the emulator answers for them as a proxy, with its own CA.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from emulator import Emulator

ACCOUNT = "1234567890123456"
KEY = {"id": "LTAIexample", "secret": "HwWVYNJMgcanaryapkTBX48bswFmH4", "account": ACCOUNT, "user": "alice"}
ALICE = f"acs:ram::{ACCOUNT}:user/alice by default/env"
AUDITOR = f"acs:ram::{ACCOUNT}:assumed-role/auditor/example by default/cli_profile/ram_role_arn/ram_role_arn/static_ak"


def profile(name, source):
    return {
        "name": name,
        "mode": "ChainableRamRoleArn",
        "source_profile": source,
        "ram_role_arn": f"acs:ram::{ACCOUNT}:role/{name}",
        "ram_session_name": "example",
    }


# A role that is assumed by way of another.
PROFILES = {
    "current": "auditor",
    "profiles": [
        {"name": "default", "mode": "AK", "access_key_id": KEY["id"], "access_key_secret": KEY["secret"]},
        profile("reader", "default"),
        profile("auditor", "reader"),
    ],
}


class Program:
    """The example: one line in, one line out."""

    def __init__(self, program, environment):
        self.process = subprocess.Popen(
            [program],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ask(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().rstrip("\n")
        expect("a secret in what it prints", "canary" in line, False)
        return line

    def end(self):
        rest, _ = self.process.communicate(timeout=60)
        expect("what it printed at last", rest, "")
        expect("its exit code", self.process.returncode, 0)


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f"FAILED: the example: {what}: {found!r} instead of {wanted!r}")


def asked(emulator):
    """The requests since the last call, as actions with the replies' statuses."""
    log = emulator.requests()
    emulator.clear()
    # Only what the emulator could verify has an identity.
    unverified = [entry["action"] for entry in log if entry["identity"] is None]
    expect("requests whose signature is wrong", unverified, [])
    return [(entry["action"], entry["status"]) for entry in log]


def refuse(emulator, code, times):
    """Refuses the next `times` calls."""
    fault = {"action": "GetCallerIdentity", "times": times, "status": 403, "code": code, "message": "no"}
    emulator.patch(faults=[fault])


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-example-") as temporary:
        home = pathlib.Path(temporary, "home")
        (home / ".aliyun").mkdir(parents=True)
        with Emulator(temporary) as emulator:
            emulator.reset(access_keys=[KEY])
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "HTTPS_PROXY": emulator.addresses["proxy"],
                "SSL_CERT_FILE": emulator.addresses["ca"],
                "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
                "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": emulator.addresses["metadata"],
            }
            nobody(program, emulator, environment)
            a_key(program, emulator, environment)
            (home / ".aliyun/config.json").write_text(json.dumps(PROFILES))
            a_chain_of_roles(program, emulator, environment)
    print("ok the example")


def nobody(program, emulator, environment):
    """Without any credential, it reports what it tried, and goes on."""
    running = Program(program, environment)
    for _ in range(2):
        expect("without a credential", running.ask().startswith("error: "), True)
    running.end()
    expect("requests", asked(emulator), [])


def a_key(program, emulator, environment):
    variables = {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY["id"], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY["secret"]}
    running = Program(program, environment | variables)
    expect("with a key", running.ask(), ALICE)
    running.end()
    expect("requests", asked(emulator), [("GetCallerIdentity", 200)])


def a_chain_of_roles(program, emulator, environment):
    running = Program(program, environment)
    expect("in a role", [running.ask(), running.ask()], [AUDITOR] * 2)
    once, assumed = ("GetCallerIdentity", 200), ("AssumeRole", 200)
    expect("requests", asked(emulator), [assumed, assumed, once, once])

    # The service rejects the token: the example fetches another one, and the call succeeds.
    refuse(emulator, "InvalidSecurityToken.Expired", 1)
    expect("after a refusal", running.ask(), AUDITOR)
    expect("requests", asked(emulator), [("GetCallerIdentity", 403), assumed, assumed, once])
    expect("and then cached", (running.ask(), asked(emulator)), (AUDITOR, [once]))

    # It rejects every token: the example retries once, and no more.
    refuse(emulator, "InvalidSecurityToken.Expired", 2)
    expect("refused twice", running.ask(), "error: GetCallerIdentity: 403 InvalidSecurityToken.Expired")
    expect("requests", asked(emulator), [("GetCallerIdentity", 403), assumed, assumed, ("GetCallerIdentity", 403)])

    # Any other refusal is not about the credential, and invalidates nothing.
    refuse(emulator, "NoPermission", 1)
    expect("not allowed", running.ask(), "error: GetCallerIdentity: 403 NoPermission")
    expect("requests", asked(emulator), [("GetCallerIdentity", 403)])
    expect("in the end", running.ask(), AUDITOR)
    running.end()


if __name__ == "__main__":
    main()
