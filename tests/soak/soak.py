"""Asks clients of all sources from four threads and an event loop, and forks children that ask them, too. The arguments
and the lines are those of soak.c."""

import asyncio
import itertools
import json
import os
import signal
import sys
import threading
import time

from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import Config
from aliyun_cred.provider import CLIProfileCredentialsProvider, ProfileCredentialsProvider

HOUR = 3600
TICK = 0.01
WATCHDOG_SECONDS = 60


def client_of(argument):
    if argument == "ini":
        return Client(provider=ProfileCredentialsProvider())
    if not argument.startswith("{"):
        return Client(provider=CLIProfileCredentialsProvider(profile_name=argument))
    return Client(Config(**json.loads(argument)))


def is_over(source, expiration, asked):
    """As in soak.c."""
    if expiration is None or source == "ecs_ram_role":
        return False
    left = expiration - asked
    if "CLOCK_JUMPS" not in os.environ:
        return left <= -TICK
    if source in ("credentials_uri", None):
        return False
    hours = round(left / HOUR)
    return left - hours * HOUR <= (-5 if hours else -TICK)


class Asking:
    def __init__(self, arguments):
        self.clients = [client_of(argument) for argument in arguments]
        self.types = [json.loads(argument)["type"] if argument[0] == "{" else None for argument in arguments]
        self.served = [0] * len(arguments)
        self.failed = self.expired = self.children = 0
        self.stop = threading.Event()

    def look(self, index, asked, credential):
        assert credential.access_key_id and credential.access_key_secret
        if is_over(self.types[index], credential.expiration, asked):
            print(f"client {index} was {asked - credential.expiration} s over", file=sys.stderr)
            self.expired += 1
        self.served[index] += 1

    def ask(self, index):
        asked = time.time()
        try:
            self.look(index, asked, self.clients[index].get_credential())
        except CredentialException as error:
            assert str(error)
            self.failed += 1

    async def ask_async(self, index):
        asked = time.time()
        try:
            self.look(index, asked, await self.clients[index].get_credential_async())
        except CredentialException as error:
            assert str(error)
            self.failed += 1

    def keep_asking(self, first):
        for turn in itertools.count(first):
            if self.stop.wait(0.002):
                return
            self.ask(turn % len(self.clients))

    async def loop(self):
        while not self.stop.is_set():
            await asyncio.gather(*map(self.ask_async, range(len(self.clients))))
            await asyncio.sleep(0.01)

    def keep_forking(self):
        for turn in itertools.count():
            if self.stop.wait(0.3):
                return
            child = os.fork()
            if child == 0:
                signal.alarm(WATCHDOG_SECONDS)
                self.expired = 0
                try:
                    self.ask(turn % len(self.clients))
                    os._exit(98 if self.expired else 0)
                finally:
                    os._exit(99)
            status = os.waitpid(child, 0)[1]
            if status != 0:
                print(f"a child ended with {status}", file=sys.stderr, flush=True)
                os._exit(99)
            self.children += 1

    def report(self):
        counts = {"failed": self.failed, "expired": self.expired, "children": self.children, "served": self.served}
        print(json.dumps(counts), flush=True)


def main():
    asking = Asking(sys.argv[1:])
    work = [threading.Thread(target=asking.keep_asking, args=[first]) for first in range(0, 12, 3)]
    work += [threading.Thread(target=asyncio.run, args=[asking.loop()]), threading.Thread(target=asking.keep_forking)]
    for thread in work:
        thread.start()
    for _ in sys.stdin:
        asking.report()
    asking.stop.set()
    for thread in work:
        thread.join()
    asking.report()


main()
