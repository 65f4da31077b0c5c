"""A program as it was written for the official package: no name of ours in it.

Prints whose package it got, and who the service says asked, for a client of the program's own and for those that the
SDKs make themselves of a pair.
"""

import asyncio
import json
import os

import alibabacloud_credentials
from alibabacloud_credentials.client import Client
from alibabacloud_credentials.models import Config
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi import models as openapi
from alibabacloud_tea_rpc import models as rpc
from alibabacloud_tea_rpc.client import Client as Rpc
from alibabacloud_tea_util.models import RuntimeOptions

PAIR = {"access_key_id": os.environ["PEER_ID"], "access_key_secret": os.environ["PEER_SECRET"]}


def sts(**options):
    common = {"endpoint": "sts.cn-hangzhou.aliyuncs.com", "ca": os.environ["SSL_CERT_FILE"]}
    return Sts(openapi.Config(https_proxy=os.environ["HTTPS_PROXY"], **common, **options))


def main():
    clients = [Client(Config(type="access_key", **PAIR))]
    if "PEER_ROLE" in os.environ:
        role = {"role_arn": os.environ["PEER_ROLE"], "role_session_name": "peer"}
        clients.append(Client(Config(type="ram_role_arn", **role, **PAIR)))
    asked = []
    for client in clients:
        asked.append(sts(credential=client).get_caller_identity().body.arn)
        asked.append(asyncio.run(sts(credential=client).get_caller_identity_async()).body.arn)
    asked.append(sts(**PAIR).get_caller_identity().body.arn)
    old = Rpc(rpc.Config(endpoint=os.environ["PEER_STS"], protocol="http", **PAIR))
    answer = old.do_request("GetCallerIdentity", "http", "POST", "2015-04-01", "AK", {}, {}, RuntimeOptions())
    asked.append(answer["Arn"])
    made = {type(client).__module__ for client in (*clients, old._credential, sts(**PAIR)._credential)}
    print(json.dumps({"from": alibabacloud_credentials.__file__, "classes": sorted(made), "asked": asked}))


if __name__ == "__main__":
    main()
