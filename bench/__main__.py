"""``make bench``: what a call costs on this machine, as tables and as build/bench.json."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from bench import originate
from bench.machine import describe
from bench.steps import as_json, table

RATES = [50, 100, 200, 300, 400, 500, 600]
SECONDS = 8.0
STORES = {"sqlite": None, "memory": "memory:"}


def main() -> None:
    """Run the ladder and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="calls a second")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each rate lasts")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--whole-only", action="store_true", help="leave the parts out")
    parser.add_argument("--store", choices=STORES, default="sqlite", help="what keeps the journal")
    options = parser.parse_args()
    if not options.whole_only:
        for part in ("bench.sip_micro", "bench.relay_micro", "bench.engine_micro", "bench.feed"):
            print(f"== {part}", flush=True)
            subprocess.run([sys.executable, "-m", part], check=True)
        print("== whole calls")
    print(f"{time.strftime('%Y-%m-%d')}  {describe()}")
    print(
        "call_user: a request, two legs, 1 s of talk, a callback; the server on one core, "
        f"its journal in {options.store}\n"
    )
    steps = asyncio.run(originate.ladder(options.rates, options.seconds, STORES[options.store]))
    print(table(steps))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"originate": as_json(steps)}, indent=1))
    print(f"\nwritten to {options.json}")


main()
