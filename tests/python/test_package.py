import importlib.metadata
import logging
import os
import re
import subprocess
import sys

import aliyun_cred

from support import WATCHDOG_SECONDS

# What importing the client may bring in.
OWN = {"aliyun_cred", "aliyun_cred._native", "aliyun_cred.client", "aliyun_cred.models"}


def imported_by(program):
    # Without the packages whose bases ours have where they are installed.
    program = f"import sys; sys.modules.update(dict.fromkeys(('Tea', 'alibabacloud_credentials_api')))\n{program}"
    command = [sys.executable, "-I", "-X", "importtime", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WATCHDOG_SECONDS)
    assert ended.returncode == 0, ended.stderr
    names = {re.split(r"\|\s*", line)[-1].strip() for line in ended.stderr.splitlines() if "import time:" in line}
    # It was looked for.
    return names - {"Tea.model"}


def test_importing_the_package_imports_nothing_else():
    # The interpreter itself asks for `encodings` and its like; those come without us as well.
    assert imported_by("import aliyun_cred.client, aliyun_cred.models") - imported_by("pass") == OWN


def test_a_static_client_needs_no_module_of_the_standard_library():
    program = """
from aliyun_cred.client import Client
from aliyun_cred.models import Config
repr(Client(Config(type="sts", access_key_id="i", access_key_secret="s", security_token="t")).get_credential())
"""
    assert imported_by(program) - imported_by("pass") == OWN


def test_a_thread_that_waits_needs_neither_a_loop_nor_a_hub():
    program = """
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
try:
    Client().get_credential()
except CredentialException:
    pass
"""
    tops = {name.partition(".")[0] for name in imported_by(program)}
    assert not tops & {"asyncio", "contextlib", "eventlet", "gevent", "sniffio", "threading", "trio"}


def test_modules_are_attributes_without_an_import_of_their_own():
    program = """
import aliyun_cred.client as client
import aliyun_cred
assert not hasattr(aliyun_cred, "there_is_no_such_module") and not hasattr(aliyun_cred.utils, "nor_here")
assert aliyun_cred.exceptions.CredentialException is client.CredentialException
assert aliyun_cred.http.HttpOptions is client.HttpOptions
assert aliyun_cred.provider.static_ak.StaticAKCredentialsProvider is client.StaticAKCredentialsProvider
assert aliyun_cred.credentials.AccessKeyCredential.__module__ == "aliyun_cred.credentials"
assert aliyun_cred.utils.auth_constant.HOME == aliyun_cred.utils.auth_util.get_home()
assert aliyun_cred.utils.parameter_helper.ALGORITHM_NAME == "HmacSHA1"
"""
    command = [sys.executable, "-I", "-c", program]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WATCHDOG_SECONDS)
    assert ended.returncode == 0, ended.stderr


def test_the_version_is_one():
    assert aliyun_cred.__version__ == importlib.metadata.version("aliyun-cred")


def test_nothing_is_required_at_run_time():
    assert importlib.metadata.requires("aliyun-cred") is None


def test_no_logging_handler_or_level_is_set():
    from aliyun_cred import _wait, client, exceptions  # noqa: F401

    logger = logging.getLogger("aliyun_cred")
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)


def mypy(*arguments, cwd):
    # Neither a configuration nor a cache of this folder comes in.
    environment = {**os.environ, "MYPY_CACHE_DIR": str(cwd / "cache")}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment)


def test_the_stubs_say_what_the_native_module_has(tmp_path):
    # The adapters import SDKs that are not here, some modules what may not be, and the bases are another package's
    # where that is installed; the listener's type is an object while a program runs.
    allowed = tmp_path / "allowed"
    others = ("provider\\._official_interfaces", "models\\.TeaModel", "client\\._OnEvent")
    allowed.write_text("".join(f"aliyun_cred\\.{name}.*\n" for name in ("adapters\\.", "_wait\\._", *others)))
    ended = mypy("mypy.stubtest", "aliyun_cred", "--allowlist", str(allowed), "--ignore-unused-allowlist", cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_package_is_typed_for_every_python(tmp_path):
    for version in ("3.10", "3.14"):
        ended = mypy("mypy", "--strict", "--python-version", version, "-p", "aliyun_cred", cwd=tmp_path)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_users_see_types(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        """
from aliyun_cred.client import Client
from aliyun_cred.models import Config

async def main() -> None:
    reveal_type(Client(Config(type="sts")).get_credential().access_key_id)
    reveal_type(await Client().get_credential_async())
    Client(Config(timeout="5"))
"""
    )
    ended = mypy("mypy", "--strict", str(program), cwd=tmp_path)
    assert '"str | None"' in ended.stdout
    assert '"aliyun_cred.models.CredentialModel"' in ended.stdout
    assert 'incompatible type "str"; expected "int | None"' in ended.stdout
