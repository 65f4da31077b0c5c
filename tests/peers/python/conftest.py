"""The real SDKs meet the emulator and a recorder; nothing of this machine reaches a test, nor a test anything else."""

import json
import os
import pathlib
import sys
import threading

import pytest
from aliyun_cred.client import Client
from aliyun_cred.models import Config

from recorder import Recorder

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Last, so that no name in them hides a package of the SDKs'.
sys.path += [str(ROOT / "tests"), str(ROOT / "tests/python")]
from emulator import Emulator  # noqa: E402
from support import BEARER_TOKEN, SECRET  # noqa: E402

PREFIXES = ("ALIBABA_CLOUD_", "ALIYUN_", "OSS_", "ODPS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
ACCOUNT = "1000000000000001"
USER = {"id": "LTAIpeer", "secret": SECRET, "account": ACCOUNT, "user": "alice"}


@pytest.fixture(scope="session")
def one_emulator(tmp_path_factory):
    with Emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture
def emulator(one_emulator, monkeypatch, tmp_path):
    """The emulator, anew, standing for every host under its own authority."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIXES):
            monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(tmp_path),
        "HTTPS_PROXY": one_emulator.addresses["proxy"],
        "SSL_CERT_FILE": one_emulator.addresses["ca"],
        "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": one_emulator.addresses["metadata"],
    }.items():
        monkeypatch.setenv(name, value)
    one_emulator.reset(access_keys=[USER])
    return one_emulator


@pytest.fixture
def asked(emulator):
    """What the emulator was asked: `asked("GetCallerIdentity")`."""
    return emulator.requests


@pytest.fixture(autouse=True)
def recorder(emulator):
    with Recorder() as recorder:
        yield recorder


class Kept(Client):
    """A client that remembers what it gave, by AccessKey ID."""

    def __init__(self, config=None):
        super().__init__(config)
        self.issued = {}

    def _kept(self, credential):
        self.issued[credential.access_key_id] = credential
        return credential

    def get_credential(self, timeout=None):
        return self._kept(super().get_credential(timeout))

    async def get_credential_async(self, *arguments):
        return self._kept(await super().get_credential_async(*arguments))

    def rotate(self):
        """What a refresh in the background does between any two calls."""
        self.invalidate()
        Client.get_credential(self)


class Restless(Kept):
    """A client whose credential changes whenever it is asked: whoever asks twice for one signature is found out."""

    def get_credential(self, timeout=None):
        self.invalidate()
        return super().get_credential(timeout)

    async def get_credential_async(self, *arguments):
        self.invalidate()
        return await super().get_credential_async(*arguments)


def config(**options):
    return Config(
        type="ram_role_arn",
        access_key_id=USER["id"],
        access_key_secret=USER["secret"],
        role_arn=f"acs:ram::{ACCOUNT}:role/peer",
        role_session_name="peer",
        **options,
    )


@pytest.fixture
def steady(emulator):
    """A client whose credential changes when a test says so."""
    return Kept(config())


@pytest.fixture
def restless(emulator):
    return Restless(config())


@pytest.fixture
def in_another_thread():
    def run(function):
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()

    return run


@pytest.fixture
def static(emulator):
    """A client of a pair without a token."""
    return Kept(Config(type="access_key", access_key_id=USER["id"], access_key_secret=USER["secret"]))


@pytest.fixture
def bearer(emulator):
    return Client(Config(type="bearer", bearer_token=BEARER_TOKEN))


@pytest.fixture
def sts_denies(emulator):
    """From now on the service refuses the role."""
    fault = {"service": "sts", "action": "AssumeRole", "status": 403, "code": "NoPermission", "message": "no"}
    emulator.patch(faults=[fault])


def identity(entry):
    """Who the emulator says signed a request, by AccessKey ID and ARN, both verified."""
    assert (entry["status"], entry["code"]) == (200, None), json.dumps(entry)
    return entry["access_key_id"], entry["identity"]
