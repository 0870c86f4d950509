"""The whole job at growing rates: HTTP, plan, journal on the disk, a feed reader, a callback."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.figures import Figures
from bench.rig import rig
from bench.spread import spread, table

RATES = (100, 200, 300, 400, 500, 600)
SECONDS = 4.0
REPEATS = 3
HEAD = [
    "calls/s",
    "runs",
    "CPU ms a call",
    "reply p50",
    "p99",
    "to INVITE p50",
    "p99",
    "200 to INVITE 2 p50",
    "p99",
    "void because",
]


def run(store: str | None = None, rates: tuple[int, ...] = RATES) -> dict[str, Any]:
    """Climb until a rate is not held; figures and the highest rate that was."""
    measured: list[list[Figures]] = []
    with rig(store=store, warm_up=rates[0]) as one:
        for rate in rates:
            runs = [one.figures(rate, SECONDS) for _ in range(REPEATS)]
            measured.append(runs)
            if not any(figures.held for figures in runs):
                break
    print("\n" + table(HEAD, [_row(runs) for runs in measured]))
    held = [runs[0].rate for runs in measured if any(one.held for one in runs)]
    print(f"\nheld: {max(held, default=0):.0f} calls a second")
    return {
        "held": max(held, default=0.0),
        "steps": [[asdict(one) for one in runs] for runs in measured],
    }


def _row(runs: list[Figures]) -> list[str]:
    counted = [one for one in runs if not one.faults()] or runs
    times = [
        f"{spread(getattr(one, name) for one in counted).middle:.2f}"
        for name in (
            "reply_p50",
            "reply_p99",
            "first_invite_p50",
            "first_invite_p99",
            "second_invite_p50",
            "second_invite_p99",
        )
    ]
    faults = sorted({fault for one in runs for fault in one.faults()})
    counts = f"{sum(1 for one in runs if not one.faults())} of {len(runs)}"
    cpu = str(spread(one.cpu_ms for one in counted))
    return [f"{runs[0].rate:.0f}", counts, cpu, *times, "; ".join(faults)]
