"""What CTI readers cost the calls: the time from the first leg's 200 to the second one's INVITE.

With readers and without, by turns, on a server that is the same throughout: 10 programs read all
events and 190 those of one user each, at 50 calls a second that go round the 190 users.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from statistics import median
from typing import Any

from bench.contenders.cordboard import HTTP_PORT, SECRET
from bench.dialects import BASIX, Dialect
from bench.feed_readers import FIRST_USER
from bench.figures import Figures, counted, faults_of
from bench.rig import Failed, rig
from bench.spread import spread, table

RATE, USERS, FULL = 50.0, 190, 10
SECONDS, TURNS = 5.0, 4
MOST_ADDED_MS = 2.0
"""By which readers may raise the 99th percentile."""

READY_SECONDS = 30.0
HEAD = ["readers", "calls", "200 to INVITE 2 p50", "p99", "CPU ms a call", "void"]

USER = """
[tenant.bench.user.u{id}]
id = {id}
extension = "{id}"
terminal.t{id}.secret = "{secret}"
"""


def _asked(number: str) -> str:
    return f'{{"user_id":{FIRST_USER + int(number) % USERS},"destination":"{number}"}}'


ROUND = Dialect("Basix", BASIX.path, BASIX.headers, _asked, BASIX.first, callbacks=False)
"""From one user to the next."""


def run() -> dict[str, Any]:
    """Turns without readers and with them, one after the other."""
    users = range(FIRST_USER, FIRST_USER + USERS)
    more = "".join(USER.format(id=user, secret=SECRET) for user in users)
    without: list[Figures] = []
    beside: list[Figures] = []
    read: list[dict[str, int]] = []
    terminals = [f"t{user}" for user in users]
    with rig(readers=0, more=more, terminals=terminals, warm_up=RATE) as one:
        one.server.dialect = ROUND
        for _ in range(TURNS):
            without.append(one.figures(RATE, SECONDS, "none "))
            with _readers(read):
                beside.append(one.figures(RATE, SECONDS, f"{FULL + USERS}  "))
    print("\n" + table(HEAD, [_row("none", without), _row(f"{FULL} + {USERS}", beside)]))
    added = _p99(beside) - _p99(without)
    verdict = "as it should be" if added <= MOST_ADDED_MS else "MORE THAN IT MAY BE"
    print(f"\nthey add {added:.2f} ms to the 99th percentile ({MOST_ADDED_MS} at most): {verdict}")
    return {
        "without": [asdict(turn) for turn in without],
        "with": [asdict(turn) for turn in beside],
        "read": read,
        "added_ms": added,
    }


def _p99(turns: list[Figures]) -> float:
    """The median of the turns: what else the machine does spoils some."""
    return median(turn.second_invite_p99 for turn in counted(turns))


def _row(name: str, turns: list[Figures]) -> list[str]:
    good = counted(turns)
    return [
        name,
        f"{sum(turn.calls for turn in good)}",
        str(spread(turn.second_invite_p50 for turn in good)),
        str(spread(turn.second_invite_p99 for turn in good)),
        str(spread(turn.cpu_ms for turn in good)),
        faults_of(turns),
    ]


@contextlib.contextmanager
def _readers(read: list[dict[str, int]]) -> Iterator[None]:
    """All of them, as one process."""
    command = [sys.executable, "-m", "bench.feed_readers", str(HTTP_PORT), str(FULL), str(USERS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise Failed("the readers could not connect")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        read.append(json.loads(process.communicate(timeout=READY_SECONDS)[0]))
