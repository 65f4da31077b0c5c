"""What a program sees of its client: reports, status and events."""

import asyncio
import copy
import gc
import json
import pickle
import queue
import weakref

import pytest
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import CredentialModel
from aliyun_cred.provider import RamRoleArnCredentialsProvider, StaticAKCredentialsProvider

from support import SECRET, WATCHDOG_SECONDS, eventually


class Vault:
    """A custom provider."""

    fails = False

    def get_credentials(self):
        if self.fails:
            raise RuntimeError("the vault is sealed")
        return CredentialModel(access_key_id="LTAI5tExampleExampleAbcd", access_key_secret=SECRET)

    def get_provider_name(self):
        return "vault"


def heard_by(events, count):
    return [events.get(timeout=WATCHDOG_SECONDS) for _ in range(count)]


def test_a_report_says_which_source_answers(sts, role):
    client = Client(role)
    report = client.explain()
    assert (report.type, report.version, report.warnings) == ("ram_role_arn", 1, [])
    (source,) = report.sources
    assert report.answered is source
    assert (source.source, source.state, source.reason, source.kind) == ("ram_role_arn", "answered", None, None)
    (request,) = source.requests
    assert (request.host, request.status) == (sts.url.rpartition("/")[2], 200)
    assert report.credentials.type == "ram_role_arn"
    assert report.credentials.provider_name == "ram_role_arn/static_ak"
    assert report.credentials.refresh_from <= report.credentials.refresh_until <= report.credentials.expiration
    assert str(report).startswith("[+] ram_role_arn  answered")
    assert report.to_dict() == json.loads(json.dumps(report.to_dict()))
    shown = repr(report) + str(report) + json.dumps(report.to_dict()) + repr(report.sources) + repr(report.credentials)
    assert "canary" not in shown
    # Nothing of it is cached, and nothing cached is used.
    assert client.get_credential().access_key_id == "STS.2"
    client.explain()
    assert sts.requests == 3 and client.get_credential().access_key_id == "STS.2"


def test_a_report_of_a_failure_is_no_exception(sts, role):
    sts.answer = (403, json.dumps({"Code": "NoPermission", "Message": "no", "RequestId": "r"}))
    (source,) = Client(role).explain(all=True).sources
    assert (source.state, source.kind) == ("failed", "denied") and "NoPermission" in source.reason
    assert (source.requests[0].status, source.requests[0].code) == (403, "NoPermission")


def test_a_report_in_an_event_loop_lets_others_run(sts, role):
    client = Client(role)
    ticks = []

    async def main():
        sts.hold()
        asked = asyncio.ensure_future(client.explain_async(all=True))
        while not sts.asked.is_set():
            ticks.append(await asyncio.sleep(0))
        sts.may_answer.set()
        return await asked

    assert asyncio.run(main()).answered.source == "ram_role_arn" and ticks


def test_a_report_of_the_chain(monkeypatch, tmp_path):
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tExampleExampleAbcd")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET)
    monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "none")
    report = Client().explain(all=True)
    states = {source.source: source.state for source in report.sources}
    assert (states.pop("env"), states.pop("ecs_ram_role")) == ("answered", "disabled")
    assert set(states.values()) == {"not_configured"}
    assert report.credentials.access_key_id == "LTAI5tEx****Abcd"
    assert {warning.kind for warning in report.warnings} == {"shadowed_profile", "unknown_profile"}
    assert {(one.name, one.state) for one in report.answered.variables} >= {("ALIBABA_CLOUD_ACCESS_KEY_ID", "set")}
    (first, *_) = Client().explain().sources[1:]
    assert first.state == "not_asked"


def test_custom_providers_are_explained():
    vault = Vault()
    assigned = Client()
    assigned.cloud_credential = Client(provider=vault).cloud_credential
    for client in (Client(provider=vault), assigned):
        (source,) = client.explain().sources
        assert (source.source, source.state) == ("vault", "answered")
        vault.fails = True
        (source,) = client.explain().sources
        assert (source.state, source.kind) == ("failed", "internal") and "sealed" in source.reason
        vault.fails = False
    status = Client(provider=vault).status()
    assert (status.type, status.has_credentials, status.failures, status.last_error) == ("vault", False, 0, None)


def test_a_status_asks_nobody(sts, role):
    client = Client(role)
    status = client.status()
    assert (status.type, status.has_credentials, status.expiration) == ("ram_role_arn", False, None)
    assert (status.last_refresh, status.failures, status.last_error) == (None, 0, None)
    model = client.get_credential()
    status = client.status()
    assert status.has_credentials and not status.is_past_expiration
    assert (status.expiration, status.provider_name) == (model.expiration, model.provider_name)
    assert status.age >= 0 and status.refresh_in > 0 and status.last_refresh.succeeded
    assert status.last_refresh.took >= 0 and status.last_refresh.at <= status.expiration
    client.invalidate()
    sts.answer = (500, "{}")
    with pytest.raises(CredentialException):
        client.get_credential()
    status = client.status()
    assert (status.has_credentials, status.failures, status.last_refresh.succeeded) == (False, 1, False)
    assert isinstance(status.last_error, CredentialException) and status.last_error.kind == "unavailable"
    assert sts.requests == 2 and "canary" not in repr(status)


def test_events_come_in_order(sts, role):
    events = queue.Queue()
    client = Client(role, on_event=events.put)
    model = client.get_credential()
    sts.answer = (500, "{}")
    client.invalidate()
    with pytest.raises(CredentialException) as raised:
        client.get_credential()
    refreshed, failed = heard_by(events, 2)
    assert (refreshed.kind, refreshed.error, refreshed.failures) == ("refreshed", None, 0)
    assert (refreshed.provider_name, refreshed.expiration) == ("ram_role_arn/static_ak", model.expiration)
    assert (failed.kind, failed.failures, failed.provider_name) == ("refresh_failed", 1, None)
    assert str(failed.error) == str(raised.value) and failed.error.kind == "unavailable"
    assert refreshed.at <= failed.at and failed.dropped == 0
    assert "canary" not in repr(refreshed) + repr(failed)


def test_a_change_of_the_source_is_an_event(monkeypatch, tmp_path):
    folder = tmp_path / ".aliyun"
    folder.mkdir()
    profile = {"name": "a", "mode": "AK", "access_key_id": "LTAIa", "access_key_secret": SECRET}
    token = {**profile, "mode": "StsToken", "sts_token": "t"}
    (folder / "config.json").write_text(json.dumps({"current": "a", "profiles": [profile]}))
    events = queue.Queue()
    client = Client(on_event=events.put)
    client.get_credential()
    (folder / "config.json").write_text(json.dumps({"current": "a", "profiles": [token]}))
    client.invalidate()
    client.get_credential()
    heard = heard_by(events, 3)
    assert [event.kind for event in heard] == ["refreshed", "refreshed", "source_changed"]
    changed = heard[-1]
    assert changed.previous_provider_name == "default/cli_profile/static_ak"
    assert changed.provider_name == "default/cli_profile/static_sts"


def test_a_listener_that_raises_or_asks_hurts_nobody(sts, role, caplog):
    events = queue.Queue()

    def listen(event):
        # It may ask its client, in whatever way.
        events.put((client.status().has_credentials, client.get_credential().access_key_id))
        raise ValueError(SECRET)

    client = Client(role, on_event=listen)
    for number in (1, 2):
        client.invalidate()
        assert client.get_credential().access_key_id == f"STS.{number}"
        assert heard_by(events, 1) == [(True, f"STS.{number}")]
    client.explain()
    eventually(lambda: "event listener failed (ValueError)" in caplog.text or not client.get_credential())
    assert "canary" not in caplog.text


def test_only_sources_of_this_library_have_events(sts, role):
    with pytest.raises(TypeError, match="custom provider"):
        Client(provider=Vault(), on_event=print)
    with pytest.raises(TypeError, match="callable, not int"):
        Client(role, on_event=1)
    events = queue.Queue()
    base = StaticAKCredentialsProvider(access_key_id="LTAItest", access_key_secret=SECRET)
    provider = RamRoleArnCredentialsProvider(credentials_provider=base, role_arn="acs:ram::1:role/r")
    assert Client(provider=provider, on_event=events.put).status().has_credentials is False


def test_a_copy_has_no_listener(sts, role):
    events = queue.Queue()
    client = Client(role, on_event=events.put)
    for one in (copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        one.get_credential()
    client.get_credential()
    assert heard_by(events, 1)[0].kind == "refreshed" and sts.requests == 3
    assert events.empty()


class Slotted(Client):
    __slots__ = ("label",)


def test_a_subclass_with_slots_is_copied(role):
    client = Slotted(role)
    client.label = "mine"
    for one in (copy.copy(client), copy.deepcopy(client), pickle.loads(pickle.dumps(client))):
        assert one.label == "mine" and one.get_credential().access_key_id


def test_a_provider_that_asks_for_its_own_report_gets_an_error():
    class Own(Vault):
        def get_credentials(self):
            return client.explain()

    client = Client(provider=Own())
    (source,) = client.explain().sources
    assert (source.state, source.kind) == ("failed", "recursion")


def test_a_listener_that_holds_its_client_is_collected(role):
    class Program:
        def __init__(self):
            self.client = Client(role, on_event=self.listen)

        def listen(self, event):
            raise AssertionError

    program = weakref.ref(Program())
    gc.collect()
    assert program() is None


def test_secrets_of_the_service_are_in_no_report(sts, role):
    sts.answer = (400, json.dumps({"Code": SECRET, "Message": SECRET, "RequestId": SECRET}))
    report = Client(role).explain()
    assert SECRET not in str(report) + json.dumps(report.to_dict())
