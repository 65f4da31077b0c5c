import signal
import threading

import pytest
from aliyun_cred.client import Client

from support import WATCHDOG_SECONDS


def test_64_threads_make_one_request(sts, role):
    client = Client(role)
    sts.hold()
    ready = threading.Barrier(65)
    models = []

    def ask():
        ready.wait()
        models.append(client.get_credential())

    threads = [threading.Thread(target=ask) for _ in range(64)]
    for thread in threads:
        thread.start()
    ready.wait()
    # The interpreter is free while they wait: the server, which is Python, could not answer otherwise.
    assert sts.asked.wait(WATCHDOG_SECONDS)
    sts.may_answer.set()
    for thread in threads:
        thread.join()
    assert [model.access_key_id for model in models] == ["STS.1"] * 64
    assert sts.requests == 1


def test_a_signal_interrupts_a_wait(sts, role):
    """As Ctrl-C does, whose handler raises KeyboardInterrupt."""
    client = Client(role)
    sts.hold()

    class Interrupted(Exception):
        pass

    def handler(*_):
        raise Interrupted

    def interrupt():
        sts.asked.wait()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    previous = signal.signal(signal.SIGUSR1, handler)
    helper = threading.Thread(target=interrupt)
    try:
        helper.start()
        with pytest.raises(Interrupted):
            client.get_credential()
        helper.join()
    finally:
        signal.signal(signal.SIGUSR1, previous)
    sts.may_answer.set()
    assert client.get_credential().access_key_id == "STS.1"
    assert sts.requests == 1
