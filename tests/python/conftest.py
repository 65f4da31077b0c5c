"""Nothing of this machine reaches a test: no variable, no home, no network but loopback."""

import os
import subprocess
import sys

import pytest
from aliyun_cred.models import Config

from support import SECRET, WATCHDOG_SECONDS, Sts

# The library warns of secrets that all users can read, and some tests listen for warnings.
os.umask(0o077)

PREFIXES = ("ALIBABA_CLOUD_", "ALIYUN_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in os.environ:
        if name.upper().startswith(PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    # The default chain would ask the network for an instance's role.
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")


@pytest.fixture
def sts():
    with Sts() as server:
        yield server


@pytest.fixture
def role(sts):
    """A configuration that assumes a role at the test's own STS."""
    return Config(
        type="ram_role_arn",
        access_key_id="LTAItest",
        access_key_secret=SECRET,
        role_arn="acs:ram::1:role/r",
        role_session_name="test",
        sts_endpoint=sts.url,
    )


@pytest.fixture
def run_python(role):
    """Runs a program that finds the configuration in `config`, in an interpreter of its own."""

    def run(program, *flags):
        prologue = f"from aliyun_cred.models import Config\nconfig = Config().from_map({role.to_map()!r})\n"
        command = [sys.executable, *flags, "-c", prologue + program]
        return subprocess.run(command, capture_output=True, text=True, timeout=WATCHDOG_SECONDS)

    return run
