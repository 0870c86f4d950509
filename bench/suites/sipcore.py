"""The SIP core alone, the engine around it: a call of two legs without the rest of the server."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

from bench.quiet import SERVER_CORE
from bench.spread import spread, table

REPEATS = 2
CALLS = 3_000
FIGURE = re.compile(r"([0-9.]+) (us|ms) CPU a")


def run() -> dict[str, Any]:
    """Each in a process of its own, on the server's core."""
    core = [found for _ in range(REPEATS) for found in _measured("bench.sip_micro", str(CALLS))]
    engine = _measured("bench.engine_micro", "1500")
    rows = [
        ["SIP core, in memory", str(spread(core))],
        ["embedded engine, with sockets and media ports", str(spread(engine))],
    ]
    print("\n" + table(["", "CPU ms a call"], rows))
    return {"sip_core_ms": core, "engine_ms": engine}


def _measured(module: str, *words: str) -> list[float]:
    """The milliseconds that a module prints."""
    command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", module, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="", flush=True)
    found = FIGURE.findall(done.stdout)
    return [float(number) / (1000 if unit == "us" else 1) for number, unit in found]
