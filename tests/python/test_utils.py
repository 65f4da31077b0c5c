"""The modules that older programs reach into."""

import importlib
from unittest import mock

import pytest
from aliyun_cred.client import Client
from aliyun_cred.utils import auth_constant, auth_util, parameter_helper

ID, SECRET = "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"


def test_attributes_read_the_environment_when_asked(monkeypatch):
    assert auth_util.environment_access_key_id is None
    assert auth_util.environment_enable_vpc == "false"
    assert auth_util.client_type == "default"
    monkeypatch.setenv(ID, "id")
    monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "mine")
    assert (auth_util.environment_access_key_id, auth_util.client_type) == ("id", "mine")
    assert "environment_role_arn" in dir(auth_util)
    with pytest.raises(AttributeError, match="no_such_attribute"):
        _ = auth_util.no_such_attribute


def test_what_is_assigned_wins_until_it_is_taken_back(monkeypatch):
    monkeypatch.setenv(ID, "id")
    monkeypatch.setenv(SECRET, "secret")
    client = Client()
    assert client.get_credential().access_key_id == "id"
    with mock.patch.object(auth_util, "environment_access_key_id", "assigned"):
        # The environment as a source is read at every call.
        assert client.get_credential().access_key_id == "assigned"
    assert client.get_credential().access_key_id == "id"


def test_none_counts_as_not_set(monkeypatch):
    monkeypatch.setenv(ID, "id")
    monkeypatch.setenv(SECRET, "secret")
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    without_id = mock.patch.object(auth_util, "environment_access_key_id", None)
    with without_id, pytest.raises(Exception, match="Not configured: env,"):
        Client().get_credential()


def test_client_type_chooses_the_section(monkeypatch, tmp_path):
    file = tmp_path / "credentials.ini"
    file.write_text("[default]\nenable = false\n[mine]\ntype = access_key\naccess_key_id = i\naccess_key_secret = s\n")
    monkeypatch.setenv("ALIBABA_CLOUD_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("HOME", str(tmp_path))
    with mock.patch.object(auth_util, "client_type", "mine"):
        model = Client().get_credential()
    assert (model.access_key_id, model.provider_name) == ("i", "default/profile/static_ak")


def test_oidc_can_be_kept_out_of_the_chain(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    for name in ("ROLE_ARN", "OIDC_PROVIDER_ARN", "OIDC_TOKEN_FILE"):
        monkeypatch.setenv(f"ALIBABA_CLOUD_{name}", str(tmp_path / "nowhere"))
    assert auth_util.enable_oidc_credential is True

    def asked():
        with pytest.raises(Exception) as raised:
            Client().get_credential()
        return [attempt.provider for attempt in raised.value.attempts]

    assert "oidc_role_arn" in asked()
    with mock.patch.object(auth_util, "enable_oidc_credential", False):
        assert "oidc_role_arn" not in asked()


def test_two_names_of_one_variable_are_one():
    with mock.patch.object(auth_util, "environment_ECSMeta_data", "role"):
        assert auth_util.environment_ecs_metadata == auth_util.environment_ECSMeta_data == "role"
    assert auth_util.environment_ecs_metadata is None and auth_util.environment_ECSMeta_data is None


def test_what_the_core_does_not_take_is_not_assigned():
    with pytest.raises(UnicodeEncodeError):
        auth_util.environment_role_arn = "\udcff"
    assert auth_util.environment_role_arn is None


def test_reloading_the_module_releases_what_was_assigned(monkeypatch):
    auth_util.environment_access_key_id = "assigned"
    monkeypatch.setenv(ID, "environment")
    monkeypatch.setenv(SECRET, "secret")
    assert Client().get_credential().access_key_id == "assigned"
    assert importlib.reload(auth_util) is auth_util
    assert auth_util.environment_access_key_id == Client().get_credential().access_key_id == "environment"
    with mock.patch.object(auth_util, "environment_access_key_id", "again"):
        assert Client().get_credential().access_key_id == "again"


def test_a_new_request_says_whose_it_is():
    try:
        request = parameter_helper.get_new_request()
    except ImportError as error:
        assert "alibabacloud-tea" in str(error)
    else:
        assert " Python/" in request.headers["user-agent"] and "Credentials/" in request.headers["user-agent"]


def test_files_and_homes(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("text")
    assert auth_util.get_private_key(str(tmp_path / "key")) == "text"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert auth_util.get_home() == str(tmp_path)
    assert (auth_constant.RAM_ROLE_ARN, auth_constant.INI_TYPE_ARN) == ("ram_role_arn", "ram_role_arn")


def test_signatures_follow_the_documented_rules():
    parameters = {
        "AccessKeyId": "testid",
        "Action": "AssumeRole",
        "DurationSeconds": "3600",
        "Format": "JSON",
        "Policy": '{"a": ["*~"]}',
        "RoleArn": "acs:ram::1:role/x",
        "RoleSessionName": "n m",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "nonce",
        "SignatureVersion": "1.0",
        "Timestamp": "2026-01-02T03:04:05Z",
        "Version": "2015-04-01",
    }
    text = parameter_helper.compose_string_to_sign("GET", parameters)
    assert parameter_helper.sign_string(text, "testsecret&") == "zQxDk/D0nFlz0B67XJNHUKcDQM8="
    assert parameter_helper.compose_url("h", {"b": "x y", "a": "~"}, "https") == "https://h/?a=~&b=x%20y"
    assert parameter_helper.get_uuid() != parameter_helper.get_uuid()
