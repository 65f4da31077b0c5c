"""What is measured of the command. There is no official one to compare with."""

import contextlib
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time
import urllib.parse

from prepare import COMMAND
from service import ROLE_ARN
from table import Row, medians

# Of the two programs each has a processor to itself.
SERVER, CLIENT = ["taskset", "-c", "0"], ["taskset", "-c", "1"]
# The first keep the server's processor busy; the others leave it time, so that their latency is not that of a queue.
CONNECTIONS = (8, 2)
IDLE = 1000


def took(command, environment):
    begin = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1e3


def start(service, options):
    service.reset()
    environment = service.environment()
    empty, get = [], []
    for _ in range(options.starts):
        empty.append(took(["true"], environment))
        get.append(took([COMMAND, "get"], environment))
    floor = statistics.median(empty)
    return [
        Row("binary", "kB", None, COMMAND.stat().st_size / 1024),
        Row(
            "get of a static profile, over an empty process",
            "ms",
            None,
            statistics.median(get) - floor,
            floor,
            "the floor is `true`",
        ),
    ]


@contextlib.contextmanager
def served(service):
    """`serve` on one processor, with a session in its cache: the process, and its credentials URI."""
    service.reset()
    environment = service.environment(ALIBABA_CLOUD_STS_ENDPOINT=service.addresses["sts_http"])
    command = [*SERVER, COMMAND, "serve", "--profile", "default", "--role-arn", ROLE_ARN]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        uri = next(
            found[1] for line in process.stdout if (found := re.search(r"_CREDENTIALS_URI='?(http[^'\s]+)", line))
        )
        try:
            answer(connect(uri), uri)
            yield process, uri
        finally:
            process.terminate()


def connect(uri):
    address = urllib.parse.urlsplit(uri)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def answer(connection, uri):
    """Sends one request, and reads its answer; the connection stays open."""
    address = urllib.parse.urlsplit(uri)
    connection.sendall(f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
    read = b""
    while b"}" not in read:
        part = connection.recv(65536)
        if not part or not read + part > b"HTTP/1.1 200":
            raise RuntimeError(f"serve answered {read + part!r}")
        read += part
    return connection


def memory(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat") as status:
        user, system = status.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def latency(said, percentile):
    """What wrk says of a percentile, in microseconds."""
    number, unit = re.search(rf"{percentile}%\s+([\d.]+)(us|ms|s)", said).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def load(process, uri, connections):
    """What wrk says of five seconds with so many connections, each of which asks again when it is answered."""
    begin = processor_seconds(process)
    command = [
        *CLIENT,
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(connections),
        "--duration",
        "5s",
        "--latency",
        uri,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = processor_seconds(process) - begin
    if "Non-2xx" in said:
        raise RuntimeError(said)
    return {
        "a second": float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
        "a second of its processor": int(re.search(r"(\d+) requests in", said)[1]) / used,
        "median": latency(said, 50),
        "p99": latency(said, 99),
    }


def idle(process, uri):
    """The server's memory by itself, and what connections add that have asked once."""
    alone = memory(process)
    with contextlib.ExitStack() as connections:
        for _ in range(IDLE):
            answer(connections.enter_context(connect(uri)), uri)
        return {"alone": alone, "added": memory(process) - alone}


def serve(service, options):
    # For the idle connections, of this process and of the server.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found = []
    for _ in range(options.rounds):
        with served(service) as (process, uri):
            found.append(idle(process, uri))
            if shutil.which("wrk"):
                found[-1].update({connections: load(process, uri, connections) for connections in CONNECTIONS})
    found = medians(found)
    rows = [
        Row("serve: resident memory", "kB", None, found["alone"]),
        Row(f"... that {IDLE:,} idle connections add", "kB", None, found["added"]),
    ]
    for connections in CONNECTIONS:
        missing = dict.fromkeys(("a second", "a second of its processor", "median", "p99"), "no wrk (make ci-tools)")
        said = found.get(connections, missing)
        rows += [
            Row(f"serve on one core, {connections} connections: requests a second", "", None, said["a second"]),
            Row("... in a second of its processor time", "", None, said["a second of its processor"]),
            Row("... median time of a request", "us", None, said["median"]),
            Row("... p99", "us", None, said["p99"]),
        ]
    return rows


PARTS = {"start": start, "serve": serve}
