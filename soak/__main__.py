"""Hours of calls in an hour: ``python -m soak [--seconds 3600] [--rate 4] [--without-fuzz]``.

First a server is killed 200 times (``--kills``) at random instants under load, and every promise is
looked at. Then phones of our own and a server; calls of every kind some times a second, while
garbage is thrown at every port and, beside all that, the parsers are fuzzed. Half-way and at the
end everything is let come to rest. It fails where a promise was broken or calls end otherwise than
they should, where anything is left over of them, where memory was not flat in the second half, or
where the fuzzer found a fault.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"


def main() -> int:
    """Soak as the command line says; 1 where there is anything to complain of."""
    arguments = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3600.0, help="of load, in all")
    arguments.add_argument("--rate", type=float, default=4.0, help="calls a second")
    arguments.add_argument("--kills", type=int, default=200, help="before the load")
    arguments.add_argument("--seed", type=int, default=1, help="of what is done and thrown")
    arguments.add_argument("--without-fuzz", action="store_true", help="the live load alone")
    given = arguments.parse_args()
    from soak.soaking import Plan, soak

    plan = Plan(given.seconds, given.rate, given.kills, given.seed, not given.without_fuzz)
    complaints = soak(plan)
    for complaint in complaints:
        print(f"!! {complaint}")
    print("soaked: " + (f"{len(complaints)} complaints" if complaints else "nothing left, flat"))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))
    sys.exit(main())
