"""A server that is offered too much, without a clock: what each thing costs is known, and what is
ready is done in one turn of its loop, as an event loop does."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from cordboard.calls.overload import LOOK_SECONDS, Overload
from cordboard.calls.overload_limits import OverloadLimits
from cordboard.exchange.admission import PAUSE_SECONDS

READ, REFUSE, LOOK, TURN = 0.0001, 0.0001, 0.00002, 0.00003
"""Seconds of work: for each request, each refusal, each look, each turn."""

COSTS = (0.0006, 0.0005, 0.0007, 0.0007, 0.0009)
"""Seconds of work for a call: to accept it, to ring, to take the answer, to connect, to end it."""

COSTS_LATE = (0.0005, 0.0003, 0.0002, 0.0002, 0.0023)
"""The same where two thirds of the work come when it ends."""

COMMIT, PHONE = 0.005, 0.002
"""Seconds until the journal has it and until a phone has answered."""

SUSTAINABLE = 1.0 / (READ + sum(COSTS))
"""One core bears so many calls a second."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: when it was sent, after how many seconds it was refused or begun, and whether it
    was let in."""

    at: float
    after: float
    admitted: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a call that is to be done; -1 is its request."""

    number: int
    sent: float


class BusyServer:
    """Serves requests under ``limits``; each call is talked in for ``talk`` seconds."""

    def __init__(
        self,
        limits: OverloadLimits,
        talk: float = 1.0,
        costs: tuple[float, ...] = COSTS,
    ) -> None:
        self.overload = Overload(limits)
        self.asked: list[Asked] = []
        self.longest_turn = 0.0
        self.commit = 0.0
        self._costs = costs
        self._waits = (COMMIT, PHONE, PHONE, talk)
        self._now = 0.0
        self._end = 0.0
        self._order = count()
        self._due: list[tuple[float, int, _Part]] = []
        self._ready: deque[_Part] = deque()
        self._look_due = LOOK_SECONDS
        self._turn_due: float | None = None

    def offer(self, rate: float, seconds: float) -> list[Asked]:
        """Let so many requests a second come for a while; what became of them so far."""
        began, before = self._end, len(self.asked)
        for number in range(int(rate * seconds)):
            self._put(began + number / rate, _Part(-1, began + number / rate))
        self._end = began + seconds
        while self._now < self._end:
            self._turn()
        return self.asked[before:]

    def burst(self, requests: int) -> None:
        """Let so many requests come at once, now."""
        for _ in range(requests):
            self._put(self._end, _Part(-1, self._end))

    def stand_still(self, seconds: float) -> None:
        """Do nothing for a while, as under the garbage collector."""
        self._now += seconds

    def _put(self, at: float, part: _Part) -> None:
        heappush(self._due, (at, next(self._order), part))

    def _turn(self) -> None:
        """One turn of the loop: timers, what is ready, what the network has brought."""
        if not self._ready:
            self._now = max(self._now, self._next())
        began = self._now
        if self._look_due <= began:
            self.overload.look(began, began - self._look_due, self.commit, 0)
            self._now += LOOK
            self._look_due = self._now + LOOK_SECONDS
        ready, self._ready = self._ready, deque()
        if self._turn_due is not None and self._turn_due <= began:
            self._turn_due = None
            for begin in self.overload.turn(self._now):
                begin()
            self._turn_soon()
        for part in ready:
            self._do(part)
        while self._due and self._due[0][0] <= began:
            self._do(heappop(self._due)[2])
        self._now += TURN
        self.longest_turn = max(self.longest_turn, self._now - began)

    def _next(self) -> float:
        due = [self._look_due]
        if self._due:
            due.append(self._due[0][0])
        if self._turn_due is not None:
            due.append(self._turn_due)
        return min(due)

    def _do(self, part: _Part) -> None:
        if part.number < 0:
            self._ask(part.sent)
            return
        self._now += self._costs[part.number]
        if part.number < len(self._waits):
            self._put(self._now + self._waits[part.number], _Part(part.number + 1, part.sent))

    def _ask(self, sent: float) -> None:
        self._now += READ
        strain = self.overload.strain(self._now, 0)
        if strain is not None:
            self.overload.refuse(strain, self._now)
            self._now += REFUSE
            self.asked.append(Asked(sent, self._now - sent, admitted=False))
            return
        if self.overload.enter(self._now, lambda: self._begin(sent)):
            self._begin(sent)
        self._turn_soon()

    def _begin(self, sent: float) -> None:
        self.asked.append(Asked(sent, self._now - sent, admitted=True))
        self._ready.append(_Part(0, sent))

    def _turn_soon(self) -> None:
        if self._turn_due is None and self.overload.turns:
            self._turn_due = self._now + (PAUSE_SECONDS if self.overload.slow else 0.0)
