"""Calls at a fixed rate, whatever becomes of them, and what was seen of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bench.harness.capture import Capture, Seen
from bench.harness.loop import Loop
from bench.machine import Cpu, busy_seconds, cpu_of

TALK_SECONDS = 1.0
PATIENCE_SECONDS = 8.0
"""How long after the last call's talk what is missing is waited for."""


@dataclass(slots=True)
class Placed:
    """One call that was asked for; moments in seconds since the epoch."""

    sent: float
    first: str
    """The first leg's Call-ID, or the number that its INVITE names; empty where nobody tells."""
    second: str
    replied: float = 0.0
    refused: str = ""


Then = Callable[[list[Placed]], tuple[float, float]]
"""A rate and how long, for what follows on calls."""


class Contender(Protocol):
    """A server under load, and how a call is asked of it."""

    sip_port: int
    pid: int

    def place(self, number: int) -> Placed:
        """Ask for a call; reply and refusal are noted as they come."""

    def begin(self) -> None:
        """Forget what was counted before."""

    def refused(self) -> int:
        """How many of them were refused."""

    def settled(self, calls: int, /) -> bool:
        """Whether all else that belongs to so many calls has happened, as callbacks."""


@dataclass(slots=True)
class Harvest:
    """What a load left behind."""

    rate: float
    calls: list[Placed]
    seen: Seen
    cpu: Cpu
    driver_cpu: float
    phones_cpu: float
    elsewhere_cpu: float
    elapsed: float
    late: float
    """The longest time by which the driver sent a request later than it should, in seconds."""
    settled: bool


class Load:
    """Asks a contender for calls on one loop."""

    def __init__(
        self, loop: Loop, contender: Contender, phones: list[int], talk: float = TALK_SECONDS
    ) -> None:
        self._loop = loop
        self._contender = contender
        self._phones = phones
        self._talk = talk
        self._next = 0

    def run(self, rate: float, seconds: float, then: Then | None = None) -> Harvest:
        """Place ``rate`` calls a second for so long, go on at once as ``then`` says of the calls
        that were placed, and wait until all are over."""
        contender, loop = self._contender, self._loop
        offsets = moments(rate, seconds)
        contender.begin()
        capture = Capture(loop, contender.sip_port)
        before, driver = cpu_of(contender.pid), time.process_time()
        others, ours = busy_seconds(), self._own_cpu()
        began = time.monotonic()
        calls: list[Placed] = []
        late = 0.0

        def place_due() -> None:
            nonlocal late, then
            now = time.monotonic()
            while len(calls) < len(offsets) and (due := began + offsets[len(calls)]) <= now:
                late = max(late, now - due)
                calls.append(contender.place(self._next))
                self._next += 1
                now = time.monotonic()
            if len(calls) == len(offsets) and then is not None:
                offsets.extend(seconds + offset for offset in moments(*then(calls)))
                then = None
            if len(calls) < len(offsets):
                loop.at(began + offsets[len(calls)], place_due)

        def all_over() -> bool:
            taken = len(calls) - contender.refused()
            return capture.byes_answered >= 2 * taken and contender.settled(len(calls))

        place_due()
        loop.run(lambda: len(calls) == len(offsets), offsets[-1] * 4 + 5)
        settled = loop.run(all_over, self._talk + PATIENCE_SECONDS)
        elapsed = time.monotonic() - began
        spent = cpu_of(contender.pid).since(before)
        mine = time.process_time() - driver
        ours = self._own_cpu() - ours
        return Harvest(
            rate=rate,
            calls=calls,
            cpu=spent,
            driver_cpu=mine,
            phones_cpu=ours,
            elsewhere_cpu=max(0.0, busy_seconds() - others - spent.all - mine - ours),
            elapsed=elapsed,
            late=late,
            settled=settled,
            seen=capture.stop(),
        )

    def _own_cpu(self) -> float:
        return sum(cpu_of(pid).all for pid in self._phones)


def moments(rate: float, seconds: float) -> list[float]:
    """When each call is due, in seconds from the beginning."""
    return [index / rate for index in range(max(1, round(rate * seconds)))]
