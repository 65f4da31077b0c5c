"""Runs the Python blocks of the documentation, each in a forked child: `run_python.py <results> <kind>:<file>...`.

Writes a JSON object to `<results>`: for each file, what is wrong with it, or null.
"""

import ast
import io
import json
import logging
import os
import pathlib
import signal
import site
import sys
import tempfile
import traceback

import aliyun_cred.client
import aliyun_cred.models


def names():
    """What a body may use besides its own names."""
    return {
        "client": aliyun_cred.client.Client(),
        "Client": aliyun_cred.client.Client,
        "Config": aliyun_cred.models.Config,
        "log": logging.getLogger("app"),
    }


def run(kind, path):
    """What is wrong with a block, or None."""
    try:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if kind in ("body", "fragment") else 0
        code = compile(path.read_text("utf-8"), path, "exec", flags=flags)
        if kind not in ("program", "body"):
            return None
        space = {"__name__": "__main__", **(names() if kind == "body" else {})}
        result = eval(code, space)
        if result is not None:
            import asyncio

            asyncio.run(finish(result))
    except ModuleNotFoundError as error:
        return f"needs the module {error.name}"
    except SystemExit as end:
        return f"it ended with {end.code}" if end.code else None
    except BaseException:
        return traceback.format_exc()
    return None


async def finish(coroutine):
    await coroutine


def in_a_child(kind, path):
    with tempfile.TemporaryFile() as found:
        child = os.fork()
        if child == 0:
            # What takes longer hangs, and is ended by the signal.
            signal.alarm(60)
            sys.stdout, sys.argv = io.StringIO(), [str(path)]
            found.write(json.dumps(run(kind, path)).encode())
            found.flush()
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        found.seek(0)
        return json.loads(found.read() or f'"it was ended: status {status}"')


def main():
    results, *blocks = sys.argv[1:]
    site.addsitedir(os.environ.pop("DOCS_PEERS"))
    pairs = (block.partition(":")[::2] for block in blocks)
    found = {path: in_a_child(kind, pathlib.Path(path)) for kind, path in pairs}
    pathlib.Path(results).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
