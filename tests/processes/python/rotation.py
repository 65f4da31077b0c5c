"""Seven threads and an event loop ask the default chain while run.py replaces the configuration file, until they get
the last key. The ID and the secret of a key are equal, so that a mix of two files would show."""

import asyncio
import threading
import time

from aliyun_cred.client import Client
from common import say

client = Client()


def is_last(model):
    assert model.access_key_id == model.access_key_secret
    return model.access_key_id == "LTAIlast"


def ask():
    while not is_last(client.get_credential()):
        time.sleep(0.0001)


async def ask_on_a_loop():
    while not is_last(await client.get_credential_async()):
        await asyncio.sleep(0)


threads = [threading.Thread(target=ask) for _ in range(7)]
for thread in threads:
    thread.start()
say("asking")
asyncio.run(ask_on_a_loop())
for thread in threads:
    thread.join()
say("rotated")
