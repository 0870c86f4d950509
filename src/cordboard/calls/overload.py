"""Whether one more call may begin: by how late the server is, and by how much it carries already.

A server that takes whatever comes falls behind everybody at once: answers come late, phones repeat
what they sent, and the repeats are more work still. So what begins new work is refused while the
server is behind, early and cheaply, and what lives has the machine to itself.

Two counts have a limit: the legs that live and the callbacks that are owed. Where one is reached
there has to be some room below it before the next call begins.

And the server may be late: its event loop, or its journal with a commit. How many calls a second it
can bear nobody knows, for that depends on the machine and on the calls, and half of what a call
costs comes when it ends. So it is found out, as TCP finds out what a line can carry::

    state    a round of looks was      then
    OPEN     late, the second in a row LIMITED, to less than what began lately
    LIMITED  late, and not better      LIMITED, to less
    LIMITED  calm                      LIMITED, to more: the longer it was calm, the bolder
    LIMITED  calm for a second, and
             nobody was refused        OPEN

A round is late by its median: one look that the garbage collector or a neighbour delayed is no
overload. In between, LIMITED, nearly nobody is let in from a late look to the next one in time, and
where the next look is overdue: that is the brake, and the rate the speed.

Nothing here reads a clock or waits; ``now`` is in monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Final

DEFAULT_LAG: Final = 0.006
"""Seconds. A refusal takes three turns of the loop, which come to 10 to 15 ms each where they are
held to this: it is there within 50 ms. Audio that is relayed as late is within what the buffers of
phones even out, 40 ms and more. A server that bears its load is 1 to 3 ms late."""

DEFAULT_COMMIT: Final = 0.1
"""Seconds. A request waits for one commit, and perhaps for the one before. A disk that spins takes
up to 30 ms for one."""

DEFAULT_LIVE_LEGS: Final = 10_000
"""5,000 calls: twice what the memory of a small machine carries at 60 KB a call, beside its media
ports."""

DEFAULT_CALLBACKS: Final = 500_000
"""What receivers that are away for a day leave at six calls a second, some 500 MB of database."""

LOOK_SECONDS: Final = 0.02
"""Between two looks at the loop; one costs 20 µs."""

LOOKS_A_ROUND: Final = 3
"""Looks that are judged together: in 60 ms a loop that is behind by the usual limit has come round
several times."""

CALM: Final = 0.5
"""Of the limit; between calm and late the rate stays as it is."""

LEAST_RATE: Final = 10.0
"""Calls a second that are let in however late it is: so few are not what makes it late."""

CUT: Final = 0.85
"""What is left of the rate after a late round: six of them in a row leave a third."""

LEAST_RISE: Final = 1.0
"""Calls a second after a calm round: from the least rate to 50 a second it is not far."""

FIRST_RISE: Final = 0.01
BOLDER: Final = 1.12
MOST_RISE: Final = 0.15
"""By which share the rate rises after the first calm round, how much bolder each further one is,
and how bold at most: it is up by a fifth after half a second, and twice as high after one and a
half. While more is wanted than can be done it goes up and down by a sixth."""

ROOM_FOR_MORE: Final = 1.5
"""How far the rate may be above what began lately: one that nobody uses says nothing."""

ROUNDS_OF_USE: Final = 4
"""Over which that is seen: a quarter of a second."""

ROUNDS_REMEMBERED: Final = 16
"""A second: of what began lately, and without a refusal before all are let in again."""

BURST_SECONDS: Final = 0.02
LEAST_BURST: Final = 2.0
"""Of the limited rate, or a few calls: what may begin at once. With a single one, whoever comes
evenly and a little too early would always find less than that."""

ROOM_AGAIN: Final = 0.95
"""The share of a limit of legs or callbacks from which down calls begin again."""


class Strain(Enum):
    """What stands in the way of a new call, by the key of ``[overload]`` that limits it."""

    LAG = "lag"
    COMMIT = "commit"
    LIVE_LEGS = "live_legs"
    CALLBACKS = "callbacks"


@dataclass(frozen=True, slots=True)
class OverloadLimits:
    """``lag`` of the event loop and ``commit`` of the journal in seconds, ``live_legs`` and
    ``callbacks`` in numbers of them; 0: no limit."""

    lag: float = DEFAULT_LAG
    commit: float = DEFAULT_COMMIT
    live_legs: int = DEFAULT_LIVE_LEGS
    callbacks: int = DEFAULT_CALLBACKS


NO_LIMITS: Final = OverloadLimits(0.0, 0.0, 0, 0)


class _Ceiling:
    """A count that has reached its limit is too high until there is some room below it again."""

    __slots__ = ("reached",)

    def __init__(self) -> None:
        self.reached = False

    def look(self, count: int, limit: int) -> bool:
        bound = limit * ROOM_AGAIN if self.reached else limit - 0.5
        self.reached = limit > 0 and count > bound
        return self.reached


class Overload:
    """Judges one server. It is told by :meth:`look` how late it is, each :data:`LOOK_SECONDS`, and
    asked by :meth:`strain` and :meth:`admit`; who was refused is counted by :meth:`refuse`."""

    __slots__ = (
        "_callbacks",
        "_lags",
        "_late",
        "_lately",
        "_legs",
        "_limits",
        "_looked_at",
        "_looks",
        "_quiet_rounds",
        "_rise",
        "_round",
        "_tokens",
        "_tokens_at",
        "_worst",
        "rate",
        "refused",
    )

    def __init__(self, limits: OverloadLimits = NO_LIMITS) -> None:
        self._limits = limits
        self.rate: float | None = None
        """Calls a second that may begin; None: any number."""
        self.refused: dict[Strain, int] = dict.fromkeys(Strain, 0)
        """Who was refused so far, by what for."""
        self._legs, self._callbacks = _Ceiling(), _Ceiling()
        self._looked_at = 0.0
        self._late = 0.0  # at the last look, as a share of the limit
        self._worst = Strain.LAG  # what was late then
        self._looks: list[float] = []
        self._round = _Round(0.0)
        self._lately: deque[_Round] = deque(maxlen=ROUNDS_REMEMBERED)
        self._quiet_rounds = 0
        self._rise = FIRST_RISE
        self._tokens = 0.0
        self._tokens_at = 0.0

    def follow(self, limits: OverloadLimits) -> None:
        """Judge by other limits from now on."""
        self._limits = limits
        if not limits.lag and not limits.commit:
            self.rate = None

    @property
    def strained(self) -> bool:
        """Whether new calls are limited now."""
        return self.rate is not None or self._legs.reached or self._callbacks.reached

    def look(self, now: float, lag: float, commit: float, callbacks: int) -> None:
        """The loop was ``lag`` seconds late now, the journal is at a commit for ``commit`` seconds,
        and so many callbacks are owed."""
        limits = self._limits
        self._callbacks.look(callbacks, limits.callbacks)
        loop, journal = _share(lag, limits.lag), _share(commit, limits.commit)
        self._worst = Strain.LAG if loop >= journal else Strain.COMMIT
        self._looked_at, self._late = now, max(loop, journal)
        self._looks.append(self._late)
        if len(self._looks) == LOOKS_A_ROUND:
            late = median(self._looks)
            self._looks.clear()
            self._close_round(now, late)

    def strain(self, now: float, legs: int) -> Strain | None:
        """What a call that wants to begin now would be refused for, where ``legs`` live; nothing is
        taken or counted by asking."""
        if self._legs.look(legs, self._limits.live_legs):
            return Strain.LIVE_LEGS
        if self._callbacks.reached:
            return Strain.CALLBACKS
        if self.rate is not None and self._available(now, self.rate) < 1.0:
            return self._worst
        return None

    def admit(self, now: float, legs: int) -> Strain | None:
        """Let a call begin, or say why it may not."""
        strain = self.strain(now, legs)
        if strain is None:
            self._round.began += 1
            if self.rate is not None:
                self._tokens -= 1.0
        return strain

    def refuse(self, strain: Strain) -> None:
        """Somebody was refused for it."""
        self.refused[strain] += 1
        self._round.refused += 1

    def _close_round(self, now: float, late: float) -> None:
        ended, self._round = self._round, _Round(now)
        ended.seconds, ended.late = now - ended.at, late
        before = self._lately[-1].late if self._lately else 0.0
        self._lately.append(ended)
        if late > 1.0:
            self._late_round(now, late, before)
        elif self.rate is not None and late <= CALM:
            self._calm_round(self.rate, ended)

    def _late_round(self, now: float, late: float, before: float) -> None:
        self._quiet_rounds, self._rise = 0, FIRST_RISE
        if self.rate is not None:
            if late >= before:
                self.rate = max(LEAST_RATE, self.rate * CUT)
        elif before > 1.0:
            self._tokens, self._tokens_at = LEAST_BURST, now  # who comes alone is not to blame
            self.rate = max(LEAST_RATE, self._begun_a_second() * CUT)

    def _calm_round(self, rate: float, ended: _Round) -> None:
        self._quiet_rounds = 0 if ended.refused else self._quiet_rounds + 1
        if self._quiet_rounds >= ROUNDS_REMEMBERED:
            self.rate = None
        elif rate <= max(LEAST_RATE, self._begun_a_second(ROUNDS_OF_USE)) * ROOM_FOR_MORE:
            self.rate = rate + max(LEAST_RISE, rate * self._rise)
            self._rise = min(MOST_RISE, self._rise * BOLDER)

    def _begun_a_second(self, rounds: int = ROUNDS_REMEMBERED) -> float:
        lately = tuple(self._lately)[-rounds:]
        seconds = sum(one.seconds for one in lately)
        return sum(one.began for one in lately) / seconds if seconds > 0 else 0.0

    def _available(self, now: float, rate: float) -> float:
        """The calls that may begin now."""
        overdue = _share(now - self._looked_at - LOOK_SECONDS, self._limits.lag)
        if max(self._late, overdue) > 1.0:
            rate = LEAST_RATE
        grown = self._tokens + (now - self._tokens_at) * rate
        self._tokens, self._tokens_at = min(max(LEAST_BURST, rate * BURST_SECONDS), grown), now
        return self._tokens


class _Round:
    """Some looks: when they began and how long they took, how late the server was as a share of the
    limit, and who wanted to begin meanwhile."""

    __slots__ = ("at", "began", "late", "refused", "seconds")

    def __init__(self, at: float) -> None:
        self.at = at
        self.seconds = 0.0
        self.late = 0.0
        self.began = 0
        self.refused = 0


def _share(value: float, limit: float) -> float:
    return value / limit if limit > 0 else 0.0
