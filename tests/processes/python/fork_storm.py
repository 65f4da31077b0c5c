"""fork_storm.py N: `os.fork` N times while four threads call one client and keep it refreshing."""

import sys
import threading

from common import client_of, fork, threads_named

hammered = client_of("hammered")
quiet = client_of("quiet")
cached = quiet.get_credential()
stop = threading.Event()
problems = []
gets = 0


def hammer():
    global gets
    try:
        while not stop.is_set():
            for _ in range(16):
                assert hammered.get_credential().access_key_id
                gets += 1
            hammered.invalidate()
    except BaseException as problem:
        problems.append(problem)


def child():
    assert quiet.get_credential() is cached
    quiet.invalidate()
    assert quiet.get_credential().access_key_id != cached.access_key_id
    assert hammered.get_credential().access_key_id
    hammered.invalidate()
    assert hammered.get_credential().access_key_id
    assert threads_named("aliyun-cred") == 1


threads = [threading.Thread(target=hammer) for _ in range(4)]
for thread in threads:
    thread.start()
try:
    for _ in range(int(sys.argv[1])):
        fork(child)
    # The threads still work after the last fork.
    before = gets
    while gets < before + 100 and not problems:
        hammered.invalidate()
        hammered.get_credential()
finally:
    stop.set()
for thread in threads:
    thread.join()
assert not problems, problems
assert quiet.get_credential() is cached
