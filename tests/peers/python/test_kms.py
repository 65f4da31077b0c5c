"""KMS: the official SDK reads the secret that our client reads, before and after a rotation, so that both read the
protocol alike; and adapters whose key has been rotated away."""

import asyncio
import io
import json

import alibabacloud_oss_v2
import pytest
from alibabacloud_kms20160120.client import Client as Kms
from alibabacloud_kms20160120.models import GetSecretValueRequest
from alibabacloud_sts20150401.client import Client as Sts
from alibabacloud_tea_openapi import models as openapi
from aliyun_cred.adapters import aliyunsdkcore as acs_adapter
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import Config
from aliyun_cred.provider import KmsSecretCredentialsProvider, RamRoleArnCredentialsProvider

from conftest import ACCOUNT, USER, identity
from test_adapters import caller_identity, oss_v2_aio_adapter, oss_v2_config

SECRET = {"name": "app/key", "user": "app", "rotates_in": 3600}
GATEWAY = "kst-peer.cryptoservice.kms.aliyuncs.com"
ARN = f"acs:kms:cn-hangzhou:{ACCOUNT}:secret/app/key"


@pytest.fixture
def rotating(emulator):
    emulator.reset(access_keys=[USER], secrets=[SECRET])
    return emulator


@pytest.fixture
def alice():
    return Client(Config(type="access_key", access_key_id=USER["id"], access_key_secret=USER["secret"]))


def ours(**options):
    options = {"secret_name": "app/key", "kms_region_id": "cn-hangzhou", **options}
    return Client(Config(type="kms_secret", access_key_id=USER["id"], access_key_secret=USER["secret"], **options))


def theirs(emulator, client, name, endpoint):
    options = {"ca": emulator.addresses["ca"], "https_proxy": emulator.addresses["proxy"]}
    kms = Kms(openapi.Config(credential=client, endpoint=endpoint, **options))
    body = kms.get_secret_value(GetSecretValueRequest(secret_name=name, version_stage="ACSCurrent")).body
    return body, json.loads(body.secret_data)


def shown(model):
    return model.access_key_id, model.access_key_secret


@pytest.mark.parametrize("name", ["app/key", ARN])
@pytest.mark.parametrize("endpoint", ["kms.cn-hangzhou.aliyuncs.com", GATEWAY])
def test_both_read_the_same_key_before_and_after_a_rotation(name, endpoint, rotating, alice, asked):
    client = ours(secret_name=name, kms_endpoint=endpoint)
    seen = []
    for _ in range(2):
        body, data = theirs(rotating, alice, name, endpoint)
        assert shown(client.get_credential()) == (data["AccessKeyId"], data["AccessKeySecret"]), "differs"
        assert (body.secret_type, body.automatic_rotation, body.rotation_interval) == (
            "RAMCredentials",
            "Enabled",
            "604800s",
        )
        seen.append(data["AccessKeyId"])
        rotating.control("POST", "/rotate", {"secret": "app/key"})
        client.invalidate()
    assert len(set(seen)) == 2
    # What each has sent, the signature aside.
    one, other = asked("GetSecretValue")[:2]
    assert (one["signature"], other["signature"]) == ("v3", "v1")
    for name in ("SecretName", "VersionStage"):
        assert one["params"][name] == other["params"][name]
    assert (one["host"], one["identity"]) == (other["host"], other["identity"])


def test_a_service_knows_the_rotated_key(rotating, asked):
    client = ours()
    addresses = rotating.addresses
    sts = Sts(
        openapi.Config(
            credential=client,
            endpoint="sts.cn-hangzhou.aliyuncs.com",
            ca=addresses["ca"],
            https_proxy=addresses["proxy"],
        )
    )
    expected = []
    for _ in range(2):
        sts.get_caller_identity()
        expected.append((client.get_credential().access_key_id, f"acs:ram::{ACCOUNT}:user/app"))
        rotating.control("POST", "/rotate", {"secret": "app/key"})
        client.invalidate()
    assert [identity(entry) for entry in asked("GetCallerIdentity")] == expected
    assert len(set(expected)) == 2


def test_the_classes_take_a_base(rotating, asked):
    pair = {"access_key_id": USER["id"], "access_key_secret": USER["secret"]}
    role = RamRoleArnCredentialsProvider(**pair, role_arn=f"acs:ram::{ACCOUNT}:role/reader", role_session_name="peer")
    provider = KmsSecretCredentialsProvider(secret_name=ARN, credentials_provider=role)
    credentials = provider.get_credentials()
    assert credentials.get_provider_name() == "kms_secret/ram_role_arn/static_ak"
    assert credentials.get_expiration() is None
    (entry,) = asked("GetSecretValue")
    assert entry["identity"] == f"acs:ram::{ACCOUNT}:assumed-role/reader/peer"
    rotating.patch(faults=[{"service": "sts", "action": "AssumeRole", "status": 403, "code": "NoPermission"}])
    role.invalidate()
    provider.invalidate()
    with pytest.raises(CredentialException) as caught:
        provider.get_credentials()
    assert (caught.value.kind, caught.value.code) == ("denied", "NoPermission")


def rotated_twice(emulator):
    for _ in range(2):
        emulator.control("POST", "/rotate", {"secret": "app/key"})


def test_acs_client_tries_once_more_after_a_rotation(rotating, asked):
    client = ours()
    acs = acs_adapter.AcsClient(credential=client, verify=rotating.addresses["ca"])
    acs.do_action_with_exception(caller_identity())
    rotated_twice(rotating)
    acs.do_action_with_exception(caller_identity())
    first, refused, second = asked("GetCallerIdentity")
    assert (refused["access_key_id"], refused["code"]) == (first["access_key_id"], "InvalidAccessKeyId.NotFound")
    assert (
        identity(first) != identity(second) == (client.get_credential().access_key_id, f"acs:ram::{ACCOUNT}:user/app")
    )
    assert len(asked("GetSecretValue")) == 2


def test_acs_client_tries_no_third_time(rotating, asked):
    rotating.patch(faults=[{"service": "sts", "status": 404, "code": "InvalidAccessKeyId.NotFound"}])
    acs = acs_adapter.AcsClient(credential=ours(), verify=rotating.addresses["ca"])
    with pytest.raises(Exception, match="InvalidAccessKeyId.NotFound"):
        acs.do_action_with_exception(caller_identity())
    assert len(asked("GetCallerIdentity")) == 2
    rotating.patch(faults=[{"service": "sts", "status": 403, "code": "NoPermission"}])
    with pytest.raises(Exception, match="NoPermission"):
        acs.do_action_with_exception(caller_identity())
    assert len(asked("GetCallerIdentity")) == 3


@pytest.mark.parametrize("again", [True, False])
def test_the_asynchronous_oss_client_tries_once_more_if_the_body_allows(again, rotating, recorder, asked):
    client = ours()
    known = client.get_credential().access_key_id

    def answer(request):
        if known in request.headers["authorization"]:
            return 403, {"content-type": "application/xml"}, b"<Error><Code>InvalidAccessKeyId</Code></Error>"
        return 200, {}, b""

    recorder.answer = answer
    rotated_twice(rotating)

    async def call():
        async with oss_v2_aio_adapter.AsyncClient(oss_v2_config(recorder, client)) as oss:
            if again:
                await oss.delete_object(alibabacloud_oss_v2.DeleteObjectRequest(bucket="bucket", key="key"))
            else:
                body = io.BytesIO(b"body")
                await oss.put_object(alibabacloud_oss_v2.PutObjectRequest(bucket="bucket", key="key", body=body))

    if again:
        asyncio.run(call())
    else:
        with pytest.raises(alibabacloud_oss_v2.exceptions.OperationError):
            asyncio.run(call())
    # The SDK itself repeats a request that is cut off.
    assert any(known not in request.headers["authorization"] for request in recorder.requests) == again
    assert len(asked("GetSecretValue")) == 1 + again
