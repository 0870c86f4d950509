"""A server that is offered too much, without a clock: what each thing costs is known, and what is
ready is done in one turn of its loop, as an event loop does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from cordboard.calls.overload import LOOK_SECONDS, Overload, OverloadLimits

READ, SET_UP, TAKE_DOWN, REFUSE, LOOK = 0.0001, 0.0017, 0.0017, 0.0002, 0.00002
"""Seconds: a call costs 3.5 ms, so that one core bears 285 a second."""

SUSTAINABLE = 1.0 / (READ + SET_UP + TAKE_DOWN)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: when it was sent, after how many seconds it was answered, and whether it was let
    in."""

    at: float
    after: float
    admitted: bool


class BusyServer:
    """Serves requests under ``limits``; each call ends ``talk`` seconds after it was let in."""

    def __init__(self, limits: OverloadLimits, talk: float = 1.0) -> None:
        self.overload = Overload(limits)
        self.asked: list[Asked] = []
        self.commit = 0.0
        self._talk = talk
        self._now = 0.0
        self._end = 0.0
        self._order = count()
        self._due: list[tuple[float, int, str, float]] = []
        self._look_due = LOOK_SECONDS

    def offer(self, rate: float, seconds: float) -> list[Asked]:
        """Let so many requests a second come for a while; what became of them so far."""
        began, before = self._end, len(self.asked)
        for number in range(int(rate * seconds)):
            at = began + number / rate
            self._put(at, "read", at)
        self._end = began + seconds
        self._serve()
        return self.asked[before:]

    def _put(self, at: float, what: str, sent: float) -> None:
        heappush(self._due, (at, next(self._order), what, sent))

    def _serve(self) -> None:
        while self._now < self._end:
            following = min(self._due[0][0], self._look_due) if self._due else self._look_due
            self._now = max(self._now, following)
            turn = self._now
            if self._look_due <= turn:
                self.overload.look(turn, turn - self._look_due, self.commit, 0)
                self._now += LOOK
                self._look_due = self._now + LOOK_SECONDS
            for what, sent in tuple(self._ready(turn)):
                self._do(what, sent, turn)

    def _ready(self, turn: float) -> Iterable[tuple[str, float]]:
        while self._due and self._due[0][0] <= turn:
            _, _, what, sent = heappop(self._due)
            yield what, sent

    def _do(self, what: str, sent: float, turn: float) -> None:
        if what == "read":
            self._now += READ
            self._put(turn, "answer", sent)  # by a task, in the next turn
        elif what == "end":
            self._now += TAKE_DOWN
        else:
            strain = self.overload.admit(self._now, 0)
            if strain is None:
                self._now += SET_UP
                self._put(self._now + self._talk, "end", sent)
            else:
                self.overload.refuse(strain)
                self._now += REFUSE
            self.asked.append(Asked(sent, self._now - sent, strain is None))
