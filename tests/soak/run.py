#!/usr/bin/env python3
"""All sources, in C, Python and Node at once, for as long as you say: credentials live for two seconds, services fail
in a new way every second, keys rotate in the files, the services' clock jumps if you say so; threads, loops, forks and
workers ask.

    run.py --minutes 30 --jumps

What has to hold: no credential is served past its end, every client is served, what fails is an error of the library,
memory, descriptors and threads stay level, and the services get no more requests than clients may send.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path += [str(ROOT / "tests"), str(ROOT / "tests/scenarios")]
import scenario  # noqa: E402
from emulator import TARGET, WATCHDOG_SECONDS, Emulator  # noqa: E402
from program import Failed, Program  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / ".build"))
PYTHON = pathlib.Path(os.environ.get("VENV", BUILD / "venv")) / "bin/python"
CC = os.environ.get("CC", "cc")

LIFETIME = 2
LIMITS = {"timeout": 1000, "connect_timeout": 1000}
FAULTS = [
    {"status": 503, "code": "ServiceUnavailable"},
    {"status": 400, "code": "Throttling.User", "message": "slower"},
    {"status": 200, "body": "<html>"},
    {"status": 500, "body": "<html>"},
    {"close": True},
    {"hang": True},
    {"latency_ms": 300},
    {"redirect": "http://127.0.0.1:1/"},
    {"oversize": 2_000_000},
]
SERVICES = ["sts", "metadata", "credentials_uri", "cloud_sso", "oauth", "kms"]
# A client fetches about once in a lifetime of two seconds, or as its back-off lets it; a fetch is up to three requests,
# and one more if the services' clock has jumped. A child fetches for itself, and a worker for each of its clients.
REQUESTS_PER_CLIENT_AND_SECOND = 2
REQUESTS_PER_CHILD = 4


class Home:
    """The files that the sources read."""

    def __init__(self, home, emulator):
        self.path = home
        self.config = home / ".aliyun/config.json"
        self.ini = home / ".alibabacloud/credentials.ini"
        fixtures = scenario.resolve(scenario.fixtures())
        for folder in (self.config.parent, self.ini.parent):
            folder.mkdir()
        (home / "key.pem").write_text(fixtures["pair_key"])
        (home / "token").write_text(fixtures["oidc_token"])
        command = home / "command.sh"
        command.write_text(
            f"end=$(date -u -d '+{LIFETIME + 3} seconds' +%Y-%m-%dT%H:%M:%SZ)\n"
            'printf \'{"mode":"StsToken","access_key_id":"STS.command","access_key_secret":"secret",'
            '"sts_token":"token","expiration":"%s"}\' "$end"\n'
        )
        self.user = {"access_key_id": "LTAIscenario", "access_key_secret": fixtures["alice_secret"]}
        self.role = {"role_arn": "acs:ram::1000000000000001:role/reader", "role_session_name": "soak"}
        uri = f"{emulator.addresses['sts_http']}/credentials-uri"
        pair = {"public_key_id": "LTAIpair", "private_key_file": str(home / "key.pem")}
        oidc = {
            "oidc_provider_arn": "acs:ram::1000000000000001:oidc-provider/ack",
            "oidc_token_file_path": str(home / "token"),
        }
        secret = {"secret_name": "app/key", "kms_region_id": "cn-hangzhou"}
        options = {
            "ram_role_arn": {**self.user, **self.role},
            "oidc_role_arn": {**self.role, **oidc},
            "rsa_key_pair": pair,
            "ecs_ram_role": {"role_name": "web"},
            "credentials_uri": {"credentials_uri": uri},
            "kms_secret": {**secret, **self.user},
        }
        self.clients = [json.dumps({"type": name, **option, **LIMITS}) for name, option in options.items()]
        self.clients += ["rotating", "role", "sso", "oauth", "command", "ini"]
        self.service = {
            "access_keys": [fixtures["alice"]],
            "oidc": [fixtures["ack"]],
            "key_pairs": [fixtures["pair"]],
            "metadata": {**fixtures["instance"], "lifetime": LIFETIME},
            "secrets": [{**fixtures["app_key"], "rotates_in": None}],
            "cloud_sso": [fixtures["sso"]],
            "oauth": {**fixtures["oauth"], "access_lifetime": 60},
            "lifetime": LIFETIME,
        }
        profiles = [
            {"name": "rotating", "mode": "AK", "access_key_id": "LTAI0", "access_key_secret": "0"},
            {"name": "role", "mode": "RamRoleArn", "ram_role_arn": self.role["role_arn"], **self.user},
            {
                "name": "sso",
                "mode": "CloudSSO",
                "cloud_sso_sign_in_url": "https://signin-cn-shanghai.alibabacloudsso.com/start/login",
                "cloud_sso_account_id": fixtures["sso"]["account_id"],
                "cloud_sso_access_config": fixtures["sso"]["access_configuration_id"],
                "access_token": fixtures["sso"]["access_token"],
                "cloud_sso_access_token_expire": 4_102_444_800,
            },
            {
                "name": "oauth",
                "mode": "OAuth",
                "oauth_site_type": "CN",
                "oauth_refresh_token": fixtures["oauth_refresh_token"],
            },
            {"name": "command", "mode": "External", "process_command": f"sh {command}"},
        ]
        self.config.write_text(json.dumps({"current": "rotating", "profiles": profiles}))
        self.rotate(0)

    def rotate(self, number):
        """Gives the keys in both files new names, as a tool that takes the lock does."""
        while True:
            with open(self.config) as locked:
                fcntl.flock(locked, fcntl.LOCK_EX)
                # Whoever replaced the file meanwhile locked another one.
                if os.fstat(locked.fileno()).st_ino != self.config.stat().st_ino:
                    continue
                content = json.load(locked)
                content["profiles"][0].update(access_key_id=f"LTAI{number}", access_key_secret=str(number))
                replace(self.config, json.dumps(content))
                break
        lines = {"type": "access_key", "access_key_id": f"LTAI{number}", "access_key_secret": str(number)}
        replace(self.ini, "[default]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))


def replace(file, text):
    temporary = file.with_suffix(".soak")
    temporary.write_text(text)
    temporary.replace(file)


class Worker(Program):
    """One of the three, and how large it is."""

    def __init__(self, name, command, environment, seconds):
        super().__init__(command, environment, seconds)
        self.name = name
        self.sizes = []

    def failed(self, why):
        return Failed(f"{self.name}: {why}: {self.errors()}")

    def counts(self):
        """What it has counted so far; fails if it is gone."""
        self.tell()
        line = self.process.stdout.readline()
        if not line:
            raise self.failed("it has ended")
        return json.loads(line)

    def measure(self):
        folder = pathlib.Path("/proc", str(self.process.pid))
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        descriptors = len(os.listdir(folder / "fd"))
        self.sizes.append((int(status["VmRSS"].split()[0]), descriptors, int(status["Threads"])))

    def check_sizes(self):
        """What it had in the last third is not more than in the third before, but for what comes and goes."""
        third = len(self.sizes) // 3
        before, after = self.sizes[third : 2 * third], self.sizes[-third:]
        for what, column, play in (("KiB of memory", 0, 8192), ("descriptors", 1, 24), ("threads", 2, 12)):
            most_before, most_after = (max(size[column] for size in part) for part in (before, after))
            print(f"{self.name}: {most_before}, then {most_after} {what}")
            if most_after > most_before * 1.1 + play:
                raise self.failed(f"{what} grew from {most_before} to {most_after}")

    def end(self):
        """Ends it, and returns what it has counted."""
        self.process.stdin.close()
        return json.loads(super().end(stderr=None).splitlines()[-1])


def compile_program():
    folder = BUILD / "soak"
    folder.mkdir(parents=True, exist_ok=True)
    flags = "-std=c11 -O1 -Wall -Wextra -Werror -D_GNU_SOURCE -pthread".split()
    library = [f"-L{TARGET}", "-laliyun_cred", f"-Wl,-rpath,{folder}"]
    with contextlib.suppress(FileExistsError):
        (folder / "libaliyun_cred.so.0").symlink_to(TARGET / "libaliyun_cred.so")
    command = [CC, *flags, f"-I{ROOT / 'include'}", HERE / "soak.c", "-o", folder / "soak", *library]
    subprocess.run(command, check=True)
    return folder / "soak"


def disturb(emulator, chance, turn, jumps):
    """One second's trouble: every third second none, so that clients recover."""
    faults = []
    if turn % 3:
        faults = [{"service": chance.choice(SERVICES), **chance.choice(FAULTS)} for _ in range(2)]
    emulator.patch(faults=faults)
    if jumps and turn % 20 == 10:
        # A whole number of hours, as the programs expect.
        emulator.patch(clock_offset=3600 * chance.choice([-6, 0, 0, 6]))


def soak(home, emulator, workers, options):
    seconds, chance = options.minutes * 60, random.Random(options.seed)
    began = time.monotonic()
    turn = 0
    while time.monotonic() - began < seconds:
        turn += 1
        disturb(emulator, chance, turn, options.jumps)
        home.rotate(turn)
        # The pace of the trouble; nothing is asserted of it.
        time.sleep(1)
        for worker in workers:
            if worker.counts()["expired"]:
                raise worker.failed("served a credential past its end")
            worker.measure()
    took = time.monotonic() - began
    emulator.patch(faults=[])
    totals = [worker.end() for worker in workers]
    for worker, counts in zip(workers, totals):
        print(f"{worker.name}: {json.dumps(counts)}")
        worker.check_sizes()
        if counts["expired"] or 0 in counts["served"]:
            raise worker.failed("a client was served a credential past its end, or none")
    requests = emulator.state()["requests"]
    children = sum(counts["children"] for counts in totals)
    most = REQUESTS_PER_CLIENT_AND_SECOND * len(home.clients) * len(workers) * took + REQUESTS_PER_CHILD * children
    print(f"{requests} requests; {most:.0f} would be too many")
    if requests > most:
        raise Failed("the services were asked too often")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--jumps", action="store_true", help="let the services' clock jump by hours")
    parser.add_argument("--seed", type=int, default=19)
    options = parser.parse_args()
    program = compile_program()
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-soak-") as temporary, Emulator(temporary) as emulator:
        path = pathlib.Path(temporary, "home")
        path.mkdir()
        home = Home(path, emulator)
        emulator.reset(**home.service)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(path),
            "PYTHONDONTWRITEBYTECODE": "1",
            # It forks with threads, which is what is tested.
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
            "HTTPS_PROXY": emulator.addresses["proxy"],
            "SSL_CERT_FILE": emulator.addresses["ca"],
            "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": emulator.addresses["metadata"],
            **({"CLOCK_JUMPS": "1"} if options.jumps else {}),
        }
        commands = {"C": [program], "Python": [PYTHON, HERE / "soak.py"], "Node": ["node", HERE / "soak.js"]}
        seconds = options.minutes * 60 + WATCHDOG_SECONDS
        with contextlib.ExitStack() as stack:
            workers = [
                stack.enter_context(Worker(name, [*command, *home.clients], environment, seconds))
                for name, command in commands.items()
            ]
            try:
                soak(home, emulator, workers, options)
            except Failed as problem:
                print(f"FAILED: {problem}")
                return 1
    print("everything held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
