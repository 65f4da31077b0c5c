"""What is measured in Node."""

import json

import refreshing
from prepare import HERE, NODE
from service import measured, starts
from table import Row, medians

BOTH = ("official", "ours")
PROGRAMS = HERE / "node"
UNAVAILABLE = {"code": "ServiceUnavailable", "message": "come back later"}


def program(who, name, *arguments, flags=()):
    return ["node", *flags, PROGRAMS / f"{name}.js", who, NODE.get(who, NODE["ours"]), *arguments]


def with_metadata(service):
    """The flags and the environment of a process that finds the emulator as its metadata service."""
    return ["--require", PROGRAMS / "metadata.js"], service.environment(
        ALIBABA_CLOUD_ECS_METADATA_DISABLED="false", ALIBABA_CLOUD_ECS_METADATA_ENDPOINT=service.addresses["metadata"]
    )


def start(service, options):
    environment = service.environment()
    # Node reads that at its start, and it is no part of what is measured.
    del environment["NODE_EXTRA_CA_CERTS"]
    took, counts = starts({who: program(who, "start") for who in ("nothing", *BOTH)}, environment, options.starts)
    # npm writes down what it installed.
    lock = json.loads((NODE["official"] / "node_modules/.package-lock.json").read_text())
    installed = {"official": len(lock["packages"]), "ours": len(list((NODE["ours"] / "node_modules").iterdir()))}

    def over(key):
        return [counts[who][key] - counts["nothing"][key] for who in BOTH]

    return [
        Row(
            "require, client, static credential, over bare node",
            "ms",
            *(took[who] - took["nothing"] for who in BOTH),
            took["nothing"],
            "the floor is bare node",
        ),
        Row("... modules loaded", "", *over("modules")),
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
    return [
        Row(f"await getCredential() and 3 properties: {label}", "ns", official[source], ours[source], ours["floor"])
        for source, label in {
            "static": "static",
            "role": "cached role",
            "chain": "default chain, CLI profile",
            "env": "default chain, environment",
        }.items()
    ]


def cold(service, options):
    flags, environment = with_metadata(service)
    rows = []
    for source, label in (("role", "role"), ("metadata", "metadata service")):
        results, requests = {}, {}
        for who in BOTH:
            service.reset(metadata={"role": "app"}, faults=[{"latency_ms": 200}])
            results[who] = measured(program(who, "cold", source, 1000, flags=flags), environment)
            requests[who] = service.requests()
        what = f"1,000 promises, nothing cached, service takes 200 ms: {label}"
        # Version 2 of the metadata service is three requests in a row.
        floor = 200 if source == "role" else 600
        rows.append(Row(what, "ms", *(results[who]["took"] for who in BOTH), floor))
        rows.append(Row("... requests", "", *(requests[who] for who in BOTH)))
        rows.append(Row("... calls that failed", "", *(results[who]["failed"] for who in BOTH)))
    return rows


def recovery(service, options):
    flags, environment = with_metadata(service)
    environment["HOME"] = str(service.empty_home)
    works = {}
    for who in BOTH:
        service.reset(metadata={"role": "app"}, faults=[{"service": "metadata", "status": 503, **UNAVAILABLE}])
        call = measured(program(who, "recovery", flags=flags), environment)["call"]
        works[who] = "never" if call is None else f"call {call}"
    return [
        Row(
            "metadata service answers 503 to the first call of a default chain: works from",
            "",
            works["official"],
            works["ours"],
            note="of ten calls, half a second apart",
        )
    ]


def clients(service, options):
    results = {
        who: medians(
            [
                measured(program(who, "clients", 10_000, flags=["--expose-gc"]), service.environment())
                for _ in range(options.rounds)
            ]
        )
        for who in BOTH
    }
    return [
        Row(
            "10,000 used default-chain clients: resident memory of each",
            "kB",
            *(results[who]["kb_each"] for who in BOTH),
        )
    ]


def refresh(service, options):
    official, ours = (refreshing.samples_of(service, program(who, "refresh"), who, options.refreshes) for who in BOTH)
    return refreshing.rows("await getCredential()", official, ours)


PARTS = {"start": start, "calls": calls, "cold": cold, "recovery": recovery, "clients": clients, "refresh": refresh}
