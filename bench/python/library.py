"""The two libraries under one name each, so that every measurement is written once.

The first argument of every program here is `official` or `ours`.
"""

import json
import os
import sys

WHO = sys.argv[1]

if WHO == "official":
    import logging

    from alibabacloud_credentials.client import Client
    from alibabacloud_credentials.models import Config

    # It logs every failure with a stack trace; that is no part of what is measured.
    logging.getLogger("credentials").setLevel(logging.CRITICAL)
else:
    from aliyun_cred.client import Client
    from aliyun_cred.models import Config

KEY = {"access_key_id": os.environ["BENCH_ID"], "access_key_secret": os.environ["BENCH_SECRET"]}


def static():
    return Client(Config(type="access_key", **KEY))


def role():
    sts, arn = os.environ["BENCH_STS"], os.environ["BENCH_ROLE"]
    return Client(Config(type="ram_role_arn", **KEY, role_arn=arn, role_session_name="bench", sts_endpoint=sts))


def uri():
    return Client(Config(type="credentials_uri", credentials_uri=os.environ["BENCH_URI"]))


def default_chain():
    return Client()


def status(field):
    """A number of /proc/self/status: `VmRSS` in kB, `Threads`."""
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def report(**numbers):
    print(json.dumps(numbers))
