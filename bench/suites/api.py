"""The same call by each dialect: what one costs, and how long the reply takes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.dialects import DIALECTS
from bench.figures import Figures, counted, faults_of
from bench.rig import rig
from bench.spread import spread, table

RATE = 100.0
SECONDS = 3.0
REPEATS = 3
HEAD = ["dialect", "CPU ms a call", "reply p50", "reply p99", "void"]


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
        good = counted(runs)
        replies = [str(spread(getattr(x, of) for x in good)) for of in ("reply_p50", "reply_p99")]
        rows.append([name, str(spread(x.cpu_ms for x in good)), *replies, faults_of(runs)])
    print("\n" + table(HEAD, rows))
    return {name: [asdict(x) for x in runs] for name, runs in measured.items()}
