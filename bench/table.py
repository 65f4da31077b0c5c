"""Rows of the result, and how they are shown."""

import dataclasses
import statistics

UNITS = {
    # Unit -> factor to the next, and that. Times are kept in nanoseconds, memory in kB.
    "ns": (1000, "us"),
    "us": (1000, "ms"),
    "ms": (1000, "s"),
    "kB": (1024, "MB"),
}


@dataclasses.dataclass
class Row:
    """One kind of work. A value is a number of `unit`, or text where there is no number."""

    work: str
    unit: str
    official: object
    ours: object
    floor: object = None
    note: str = ""


def shown(value, unit):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    while unit in UNITS and abs(value) >= UNITS[unit][0]:
        factor, unit = UNITS[unit]
        value /= factor
    digits = 0 if not unit or value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}".strip()


def ratio(above, below):
    numbers = isinstance(above, (int, float)) and isinstance(below, (int, float))
    if not numbers or below <= 0 or above < 0:
        return "-"
    value = above / below
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(title, rows):
    """A table that reads as text and as Markdown."""
    lines = [("work", "official", "ours", "official/ours", "floor", "ours/floor")]
    for row in rows:
        values = [shown(value, row.unit) for value in (row.official, row.ours, row.floor)]
        # Counts, such as of requests, are compared by the reader.
        ratios = (ratio(row.official, row.ours), ratio(row.ours, row.floor)) if row.unit else ("-", "-")
        lines.append((row.work, values[0], values[1], ratios[0], values[2], ratios[1]))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    lines.insert(1, tuple("-" * widths[0] if column == 0 else "-" * (widths[column] - 1) + ":" for column in range(6)))
    text = [f"### {title}", ""]
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:]))]
        text.append("| " + " | ".join(cells) + " |")
    notes = [f"- {row.work}: {row.note}" for row in rows if row.note]
    return "\n".join([*text, *([""] if notes else []), *notes])


def medians(results):
    """The median of each number of several results; objects are gone into, what is no number is taken from the last."""
    merged = {}
    for key, value in results[-1].items():
        values = [result[key] for result in results]
        if isinstance(value, dict):
            merged[key] = medians(values)
        elif isinstance(value, (int, float)):
            merged[key] = statistics.median(values)
        else:
            merged[key] = value
    return merged
