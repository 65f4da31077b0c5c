"""The official SDKs' cores, from PyPI, with our client as it is: `alibabacloud_tea_openapi`, the two older ones that
ask for one field at a time, and the gateways.

They import `alibabacloud_credentials`, which they require. These tests run three times: with the official package,
where only the clients passed to the SDKs are ours; with ours in its place (`python -m aliyun_cred`); and with our
distribution of that name installed.
"""

import asyncio
import os

import alibabacloud_credentials
import aliyun_cred
import pytest
from alibabacloud_gateway_oss.client import Client as OssGateway
from alibabacloud_gateway_pop.client import Client as PopGateway
from alibabacloud_gateway_sls.client import Client as SlsGateway
from alibabacloud_gateway_spi.models import AttributeMap
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi import models as openapi
from alibabacloud_tea_openapi.client import Client as OpenApi
from alibabacloud_tea_roa import models as roa
from alibabacloud_tea_roa.client import Client as Roa
from alibabacloud_tea_rpc import models as rpc
from alibabacloud_tea_rpc.client import Client as Rpc
from alibabacloud_tea_util.models import RuntimeOptions
from darabonba.runtime import RuntimeOptions as DaraRuntimeOptions

import signatures
from conftest import ACCOUNT, Kept, config, identity

ARN = f"acs:ram::{ACCOUNT}:assumed-role/peer/peer"


def sts(emulator, client):
    return Sts(
        openapi.Config(
            credential=client,
            endpoint="sts.cn-hangzhou.aliyuncs.com",
            # This one does not look at the environment for it.
            ca=emulator.addresses["ca"],
            https_proxy=emulator.addresses["proxy"],
        )
    )


def sts_peer(emulator, recorder, client):
    peer = sts(emulator, client)
    return lambda: peer.get_caller_identity()


def sts_async_peer(emulator, recorder, client):
    peer = sts(emulator, client)
    return lambda: asyncio.run(peer.get_caller_identity_async())


def rpc_peer(emulator, recorder, client):
    # Nobody can tell this one which authority to trust.
    endpoint = emulator.addresses["sts_http"].removeprefix("http://")
    peer = Rpc(rpc.Config(credential=client, endpoint=endpoint, protocol="http"))
    runtime = RuntimeOptions()
    return lambda: peer.do_request("GetCallerIdentity", "http", "POST", "2015-04-01", "AK", {}, {}, runtime)


def roa_peer(emulator, recorder, client):
    peer = Roa(roa.Config(credential=client, endpoint=recorder.host, protocol="http"))
    peer._endpoint_host = recorder.host
    runtime = RuntimeOptions()
    return lambda: peer.do_request("2015-12-15", "http", "GET", "AK", "/clusters", {"page": "1"}, {}, None, runtime)


def gateway(recorder, client, gateway, **options):
    peer = OpenApi(openapi.Config(credential=client, endpoint=recorder.host, region_id="cn-hangzhou", protocol="http"))
    peer._spi = gateway
    peer._product_id = options.pop("product", None)
    peer._signature_version = options.pop("signature_version", None)
    if "attributes" in options:
        peer._attribute_map = AttributeMap(attributes={}, key=options.pop("attributes"))
    parameters = openapi.Params(
        action="Get",
        version="2020-01-01",
        protocol="HTTP",
        pathname="/things",
        method="GET",
        auth_type="AK",
        style="ROA",
        req_body_type="json",
        body_type="json",
    )

    def request():
        # Where there is no type of content, aiohttp adds one after the request has been signed.
        headers = {"content-type": "application/json"}
        return openapi.OpenApiRequest(query={"page": "1"}, headers=headers, host_map={})

    return peer, parameters, request


def sync(recorder, client, which, **options):
    peer, parameters, request = gateway(recorder, client, which, **options)
    return lambda: peer.execute(parameters, request(), DaraRuntimeOptions())


def asynchronous(recorder, client, which, **options):
    peer, parameters, request = gateway(recorder, client, which, **options)
    return lambda: asyncio.run(peer.execute_async(parameters, request(), DaraRuntimeOptions()))


POP = {
    "product": "things",
    "attributes": {"signatureTypePrefix": "ACS4-", "signPrefix": "aliyun_v4", "endpointSuffix": "aliyuncs.com"},
}
VERIFIED_BY_EMULATOR = {"sts": sts_peer, "sts_async": sts_async_peer, "rpc": rpc_peer}
RECORDED = {
    "roa": (roa_peer, signatures.roa),
    "gateway_pop": (lambda _, *peer: sync(*peer, PopGateway(), **POP), signatures.pop),
    "gateway_pop_async": (lambda _, *peer: asynchronous(*peer, PopGateway(), **POP), signatures.pop),
    "gateway_oss": (lambda _, *peer: sync(*peer, OssGateway()), signatures.oss),
    "gateway_oss_async": (lambda _, *peer: asynchronous(*peer, OssGateway()), signatures.oss),
    "gateway_sls": (lambda _, *peer: sync(*peer, SlsGateway()), signatures.log_1),
    "gateway_sls_async": (lambda _, *peer: asynchronous(*peer, SlsGateway()), signatures.log_1),
    "gateway_sls_4": (lambda _, *peer: sync(*peer, SlsGateway(), signature_version="v4"), signatures.log),
}
verified = pytest.mark.parametrize("peer", VERIFIED_BY_EMULATOR.values(), ids=VERIFIED_BY_EMULATOR)
recorded = pytest.mark.parametrize(("peer", "read"), RECORDED.values(), ids=RECORDED)


def test_the_official_name_is_whose_it_is_meant_to_be():
    assert (alibabacloud_credentials is aliyun_cred) == ("PEERS_IN_ITS_PLACE" in os.environ)


@verified
def test_the_service_knows_who_asks_before_and_after_a_rotation(peer, emulator, recorder, asked, steady):
    call = peer(emulator, recorder, steady)
    expected = []
    for _ in range(2):
        call()
        expected.append((steady.get_credential().access_key_id, ARN))
        steady.rotate()
    assert [identity(entry) for entry in asked("GetCallerIdentity")] == expected
    assert len(set(expected)) == 2


@verified
def test_the_service_knows_who_asks_however_often_that_changes(peer, emulator, recorder, asked, restless):
    call = peer(emulator, recorder, restless)
    for _ in range(3):
        call()
    seen = [identity(entry) for entry in asked("GetCallerIdentity")]
    assert {arn for _, arn in seen} == {ARN}
    assert len(set(seen)) == 3


@recorded
def test_a_request_carries_what_the_client_has(peer, read, emulator, recorder, steady):
    call = peer(emulator, recorder, steady)
    call()
    before = steady.get_credential()
    steady.rotate()
    after = steady.get_credential()
    call()
    first, second = recorder.requests
    read(first).assert_by(before)
    read(second).assert_by(after)
    assert before.access_key_id != after.access_key_id


@recorded
def test_a_signature_is_of_one_credential_whenever_it_changes(peer, read, emulator, recorder, restless):
    call = peer(emulator, recorder, restless)
    for _ in range(3):
        call()
    seen = []
    for request in recorder.requests:
        signed = read(request)
        signed.assert_by(restless.issued[signed.access_key_id])
        seen.append(signed.access_key_id)
    assert len(set(seen)) == len(seen) == 3


def test_many_coroutines_share_one_request_for_a_credential(emulator, asked, steady):
    async def main():
        peer = sts(emulator, steady)
        return await asyncio.gather(*(peer.get_caller_identity_async() for _ in range(16)))

    arns = {answer.body.arn for answer in asyncio.run(main())}
    assert arns == {ARN}
    assert len(asked("AssumeRole")) == 1
    assert len(asked("GetCallerIdentity")) == 16


class RotatedInBetween(Kept):
    """A client that another thread renews after each single read, as a refresh in the background does."""

    in_another_thread = None

    def get_access_key_id(self):
        return self._then_renewed(super().get_access_key_id())

    def get_access_key_secret(self):
        return self._then_renewed(super().get_access_key_secret())

    def _then_renewed(self, value):
        self.in_another_thread(self.rotate)
        return value

    async def get_access_key_id_async(self):
        return self._then_renewed(await super().get_access_key_id_async())

    async def get_access_key_secret_async(self):
        return self._then_renewed(await super().get_access_key_secret_async())


@pytest.fixture
def rotated(emulator, in_another_thread):
    client = RotatedInBetween(config())
    client.in_another_thread = in_another_thread
    return client


def test_a_rotation_between_three_reads_is_not_seen_by_rpc(emulator, recorder, asked, rotated):
    call = rpc_peer(emulator, recorder, rotated)
    for _ in range(2):
        call()
    seen = [identity(entry) for entry in asked("GetCallerIdentity")]
    assert {arn for _, arn in seen} == {ARN}
    assert len(set(seen)) == 2
    # Each call has its first read, and a rotation after each of the first two.
    assert len(asked("AssumeRole")) == 5


ONE_BY_ONE = ("roa", "gateway_oss", "gateway_oss_async")


@pytest.mark.parametrize(("peer", "read"), [RECORDED[name] for name in ONE_BY_ONE], ids=ONE_BY_ONE)
def test_a_rotation_between_three_reads_is_not_seen(peer, read, emulator, recorder, rotated):
    call = peer(emulator, recorder, rotated)
    for _ in range(2):
        call()
    seen = []
    for request in recorder.requests:
        signed = read(request)
        signed.assert_by(rotated.issued[signed.access_key_id])
        seen.append(signed.access_key_id)
    assert len(set(seen)) == len(seen) == 2
