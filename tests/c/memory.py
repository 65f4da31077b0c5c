#!/usr/bin/env python3
"""Checks that no secret stays in a C program's memory once everything is freed: of a pair, a session and a role.

Called after run.sh, which links the library into $BUILD_DIR/lib."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))
from emulator import Emulator  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / ".build/c"))

KEY = {"id": "LTAIexample", "secret": "Kq7ZcanaryVx3nB8mT2pLw9sRf6HdY"}
ISSUED = {
    "AccessKeySecret": "8fKcanaryQ2mWxZ5tVbN7yLpR3sHdJ9gTkE4aUcM6vXq",
    "SecurityToken": "CAIScanary" + "7Jx+Q2/m" * 40,
}
PAIR = {"access_key_id": KEY["id"], "access_key_secret": KEY["secret"]}
ROLE = {"type": "ram_role_arn", **PAIR, "role_arn": "acs:ram::1000000000000001:role/reader"}


def main():
    folder = BUILD / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "memory"
    flags = f"-std=c11 -O1 -Wall -Wextra -Werror -I{ROOT / 'include'} -L{BUILD / 'lib'}".split()
    source = ROOT / "tests/c/memory.c"
    link = ["-laliyun_cred", f"-Wl,-rpath,{BUILD / 'lib'}"]
    subprocess.run([os.environ.get("CC", "cc"), *flags, source, "-o", program, *link], check=True)
    failed = 0
    with Emulator(folder) as emulator:
        addresses = emulator.addresses
        emulator.reset(access_keys=[KEY], faults=[{"set_fields": ISSUED}])
        for way, config in {
            "configured": {"type": "access_key", **PAIR},
            "HTTP": {"type": "credentials_uri", "credentials_uri": addresses["sts_http"] + "/credentials-uri"},
            "HTTPS through a proxy": ROLE,
        }.items():
            (folder / "config.json").write_text(json.dumps(config))
            environment = {"HOME": str(folder), "HTTPS_PROXY": addresses["proxy"], "SSL_CERT_FILE": addresses["ca"]}
            secrets = [KEY["secret"]] if way == "configured" else ISSUED.values()
            if way == "HTTPS through a proxy":
                secrets = [*secrets, KEY["secret"]]
            command = [program, folder / "config.json", *(secret[::-1] for secret in secrets)]
            ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
            *held, left = ended.stdout.splitlines() or [""]
            # Otherwise it looks in the wrong place.
            found = len(held) == len(secrets) and "held: 0" not in held
            right = ended.returncode == 0 and left == "left: 0" and found
            failed += not right
            print(f"{'ok' if right else 'FAILED'} {way}: {ended.stdout.split()} {ended.stderr}")
    print(f"{3 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
