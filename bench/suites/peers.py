"""Cordboard beside others: the same two legs, in the same run, on the same cores.

Cordboard does its whole job: HTTP, plan, a journal on the disk, a feed reader and a callback for
each call. The others ring two phones, connect them for a second and hang up.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import nan
from pathlib import Path
from typing import Any

from bench.contenders.asterisk import WAYS, asterisk, version
from bench.contenders.cordboard import cordboard
from bench.contenders.sippy_calls import VERSION as SIPPY
from bench.contenders.sippy_calls import sippy
from bench.figures import Figures, counted, figures_of, line
from bench.harness.load import TALK_SECONDS, Contender, Load
from bench.harness.loop import Loop
from bench.harness.phones import OURS as OUR_LEGS
from bench.harness.phones import THEIRS as THEIR_LEGS
from bench.harness.phones import phones
from bench.quiet import HARNESS_CORE, SERVER_CORE
from bench.spread import spread, table

WARM_UP_SECONDS = 3.0
STEP_SECONDS = 3.0
COMMON_RATE = 100.0
REPEATS = 5
STEPS = (130, 160, 200, 240, 280, 320, 360, 400, 450, 500, 550, 600, 700, 800, 900)
"""Calls a second, one after the other until one is not held."""
TRIES = 3
"""How often a rate may fail before it counts as not held: others use this machine too."""
REST_SECONDS = 1.0

OURS = "Cordboard, whole call"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one contender did."""

    name: str
    common: list[Figures]
    ladder: list[Figures]

    @property
    def sustained(self) -> float:
        """The highest rate that was held."""
        held = [one.rate for one in (*self.common, *self.ladder) if one.held]
        return max(held, default=0.0)

    @property
    def cpu_ms_at_most(self) -> float:
        """The least CPU of a call at the highest rate that was held."""
        held = [one for one in (*self.common, *self.ladder) if one.held]
        return min((one.cpu_ms for one in held if one.rate == self.sustained), default=nan)


@dataclass(frozen=True, slots=True)
class Started:
    """A contender that runs, and what asks it for calls."""

    name: str
    load: Load


@contextlib.contextmanager
def _started(only: list[str]) -> Iterator[list[Started]]:
    """All of them at once, idle until they are asked."""
    loop = Loop()
    with contextlib.ExitStack() as stack:

        def folder() -> Path:
            return Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def started(name: str, contender: Contender, legs: list[int]) -> Started:
            load = Load(loop, contender, legs)
            load.run(COMMON_RATE, WARM_UP_SECONDS)
            return Started(name, load)

        ours = stack.enter_context(cordboard(loop, folder(), SERVER_CORE))
        legs = stack.enter_context(phones(OUR_LEGS, HARNESS_CORE, TALK_SECONDS))
        running = [started(OURS, ours, legs)]
        legs = stack.enter_context(phones(THEIR_LEGS, HARNESS_CORE, TALK_SECONDS))
        for way in WAYS:
            if not only or any(word in way for word in only):
                one = stack.enter_context(asterisk(loop, folder(), SERVER_CORE, way))
                running.append(started(f"Asterisk, {way}", one, legs))
        if not only or "sippy" in only:
            two = stack.enter_context(sippy(folder(), SERVER_CORE))
            running.append(started("sippy", two, legs))
        yield running


def compare(only: list[str]) -> list[Standing]:
    """Measure all in turn at the same rate, several times, then each up to what it holds."""
    with _started(only) as running:
        common: dict[str, list[Figures]] = {one.name: [] for one in running}
        for _ in range(REPEATS):
            for one in running:
                common[one.name].append(_step(one, COMMON_RATE))
        return [Standing(one.name, common[one.name], _climb(one)) for one in running]


def _climb(one: Started) -> list[Figures]:
    ladder: list[Figures] = []
    for rate in STEPS:
        for _ in range(TRIES):
            ladder.append(_step(one, rate))
            if ladder[-1].held:
                break
        if not ladder[-1].held:
            break
    return ladder


def _step(one: Started, rate: float) -> Figures:
    time.sleep(REST_SECONDS)
    figures = figures_of(one.load.run(rate, STEP_SECONDS))
    print(f"{one.name:32} {line(figures)}", flush=True)
    return figures


def told(standings: list[Standing]) -> str:
    """The table, with each contender's ratios to the first."""
    ours = standings[0]
    common = f"CPU ms a call at {COMMON_RATE:.0f}/s"
    head = ["", common, "ratio", "calls/s held", "ratio", "CPU ms there", "driver's CPU ms"]
    rows = []
    for one in standings:
        spent = spread(step.cpu_ms for step in counted(one.common))
        slower = one.sustained / ours.sustained if ours.sustained else nan
        driver = spread(step.driver_ms for step in counted(one.common)).middle
        rows.append(
            [
                one.name,
                str(spent),
                f"{spent.middle / one_of(ours):.2f}",
                f"{one.sustained:.0f}",
                f"{slower:.2f}",
                f"{one.cpu_ms_at_most:.2f}",
                f"{driver:.2f}",
            ]
        )
    return table(head, rows)


def one_of(standing: Standing) -> float:
    """The middle cost of a call at the common rate."""
    return spread(step.cpu_ms for step in counted(standing.common)).middle


def run(only: list[str]) -> list[dict[str, Any]]:
    """Measure, print, and give all that was measured."""
    standings = compare(only)
    print("\n" + told(standings))
    print(f"\n{version()}; sippy {SIPPY}")
    return [asdict(one) for one in standings]
