"""What is measured in Python."""

import refreshing
from prepare import HERE, PYTHON
from service import DidNotFinish, measured, starts
from table import Row, medians

BOTH = ("official", "ours")
PROGRAMS = HERE / "python"
# In seconds. The official package's 64 coroutines never end.
COLD_LIMIT = 30


def program(who, name, *arguments):
    # Without the user's site-packages and environment; no bytecode is missing after the first run.
    return [PYTHON[who], "-s", PROGRAMS / f"{name}.py", who, *arguments]


def start(service, options):
    commands = {"nothing": program("ours", "start"), **{who: program(who, "start") for who in BOTH}}
    commands["nothing"][-1] = "nothing"
    took, counts = starts(commands, service.environment(), options.starts)
    installed = {
        # But for pip and setuptools, which every virtual environment has.
        who: len(list(PYTHON[who].parent.parent.glob("lib/python3*/site-packages/*.dist-info"))) - 2
        for who in BOTH
    }

    def over(key):
        return [counts[who][key] - counts["nothing"][key] for who in BOTH]

    return [
        Row(
            "import, client, static credential, over the bare interpreter",
            "ms",
            *(took[who] - took["nothing"] for who in BOTH),
            took["nothing"],
            "the floor is the bare interpreter",
        ),
        Row("... modules imported", "", *over("modules")),
        Row("... packages installed", "", *(installed[who] for who in BOTH)),
        Row("... resident memory", "kB", *over("rss")),
    ]


def calls(service, options):
    service.reset()
    found = {who: [] for who in BOTH}
    key = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAIbench", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "bench"}
    for _ in range(options.rounds):
        for who in BOTH:
            result = measured(program(who, "calls", options.samples, "all"), service.environment())
            result |= measured(program(who, "calls", options.samples, "env"), service.environment(**key))
            found[who].append(result)
    official, ours = (medians(found[who]) for who in BOTH)
    rows = []
    for source, label in {
        "static": "static",
        "chain": "default chain, CLI profile",
        "env": "default chain, environment",
        "role": "cached role",
    }.items():
        rows.append(
            Row(f"get_credential() and 3 attributes: {label}", "ns", official[source], ours[source], ours["floor"])
        )
    for source, label in {"static": "static", "env": "default chain, environment", "role": "cached role"}.items():
        source = f"await {source}"
        rows.append(
            Row(
                f"await get_credential_async() and 3 attributes: {label}",
                "ns",
                official[source],
                ours[source],
                ours["await floor"],
            )
        )
    return rows


def cold(service, options):
    rows = []
    slow = {"service": "sts", "action": "AssumeRole", "latency_ms": 200}
    for kind, callers in (("coroutines", 4), ("coroutines", 64), ("threads", 64)):
        results, requests = {}, {}
        for who in BOTH:
            service.reset(faults=[slow])
            try:
                results[who] = measured(program(who, "cold", kind, callers), service.environment(), COLD_LIMIT)
            except DidNotFinish:
                results[who] = dict.fromkeys(("took", "stall", "failed"), "did not finish")
            requests[who] = service.requests()
        official, ours = (results[who] for who in BOTH)
        what = f"{callers} {kind}, nothing cached, service takes 200 ms"
        rows.append(Row(what, "ms", official["took"], ours["took"], 200))
        if kind == "coroutines":
            rows.append(
                Row("... event loop stands still, p99.9", "ms", official["stall"], ours["stall"], ours["floor"])
            )
        rows.append(Row("... requests", "", *(requests[who] for who in BOTH)))
        rows.append(Row("... calls that failed", "", official["failed"], ours["failed"]))
    return rows


def clients(service, options):
    # The official package's thread belongs to the source that the others here switch off.
    environment = service.environment(ALIBABA_CLOUD_ECS_METADATA_DISABLED="false")
    results = {
        who: medians([measured(program(who, "clients", 1000), environment) for _ in range(options.rounds)])
        for who in BOTH
    }
    return [
        Row(what, unit, *(results[who][key] for who in BOTH))
        for what, unit, key in (
            ("1,000 default-chain clients: threads", "", "threads"),
            ("... resident memory of each", "kB", "kb_each"),
            ("... threads left when they are gone", "", "threads_left"),
            ("... resident memory that each of a second thousand adds, the first being gone", "kB", "kb_each_again"),
        )
    ]


def refresh(service, options):
    rows = []
    for mode, call in (("sync", "get_credential()"), ("async", "await get_credential_async()")):
        official, ours = (
            refreshing.samples_of(service, program(who, "refresh", mode), who, options.refreshes) for who in BOTH
        )
        rows += refreshing.rows(call, official, ours)
    return rows


PARTS = {"start": start, "calls": calls, "cold": cold, "clients": clients, "refresh": refresh}
