"""A pool of forked processes, each resolving with an inherited client."""

import multiprocessing
import os

from common import WATCHDOG_SECONDS, client_of

client = client_of("pool")


def task(_):
    client.invalidate()
    return os.getpid(), client.get_credential().access_key_id


if __name__ == "__main__":
    first = client.get_credential()
    with multiprocessing.get_context("fork").Pool(4) as pool:
        answers = pool.map_async(task, range(20), chunksize=1).get(WATCHDOG_SECONDS)
        pool.close()
        pool.join()
    assert os.getpid() not in {process for process, _ in answers}
    assert len({first.access_key_id, *(access_key_id for _, access_key_id in answers)}) == 21
    assert client.get_credential() is first
