"""What is measured in Rust. There is no official crate to compare with."""

from prepare import RUST
from service import measured
from table import Row, medians


def calls(service, options):
    service.reset()
    found = medians([measured([RUST, options.samples], service.environment()) for _ in range(options.rounds)])
    return [
        Row(work, "ns", None, found[key], found[floor], note)
        for work, key, floor, note in (
            ("cached()", "cached", "reference", "the floor is an Arc cloned and dropped"),
            ("cached(), 3 fields", "fields", "reference", ""),
            (
                "cached(), 3 fields, each of two threads",
                "fields_2",
                "reference_2",
                "the floor is one Arc in two threads",
            ),
            ("credentials_blocking(), cached", "blocking", "reference", ""),
            (
                "credentials().await, cached",
                "await",
                "reference",
                f"an empty future takes {found['await floor']:.1f} ns",
            ),
            ("status()", "status", "reference", ""),
        )
    ]


PARTS = {"calls": calls}
