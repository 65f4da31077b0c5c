"""Ours under the official name: a program that knows the official package only, and SDKs that import it, get ours."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from conftest import ACCOUNT, USER

ROLE = f"acs:ram::{ACCOUNT}:role/peer"
PROGRAM = pathlib.Path(__file__).with_name("program.py")
INSTALL = f"""
import aliyun_cred, runpy
aliyun_cred.install_as_alibabacloud_credentials()
runpy.run_path({str(PROGRAM)!r}, run_name="__main__")
"""
WAYS = {
    "install_as": ["-c", INSTALL],
    "python -m aliyun_cred": ["-m", "aliyun_cred", str(PROGRAM)],
}
# A program that has a pool, and tells whose package it gets itself, and whose its pool.
POOL = """
import multiprocessing, sys

def whose(_=None):
    from alibabacloud_credentials.client import Client
    return Client.__module__.partition(".")[0]

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print(whose(), *pool.map(whose, [None]))
"""
# A virtual environment that has the distribution `python/compat` in place of the official one.
COMPAT = os.environ.get("PEERS_COMPAT_PYTHON")


@pytest.fixture
def run(emulator, monkeypatch):
    monkeypatch.setenv("PEER_ID", USER["id"])
    monkeypatch.setenv("PEER_SECRET", USER["secret"])
    monkeypatch.setenv("PEER_STS", emulator.addresses["sts_http"].removeprefix("http://"))

    def run(arguments, python=sys.executable, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        ended = subprocess.run([python, "-W", "ignore", *arguments], capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


def assert_ours(found, asked):
    assert found["classes"] == ["aliyun_cred.client"]
    user, assumed = f"acs:ram::{ACCOUNT}:user/alice", f"acs:ram::{ACCOUNT}:assumed-role/peer/peer"
    assert found["asked"] == [user, user, assumed, assumed, user, user]
    # Sync and async, by one client.
    assert len(asked("AssumeRole")) == 1


def test_by_itself_a_program_gets_the_official_package(run):
    # So that the others prove something.
    assert run([str(PROGRAM)])["classes"] == ["alibabacloud_credentials.client"]


@pytest.mark.parametrize("way", WAYS)
def test_a_program_gets_ours(way, run, asked):
    assert_ours(run(WAYS[way], PEER_ROLE=ROLE), asked)


def test_a_program_gets_ours_from_the_distribution(run, asked):
    assert COMPAT, "make test-python-peers says in PEERS_COMPAT_PYTHON where it is installed"
    assert_ours(run([str(PROGRAM)], python=COMPAT, PEER_ROLE=ROLE), asked)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_gets_ours_as_the_guide_says(method, tmp_path):
    # docs/migrate/python.md, "What to choose".
    call = "import aliyun_cred\naliyun_cred.install_as_alibabacloud_credentials()\n"
    (tmp_path / "pool.py").write_text(POOL)
    (tmp_path / "calls.py").write_text(call + POOL)
    ours, official = "aliyun_cred", "alibabacloud_credentials"

    def found(python, *arguments):
        command = [python, "-W", "ignore", *arguments, method]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.split()

    assert found(sys.executable, "calls.py") == [ours, ours]
    assert found(sys.executable, "-m", "aliyun_cred", "pool.py") == [ours, ours if method == "fork" else official]
    assert COMPAT, "make test-python-peers says in PEERS_COMPAT_PYTHON where it is installed"
    assert found(COMPAT, "pool.py") == [ours, ours]


def test_the_distribution_is_what_the_sdks_require():
    program = """
from importlib.metadata import version, requires
import aliyun_cred, alibabacloud_credentials
assert alibabacloud_credentials is aliyun_cred
assert version("alibabacloud_credentials") == f"1.0.12+aliyun.cred.{aliyun_cred.__version__}"
assert requires("alibabacloud_credentials") == [f"aliyun-cred=={aliyun_cred.__version__}"]
"""
    assert COMPAT, "make test-python-peers says in PEERS_COMPAT_PYTHON where it is installed"
    subprocess.run([COMPAT, "-c", program], check=True)
    subprocess.run([COMPAT, "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)


def run_here(program, *arguments):
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True)


def test_modules_and_classes_are_the_same_objects():
    ended = run_here(
        """
import aliyun_cred, pickle
spec = aliyun_cred.__spec__
aliyun_cred.install_as_alibabacloud_credentials()
aliyun_cred.install_as_alibabacloud_credentials()
import alibabacloud_credentials.client, alibabacloud_credentials.models as models
import aliyun_cred.client
assert alibabacloud_credentials.client is aliyun_cred.client
assert (aliyun_cred.__spec__, aliyun_cred.client.__spec__.name) == (spec, "aliyun_cred.client")
assert pickle.loads(pickle.dumps(models.Config(type="sts"))).type == "sts"
try:
    import alibabacloud_credentials.there_is_no_such_module
except ModuleNotFoundError as error:
    assert error.name == "alibabacloud_credentials.there_is_no_such_module"
else:
    raise AssertionError("it was found")
"""
    )
    assert ended.returncode == 0, ended.stderr


def test_too_late_is_said():
    ended = run_here("import alibabacloud_credentials, aliyun_cred; aliyun_cred.install_as_alibabacloud_credentials()")
    assert "RuntimeError: alibabacloud_credentials has been imported already" in ended.stderr


def test_a_program_is_run_as_python_runs_it(tmp_path):
    (tmp_path / "beside.py").write_text("")
    script = tmp_path / "app.py"
    script.write_text("import beside, sys; print(__name__, sys.argv[1:], sys.argv[0])")
    for arguments, first in ((["app.py"], "app.py"), (["-m", "app"], str(script))):
        command = [sys.executable, "-m", "aliyun_cred", *arguments, "-x", "y"]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert ended.stdout == f"__main__ ['-x', 'y'] {first}\n", ended.stderr
    ended = subprocess.run([sys.executable, "-m", "aliyun_cred"], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr.split(":")[0]) == (1, "usage")
