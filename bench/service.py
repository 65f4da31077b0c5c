"""The emulator, and the clean environment in which every measured process runs."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from prepare import EMULATOR, ROOT
from table import medians

sys.path.append(str(ROOT / "tests"))
from emulator import Emulator
from home import write_config

# So that `python`, `node` and their shims are found.
PATH = os.environ["PATH"]
USER = {"access_key_id": "LTAIEmulatorUser", "access_key_secret": "EmulatorUserSecret"}
ROLE_ARN = "acs:ram::1000000000000001:role/bench"


class Service:
    """The emulator, a home with a CLI profile in it, and what a process has to know to find both."""

    def __init__(self, emulator, temporary):
        self.emulator = emulator
        self.addresses = emulator.addresses
        self.reset = emulator.reset
        self.home = temporary / "home"
        self.empty_home = temporary / "empty"
        self.empty_home.mkdir()
        profile = {"name": "default", "mode": "AK", **USER}
        write_config(self.home, {"current": "default", "profiles": [profile]})

    def requests(self):
        return len(self.emulator.requests())

    def environment(self, **more):
        """What a measured process gets: nothing of ours but the path."""
        authority = self.addresses["ca"]
        return {
            "PATH": PATH,
            "HOME": str(self.home),
            "SSL_CERT_FILE": authority,
            "NODE_EXTRA_CA_CERTS": authority,
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
            # What a measured process needs to know for its own configurations.
            "BENCH_STS": self.addresses["sts_https"].removeprefix("https://"),
            "BENCH_URI": self.addresses["sts_http"] + "/credentials-uri",
            "BENCH_METADATA": self.addresses["metadata"],
            "BENCH_CONTROL": self.addresses["control"],
            "BENCH_ROLE": ROLE_ARN,
            "BENCH_ID": USER["access_key_id"],
            "BENCH_SECRET": USER["access_key_secret"],
            **more,
        }


@contextlib.contextmanager
def started():
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-bench-") as temporary:
        temporary = pathlib.Path(temporary)
        with Emulator(temporary, EMULATOR) as emulator:
            yield Service(emulator, temporary)


class DidNotFinish(Exception):
    """A measured process was ended after its time limit."""


def measured(command, environment, limit=600):
    """Runs a process that prints one JSON object, and returns that."""
    with subprocess.Popen(
        [str(part) for part in command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            output, error = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise DidNotFinish from None
    if process.returncode != 0:
        raise RuntimeError(f"{command} failed with {process.returncode}:\n{output}{error}")
    return json.loads(output.splitlines()[-1])


def starts(commands, environment, samples):
    """How many milliseconds each process takes (the medians), and what it counts when asked to."""
    # The first run also writes the bytecode, and warms the disk's cache.
    counts = {who: measured([*command, "count"], environment) for who, command in commands.items()}
    times = []
    for _ in range(samples):
        took = {}
        for who, command in commands.items():
            begin = time.perf_counter()
            subprocess.run([str(part) for part in command], env=environment, check=True)
            took[who] = (time.perf_counter() - begin) * 1e3
        times.append(took)
    return medians(times), counts
