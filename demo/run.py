#!/usr/bin/env python3
"""Resolves one chained role in every language, and lets the official SDKs use it, against the emulator.

Every language reads the same CLI profile in a temporary home, whose current profile assumes a role by way of
another. No option, endpoint or key is given in code: the programs are what a user would write. Their requests go to
Alibaba Cloud's own host names, for which the emulator answers through a proxy under a certificate authority of its
own. Nobody's real home, environment or network is touched.
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.append(str(ROOT / "tests"))
from emulator import TARGET, Emulator  # noqa: E402
from home import write_config  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / ".build"))
PYTHON = BUILD / "venv/bin/python"

# Each prints AccessKey ID, AccessKey secret, security token and provider name, a line each.
LANGUAGES = {
    "Rust": [TARGET / "demo"],
    "C": [BUILD / "demo/demo-c"],
    "C++": [BUILD / "demo/demo-cpp"],
    "Python": [PYTHON, HERE / "demo.py"],
    "Node": ["node", HERE / "demo.js"],
}

# Each calls GetCallerIdentity with our client as its credential, and prints provider name and ARN, a line each.
SDKS = {
    "Python SDK alibabacloud_sts20150401": [PYTHON, HERE / "sdk.py"],
    "Node SDK @alicloud/sts20150401": ["node", HERE / "sdk.js"],
}

ACCOUNT = "1234567890123456"
PROFILES = {
    "current": "auditor",
    "profiles": [
        {
            "name": "default",
            "mode": "AK",
            "access_key_id": "LTAIdemo",
            "access_key_secret": "demo-secret",
        },
        {
            "name": "reader",
            "mode": "ChainableRamRoleArn",
            "source_profile": "default",
            "ram_role_arn": f"acs:ram::{ACCOUNT}:role/reader",
            "ram_session_name": "demo",
        },
        {
            "name": "auditor",
            "mode": "ChainableRamRoleArn",
            "source_profile": "reader",
            "ram_role_arn": f"acs:ram::{ACCOUNT}:role/auditor",
            "ram_session_name": "demo",
        },
    ],
}
KEY = {"id": "LTAIdemo", "secret": "demo-secret", "account": ACCOUNT, "user": "alice"}


def say(text):
    print(text, flush=True)


def who_am_i(endpoint, access_key_id, access_key_secret, security_token):
    """Signs GetCallerIdentity with a resolved credential, and returns the ARN that the service answers with."""

    def encode(text):
        return urllib.parse.quote(text, safe="~")

    parameters = {
        "AccessKeyId": access_key_id,
        "Action": "GetCallerIdentity",
        "Format": "JSON",
        "SecurityToken": security_token,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": str(uuid.uuid4()),
        "SignatureVersion": "1.0",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Version": "2015-04-01",
    }
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters.items()))
    text = "GET&%2F&" + encode(query)
    digest = hmac.new(f"{access_key_secret}&".encode(), text.encode(), hashlib.sha1).digest()
    signature = encode(base64.b64encode(digest).decode())
    # No proxy of the environment may come between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{endpoint}/?{query}&Signature={signature}", timeout=60) as reply:
        return json.loads(reply.read())["Arn"]


def run(who, command, environment):
    """Runs one program and returns the lines it prints."""
    done = subprocess.run(
        [str(part) for part in command], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{who} failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout.split("\n")


def table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-demo-") as temporary:
        home = pathlib.Path(temporary, "home")
        write_config(home, PROFILES)
        with Emulator(temporary) as emulator:
            demonstrate(emulator, home)


def demonstrate(emulator, home):
    addresses = emulator.addresses
    say(f"The emulator answers for Alibaba Cloud: STS at {addresses['sts_https']}, proxy at {addresses['proxy']}")
    emulator.reset(access_keys=[KEY])
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HTTPS_PROXY": addresses["proxy"],
        "SSL_CERT_FILE": addresses["ca"],
        "NODE_EXTRA_CA_CERTS": addresses["ca"],
        "NODE_PATH": str(BUILD / "demo/node_modules"),
        "STS_ADDRESS": addresses["sts_https"].removeprefix("https://"),
    }
    rows = [("who asked", "which sources answered", "who the service says we are")]
    for who, command in LANGUAGES.items():
        say(f"{who} resolves the default chain ...")
        access_key_id, access_key_secret, security_token, provider, *_ = run(who, command, environment)
        arn = who_am_i(addresses["sts_http"], access_key_id, access_key_secret, security_token)
        rows.append((who, provider, arn))
    for who, command in SDKS.items():
        say(f"{who} calls GetCallerIdentity with our client ...")
        provider, arn, *_ = run(who, command, environment)
        rows.append((who, provider, arn))

    log = emulator.requests()
    signed = [entry for entry in log if entry["action"] == "GetCallerIdentity" and entry["signature"] == "v3"]
    if len(signed) != len(SDKS) or any(entry["status"] != 200 for entry in signed):
        sys.exit(f"expected {len(SDKS)} verified V3 signatures, found {len(signed)}")
    arns = {arn for _, _, arn in rows[1:]}
    if len(arns) != 1:
        sys.exit(f"not everyone is the same: {arns}")
    roles = sum(entry["action"] == "AssumeRole" for entry in log)
    say(f"The emulator verified {len(log)} signatures: {roles} of AssumeRole, {len(signed)} of the SDKs' own (V3).\n")
    table(rows)


if __name__ == "__main__":
    main()
