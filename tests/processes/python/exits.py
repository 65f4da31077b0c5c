"""exits.py WAY [wait]: the interpreter exits while a refresh runs and a thread and a coroutine wait for it."""

import asyncio
import sys
import threading

from common import await_word, client_of

client = client_of("exits")
threading.Thread(target=client.get_credential, daemon=True).start()


async def leave_pending():
    """`asyncio.run` cancels the task when this returns or raises."""
    task = asyncio.ensure_future(client.get_credential_async())
    await asyncio.sleep(0)
    # Where the test does not hold the reply back, it may have arrived.
    assert not task.done() or sys.argv[2:] != ["wait"]
    if sys.argv[2:] == ["wait"]:
        await asyncio.get_running_loop().run_in_executor(None, await_word)
    if sys.argv[1] == "exit in a coroutine":
        sys.exit(3)
    if sys.argv[1] == "unhandled in a coroutine":
        raise RuntimeError("meant")


asyncio.run(leave_pending())
if sys.argv[1] == "unhandled":
    raise RuntimeError("meant")
assert sys.argv[1] == "end"
