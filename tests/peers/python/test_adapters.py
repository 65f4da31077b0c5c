"""Each SDK that has a protocol of its own, with the adapter for it: every request is signed with one credential."""

import asyncio
import base64
import copy
import hashlib
import pickle
import subprocess
import sys
import time

import alibabacloud_oss_v2
import alibabacloud_oss_v2.exceptions
import oss2
import pytest
import tablestore
from aliyun.log import LogClient
from aliyun_cred.adapters import aliyunsdkcore as acs_adapter
from aliyun_cred.adapters import log as log_adapter
from aliyun_cred.adapters import odps as odps_adapter
from aliyun_cred.adapters import oss2 as oss2_adapter
from aliyun_cred.adapters import oss_v2 as oss_v2_adapter
from aliyun_cred.adapters import oss_v2_aio as oss_v2_aio_adapter
from aliyun_cred.adapters import tablestore as tablestore_adapter
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import Config
from aliyunsdkcore.request import CommonRequest
from odps import ODPS
from odps.accounts import CredentialProviderAccount

import signatures
from conftest import ACCOUNT, config, identity
from support import SECRET, Sts


def oss2_peer(recorder, client):
    auth = oss2.ProviderAuthV4(oss2_adapter.CredentialsProvider(client))
    bucket = oss2.Bucket(auth, recorder.url, "bucket", region="cn-hangzhou", is_path_style=True)
    return lambda: bucket.delete_object("key")


def oss_v2_config(recorder, client):
    config = alibabacloud_oss_v2.config.load_default()
    config.credentials_provider = oss_v2_adapter.CredentialsProvider(client)
    config.endpoint = recorder.url
    config.region = "cn-hangzhou"
    config.use_path_style = True
    return config


def oss_v2_peer(recorder, client):
    oss = alibabacloud_oss_v2.Client(oss_v2_config(recorder, client))
    return lambda: oss.delete_object(alibabacloud_oss_v2.DeleteObjectRequest(bucket="bucket", key="key"))


def oss_v2_aio_peer(recorder, client):
    async def delete():
        async with oss_v2_aio_adapter.AsyncClient(oss_v2_config(recorder, client)) as oss:
            await oss.delete_object(alibabacloud_oss_v2.DeleteObjectRequest(bucket="bucket", key="key"))

    return lambda: asyncio.run(delete())


def log_peer(recorder, client):
    provider = log_adapter.CredentialsProvider(client)
    log = LogClient(recorder.url, credentials_provider=provider, auth_version="v4", region="cn-hangzhou")
    recorder.answer = lambda request: (
        200,
        {"content-type": "application/json"},
        b'{"count": 0, "total": 0, "projects": []}',
    )
    return log.list_project


def answer_as_tablestore(recorder, client):
    def answer(request):
        headers = {
            "x-ots-contentmd5": base64.b64encode(hashlib.md5(b"").digest()).decode(),
            "x-ots-requestid": "request",
            "x-ots-date": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "x-ots-contenttype": "protocol buffer",
        }
        # Signed as the service does it, with the credential of the request: the SDK checks that.
        credential = client.issued[request.headers["x-ots-accesskeyid"]]
        signature = signatures.ots_answer(request.path, headers, credential.access_key_secret)
        return 200, {**headers, "authorization": f"OTS {credential.access_key_id}:{signature}"}, b""

    recorder.answer = answer


def tablestore_peer(recorder, client):
    provider = tablestore_adapter.CredentialsProvider(client)
    ots = tablestore.OTSClient(recorder.url, instance_name="instance", credentials_provider=provider)
    answer_as_tablestore(recorder, client)
    return lambda: ots.delete_table("table")


def tablestore_aio_peer(recorder, client):
    answer_as_tablestore(recorder, client)

    async def delete():
        provider = tablestore_adapter.CredentialsProvider(client)
        async with tablestore_adapter.AsyncOTSClient(
            recorder.url, instance_name="instance", credentials_provider=provider
        ) as ots:
            await ots.delete_table("table")

    return lambda: asyncio.run(delete())


def odps_peer(recorder, client, account=odps_adapter.Account):
    # Given the host of its log view, it does not ask for that first.
    odps = ODPS(account(client), project="project", endpoint=f"{recorder.url}/api", logview_host=recorder.url)
    return lambda: odps.rest.delete(f"{odps.endpoint}/projects/project/tables/table")


def odps_own_peer(recorder, client):
    return odps_peer(recorder, client, CredentialProviderAccount)


def acs_roa_peer(recorder, client):
    acs = acs_adapter.AcsClient(region_id="cn-hangzhou", credential=client, port=int(recorder.host.partition(":")[2]))

    def call():
        request = CommonRequest(domain="127.0.0.1", version="2015-12-15", uri_pattern="/clusters")
        request.set_method("GET")
        request.add_query_param("page", "1")
        acs.do_action_with_exception(request)

    return call


# How to call it, and how to read its signature.
PEERS = {
    "oss2": (oss2_peer, signatures.oss),
    "oss_v2": (oss_v2_peer, signatures.oss),
    "oss_v2_aio": (oss_v2_aio_peer, signatures.oss),
    "log": (log_peer, signatures.log),
    "tablestore": (tablestore_peer, signatures.ots),
    "tablestore_aio": (tablestore_aio_peer, signatures.ots),
    "odps": (odps_peer, signatures.odps),
    "odps_own": (odps_own_peer, signatures.odps),
    "acs_roa": (acs_roa_peer, signatures.roa),
}
peers = pytest.mark.parametrize(("peer", "read"), PEERS.values(), ids=PEERS)


@peers
def test_a_request_carries_what_the_client_has(peer, read, recorder, steady):
    call = peer(recorder, steady)
    call()
    before = steady.get_credential()
    steady.rotate()
    after = steady.get_credential()
    assert before.access_key_id != after.access_key_id
    call()
    first, second = recorder.requests
    read(first).assert_by(before)
    read(second).assert_by(after)


@peers
def test_a_signature_is_of_one_credential_whenever_it_changes(peer, read, recorder, restless):
    call = peer(recorder, restless)
    for _ in range(3):
        call()
    assert len(recorder.requests) == 3
    seen = []
    for request in recorder.requests:
        signed = read(request)
        signed.assert_by(restless.issued[signed.access_key_id])
        seen.append(signed.access_key_id)
    assert len(set(seen)) == 3


@peers
def test_a_pair_without_a_token_is_signed_without_one(peer, read, recorder, static):
    call = peer(recorder, static)
    call()
    (request,) = recorder.requests
    read(request).assert_by(static.get_credential())


@pytest.mark.parametrize("adapter", [oss2_adapter, oss_v2_adapter, log_adapter, tablestore_adapter])
def test_without_a_client_it_is_the_default_chain(adapter, emulator, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAIenvironment")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
    provider = adapter.CredentialsProvider()
    assert provider.client.get_credential().provider_name == "default/env"
    assert provider.pair().access_key_id == "LTAIenvironment"


def shown(exception):
    """An exception with all that it was raised from or wraps."""
    while exception is not None:
        yield exception
        exception = exception.__cause__ or exception.__context__


@peers
def test_why_there_is_no_credential_is_shown(peer, read, recorder, steady, sts_denies):
    call = peer(recorder, steady)
    with pytest.raises(Exception) as caught:
        call()
    assert any("NoPermission" in str(exception) for exception in shown(caught.value))
    assert recorder.requests == []


@pytest.mark.parametrize("peer", [oss2_peer, oss_v2_peer, log_peer, odps_peer, acs_roa_peer])
def test_a_bearer_token_is_refused(peer, recorder, bearer):
    call = peer(recorder, bearer)
    with pytest.raises(Exception, match="a credential of type bearer has no AccessKey pair") as caught:
        call()
    assert "canary" not in str(caught.value)
    assert recorder.requests == []


def test_an_error_keeps_its_class_where_the_sdk_lets_it(recorder, steady, sts_denies):
    for peer in (oss2_peer, log_peer, tablestore_peer, odps_peer, acs_roa_peer):
        with pytest.raises(CredentialException) as caught:
            peer(recorder, steady)()
        assert (caught.value.kind, caught.value.code) == ("denied", "NoPermission")
    with pytest.raises(alibabacloud_oss_v2.exceptions.OperationError) as caught:
        oss_v2_peer(recorder, steady)()
    assert isinstance(caught.value.unwrap(), alibabacloud_oss_v2.exceptions.CredentialsFetchError)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda account: pickle.loads(pickle.dumps(account))])
@pytest.mark.parametrize("account", [odps_adapter.Account, CredentialProviderAccount])
def test_an_account_is_copied_without_what_it_fetched(account, copied, recorder, emulator, asked):
    original = account(Client(config()))
    odps = ODPS(original, project="project", endpoint=f"{recorder.url}/api", logview_host=recorder.url)
    odps.rest.delete(f"{odps.endpoint}/projects/project/tables/one")
    assert len(asked("AssumeRole")) == 1
    copy_ = copied(original)
    assert type(copy_) is account
    assert all(value is None for value in (copy_.access_id, copy_.secret_access_key, copy_.sts_token))
    odps = ODPS(copy_, project="project", endpoint=f"{recorder.url}/api", logview_host=recorder.url)
    odps.rest.delete(f"{odps.endpoint}/projects/project/tables/two")
    assert len(asked("AssumeRole")) == 2
    for account_, request in zip((original, copy_), recorder.requests):
        signatures.odps(request).assert_by(account_.provider.get_credential())


@pytest.mark.parametrize("adapter", [oss2_adapter, oss_v2_adapter, log_adapter, tablestore_adapter])
def test_a_provider_is_copied_with_its_configuration(adapter, emulator, asked):
    provider = adapter.CredentialsProvider(Client(config()))
    provider.get_credentials()
    for copied in (copy.deepcopy(provider), pickle.loads(pickle.dumps(provider))):
        copied.get_credentials()
    assert len(asked("AssumeRole")) == 3


# The V1 SDK's own signature of GetCallerIdentity, which the emulator verifies, under the service's real name.


def caller_identity():
    request = CommonRequest(
        domain="sts.cn-hangzhou.aliyuncs.com", version="2015-04-01", action_name="GetCallerIdentity"
    )
    request.set_protocol_type("https")
    request.set_method("POST")
    return request


def test_acs_client_signs_rpc_with_what_the_client_has(emulator, asked, steady, monkeypatch):
    # The SDK would prefer these to every credential that it is given.
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "LTAIforeign")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", SECRET)
    acs = acs_adapter.AcsClient(credential=steady, verify=emulator.addresses["ca"])
    arn = f"acs:ram::{ACCOUNT}:assumed-role/peer/peer"
    expected = []
    for _ in range(2):
        acs.do_action_with_exception(caller_identity())
        expected.append((steady.get_credential().access_key_id, arn))
        steady.rotate()
    assert [identity(entry) for entry in asked("GetCallerIdentity")] == expected
    assert len(set(expected)) == 2


def test_acs_client_signs_each_attempt_anew(recorder, restless):
    failed = iter([True])
    recorder.answer = lambda request: (503 if next(failed, False) else 200, {}, b"{}")
    acs = acs_adapter.AcsClient(credential=restless, port=int(recorder.host.partition(":")[2]))
    # The SDK repeats what it knows of ECS only.
    request = CommonRequest("127.0.0.1", "2014-05-26", "DescribeInstances", "/instances", "Ecs")
    acs.do_action_with_exception(request)
    seen = []
    for request in recorder.requests:
        signed = signatures.roa(request)
        signed.assert_by(restless.issued[signed.access_key_id])
        seen.append(signed.access_key_id)
    assert len(set(seen)) == len(seen) == 2


class Changing(Client):
    """First a role, then a pair without a token."""

    def __init__(self, *clients):
        super().__init__(Config(type="access_key", access_key_id="unused", access_key_secret="unused"))
        self.clients = list(clients)

    def get_credential(self, timeout=None):
        return self.clients.pop(0).get_credential()


def test_acs_client_leaves_no_token_behind_in_a_request(emulator, asked, steady, static):
    acs = acs_adapter.AcsClient(credential=Changing(steady, static), verify=emulator.addresses["ca"])
    request = caller_identity()
    for _ in range(2):
        acs.do_action_with_exception(request)
    first, second = asked("GetCallerIdentity")
    assert identity(first)[1] == f"acs:ram::{ACCOUNT}:assumed-role/peer/peer"
    assert identity(second) == ("LTAIpeer", f"acs:ram::{ACCOUNT}:user/alice")


# The event loop goes on while a credential is fetched: it is what lets the service answer.


@pytest.mark.parametrize("name", ["oss_v2", "tablestore"])
def test_asynchronous_clients_never_block_the_loop(name, recorder, emulator):
    async def main():
        client = Client(config(sts_endpoint=sts.url))
        if name == "oss_v2":
            peer = oss_v2_aio_adapter.AsyncClient(oss_v2_config(recorder, client))
            calls = [
                peer.delete_object(alibabacloud_oss_v2.DeleteObjectRequest(bucket="bucket", key="key"))
                for _ in range(4)
            ]
        else:
            provider = tablestore_adapter.CredentialsProvider(client)
            peer = tablestore_adapter.AsyncOTSClient(
                recorder.url, instance_name="instance", credentials_provider=provider
            )
            calls = [peer.delete_table("table") for _ in range(4)]
            recorder.answer = lambda request: (403, {}, b"")
        async with peer:
            tasks = [asyncio.ensure_future(call) for call in calls]
            await asyncio.get_running_loop().run_in_executor(None, sts.asked.wait)
            assert not any(task.done() for task in tasks)
            sts.may_answer.set()
            await asyncio.gather(*tasks, return_exceptions=True)

    with Sts() as sts:
        sts.hold()
        asyncio.run(main())
        assert (sts.requests, len(recorder.requests)) == (1, 4)


def test_an_sdk_is_imported_with_its_adapter_only():
    program = """
import aliyun_cred.adapters, aliyun_cred.client, sys
sdks = {"oss2", "alibabacloud_oss_v2", "aliyun", "tablestore", "odps", "aliyunsdkcore"}
assert not sdks & set(sys.modules)
import aliyun_cred.adapters.log
assert sdks & set(sys.modules) == {"aliyun"}
"""
    ended = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
