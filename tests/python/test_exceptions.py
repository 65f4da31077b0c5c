import copy
import errno
import json
import pickle
import socket
import threading

import pytest
from aliyun_cred import _native
from aliyun_cred.client import Client
from aliyun_cred.exceptions import (
    Attempt,
    CredentialConfigError,
    CredentialException,
    CredentialFileNotFoundError,
)
from aliyun_cred.models import Config

# Kind -> (class of a failure to resolve, class of a failure to make a client). Stable for ever.
CLASSES = dict.fromkeys(
    (
        "invalid_config not_configured disabled io malformed_file denied throttled unavailable timeout tls "
        "malformed_reply expired login_required command cancelled recursion internal"
    ).split(),
    (CredentialException, CredentialConfigError),
)


def caught(call, *arguments):
    with pytest.raises(CredentialException) as info:
        call(*arguments)
    return info.value


def check(error, kind, construction=False):
    assert (error.kind, type(error)) == (kind, CLASSES[kind][construction])


def test_the_table_names_every_kind():
    assert list(CLASSES) == list(_native.KINDS)


def test_classes_are_those_that_callers_catch():
    assert CredentialException.__mro__[1] is Exception
    assert CredentialConfigError.__bases__ == (CredentialException, ValueError)
    assert CredentialFileNotFoundError.__bases__ == (CredentialConfigError, FileNotFoundError)
    assert not issubclass(CredentialException, ValueError)


@pytest.mark.parametrize("options", [{}, {"type": "no_such_type"}])
def test_a_missing_or_unknown_type_is_a_plain_exception(options):
    error = caught(Client, Config(**options))
    assert type(error) is CredentialException
    assert error.kind == "invalid_config"
    assert str(error) == (
        "invalid type option, support: access_key, sts, bearer, ecs_ram_role, ram_role_arn, rsa_key_pair, "
        "oidc_role_arn, credentials_uri"
    )


def test_what_cannot_be_configured_is_a_value_error():
    error = caught(Client, Config(type="access_key"))
    check(error, "invalid_config", construction=True)
    assert str(error) == "the access key id is empty"


MISSING_FILE = {"type": "rsa_key_pair", "public_key_id": "LTAItest", "private_key_file": "/nowhere/key.pem"}


def test_a_file_that_is_not_there_is_a_file_not_found_error():
    error = caught(Client, Config(**MISSING_FILE))
    assert type(error) is CredentialFileNotFoundError
    assert (error.kind, error.errno) == ("io", errno.ENOENT)
    assert str(error) == error.message
    assert "/nowhere/key.pem" in error.message


def test_a_file_that_cannot_be_read_is_another(tmp_path):
    error = caught(Client, Config(**{**MISSING_FILE, "private_key_file": str(tmp_path)}))
    check(error, "io", construction=True)


def service_error(code):
    return json.dumps({"RequestId": "R", "Code": code, "Message": "no", "HostId": "h"})


@pytest.mark.parametrize(
    "status, body, kind, code",
    [
        (403, service_error("NoPermission"), "denied", "NoPermission"),
        (400, service_error("Throttling.User"), "throttled", "Throttling.User"),
        (503, service_error("ServiceUnavailable"), "unavailable", "ServiceUnavailable"),
        (200, "rubbish", "malformed_reply", None),
    ],
)
def test_what_a_service_says_is_kept(sts, role, status, body, kind, code):
    sts.answer = status, body
    error = caught(Client(role).get_credential)
    check(error, kind)
    assert (error.http_status, error.code, error.attempts) == (status, code, ())
    assert error.request_id == (code and "R")
    assert str(error) == error.message == error.args[0]


def test_a_service_that_is_not_there_is_unavailable(role):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        role.sts_endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        error = caught(Client(role).get_credential)
    check(error, "unavailable")
    assert error.http_status is None


def test_a_service_that_does_not_answer_is_a_timeout(sts, role):
    sts.hold()
    role.timeout = role.connect_timeout = 50
    check(caught(Client(role).get_credential), "timeout")


def test_a_certificate_that_nobody_vouches_for_is_tls(role):
    # It speaks no TLS at all; whatever it says instead is no certificate.
    with socket.create_server(("127.0.0.1", 0)) as server:
        role.sts_endpoint = f"https://127.0.0.1:{server.getsockname()[1]}"

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        check(caught(Client(role).get_credential), "tls")
        thread.join()


def test_a_chain_lists_its_attempts(tmp_path):
    error = caught(Client().get_credential)
    check(error, "not_configured")
    assert error.message.startswith("unable to load credentials from any of the providers in the chain: ")
    assert isinstance(error.attempts, tuple)
    tried = [(attempt.provider, attempt.kind) for attempt in error.attempts]
    assert tried[:2] == [("env", "not_configured"), ("cli_profile", "not_configured")]
    assert str(tmp_path) in error.attempts[1].message
    assert repr(error.attempts[0]).startswith("Attempt(provider='env', kind='not_configured', message=")


@pytest.mark.parametrize(
    "text, kind", [("{", "malformed_file"), ('{"current": "p", "profiles": []}', "invalid_config")]
)
def test_a_profile_that_is_wrong_is_a_failure_to_resolve(tmp_path, text, kind):
    folder = tmp_path / ".aliyun"
    folder.mkdir()
    (folder / "config.json").write_text(text)
    error = caught(Client().get_credential)
    check(error, kind)
    assert {attempt.provider: attempt.kind for attempt in error.attempts}["cli_profile"] == kind


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_exceptions_cross_processes(duplicate):
    configs = Config(type="access_key"), Config(**MISSING_FILE)
    for error in (caught(Client().get_credential), *(caught(Client, config) for config in configs)):
        again = duplicate(error)
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert {**vars(again), "attempts": repr(again.attempts)} == {**vars(error), "attempts": repr(error.attempts)}


def test_exceptions_can_be_made_by_users():
    error = CredentialException("text", "code", "request")
    assert (str(error), error.message, error.code, error.request_id) == ("text", "text", "code", "request")
    assert (error.kind, error.http_status, error.attempts) == (None, None, ())
    assert Attempt("env", "io", "text").message == "text"
