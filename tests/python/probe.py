"""The Python side of a scenario: `probe.py <folder> <calls> <mode>`.

The modes are `ask`, `explain` and `explain-rotate`, each with `-async` too, and `memory`, which waits while it holds a
client, and once it has let go of everything. Makes a client as a user would, from `<folder>/config.json` if that
exists, asks it `<calls>` times, and writes the result to `<folder>/result.json`. On stderr it leaves what careless
users leave in their logs, for the runner to search for secrets.
"""

import contextlib
import gc
import json
import logging
import pathlib
import sys

from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import Config

FIELDS = ("access_key_id", "access_key_secret", "security_token", "bearer_token", "type", "provider_name")


def carelessly_print(what):
    print(repr(what), str(what), f"{what}", json.dumps({"it": what}, default=str), file=sys.stderr)
    if isinstance(what, Exception):
        logging.getLogger("careless").error("failed", exc_info=what)
        print(what.args, vars(what), file=sys.stderr)


def error(exception):
    carelessly_print(exception)
    return {
        "class": type(exception).__name__,
        "kind": exception.kind,
        "message": str(exception),
        "code": exception.code,
        "request_id": exception.request_id,
        "http_status": exception.http_status,
        "attempts": [
            {"provider": attempt.provider, "kind": attempt.kind, "message": attempt.message}
            for attempt in exception.attempts
        ],
    }


def outcome(model):
    carelessly_print(model)
    return {"credential": {name: getattr(model, name) for name in FIELDS}}


def ask(client, calls):
    for _ in range(calls):
        try:
            yield outcome(client.get_credential())
        except CredentialException as exception:
            yield {"error": error(exception)}


def run_async(coroutine):
    # Importing it takes longer than all else that a probe does.
    import asyncio

    return asyncio.run(coroutine, debug=True)


async def ask_async(client, calls):
    outcomes = []
    for _ in range(calls):
        try:
            outcomes.append(outcome(await client.get_credential_async()))
        except CredentialException as exception:
            outcomes.append({"error": error(exception)})
    return outcomes


def explain(client, mode):
    rotate = "rotate" in mode
    if mode.endswith("-async"):
        report = run_async(client.explain_async(all=rotate, rotate=rotate))
    else:
        report = client.explain(all=rotate, rotate=rotate)
    carelessly_print(report)
    for part in (*report.sources, *report.warnings, report.credentials):
        carelessly_print(part)
    print(report, end="")
    return {"construction_error": None, "report": report.to_dict()}


def configuration(folder):
    configured = folder / "config.json"
    return Config(**json.loads(configured.read_text("utf-8"))) if configured.exists() else None


def hold(folder, calls):
    """Asks, and reads nothing of what it gets: that would be a copy of Python's."""
    client, served = None, 0
    with contextlib.suppress(CredentialException):
        client = Client(configuration(folder))
    for _ in range(calls if client else 0):
        with contextlib.suppress(CredentialException):
            client.get_credential()
            served += 1
    print(f"{served}\nheld", flush=True)
    sys.stdin.readline()


def remember(folder, calls):
    hold(folder, calls)
    gc.collect()
    print("freed", flush=True)
    sys.stdin.readline()


def run(folder, calls, mode):
    try:
        config = configuration(folder)
        carelessly_print(config)
        events = []
        client = Client(config, on_event=events.append)
    except CredentialException as exception:
        return {"construction_error": error(exception), "outcomes": []}
    carelessly_print(client)
    if mode.startswith("explain"):
        return explain(client, mode)
    if mode == "ask-async":
        outcomes = run_async(ask_async(client, calls))
    else:
        outcomes = list(ask(client, calls))
    status = client.status()
    for what in (client, status, *events):
        carelessly_print(what)
    return {"construction_error": None, "outcomes": outcomes, "clock_offset": status.clock_offset}


def main():
    folder = pathlib.Path(sys.argv[1])
    if sys.argv[3] == "memory":
        remember(folder, int(sys.argv[2]))
        return
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    result = run(folder, int(sys.argv[2]), sys.argv[3])
    (folder / "result.json").write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
