"""Twice what it can hold for a minute, and then back: who is refused, how fast, and who is hurt."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import inf
from typing import Any

from bench.figures import Figures, figures_of
from bench.harness.audio import Heard
from bench.harness.load import Placed
from bench.machine import quantile, waited
from bench.rig import rig
from bench.spread import table
from bench.talkers import MORE, talking

SUSTAINABLE = 225.0
TIMES = 2.0
SECONDS = 60.0
AFTER_SHARE = 0.8
"""Of the rate at which calls were taken, asked for at once afterwards."""
AFTER_SECONDS = 8.0
WINDOW_SECONDS = 0.5
GOOD_SHARE = 0.95
"""Of a window's calls: one that comes late when somebody else uses the machine is no overload."""

REFUSED_WITHIN_MS = 50.0
BACK_WITHIN_SECONDS = 2.0
FAST_MS = 500.0
"""Within which a call's reply comes where the server is not overloaded."""
HEAD = ["", "measured", "aim", ""]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise, and what became of it."""

    what: str
    measured: str
    aim: str
    kept: bool


def run(sustainable: float = SUSTAINABLE, seconds: float = SECONDS) -> dict[str, Any]:
    """Load, overload, and load again."""
    with rig(warm_up=sustainable / 2, more=MORE) as one, talking(one) as talk:
        print(f"  {TIMES:g} times {sustainable:.0f} calls/s for {seconds:.0f} s", flush=True)
        begun, begun_at = waited(one.server.pid), time.monotonic()
        between, between_at = begun, begun_at

        def then(past: list[Placed]) -> tuple[float, float]:
            nonlocal between, between_at
            between, between_at = waited(one.server.pid), time.monotonic()
            return afterwards(past)

        harvest = one.load.run(sustainable * TIMES, seconds, then)
        ended, ended_at = waited(one.server.pid), time.monotonic()
        heard = talk.stop()
    waits = {
        "past": (between - begun) / (between_at - begun_at),
        "after": (ended - between) / (ended_at - between_at),
    }
    count = round(sustainable * TIMES * seconds)
    verdicts = judge(harvest.calls[:count], harvest.calls[count:], figures_of(harvest), heard)
    rows = [[v.what, v.measured, v.aim, "" if v.kept else "NOT KEPT"] for v in verdicts]
    print("\n" + table(HEAD, rows))
    print("it waited for its core: {past:.0%}, then {after:.0%} of the time".format(**waits))
    reasons = Counter(call.refused for call in harvest.calls if call.refused)
    print(f"refused because: {dict(reasons)}")
    return {
        "sustainable": sustainable,
        "verdicts": [asdict(one) for one in verdicts],
        "reasons": dict(reasons),
        "waited": waits,
        "after": taken_and_fast(harvest.calls[count:]),
        "all": asdict(figures_of(harvest)),
    }


def afterwards(past: list[Placed]) -> tuple[float, float]:
    """Most of what it took while it was asked for too much: that is what it can do."""
    taken = sum(1 for call in past if call.replied and not call.refused)
    return max(1.0, AFTER_SHARE * taken / lasted(past)), AFTER_SECONDS


def lasted(calls: list[Placed]) -> float:
    """Seconds from the first to the last."""
    return max(WINDOW_SECONDS, calls[-1].sent - calls[0].sent)


def judge(past: list[Placed], after: list[Placed], figures: Figures, heard: Heard) -> list[Verdict]:
    """What was promised for the time past the limit and behind it; ``figures`` are of both,
    ``heard`` of the calls that talked all the while."""
    taken = [call for call in past if call.replied and not call.refused]
    refused = [(call.replied - call.sent) * 1000 for call in past if call.refused]
    silent = sum(1 for call in (*past, *after) if not call.replied)
    late = quantile(refused, 0.99)
    back = seconds_until_back(after)
    return [
        Verdict("taken, calls/s", f"{len(taken) / lasted(past):.0f}", "", True),
        Verdict("refused", f"{len(refused) / len(past):.0%}", "", True),
        Verdict("without any reply", f"{silent}", "0", silent == 0),
        Verdict(
            "a refusal takes, ms (p99)",
            f"{late:.1f}",
            f"{REFUSED_WITHIN_MS:.0f}",
            not late > REFUSED_WITHIN_MS,
        ),
        Verdict("taken and lost", f"{figures.lost}", "0", figures.lost <= 0),
        Verdict(
            f"packets lost of {heard.sent} in calls that went on",
            f"{max(0, heard.sent - heard.received)}",
            "0",
            heard.received >= heard.sent,
        ),
        Verdict("their delay, ms (p99)", f"{quantile(heard.delays, 0.99):.0f}", "", True),
        Verdict("set-up of those taken, ms (p99)", f"{figures.setup_p99:.0f}", "", True),
        Verdict(
            "back to full rate after, s",
            f"{back:.1f}",
            f"{BACK_WITHIN_SECONDS:.0f}",
            back <= BACK_WITHIN_SECONDS,
        ),
        Verdict("asked for then, calls/s", f"{len(after) / lasted(after):.0f}", "", True),
        Verdict("refused then", f"{sum(1 for x in after if x.refused) / len(after):.1%}", "", True),
    ]


def taken_and_fast(calls: list[Placed]) -> list[float]:
    """The share of each window's calls that were."""
    windows: dict[int, list[bool]] = {}
    for call in calls:
        fast = call.replied > 0 and (call.replied - call.sent) * 1000 <= FAST_MS
        number = int((call.sent - calls[0].sent) / WINDOW_SECONDS)
        windows.setdefault(number, []).append(fast and not call.refused)
    return [sum(window) / len(window) for _, window in sorted(windows.items())]


def seconds_until_back(after: list[Placed]) -> float:
    """When the first window began in which, as in the next one, nearly every call was taken, and
    fast; infinite where there is none."""
    good = [share >= GOOD_SHARE for share in taken_and_fast(after)]
    for number, (this, following) in enumerate(pairwise([*good, good[-1]])):
        if this and following:
            return number * WINDOW_SECONDS
    return inf
