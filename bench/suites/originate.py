"""The whole job at growing rates: HTTP, plan, journal on the disk, a feed reader, a callback."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.figures import Figures, counted, faults_of
from bench.rig import rig
from bench.spread import spread, table

RATES = (100, 200, 300, 400, 500, 600)
SECONDS = 4.0
REPEATS = 3
HEAD = [
    "calls/s",
    "CPU ms a call",
    "reply p50",
    "p99",
    "to INVITE p50",
    "p99",
    "200 to INVITE 2 p50",
    "p99",
    "void",
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
    good = counted(runs)
    times = [
        f"{spread(getattr(one, name) for one in good).middle:.2f}"
        for name in (
            "reply_p50",
            "reply_p99",
            "first_invite_p50",
            "first_invite_p99",
            "second_invite_p50",
            "second_invite_p99",
        )
    ]
    cpu = str(spread(one.cpu_ms for one in good))
    return [f"{runs[0].rate:.0f}", cpu, *times, faults_of(runs)]
