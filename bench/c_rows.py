"""What is measured in C. There is no official library that builds, and so nothing to compare with but the floors."""

import refreshing
from prepare import C_PROGRAMS, LIBRARY
from service import measured
from table import Row, medians


def calls(service, options):
    service.reset()
    found = medians(
        [measured([C_PROGRAMS / "cached", options.samples], service.environment()) for _ in range(options.rounds)]
    )
    rows = []
    for source, label in (("static", "static"), ("role", "cached role")):
        times = found[source]
        rows += [
            Row(
                f"get, 3 fields, release: {label}",
                "ns",
                None,
                times["getters"],
                times["empty"],
                "the floor is an empty call through a shared library",
            ),
            Row(f"get, all fields in one call, release: {label}", "ns", None, times["view"], times["empty"]),
            Row(
                f"get, release: {label}",
                "ns",
                None,
                times["get"],
                times["reference"],
                "the floor is an atomic reference count taken and released, in two calls",
            ),
            Row(
                f"get, 3 fields, release, each of two threads: {label}",
                "ns",
                None,
                times["getters_2"],
                times["reference_2"],
                "the floor is the same count in two threads; "
                f"{times['getters_2'] / times['getters']:.2f} times what it takes in one",
            ),
        ]
    return rows


def start(service, options):
    first = medians([measured([C_PROGRAMS / "first", LIBRARY], service.environment()) for _ in range(options.starts)])
    return [
        Row(
            "dlopen to the first cached credential",
            "us",
            None,
            first["first"],
            first["dlopen"],
            "the floor is the dlopen alone",
        )
    ]


def clients(service, options):
    rows = []
    for source, label in (("static", "static"), ("uri", "credentials URI")):
        service.reset()
        found = measured([C_PROGRAMS / "clients", source, 10_000], service.environment())
        rows += [
            Row(
                f"10,000 clients with a cached credential: {label}: resident memory of each",
                "kB",
                None,
                found["kb_each"],
            ),
            Row("... left of each when they are gone", "kB", None, found["kb_each_left"]),
            Row("... threads of the process", "", None, found["threads"]),
        ]
    return rows


def refresh(service, options):
    ours = refreshing.samples_of(service, [C_PROGRAMS / "refresh"], "ours", options.refreshes)
    return refreshing.rows("get, release", None, ours)


PARTS = {"calls": calls, "start": start, "clients": clients, "refresh": refresh}
