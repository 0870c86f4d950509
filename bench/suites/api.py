"""The same call by each dialect: what one costs, and how long the reply takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.dialects import DIALECTS
from bench.figures import Figures
from bench.rig import rig
from bench.spread import spread, table

RATE = 100.0
SECONDS = 3.0
REPEATS = 3
HEAD = ["dialect", "CPU ms a call", "reply p50", "reply p99", "void because"]


def run() -> dict[str, Any]:
    """In turn, several times, on one server."""
    measured: dict[str, list[Figures]] = {one.name: [] for one in DIALECTS}
    with rig(warm_up=RATE) as one:
        for _ in range(REPEATS):
            for dialect in DIALECTS:
                one.server.dialect = dialect
                measured[dialect.name].append(one.figures(RATE, SECONDS, f"{dialect.name:9}"))
    rows = []
    for name, runs in measured.items():
        replies = [str(spread(getattr(x, of) for x in runs)) for of in ("reply_p50", "reply_p99")]
        faults = sorted({fault for x in runs for fault in x.faults()})
        rows.append([name, str(spread(x.cpu_ms for x in runs)), *replies, "; ".join(faults)])
    print("\n" + table(HEAD, rows))
    return {name: [asdict(x) for x in runs] for name, runs in measured.items()}
