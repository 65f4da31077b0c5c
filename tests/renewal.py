#!/usr/bin/env python3
"""The timer of an instance's credential: it renews though nobody asks, it can be switched off, and it keeps no process
alive."""

import json
import os
import pathlib
import subprocess
import tempfile
import time

from emulator import TARGET, WATCHDOG_SECONDS, Emulator

# Renewed between a quarter and a half of its life.
SERVICE = {"access_keys": [], "metadata": {"role": "web", "lifetime": 4}}


class Instance:
    """A process with one client on an instance of its own. It asks once, and then waits for its input to end."""

    def __init__(self, folder, timer):
        folder.mkdir()
        self.emulator = Emulator(folder)
        self.emulator.reset(**SERVICE)
        config = {"type": "ecs_ram_role", "async_credential_update_enabled": timer}
        (folder / "config.json").write_text(json.dumps(config))
        self.process = subprocess.Popen(
            [TARGET / "ask_once", folder],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": self.emulator.addresses["metadata"],
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "asked\n"

    def fetched(self):
        return len(self.emulator.requests("credential"))

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=WATCHDOG_SECONDS)
        self.emulator.stop()
        assert code == 0, f"the process ended with {code}"


def main():
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-renewal-") as temporary:
        # The one without a timer is older, and has had all the time that the other needed.
        without = Instance(pathlib.Path(temporary, "without"), timer=False)
        renewed = Instance(pathlib.Path(temporary, "with"), timer=True)
        deadline = time.monotonic() + WATCHDOG_SECONDS
        while renewed.fetched() < 3:
            assert time.monotonic() < deadline, "nothing was renewed"
        assert without.fetched() == 1, "the timer that was switched off has ticked"
        renewed.end()
        without.end()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
