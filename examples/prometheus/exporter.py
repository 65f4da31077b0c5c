"""Shows the state of a client to Prometheus: pip install aliyun-cred prometheus-client."""

import sys
import time

from aliyun_cred.client import Client
from prometheus_client import Counter, Gauge, start_http_server

EVENTS = Counter("aliyun_cred_events_total", "What happened to the credential", ["kind"])
EXPIRY = Gauge(
    "aliyun_cred_seconds_until_expiry",
    "Seconds until the credential expires; +Inf if it never does, NaN if there is none",
)
FAILURES = Gauge("aliyun_cred_failures", "Attempts in a row that failed to fetch a credential")


def watch(config=None):
    """Returns a client whose state the metrics show."""
    client = Client(config, on_event=lambda event: EVENTS.labels(event.kind).inc())

    def seconds_until_expiry():
        status = client.status()
        if not status.has_credentials:
            return float("nan")
        return float("inf") if status.expiration is None else status.expiration - time.time()

    # Called for each scrape: a status asks nobody.
    EXPIRY.set_function(seconds_until_expiry)
    FAILURES.set_function(lambda: client.status().failures)
    return client


if __name__ == "__main__":
    start_http_server(int(sys.argv[1]) if len(sys.argv) > 1 else 9100, "127.0.0.1")
    client = watch()
    while True:
        # What a service does with it.
        client.get_credential()
        time.sleep(60)
