"""What a call holds while it lives: many of them at once, and the server's memory before."""

from __future__ import annotations

import time
from typing import Any

from bench.machine import resident_bytes
from bench.rig import Rig, rig
from bench.spread import spread, table

CALLS = 500
RATE = 100.0
SETTLE_SECONDS = 1.5
TALK_SECONDS = CALLS / RATE + 2 * SETTLE_SECONDS
"""All calls are up before the first one ends."""
ROUNDS = 3
HEAD = ["", "KB a live call", "MB"]


def run() -> dict[str, Any]:
    """Fill and empty it several times: the first round also grows what later ones use again."""
    rounds: list[dict[str, float]] = []
    with rig(talk=TALK_SECONDS) as one:
        pid = one.server.pid
        for number in range(ROUNDS):
            before, peak, lost = resident_bytes(pid), *_fill(one)
            kilobytes = (peak - before) / 1024 / CALLS
            rounds.append({"before": before, "peak": peak, "kb": kilobytes, "lost": lost})
            print(f"  round {number + 1}: {kilobytes:.1f} KB a call, {lost} lost", flush=True)
        after = resident_bytes(pid)
    again = str(spread(x["kb"] for x in rounds[1:]))
    rows = [
        ["first time", f"{rounds[0]['kb']:.1f}", f"{rounds[0]['peak'] / 1e6:.0f}"],
        ["again", again, f"{rounds[-1]['peak'] / 1e6:.0f}"],
        ["when all are over", "", f"{after / 1e6:.0f}"],
    ]
    print("\n" + table(HEAD, rows))
    return {"calls": CALLS, "rounds": rounds, "after": after}


def _fill(one: Rig) -> tuple[int, int]:
    """The memory while all calls live, and how many were lost."""
    held = 0

    def look() -> None:
        nonlocal held
        held = resident_bytes(one.server.pid)

    one.loop.at(time.monotonic() + CALLS / RATE + SETTLE_SECONDS, look)
    figures = one.figures(RATE, CALLS / RATE)
    return held, figures.lost + figures.refused
