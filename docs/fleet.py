#!/usr/bin/env python3
"""Draws docs/fleet.png from what the simulation prints (`make fleet`)."""

import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

rows = [[int(cell) for cell in line.split()] for line in sys.stdin]
hours = [minute / 60 for minute, _, _ in rows]
figure, charts = plt.subplots(2, 1, figsize=(9, 6), sharex=True)
for column, (chart, title) in enumerate(
    zip(charts, ["STS, credentials of 1 h", "Instance metadata, credentials of 6 h"]), start=1
):
    counts = [row[column] for row in rows]
    settled = counts[180:]
    mean = sum(settled) / len(settled)
    chart.plot(hours, counts, linewidth=0.8)
    chart.axhline(mean, color="grey", linewidth=0.8, linestyle=":", label="mean after the third hour")
    chart.axhline(2 * mean, color="red", linewidth=0.8, linestyle=":", label="twice the mean")
    chart.set_ylim(0, 4 * mean)
    chart.set_title(title)
    chart.set_ylabel("requests per minute")
    chart.legend(loc="upper right")
charts[-1].set_xlabel("hours after 100,000 processes started within one minute")
figure.tight_layout()
figure.savefig(pathlib.Path(__file__).parent / "fleet.png", dpi=100, metadata={"Software": None})
