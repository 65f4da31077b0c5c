"""A web application whose client resolves on import; `gunicorn --preload` imports it before it forks."""

import json
import os

from common import client_of

client = client_of("app")
at_import = client.get_credential()


def application(environ, start_response):
    inherited = client.get_credential().access_key_id
    client.invalidate()
    answer = {
        "process": os.getpid(),
        "at_import": at_import.access_key_id,
        "inherited": inherited,
        "own": client.get_credential().access_key_id,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
