"""waves.py threads|coroutines: sixty-four ask at once for a credential that was rejected, and for one that has expired.

run.py counts the requests at every word.
"""

import asyncio
import sys
import threading
import time

from common import await_word, client_of, say

client = client_of("waves")


def threads():
    together = threading.Barrier(64)
    models = []

    def ask():
        together.wait()
        models.append(client.get_credential())

    started = [threading.Thread(target=ask) for _ in range(64)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return models


def coroutines():
    async def main():
        return await asyncio.gather(*(client.get_credential_async() for _ in range(64)))

    return asyncio.run(main())


def wave(word):
    models = {"threads": threads, "coroutines": coroutines}[sys.argv[1]]()
    assert len(models) == 64 and len(set(map(id, models))) == 1
    say(word)
    await_word()


client.get_credential()
client.invalidate()
wave("refused")
client.invalidate()
# run.py lets the service issue a credential that lasts a second.
end = client.get_credential().expiration
# It expires only with time.
while time.time() <= end:
    time.sleep(0.01)
say("outlived")
await_word()
wave("expired")
