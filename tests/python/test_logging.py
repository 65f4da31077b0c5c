"""What the library has to say beside its results goes to the logger `aliyun_cred`, on the thread of whoever asks."""

import json
import logging
import subprocess
import sys
import threading

from aliyun_cred.client import Client
from aliyun_cred.provider import CLIProfileCredentialsProvider

from support import ISSUED_TOKEN, SECRET, eventually


def test_a_refresh_that_fails_is_a_warning_on_the_callers_thread(sts, role, caplog):
    threads = set()

    class Handler(logging.Handler):
        def emit(self, record):
            threads.add(threading.current_thread())

    handler = Handler()
    logger = logging.getLogger("aliyun_cred")
    logger.addHandler(handler)
    try:
        sts.lifetime = 4
        client = Client(role)
        first = client.get_credential()
        answer = {"Code": "InternalError", "Message": f"{ISSUED_TOKEN} 100%s", "RequestId": "r"}
        sts.answer = (500, json.dumps(answer))
        # Past half its lifetime a call waits for a refresh, which fails; the credential stays in use.
        eventually(lambda: client.get_credential() is first and caplog.records)
    finally:
        logger.removeHandler(handler)
    (record, *_) = caplog.records
    assert (record.name, record.levelno) == ("aliyun_cred", logging.WARNING)
    assert "the cached credential stays in use: error refreshing" in record.getMessage()
    assert threads == {threading.current_thread()}


def test_a_file_that_all_users_can_read_is_a_warning_once(tmp_path, caplog):
    for mode, expected in [(0o600, 0), (0o640, 0), (0o644, 1)]:
        file = tmp_path / f"{mode:o}.json"
        profile = {"name": "p", "mode": "AK", "access_key_id": "i", "access_key_secret": SECRET}
        file.write_text(json.dumps({"current": "p", "profiles": [profile]}))
        file.chmod(mode)
        caplog.clear()
        for _ in range(2):
            provider = CLIProfileCredentialsProvider(profile_name="p", profile_file=str(file))
            assert provider.get_credentials().get_access_key_secret() == SECRET
        # A refresh of another test may still fail.
        said = [record.getMessage() for record in caplog.records if "users" in record.getMessage()]
        assert [f"the mode of {file} lets all users read it" in line and SECRET not in line for line in said] == [
            True
        ] * expected


def test_nothing_is_configured():
    code = (
        "import logging, aliyun_cred.client\n"
        "logger = logging.getLogger('aliyun_cred')\n"
        "assert logger.handlers == [] and logger.level == logging.NOTSET and logger.propagate\n"
        "assert logging.getLogger().handlers == []\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
