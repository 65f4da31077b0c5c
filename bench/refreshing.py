"""Runs a program that measures cached calls before and while a refresh runs."""

from service import measured
from table import Row, medians

REFRESH_MS = 1000
# Ours prefetches at an age drawn between a quarter of the lifetime and half of it, from where on callers wait. The end
# is given in whole seconds: the lifetime may be shorter by one.
OUR_LIFETIME = 12
OUR_STALE = (OUR_LIFETIME - 1) / 2
# The official packages ask anew a quarter of an hour before the end, and everybody waits for that.
OFFICIAL_LIFETIME = 15 * 60 + 5
ATTEMPTS = 20


def samples_of(service, command, who, samples):
    """The medians of several runs, and the longest call and the calls that waited of all of them."""
    lifetime = OUR_LIFETIME if who == "ours" else OFFICIAL_LIFETIME
    slow = {"service": "sts", "action": "AssumeRole", "skip": 1, "latency_ms": REFRESH_MS}
    results = []
    for _ in range(ATTEMPTS * samples):
        service.reset(lifetime=lifetime, faults=[slow])
        result = measured(command, service.environment())
        # A draw so late that the refresh cannot end in the window is another measurement: everybody has to wait there.
        if who == "official" or result["changed"] < OUR_STALE:
            results.append(result)
        if len(results) == samples:
            worst = {key: max(result[key] for result in results) for key in ("longest", "waited")}
            return {**medians(results), **worst}
    raise RuntimeError(f"{command}: no refresh ended in its window")


def rows(what, official, ours):
    """The rows of one way to call. `official` is `None` where there is no such package."""
    other = official or {}
    own = [("official", other)] if official else []
    ratios = ", ".join(f"{name} {result['during'] / result['before']:.2f}" for name, result in [*own, ("ours", ours)])
    found = [
        Row(
            f"{what} while a 1 s refresh runs: p99.9 of a call",
            "ns",
            other.get("during"),
            ours["during"],
            ours["before"],
            f"the floor is the same without a refresh; ratio to that: {ratios}; "
            f"{ours['calls']:.0f} calls of ours in that second",
        ),
        Row(
            f"{what} while a 1 s refresh runs: longest call",
            "ns",
            other.get("longest"),
            ours["longest"],
            ours["longest_before"],
        ),
        Row(f"{what} while a 1 s refresh runs: calls that waited", "", other.get("waited"), ours["waited"]),
    ]
    if "stall" in ours:
        found.append(
            Row(
                f"{what} while a 1 s refresh runs: loop stands still, p99.9",
                "ms",
                other.get("stall"),
                ours["stall"],
                ours["stall_before"],
            )
        )
    return found
