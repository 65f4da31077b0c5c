"""Shared by the programs of this folder. run.py sets an STS in the environment and exchanges lines with each."""

import os
import signal
import sys

from aliyun_cred.client import Client
from aliyun_cred.models import Config

# No test takes longer; a process that reaches this hangs.
WATCHDOG_SECONDS = 60


def client_of(role):
    """A client of a role from the STS in the environment."""
    return Client(
        Config(
            type="ram_role_arn",
            access_key_id="LTAIEmulatorUser",
            access_key_secret="EmulatorUserSecret",
            role_arn=f"acs:ram::1000000000000001:role/{role}",
        )
    )


def say(word):
    print(word, flush=True)


def await_word():
    assert sys.stdin.readline()


def fork(function):
    """Runs `function` in a child, which must succeed."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            # Kills it if it hangs.
            signal.alarm(WATCHDOG_SECONDS)
            function()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0, "a child did not end well"


def threads_named(name):
    """How many threads of this process have this name."""
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm") as file:
                names.append(file.read().rstrip("\n"))
        except FileNotFoundError:
            pass  # it has just ended
    return names.count(name)
