"""The example that shows a client's state to Prometheus."""

import importlib.util
import math
import pathlib

from support import ISSUED_SECRET, ISSUED_TOKEN, SECRET, eventually, needs

needs("prometheus_client")

import prometheus_client  # noqa: E402

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples/prometheus/exporter.py"


def test_the_metrics_follow_the_client(sts, role):
    spec = importlib.util.spec_from_file_location("exporter", EXAMPLE)
    exporter = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(exporter)
    value = prometheus_client.REGISTRY.get_sample_value
    client = exporter.watch(role)
    assert math.isnan(value("aliyun_cred_seconds_until_expiry"))
    client.get_credential()
    assert 0 < value("aliyun_cred_seconds_until_expiry") <= 3600
    eventually(lambda: value("aliyun_cred_events_total", {"kind": "refreshed"}) == 1)
    client.invalidate()
    sts.answer = (500, "{}")
    try:
        client.get_credential()
    except Exception:
        assert value("aliyun_cred_failures") == 1
    eventually(lambda: value("aliyun_cred_events_total", {"kind": "refresh_failed"}) == 1)
    shown = prometheus_client.generate_latest().decode()
    assert "aliyun_cred_failures 1.0" in shown
    assert not any(secret in shown for secret in (SECRET, ISSUED_SECRET, ISSUED_TOKEN)), "a secret shows"
