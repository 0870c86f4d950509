"""``make bench``: what a call costs on this machine, as tables and as JSON.

python -m bench [SUITE...] [--insist] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

from bench.machine import describe
from bench.quiet import is_quiet, others, pin
from bench.rig import Failed
from bench.suites import api, feed, memory, originate, overload, peers, relay, sipcore

SHARE_TO_OVERLOAD = 0.75
"""Of the highest rate that was held for some seconds, which counts as sustainable: what SIP has to
remember of each call for half a minute makes a longer load dearer."""


class Run:
    """The suites of one run; later ones may use what earlier ones found."""

    def __init__(self, only: list[str]) -> None:
        self._only = only
        self.found: dict[str, Any] = {}

    def suites(self) -> dict[str, Callable[[], Any]]:
        """By name, in their order."""
        return {
            "sipcore": sipcore.run,
            "originate": originate.run,
            "api": api.run,
            "feed": feed.run,
            "relay": relay.run,
            "memory": memory.run,
            "overload": self._overload,
            "peers": lambda: peers.run(self._only),
        }

    def _overload(self) -> Any:
        held = self.found.get("originate", {}).get("held")
        return overload.run(held * SHARE_TO_OVERLOAD) if held else overload.run()


ORDINARY = ("sipcore", "originate", "api", "feed", "relay", "memory", "overload")
"""What ``make bench`` runs."""


def about(name: str) -> str:
    """What a suite measures, in a line."""
    module = sys.modules[f"bench.suites.{name}"]
    return (module.__doc__ or "").partition("\n\n")[0]


def rounded(found: Any) -> Any:
    """The same with no more digits than anything is measured with; null for no number."""
    if isinstance(found, float):
        return round(found, 4) if isfinite(found) else None
    if isinstance(found, dict):
        return {name: rounded(value) for name, value in found.items()}
    return [rounded(value) for value in found] if isinstance(found, list) else found


def main() -> None:
    """Run what is asked for."""
    names = list(Run([]).suites())
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(names)}")
    parser.add_argument("--insist", action="store_true", help="only where the machine is quiet")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--only", nargs="+", default=[], help="of the peers")
    options = parser.parse_args()
    unknown = set(options.suites) - set(names)
    if unknown:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    pin()
    print(f"{time.strftime('%Y-%m-%d %H:%M')}  {describe()}")
    run = Run(options.only)
    run.found |= {
        "when": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": describe(),
        "quiet": is_quiet(options.insist),
    }
    for name in options.suites or ORDINARY:
        print(f"\n== {name}: {about(name)}", flush=True)
        began = time.monotonic()
        try:
            run.found[name] = run.suites()[name]()
        except Failed as failed:
            run.found[name] = {"failed": str(failed)}
            print(f"FAILED: {failed}")
        print(f"({time.monotonic() - began:.0f} s)", flush=True)
    run.found["others_at_the_end"] = others()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(rounded(run.found), indent=1) + "\n")
    print(f"\nwritten to {options.json}")


main()
